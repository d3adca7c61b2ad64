"""Our own reading of `MessageBird-Signature-JWT`, judged by MessageBird's validator."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messagebird.error import ValidationError
from messagebird.request_validator import RequestValidator

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import MAX_FIELDS
from flask_phoneauth.providers.messagebird_receipts import LEEWAY, MessageBirdReceipts
from flask_phoneauth.records import RawRequest, Receipt

KEY = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
STATUS = {"id": "a1b2", "reference": "r1", "recipient": "31612345678", "status": "delivered"}
EXAMPLE_URL = (
    "http://127.0.0.1:9000/mb/status?id=a1b2&reference=r1&recipient=31612345678&status=delivered"
    "&statusErrorCode=0"
)
EXAMPLE = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTcwMDAwMDAwMCwiZXhw"
    "Ijo0MTAyNDQ0ODAwLCJqdGkiOiI4ZDNhM2YwZS02ZDFjLTRjMWItOWE1Ny0wYzFmN2MxZTJhMTEiLCJ1cmxfaGFzaCI6Im"
    "FhODdmNDYyYmJkNTFkNzdkODExZTAzMzIyNDA5YTE0MDczODRmYWQ5OGQyZGIxZDc1M2M1MzcwYjEwNjM1NjgifQ."
    "LNwCwggwLrBvSezJf4tP69SKKAy42FYdETOZ92ia1WU"
)


def url_of(**fields: str) -> str:
    return f"https://notes.example/auth/receipts/messagebird/t?{urlencode(STATUS | fields)}"


def claims_of(url: str, body: bytes = b"", **changes: Any) -> dict[str, Any]:
    """What MessageBird signs; ``None`` leaves a claim out."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": "MessageBird",
        "nbf": now,
        "exp": now + 60,
        "jti": "8d3a3f0e",
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    return {name: value for name, value in (claims | changes).items() if value is not None}


def signed(
    url: str,
    body: bytes = b"",
    *,
    key: str = KEY,
    algorithm: str = "HS256",
    method: str = "GET",
    **changes: Any,
) -> RawRequest:
    """A callback with a token of these claims."""
    token = jwt.encode(claims_of(url, body, **changes), key, algorithm=algorithm)
    return RawRequest(method, url, {"messagebird-signature-jwt": token}, body)


def read(request: RawRequest, key: str = KEY) -> Receipt:
    return MessageBirdReceipts(key).read(request)


def accepted(request: RawRequest, key: str = KEY) -> bool:
    try:
        read(request, key)
    except BadSignature:
        return False
    return True


def judged(request: RawRequest) -> bool:
    """What MessageBird's own validator says."""
    token = request.headers["messagebird-signature-jwt"]
    try:
        RequestValidator(KEY).validate_signature(token, request.url, request.body)
    except ValidationError:
        return False
    return True


def test_the_worked_example_is_read() -> None:
    request = RawRequest("GET", EXAMPLE_URL, {"messagebird-signature-jwt": EXAMPLE}, b"")
    assert read(request) == Receipt("a1b2", "delivered")
    assert judged(request)


@pytest.mark.parametrize(
    ("status", "delivery", "reason"),
    [
        ("scheduled", "", ""),
        ("sent", "sent", ""),
        ("buffered", "sent", ""),
        ("delivered", "delivered", ""),
        ("expired", "failed", "expired"),
        ("delivery_failed", "failed", "delivery_failed"),
        ("something new", "", ""),
        ("", "", ""),
    ],
)
def test_each_status_has_its_meaning(status: str, delivery: str, reason: str) -> None:
    assert read(signed(url_of(status=status))) == Receipt("a1b2", delivery, reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "Vonage"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"exp": 1},
        {"nbf": 9_999_999_999},
        {"url_hash": "0" * 64},
        {"payload_hash": hashlib.sha256(b"").hexdigest()},
    ],
    ids=lambda changes: next(iter(changes.items()))[0],
)
def test_a_claim_that_does_not_fit_is_refused_as_by_messagebirds_validator(
    changes: dict[str, Any],
) -> None:
    request = signed(url_of(), **changes)
    assert not accepted(request)
    assert not judged(request)


@pytest.mark.parametrize(
    "changes",
    [{"jti": None}, {"url_hash": None}, {"url_hash": 7}, {"url_hash": "ü"}, {"exp": "soon"}],
)
def test_a_claim_that_is_missing_or_nonsense_is_refused(changes: dict[str, Any]) -> None:
    token = jwt.api_jws.encode(json.dumps(claims_of(url_of(), **changes)).encode(), KEY)
    request = RawRequest("GET", url_of(), {"messagebird-signature-jwt": token}, b"")
    assert not accepted(request)


def test_clocks_may_differ_by_seconds() -> None:
    now = int(time.time())
    assert accepted(signed(url_of(), nbf=now + LEEWAY - 2))
    assert not accepted(signed(url_of(), nbf=now + 120))
    assert not accepted(signed(url_of(), exp=now - LEEWAY - 2))


def test_a_body_is_covered_as_by_messagebirds_validator() -> None:
    url = url_of()
    request = signed(url, b'{"a key":"some value"}', method="POST")
    assert accepted(request) and judged(request)  # noqa: PT018
    for other in (
        RawRequest("POST", url, request.headers, b"another"),
        RawRequest("POST", url, request.headers, b""),
        RawRequest("POST", url, signed(url).headers, b"unsigned"),
    ):
        assert not accepted(other)
        assert not judged(other)


def test_another_key_another_algorithm_and_no_algorithm_are_refused() -> None:
    url = url_of()
    assert not accepted(signed(url, key="another" * 6))
    assert not accepted(signed(url, key=KEY * 2, algorithm="HS512"), KEY * 2)
    none = jwt.encode(claims_of(url), "", algorithm="none")
    assert not accepted(RawRequest("GET", url, {"messagebird-signature-jwt": none}, b""))


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "ü.ü.ü", "." * 5000, EXAMPLE[:-1], "\udcff"])
def test_nonsense_is_refused(token: str) -> None:
    request = RawRequest("GET", EXAMPLE_URL, {"messagebird-signature-jwt": token}, b"")
    assert not accepted(request)
    assert not accepted(RawRequest("GET", EXAMPLE_URL, {}, b""))


def test_a_short_key_is_read_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        request = signed(url_of(), key="short")
    assert accepted(request, "short")
    assert not accepted(request, "shorter")


def test_an_endless_query_is_refused() -> None:
    url = url_of() + "&a=b" * MAX_FIELDS
    assert not accepted(signed(url))


@given(
    query=st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=5),
    body=st.binary(max_size=20),
    change=st.sampled_from(["none", "url", "body"]),
)
def test_whatever_is_signed_it_is_judged_as_messagebird_judges(
    query: dict[str, str], body: bytes, change: str
) -> None:
    url = f"https://notes.example/r?{urlencode(query, errors='surrogatepass')}"
    request = signed(url, body, method="POST")
    if change == "url":
        request = RawRequest("POST", url + "&x", request.headers, body)
    if change == "body":
        request = RawRequest("POST", url, request.headers, body + b"x")
    assert accepted(request) == judged(request) == (change == "none")


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(MessageBirdReceipts(KEY))
