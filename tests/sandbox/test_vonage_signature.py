"""Vonage's signatures, byte for byte."""

import hashlib
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vonage_http_client.auth import Auth

from sms_sandbox.facades.vonage.signature import (
    METHODS,
    bearer,
    canonical,
    canonical_of_python,
    is_signed,
    sign,
)

SECRET = "ABCDEF0123456789abcdef0123456789XYZ"
RECEIPT = {
    "api-key": "abcd1234",
    "err-code": "0",
    "message-timestamp": "2020-01-01 12:00:00",
    "messageId": "0A0000001234567B",
    "msisdn": "447700900000",
    "network-code": "12345",
    "nonce": "ec11dd3e-1e7f-4db5-9467-82b02cd223b9",
    "price": "0.03330000",
    "scts": "2001011400",
    "status": "delivered",
    "timestamp": "1582650446",
    "to": "Acme&Co=1",
}
REQUEST = {
    "api_key": "abcd1234",
    "client-ref": "r",
    "from": "Acme",
    "text": "hi",
    "timestamp": "1700000000",
    "to": "447700900000",
}


def test_the_signed_text_of_a_receipt_is_the_documented_one() -> None:
    assert canonical(RECEIPT | {"sig": "left out"}) == (
        "&api-key=abcd1234&err-code=0&message-timestamp=2020-01-01 12:00:00"
        "&messageId=0A0000001234567B&msisdn=447700900000&network-code=12345"
        "&nonce=ec11dd3e-1e7f-4db5-9467-82b02cd223b9&price=0.03330000&scts=2001011400"
        "&status=delivered&timestamp=1582650446&to=Acme_Co_1"
    )


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("sha256", "129af3a76398811e5be3dbff56a9e35ce19b17f7d4bbc7523eddd18fc5ae46c5"),
        ("md5", "85c3cbbb58b3bf9473f0f3a6bbbef1de"),
        ("md5hash", "d958f095347ef8aafaa37401d31b7209"),
    ],
)
def test_a_receipts_signature_is_the_worked_one(method: str, signature: str) -> None:
    assert sign(method, SECRET, canonical(RECEIPT)) == signature


def test_both_signatures_of_a_request_are_the_worked_ones() -> None:
    documented = "67b1ca1461a619d9240ba441bc5e010d2c026568d4f17c2744740cb6eafa6a21"
    pythons = "bb62e206743741c827347e4ac422bc357280fb6cedc40ee6bf6d58aa9bb5948a"
    assert sign("sha256", SECRET, canonical(REQUEST)) == documented
    assert sign("sha256", SECRET, canonical_of_python(REQUEST)) == pythons
    for signature in (documented, pythons, documented.upper()):
        assert is_signed(REQUEST | {"sig": signature}, SECRET, METHODS)
        assert not is_signed(REQUEST | {"sig": signature, "text": "ho"}, SECRET, METHODS)
        assert not is_signed(REQUEST | {"sig": signature}, "another", METHODS)
        assert not is_signed(REQUEST | {"sig": signature}, SECRET, ("md5", "sha1"))


@given(
    st.dictionaries(st.text("abc-", min_size=1), st.text(), max_size=6),
    st.sampled_from(["md5", "sha1", "sha256", "sha512"]),
)
def test_the_sdks_validator_takes_every_hmac(parameters: dict[str, str], method: str) -> None:
    signed = parameters | {"timestamp": "1700000000"}
    signature = sign(method, SECRET, canonical(signed))
    auth = Auth(api_key="abcd1234", signature_secret=SECRET, signature_method=method)
    assert auth.check_signature(signed | {"sig": signature.upper()})
    assert not auth.check_signature(signed | {"sig": signature, "more": "x"})


def test_the_token_of_a_webhook_covers_its_body() -> None:
    body = json.dumps({"status": "delivered"})
    token = bearer(SECRET, body, {"iss": "Vonage", "iat": 1_700_000_000, "api_key": "abcd1234"})
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert claims == {
        "iss": "Vonage",
        "iat": 1_700_000_000,
        "api_key": "abcd1234",
        "payload_hash": hashlib.sha256(body.encode()).hexdigest(),
    }
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, SECRET + "x", algorithms=["HS256"])
