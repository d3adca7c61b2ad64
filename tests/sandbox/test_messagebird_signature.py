"""The worked example that MessageBird's validators accept, byte for byte."""

import hashlib

import pytest

from sms_sandbox.facades.messagebird.posting import post
from sms_sandbox.facades.messagebird.signature import HEADER, sign
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.inbox.settings import AccountSettings

KEY = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
URL = (
    "http://127.0.0.1:9000/mb/status?id=a1b2&reference=r1&recipient=31612345678&status=delivered"
    "&statusErrorCode=0"
)
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTcwMDAwMDAwMCwiZXhw"
    "Ijo0MTAyNDQ0ODAwLCJqdGkiOiI4ZDNhM2YwZS02ZDFjLTRjMWItOWE1Ny0wYzFmN2MxZTJhMTEiLCJ1cmxfaGFzaCI6Im"
    "FhODdmNDYyYmJkNTFkNzdkODExZTAzMzIyNDA5YTE0MDczODRmYWQ5OGQyZGIxZDc1M2M1MzcwYjEwNjM1NjgifQ."
    "LNwCwggwLrBvSezJf4tP69SKKAy42FYdETOZ92ia1WU"
)
JTI = "8d3a3f0e-6d1c-4c1b-9a57-0c1f7c1e2a11"


def test_worked_example() -> None:
    assert sign(KEY, URL, b"", jti=JTI, begins=1_700_000_000, ends=4_102_444_800) == TOKEN


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_token_with_a_body_carries_its_hash(algorithm: str) -> None:
    jwt = pytest.importorskip("jwt")
    body = b'{"a key":"some value"}'
    key = KEY * 2
    token = sign(key, URL, body, jti=JTI, begins=1, ends=4_102_444_800, algorithm=algorithm)
    claims = jwt.decode(token, key, algorithms=[algorithm], issuer="MessageBird")
    assert claims == {
        "iss": "MessageBird",
        "nbf": 1,
        "exp": 4_102_444_800,
        "jti": JTI,
        "url_hash": hashlib.sha256(URL.encode()).hexdigest(),
        "payload_hash": "f46188d52bbbe37af91f9ea0816b859412d0895d8d5489ff208552093cf4d203",
    }
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("HTTP://Notes.Example:80/In?A=B", "http://notes.example/In?A=B&id=1"),
        ("https://notes.example:443", "https://notes.example/?id=1"),
        ("http://[::1]:8080/in#part", "http://[::1]:8080/in?id=1"),
    ],
)
def test_hash_is_of_the_address_as_its_receiver_sees_it(url: str, seen: str) -> None:
    jwt = pytest.importorskip("jwt")
    scene = Scene(now=1.8e9, signing_key=KEY, settings=AccountSettings(), ids=lambda _: "")
    callback = post("status", url, "GET", [("id", "1")], scene)
    assert callback.url == seen
    options = {"verify_exp": False, "verify_nbf": False}
    claims = jwt.decode(callback.headers[HEADER], KEY, algorithms=["HS256"], options=options)
    assert claims["url_hash"] == hashlib.sha256(seen.encode()).hexdigest()
