"""What Twilio's resources of 2010-04-01 share on the wire: addresses, dates, the account."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades import posting
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.numbers import parse_number

PROVIDER = "twilio"
API_VERSION = "2010-04-01"

_MAX_URL = 4000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")
_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 ]{1,11}")


def show_account(sid: str, moment: float) -> dict[str, Any]:
    """The account resource, which programs fetch to try their credentials. The token is never
    repeated; both dates are the moment of asking."""
    uri = account_uri(sid)
    return {
        "auth_token": None,
        "date_created": rfc2822(moment),
        "date_updated": rfc2822(moment),
        "friendly_name": "SMS sandbox",
        "owner_account_sid": sid,
        "sid": sid,
        "status": "active",
        "subresource_uris": {
            "messages": f"{uri}/Messages.json",
            "calls": f"{uri}/Calls.json",
            "incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
        },
        "type": "Full",
        "uri": f"{uri}.json",
    }


def account_uri(sid: str) -> str:
    """An account's path on Twilio's own host: no host, no prefix of the sandbox."""
    return f"/{API_VERSION}/Accounts/{sid}"


def rfc2822(moment: float) -> str:
    """``moment`` (seconds since 1970) as ``Thu, 24 Aug 2023 05:01:45 +0000``."""
    return format_datetime(datetime.fromtimestamp(moment, UTC))


def parse_address(text: str) -> str:
    """A number in E.164 (a leading blank is a plus that was not escaped), else the text.

    Without a plus a number could be of any country: it is left as it is.
    """
    if not text.startswith(("+", " ")):
        return text.strip()
    try:
        return parse_number(text, "")
    except InvalidRequest:
        return text.strip()


def is_number(address: str) -> bool:
    """Whether an address is a number in E.164."""
    return bool(_E164.fullmatch(address))


def is_short_code(address: str) -> bool:
    """Whether an address is a short code."""
    return bool(_SHORT_CODE.fullmatch(address))


def is_name(address: str) -> bool:
    """Whether an address is an alphanumeric sender: up to 11 characters, one letter at least."""
    return bool(_NAME.fullmatch(address))


def is_true(form: Mapping[str, str], name: str) -> bool:
    """Whether a parameter is set to ``true``, as the SDKs write it."""
    return form.get(name, "").strip().casefold() == "true"


def whole(
    asked: Mapping[str, str], name: str, default: int, low: int, high: int = 1_000_000
) -> int:
    """A parameter that is a whole number from ``low`` to ``high``. Raises ``TwilioError``."""
    text = asked.get(name) or str(default)
    is_whole = text.isascii() and text.isdigit() and len(text) <= 12
    if not is_whole or not low <= int(text) <= high:
        raise TwilioError(20001, detail=f"{name} is a whole number from {low} to {high}.")
    return int(text)


def one_of(form: Mapping[str, str], name: str, values: tuple[str, ...]) -> str | None:
    """A parameter that is one of a few words, if it is there. Raises ``TwilioError``."""
    text = form.get(name)
    if text is not None and text not in values:
        raise TwilioError(20001, detail=f"{name} is {' or '.join(values)}.")
    return text


def is_url(url: str) -> bool:
    """Whether Twilio would post to this address: it knows no host with an underscore."""
    return posting.is_url(url, most=_MAX_URL) and "_" not in (urlsplit(url).hostname or "")


def url_from(here: str, address: str) -> str | None:
    """Where an address in a document leads that came from ``here``; ``None``: nowhere."""
    try:
        url = urljoin(here, address.strip())
    except ValueError:
        return None
    return url if is_url(url) else None
