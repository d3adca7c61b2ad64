"""Our own reading of `X-Twilio-Signature`, judged by Twilio's validator and published examples."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import MAX_FIELDS
from flask_phoneauth.providers.twilio_receipts import TwilioReceipts
from flask_phoneauth.records import RawRequest, Receipt

TOKEN = "test_auth_token"
ACCOUNT, MESSAGE = "AC" + "a" * 32, "SM" + "b" * 32
STATUS_URL = "http://127.0.0.1:9000/twilio/status?tenant=42"
STATUS = {
    "SmsSid": MESSAGE,
    "SmsStatus": "delivered",
    "MessageStatus": "delivered",
    "To": "+15558675310",
    "MessageSid": MESSAGE,
    "AccountSid": ACCOUNT,
    "From": "+15017122661",
    "ApiVersion": "2010-04-01",
}
SIGNATURE = "TKb9CU5H1IGgmwJjEhoCVx722UE="

Fields = list[tuple[str, str]]


def posted(
    fields: Fields, signature: str | None = None, *, url: str = STATUS_URL, token: str = TOKEN
) -> RawRequest:
    """A callback with that signature, or with the one that Twilio's own code makes."""
    if signature is None:
        signature = RequestValidator(token).compute_signature(url, MultiDict(fields))
    return RawRequest("POST", url, {"x-twilio-signature": signature}, urlencode(fields).encode())


def asked(url: str, signature: str) -> RawRequest:
    return RawRequest("GET", url, {"x-twilio-signature": signature}, b"")


def read(request: RawRequest, token: str = TOKEN) -> Receipt:
    return TwilioReceipts(token).read(request)


def accepted(request: RawRequest, token: str = TOKEN) -> bool:
    try:
        read(request, token)
    except BadSignature:
        return False
    return True


def test_the_worked_example_is_read() -> None:
    request = posted(list(STATUS.items()), SIGNATURE)
    assert read(request) == Receipt(MESSAGE, "delivered")


@pytest.mark.parametrize(
    ("fields", "url", "signature"),
    [
        (
            [("Body", "héllo 😀 wörld"), ("NumMedia", "0"), ("Empty", "")],
            "http://127.0.0.1:9000/in",
            "PGTLGBSywCTIgSnL/+On0KF0PNo=",
        ),
        (
            [("A", "2"), ("A", "1"), ("A", "1"), ("B", "x")],
            STATUS_URL,
            "7Lbjy9/p1aSn2kX10wePwv9pSoY=",
        ),
    ],
)
def test_letters_repeats_and_empty_values_are_signed_as_twilio_does(
    fields: Fields, url: str, signature: str
) -> None:
    assert accepted(posted(fields, signature, url=url))
    assert not accepted(posted([*fields, ("C", "")], signature, url=url))


def test_the_documented_example_and_a_get_are_read() -> None:
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert accepted(posted(fields, "GvWf1cFY/Q7PnoempGyD5oXAezc=", url=url), "12345")
    assert accepted(asked("http://127.0.0.1:9000/sms?A=1&B=2", "RU+Cp0cEnTSjb7h5iuZPolNVFSo="))


@pytest.mark.parametrize("made_with", ["https://h.example/x", "https://h.example:443/x"])
@pytest.mark.parametrize("known_as", ["https://h.example/x", "https://h.example:443/x"])
def test_the_standard_port_may_be_spelled_or_not(made_with: str, known_as: str) -> None:
    fields = list(STATUS.items())
    signature = RequestValidator(TOKEN).compute_signature(made_with, STATUS)
    assert accepted(posted(fields, signature, url=known_as))
    assert RequestValidator(TOKEN).validate(known_as, STATUS, signature)


@pytest.mark.parametrize(
    "change",
    [
        lambda f, s: (f[:-1], s),
        lambda f, s: ([*f, ("Extra", "1")], s),
        lambda f, s: ([(n, v.replace("delivered", "failed")) for n, v in f], s),
        lambda f, s: (f, ""),
        lambda f, s: (f, s.lower()),
        lambda f, s: (f, s + "="),
        lambda f, s: (f, "é"),
        lambda f, s: ([(f"n{n}", "") for n in range(MAX_FIELDS + 1)], s),
    ],
    ids=["dropped", "added", "changed", "none", "case", "longer", "not ascii", "endless"],
)
def test_a_changed_callback_is_refused(change: object) -> None:
    fields, signature = change(list(STATUS.items()), SIGNATURE)  # type: ignore[operator]
    assert not accepted(posted(fields, signature))


def test_another_key_or_address_is_refused_and_a_body_that_is_no_form() -> None:
    fields = list(STATUS.items())
    assert not accepted(posted(fields, SIGNATURE), "another token")
    assert not accepted(posted(fields, SIGNATURE, url=STATUS_URL + "1"))
    for body in (b"\xff\xfe", b'{"MessageStatus": "delivered"}', b""):
        request = RawRequest("POST", STATUS_URL, {"x-twilio-signature": SIGNATURE}, body)
        assert not accepted(request)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
values = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(names, values), max_size=8), st.booleans())
def test_whatever_is_posted_we_and_twilios_validator_judge_alike(
    fields: Fields, spoiled: bool
) -> None:
    request = posted(fields)
    signature = request.headers["x-twilio-signature"]
    if spoiled:
        request = posted([*fields, ("Z", "z")], signature)
    sent = MultiDict([*fields, ("Z", "z")] if spoiled else fields)
    assert accepted(request) is RequestValidator(TOKEN).validate(STATUS_URL, sent, signature)


@pytest.mark.parametrize(
    ("status", "delivery", "reason"),
    [
        ("queued", "", ""),
        ("sending", "", ""),
        ("sent", "sent", ""),
        ("delivered", "delivered", ""),
        ("read", "delivered", ""),
        ("failed", "failed", "failed"),
        ("undelivered", "failed", "undelivered"),
        ("canceled", "failed", "canceled"),
        ("of-tomorrow", "", ""),
    ],
)
def test_twilios_statuses_become_ours(status: str, delivery: str, reason: str) -> None:
    found = read(posted([("MessageSid", MESSAGE), ("MessageStatus", status)]))
    assert found == Receipt(MESSAGE, delivery, reason)


def test_the_older_names_of_the_fields_are_known() -> None:
    found = read(posted([("SmsSid", MESSAGE), ("SmsStatus", "sent")]))
    assert found == Receipt(MESSAGE, "sent")


def test_a_raw_request_shows_nothing_of_what_it_holds() -> None:
    assert "15558675310" not in repr(posted(list(STATUS.items()), SIGNATURE))
