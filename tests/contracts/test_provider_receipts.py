"""What every vendor's receipts promise: read as signed, judged as the vendor's own code judges."""

from __future__ import annotations

import functools
import queue
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from contracts.sides import NUMBER, TOKEN, message
from contracts.vendors import SECRET, WITH_RECEIPTS, Vendor, altered, elsewhere
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Request, ScriptedServer, answer

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.base import Receipts
from flask_phoneauth.records import RawRequest
from sms_sandbox.server import SandboxServer

ANOTHER = "another-password-of-another-account"
ENOUGH = 20.0


class Told(NamedTuple):
    """One message, and the callbacks that its vendor sent of it, the last one of its delivery."""

    vendor: Vendor
    message_id: str
    callbacks: list[RawRequest]
    receipts: Receipts

    @property
    def last(self) -> RawRequest:
        return self.callbacks[-1]


def build(vendor: Vendor, sandbox: SandboxServer, public_url: str, secret: str = SECRET) -> Any:
    settings = vendor.settings(sandbox.url, vendor.new_account(), secret, public_url=public_url)
    return load_provider(vendor.name).from_settings(settings)


def as_received(url: str, request: Request) -> RawRequest:
    return RawRequest(request.method, url + request.path, request.headers, request.body)


@pytest.fixture(params=WITH_RECEIPTS, ids=lambda vendor: vendor.name)
def told(request: pytest.FixtureRequest, server: SandboxServer) -> Iterator[Told]:
    """A message through each vendor's SDK to the sandbox, which tells of it."""
    vendor: Vendor = request.param
    came: queue.Queue[Request] = queue.Queue()
    with ScriptedServer(answer(200)) as receiver:

        def take(handler: Any) -> None:
            came.put(receiver.requests[-1])  # the next one comes after the answer
            answer(200)(handler)

        receiver.behaviour = take
        provider = build(vendor, server, receiver.url)
        accepted = provider.send(message())
        callbacks = [as_received(receiver.url, came.get(timeout=ENOUGH))]
        while provider.receipts.read(callbacks[-1]).delivery != "delivered":
            callbacks.append(as_received(receiver.url, came.get(timeout=ENOUGH)))
        yield Told(vendor, accepted.message_id, callbacks, provider.receipts)
        provider.close()


@pytest.mark.parametrize("vendor", WITH_RECEIPTS, ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("address", ["", "https://notes.example"], ids=["no address", "no key"])
def test_without_address_or_key_no_callback_is_asked_for_and_the_start_says_so(
    vendor: Vendor, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    missing = vendor.signed_by if address else "public_url"
    given = {"public_url": address, vendor.signed_by: "" if address else SECRET}
    with ScriptedServer(vendor.accepts) as server:
        provider = vendor.built(sandbox_url=server.url, **given)
        [line] = [record.getMessage() for record in caplog.records]
        assert line.startswith(f"provider {vendor.name}: receipts are off")
        assert f"PHONEAUTH_{missing.upper()}" in line
        provider.send(message())
        provider.close()
        [request] = server.requests
    assert not set(vendor.callback) & set(request.json or request.form)
    assert provider.receipts is None


def accepts(receipts: Receipts, request: RawRequest) -> bool:
    try:
        receipts.read(request)
    except BadSignature:
        return False
    return True


def test_they_come_to_the_messages_own_address_and_name_it(told: Told) -> None:
    for callback in told.callbacks:
        address = f"/auth/receipts/{told.vendor.name}/{TOKEN}"
        assert address in callback.url
        assert told.receipts.read(callback).message_id == told.message_id
    assert told.receipts.read(told.last).reason == ""


def test_the_vendors_own_validator_takes_them_as_well(told: Told) -> None:
    assert told.vendor.judge is not None
    assert all(told.vendor.judge(callback, SECRET) for callback in told.callbacks)


def bare(request: RawRequest) -> RawRequest:
    kept = {
        name: value
        for name, value in request.headers.items()
        if "signature" not in name and name != "authorization"
    }
    return altered(request, headers=kept)


def reworded(request: RawRequest) -> RawRequest:
    body = request.body.replace(b"delivered", b"failed")
    return altered(request, url=request.url.replace("delivered", "failed"), body=body)


def lengthened(request: RawRequest) -> RawRequest:
    if request.method == "POST":
        return altered(request, body=request.body + b"&More=1")
    return altered(request, url=request.url + "&More=1")


CHANGES = [reworded, lengthened, elsewhere]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_an_altered_one_is_refused_as_the_vendors_validator_refuses_it(
    told: Told, change: Callable[[RawRequest], RawRequest]
) -> None:
    forged = change(told.last)
    assert forged != told.last
    assert not accepts(told.receipts, forged)
    assert told.vendor.judge is not None
    if told.vendor.covers_address or change is not elsewhere:
        assert not told.vendor.judge(forged, SECRET)


def test_one_without_a_signature_is_refused(told: Told) -> None:
    assert not accepts(told.receipts, bare(told.last))


def test_one_that_another_account_signed_is_refused(told: Told, server: SandboxServer) -> None:
    other = build(told.vendor, server, "http://127.0.0.1:9", ANOTHER)
    assert not accepts(other.receipts, told.last)
    other.close()
    assert told.vendor.judge is not None
    assert not told.vendor.judge(told.last, ANOTHER)


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", b""), ("POST", b"\xff\xfe"), ("POST", b"{"), ("GET", b""), ("PUT", b"x")],
)
def test_nonsense_is_refused_and_never_an_error(told: Told, method: str, body: bytes) -> None:
    url = told.last.url.partition("?")[0]
    for headers in ({}, told.last.headers):
        assert not accepts(told.receipts, RawRequest(method, url + "?a=%ff", headers, body))


def test_it_is_not_written_what_they_hold(told: Told) -> None:
    assert SECRET not in repr(told.receipts)
    assert NUMBER[1:] not in repr(told.last)


HEADERS = (
    "authorization",
    "messagebird-signature-jwt",
    "x-twilio-signature",
    "x-plivo-signature-v2",
    "x-plivo-signature-v2-nonce",
    "x-plivo-signature-v3",
    "x-plivo-signature-v3-nonce",
    "x-plivo-signature-ma-v3",
)
texts = st.text(st.characters(codec="latin-1"), max_size=40)
tokens = st.one_of(texts, texts.map("Bearer {}".format), st.just("Bearer e30.e30.e30"))


@pytest.mark.parametrize("vendor", WITH_RECEIPTS, ids=lambda vendor: vendor.name)
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    query=texts,
    headers=st.dictionaries(st.sampled_from(HEADERS), tokens),
    body=st.one_of(st.binary(max_size=40), st.just(b"{}"), st.just(b"[[1]]")),
)
def test_whatever_a_stranger_sends_is_refused_and_never_an_error(
    vendor: Vendor, method: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    request = RawRequest(method, f"https://n.example/auth/receipts/x/t?{query}", headers, body)
    assert not accepts(receipts_of(vendor), request)


@functools.cache
def receipts_of(vendor: Vendor) -> Receipts:
    provider = load_provider(vendor.name).from_settings(
        vendor.settings("http://127.0.0.1:9", vendor.new_account(), public_url="https://n.example")
    )
    provider.close()
    receipts: Receipts = provider.receipts
    return receipts
