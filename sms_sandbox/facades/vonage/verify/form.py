"""What a new request asks for, read value by value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.facades.vonage.addresses import is_address
from sms_sandbox.facades.vonage.errors import invalid
from sms_sandbox.facades.vonage.verify.requests import SILENT
from sms_sandbox.facades.vonage.wire import parse_number, parse_sender

CHANNELS = ("sms", "voice", "whatsapp", SILENT)
NOT_IMITATED = ("email", "rcs", "whatsapp_interactive")
CODE_LENGTH = 4
TIMEOUT = 180
"""Seconds for a channel, where the request does not say."""
SILENT_TIMEOUT = 60
"""Seconds for silent authentication, whatever the request says."""
MAX_STEPS = 3

_BRAND = re.compile(r"[^\\/{}:$]{1,18}")
_CODE = re.compile(r"[A-Za-z0-9]{4,10}")
_APP_HASH = re.compile(r"[A-Za-z0-9+/=]{11}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_MAX_REF = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request as it was asked for; ``steps`` as ``requests.new`` wants them."""

    brand: str
    steps: list[dict[str, Any]] = field(repr=False)
    timeout: int
    client_ref: str | None
    code: str | None = field(repr=False)
    code_length: int


def read(asked: Mapping[str, Any]) -> Wish:
    """What a body asks for. Raises ``Problem`` and names the parameter."""
    timeout = _whole(asked, "channel_timeout", 15, 900) or TIMEOUT
    _text(asked, "locale", _LOCALE, "a locale such as en-us")
    for name in ("fraud_check", "coverage_check"):
        _flag(asked, name)
    if "template_id" in asked:
        raise invalid("template_id", "custom templates are not imitated by this sandbox")
    return Wish(
        brand=_required(_text(asked, "brand", _BRAND, "1 to 18 characters, none of \\/{}:$")),
        steps=_steps(asked.get("workflow"), timeout),
        timeout=timeout,
        client_ref=_reference(asked),
        code=_text(asked, "code", _CODE, "4 to 10 letters and digits"),
        code_length=_whole(asked, "code_length", 4, 10) or CODE_LENGTH,
    )


def read_code(asked: Mapping[str, Any]) -> str:
    """The code of a check; ``token`` is its name in silent authentication's advanced mode.
    Raises ``Problem``."""
    code = asked.get("code", asked.get("token"))
    if not isinstance(code, str) or not 0 < len(code) <= 128:
        raise invalid("code", "`code` is required: 4 to 10 letters and digits")
    return code


def _required(brand: str | None) -> str:
    if not brand:
        raise invalid("brand", "`brand` is required")
    return brand


def _reference(asked: Mapping[str, Any]) -> str | None:
    value = asked.get("client_ref")
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_REF or not value.isprintable():
        raise invalid("client_ref", f"must be 1 to {_MAX_REF} printable characters")
    return value


def _steps(asked: Any, timeout: int) -> list[dict[str, Any]]:
    if not isinstance(asked, list) or not 0 < len(asked) <= MAX_STEPS:
        raise invalid("workflow", f"must be a list of 1 to {MAX_STEPS} channels")
    return [_step(one, place, timeout) for place, one in enumerate(asked)]


def _step(asked: Any, place: int, timeout: int) -> dict[str, Any]:
    at = f"workflow[{place}]"
    if not isinstance(asked, dict):
        raise invalid(at, "must be an object")
    asked = {name: value for name, value in asked.items() if value is not None}
    channel = asked.get("channel")
    if channel in NOT_IMITATED:
        raise invalid(f"{at}.channel", f"{channel} is not imitated by this sandbox")
    if channel not in CHANNELS:
        raise invalid(f"{at}.channel", f"must be one of {', '.join(CHANNELS)}")
    if channel == SILENT and place > 0:
        raise invalid(f"{at}.channel", f"{SILENT} must be the first channel of the workflow")
    to = asked.get("to")
    number = parse_number(to) if isinstance(to, str) else None
    if number is None:
        raise invalid(f"{at}.to", "must be a number in E.164: 7 to 15 digits, no plus needed")
    step = {
        "channel": channel,
        "to": number,
        "from": _sender(asked, at, needed=channel == "whatsapp"),
        "life": SILENT_TIMEOUT if channel == SILENT else timeout,
    }
    return step | (_silent(asked, at) if channel == SILENT else _spoken(asked, at))


def _spoken(asked: Mapping[str, Any], at: str) -> dict[str, Any]:
    for name in ("entity_id", "content_id"):
        value = asked.get(name)
        if value is not None and not (isinstance(value, str) and value.isascii() and value):
            raise invalid(f"{at}.{name}", "must be a text")
    return {"app_hash": _text(asked, "app_hash", _APP_HASH, "11 characters", at=at)}


def _silent(asked: Mapping[str, Any], at: str) -> dict[str, Any]:
    url = asked.get("redirect_url")
    if url is not None and not (isinstance(url, str) and is_address(url)):
        raise invalid(f"{at}.redirect_url", "must be an absolute http or https address")
    mode = asked.get("mode", "basic")
    if mode not in ("basic", "advanced"):
        raise invalid(f"{at}.mode", "must be basic or advanced")
    return {
        "redirect_url": url,
        "sandbox": _flag(asked, "sandbox", at=at),
        "mode": mode,
        "code": None,
        "door": None,
    }


def _sender(asked: Mapping[str, Any], at: str, *, needed: bool) -> str | None:
    value = asked.get("from")
    if value is None and not needed:
        return None
    sender = parse_sender(value) if isinstance(value, str) else None
    if sender is None:
        raise invalid(f"{at}.from", "must be a number in E.164 or 3 to 11 letters and digits")
    return sender


def _text(
    asked: Mapping[str, Any], name: str, form: re.Pattern[str], words: str, *, at: str = ""
) -> str | None:
    value = asked.get(name)
    if value is None:
        return None
    fits = isinstance(value, str) and value.isprintable() and form.fullmatch(value)
    if not fits:
        raise invalid(f"{at}.{name}".lstrip("."), f"must be {words}")
    return str(value)


def _whole(asked: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = asked.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise invalid(name, f"must be a whole number from {low} to {high}")
    return value


def _flag(asked: Mapping[str, Any], name: str, *, at: str = "") -> bool:
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise invalid(f"{at}.{name}".lstrip("."), "must be true or false")
    return value
