"""Our own reading of Vonage's webhook tokens, judged by Vonage's validator."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from contracts.vendors import altered, judged_by_vonage
from hypothesis import given
from hypothesis import strategies as st

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.vonage_receipts import MAX_TOKEN, VonageReceipts
from flask_phoneauth.records import RawRequest, Receipt

SECRET = "ABCDEF0123456789abcdef0123456789XYZ"
MESSAGE = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
TOKEN = "a-delivery-token"
URL = f"https://notes.example/auth/receipts/vonage/{TOKEN}"


def webhook(
    body: bytes | None = None,
    *,
    secret: str = SECRET,
    algorithm: str = "HS256",
    claims: dict[str, Any] | None = None,
    **values: Any,
) -> RawRequest:
    """A status webhook as Vonage sends it; `values` change its body."""
    content = {"message_uuid": MESSAGE, "status": "delivered", "client_ref": TOKEN} | values
    sent = json.dumps(content).encode() if body is None else body
    said = {
        "iat": int(time.time()),
        "jti": "one",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(sent).hexdigest(),
        "api_key": "abcd1234",
    } | (claims or {})
    token = jwt.encode(said, secret, algorithm=algorithm)
    return RawRequest("POST", URL, {"authorization": f"Bearer {token}"}, sent)


def accepted(request: RawRequest, secret: str = SECRET) -> bool:
    try:
        VonageReceipts(secret).read(request)
    except BadSignature:
        return False
    return True


def test_a_signed_webhook_is_read() -> None:
    assert VonageReceipts(SECRET).read(webhook()) == Receipt(MESSAGE, "delivered")
    assert judged_by_vonage(webhook(), SECRET)


@pytest.mark.parametrize(
    ("status", "delivery", "reason"),
    [
        ("submitted", "sent", ""),
        ("delivered", "delivered", ""),
        ("read", "delivered", ""),
        ("rejected", "failed", "rejected"),
        ("undeliverable", "failed", "undeliverable"),
        ("of-tomorrow", "", ""),
    ],
)
def test_vonages_statuses_become_ours(status: str, delivery: str, reason: str) -> None:
    found = VonageReceipts(SECRET).read(webhook(status=status))
    assert found == Receipt(MESSAGE, delivery, reason)


def token_of(request: RawRequest) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


def bearing(header: str) -> RawRequest:
    return altered(webhook(), headers={"authorization": header})


GOOD = token_of(webhook())


def renamed(algorithm: str) -> str:
    """The header of a good token under another algorithm's name, the signature ours."""
    head = json.dumps({"typ": "JWT", "alg": algorithm}).encode()
    text = f"{base64.urlsafe_b64encode(head).decode().rstrip('=')}.{GOOD.split('.')[1]}"
    mac = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256"))
    return f"Bearer {text}.{mac.decode().rstrip('=')}"


@pytest.mark.parametrize(
    "forged",
    [
        webhook(secret="another secret, as long as the right one"),
        webhook(algorithm="HS512", secret=SECRET * 2),
        webhook(claims={"payload_hash": "0" * 64}),
        webhook(claims={"payload_hash": None}),
        webhook(claims={"payload_hash": "é" * 64}),
        webhook(client_ref="another-token"),
        webhook(client_ref=None),
        webhook(b"[1]"),
        webhook(b"{"),
        webhook(b""),
        webhook(b"[" * 100_000),
        altered(webhook(), body=webhook().body + b" "),
        altered(webhook(), url=URL + "x"),
        altered(webhook(), method="GET"),
        altered(webhook(), headers={}),
        bearing(GOOD),
        bearing(f"Basic {GOOD}"),
        bearing("Bearer"),
        bearing("Bearer ..."),
        bearing("Bearer a.b.c"),
        bearing("Bearer é.é.é"),
        bearing(f"Bearer {GOOD[:-8]}AAAAAAAA"),
        bearing(f"Bearer {GOOD.rpartition('.')[0]}."),
        bearing(f"Bearer x{GOOD}"),
        bearing(f"Bearer {GOOD}" + "=" * MAX_TOKEN),
        bearing(f"Bearer {jwt.encode({'payload_hash': ''}, '', algorithm='none')}"),
        bearing(renamed("none")),
        bearing(renamed("HS512")),
        webhook(claims={"more": "x" * MAX_TOKEN}),
    ],
)
def test_what_vonage_did_not_sign_for_this_address_is_refused(forged: RawRequest) -> None:
    assert not accepted(forged)


def test_a_token_named_by_its_own_algorithm_is_what_the_others_are_measured_by() -> None:
    assert accepted(bearing(renamed("HS256")))


def test_another_accounts_secret_and_none_fit_nothing() -> None:
    assert not accepted(webhook(), "another secret, as long as the right one")
    assert not accepted(webhook(), "")


@given(st.binary(max_size=60), st.text(max_size=60))
def test_nonsense_is_refused_and_never_an_error(body: bytes, header: str) -> None:
    for value in (header, f"Bearer {header}", f"Bearer {GOOD}"):
        assert not accepted(RawRequest("POST", URL, {"authorization": value}, body))


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("Ab9_-."))
def test_a_changed_letter_is_refused_as_vonages_validator_refuses_it(
    place: int, letter: str
) -> None:
    forged = bearing(f"Bearer {GOOD[:place]}{letter}{GOOD[place + 1 :]}")
    assert accepted(forged) == judged_by_vonage(forged, SECRET) == (letter == GOOD[place])


def test_its_repr_shows_no_secret() -> None:
    assert SECRET not in repr(VonageReceipts(SECRET))
