"""Vonage's own Python SDK and the mobile operator: its network APIs name their hosts themselves,
so a requests adapter leads them to the sandbox; nothing else of the SDK is touched."""

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import HTTPAdapter
from sandbox.operator_calls import APPLICATION, ERRS, EVEN, ODD, PLAIN, brought, private_key
from vonage import Auth, Vonage
from vonage_http_client.errors import (
    AuthenticationError,
    ForbiddenError,
    HttpRequestError,
    NotFoundError,
    ServerError,
)
from vonage_network_number_verification import CreateOidcUrl, NumberVerificationRequest
from vonage_network_sim_swap import SimSwapCheckRequest

from sms_sandbox.facades.vonage.operator.errors import NOT_BY_NETWORK
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

REDIRECT = "http://127.0.0.1:9/callback"


class _Led(HTTPAdapter):
    """Leads requests to Vonage's hosts to a sandbox instead."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        parts = urlsplit(request.url or "")
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self._base}/vonage{parts.path}{query}"
        return super().send(request, *args, **more)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Settings(port=0)) as running:
        yield running


@pytest.fixture
def api(server: SandboxServer) -> Iterator[Vonage]:
    server.sandbox.inbox.reset(None)
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    one = Vonage(Auth(application_id=APPLICATION, private_key=pem.decode()))
    session = one.http_client._session
    session.mount("https://", _Led(server.url))
    yield one
    session.close()


def device(server: SandboxServer, api: Vonage, number: str) -> str:
    """The code that the device of a number brings from the SDK's own address."""
    asked = CreateOidcUrl(redirect_uri=REDIRECT, state="s", login_hint=number)
    url = api.network_number_verification.get_oidc_url(asked)
    assert url.startswith("https://oidc.idp.vonage.com/oauth2/auth?")
    return brought(walk(url.replace("https://oidc.idp.vonage.com", f"{server.url}/vonage")))["code"]


def walk(url: str) -> str:
    """Follows redirects as a device does, up to the application's address."""
    while not url.startswith(REDIRECT):
        answer = requests.get(url, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        url = answer.headers["Location"]
    return url


def verify(api: Vonage, code: str, **asked: Any) -> bool:
    wish = NumberVerificationRequest(code=code, redirect_uri=REDIRECT, **asked)
    said = api.network_number_verification.verify(wish)
    return said.device_phone_number_verified


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False), (PLAIN, True)])
def test_number_is_verified(
    server: SandboxServer, api: Vonage, number: str, verified: bool
) -> None:
    assert verify(api, device(server, api, number), phone_number=number) is verified
    assert verify(api, device(server, api, number[1:]), phone_number=number[1:]) is verified
    digest = hashlib.sha256(number.encode()).hexdigest()
    assert verify(api, device(server, api, number), hashed_phone_number=digest) is verified


def test_number_that_errs_is_a_forbidden_error(server: SandboxServer, api: Vonage) -> None:
    with pytest.raises(ForbiddenError) as caught:
        verify(api, device(server, api, ERRS), phone_number=ERRS)
    assert caught.value.response.json()["code"] == NOT_BY_NETWORK


def test_code_works_once(server: SandboxServer, api: Vonage) -> None:
    code = device(server, api, EVEN)
    assert verify(api, code, phone_number=EVEN)
    with pytest.raises(HttpRequestError) as caught:
        verify(api, code, phone_number=EVEN)
    assert caught.value.response.json()["error"] == "invalid_grant"


def test_operator_that_fails_is_a_server_error(server: SandboxServer, api: Vonage) -> None:
    code = device(server, api, EVEN)
    rule = {
        "match": {"to": EVEN, "body": "/camara/*"},
        "effect": {"type": "error", "status": 500},
        "times": 1,
    }
    assert requests.post(f"{server.url}/api/v1/faults", json=rule, timeout=30).status_code == 201
    with pytest.raises(ServerError):
        verify(api, code, phone_number=EVEN)


def test_spoilt_token_is_an_authentication_error(server: SandboxServer, api: Vonage) -> None:
    settings = f"{server.url}/api/v1/settings?account={APPLICATION}"
    requests.put(settings, json={"operator": {"tokens": "expired"}}, timeout=30)
    with pytest.raises(AuthenticationError):
        verify(api, device(server, api, EVEN), phone_number=EVEN)


@pytest.mark.parametrize(("hours", "swapped"), [(None, False), (499, False), (501, True)])
def test_sim_swap_is_500_hours_ago(api: Vonage, hours: int | None, swapped: bool) -> None:
    asked = SimSwapCheckRequest(phone_number=EVEN, max_age=hours)
    assert api.network_sim_swap.check(asked)["swapped"] is swapped


def test_date_of_a_sim_swap_is_the_handsets(server: SandboxServer, api: Vonage) -> None:
    handset = f"{server.url}/api/v1/handsets/{PLAIN}?account={APPLICATION}"
    requests.put(handset, json={"sim_swapped_at": "2026-01-02T03:04:05.000Z"}, timeout=30)
    said = api.network_sim_swap.get_last_swap_date(PLAIN)
    assert said["latestSimChange"] == "2026-01-02T03:04:05.000Z"


def test_unknown_number_is_a_not_found_error(api: Vonage) -> None:
    with pytest.raises(NotFoundError) as caught:
        api.network_sim_swap.get_last_swap_date(ERRS)
    assert caught.value.response.json()["code"] == "SIM_SWAP.UNKNOWN_PHONE_NUMBER"


def test_sdk_finds_its_fields_after_a_call_that_was_json(api: Vonage) -> None:
    # The SDK labels every later form JSON.
    for _ in range(2):
        assert (
            api.network_sim_swap.check(SimSwapCheckRequest(phone_number=EVEN))["swapped"] is False
        )
