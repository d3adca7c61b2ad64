"""What strangers may type or post, and what must hold whatever it is: an answer of ours, no error.

Each target takes bytes, so that a fuzzer can steer them; `make fuzz` does, and the ordinary tests
run the same targets on what it has found and on some chance inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from flask_phoneauth.delivery.tokens import read_token
from flask_phoneauth.errors import BadSignature, InvalidPhone
from flask_phoneauth.otp.code import normalise_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.phone.number import mask, parse
from flask_phoneauth.providers.twilio_receipts import TwilioReceipts
from flask_phoneauth.records import RawRequest
from flask_phoneauth.settings import Settings
from flask_phoneauth.web.origins import safe_next

SITE = "https://shop.example"
REGIONS = ("", "GB", "US", "IT", "JP", "ZZ")
_E164 = re.compile(r"\+[1-9][0-9]{3,14}")
_KEYS = Keyring(b"fuzz")
_RECEIPTS = TwilioReceipts("a token")
_SETTINGS = Settings(public_url=SITE)


def typed_number(data: bytes) -> None:
    """A number in any spelling: one E.164 form that reads as itself, or a refusal without it."""
    if not data:
        return
    region, text = REGIONS[data[0] % len(REGIONS)], _text(data[1:])
    try:
        number = parse(text, default_region=region, virtual_numbers=bool(data[0] & 128))
    except InvalidPhone:
        return
    assert _E164.fullmatch(number.e164), number
    again = parse(number.e164, virtual_numbers=True)
    assert again.e164 == number.e164
    digits = "".join(filter(str.isdecimal, mask(number.e164)))
    assert len(digits) < len(number.e164) - 1, "it is masked"


def typed_code(data: bytes) -> None:
    """A code in any script and spacing: six ASCII digits, or no code."""
    code = normalise_code(_text(data), 6)
    assert code is None or re.fullmatch("[0-9]{6}", code, re.ASCII)


def typed_next(data: bytes) -> None:
    """Where a login is to lead: to this site as every browser reads it, or nowhere."""
    for beginning in ("", "/", SITE, f"{SITE}/"):
        target = safe_next(beginning + _text(data), _SETTINGS)
        if target:
            # browsers drop these before they read an address, and take \\ for /
            read = re.sub(r"[\t\r\n]", "", target).replace("\\", "/")
            assert read.startswith("/")
            assert not read.startswith("//")
            assert urlsplit(urljoin(SITE, read))[:2] == urlsplit(SITE)[:2]


def posted_receipt(data: bytes) -> None:
    """A vendor's callback: refused, since nobody signed it, in our words."""
    head, _, body = data.partition(b"\n")
    headers = {"x-twilio-signature": head.decode("latin-1")}
    for method in ("POST", "GET"):
        query = body.decode("latin-1") if method == "GET" else ""
        request = RawRequest(method, f"{SITE}/auth/receipts/twilio/x?{query}", headers, body)
        try:
            receipt = _RECEIPTS.read(request)
        except BadSignature:
            continue
        raise AssertionError(f"it counts as signed: {receipt}")
    assert read_token(_KEYS, _text(data)) is None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")  # half a character, as JSON may hold, too


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "number": typed_number,
    "code": typed_code,
    "next": typed_next,
    "receipt": posted_receipt,
}
