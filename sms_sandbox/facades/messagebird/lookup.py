"""Lookup: what the numbering plan says of a number.

Source: https://developers.messagebird.com/api/lookup/
"""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.messagebird import hlr, wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import MessageBirdError, invalid, not_found
from sms_sandbox.facades.messagebird.fields import Fields
from sms_sandbox.numbers import plan, scenario_of, verdict
from sms_sandbox.numbers.plan import Line, Planned

_TYPES: Mapping[Line, str] = {
    "landline": "fixed line",
    "mobile": "mobile",
    "toll_free": "toll free",
    "premium": "premium rate",
    "shared_cost": "shared cost",
    "voip": "voip",
    "personal": "personal number",
    "pager": "pager",
    "uan": "universal access number",
    "voicemail": "voice mail",
    "unknown": "unknown",
}


def fetch(caller: Caller, number: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The number, key for key, with its newest HLR query. Raises ``MessageBirdError``,
    ``FaultStruck``."""
    planned = _find(caller, number, asked.get("countryCode"))
    digits = wire.digits(planned.number)
    return {
        "href": wire.href("lookup", str(digits)),
        "countryCode": planned.country or None,
        "countryPrefix": int(planned.calling_code),
        "phoneNumber": digits,
        "type": _TYPES[planned.line],
        "formats": {
            "e164": planned.number,
            "international": planned.international,
            "national": planned.national,
            "rfc3966": planned.link,
        },
        "hlr": hlr.newest(caller, planned.number),
    }


def fetch_hlr(caller: Caller, number: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The newest HLR query of a number. Raises ``MessageBirdError`` if there is none."""
    planned = _find(caller, number, asked.get("countryCode"))
    found = hlr.newest(caller, planned.number)
    if found is None:
        raise not_found("hlr")
    return found


def create_hlr(caller: Caller, number: str, country: str | None, asked: Fields) -> dict[str, Any]:
    """Ask the network about a number; its answer is there at once. Raises
    ``MessageBirdError``, ``FaultStruck``."""
    country = asked.text("countryCode", most=8) or country
    planned = _find(caller, number, country)
    return hlr.ask(caller, planned, asked.text("reference"), at_once=True)


def create_waiting_hlr(caller: Caller, number: str, asked: Fields) -> dict[str, Any]:
    """Ask the network about a number; its answer comes later. Raises ``MessageBirdError``,
    ``FaultStruck``."""
    planned = _read(number, asked.text("countryCode", most=8), "msisdn")
    caller.strike(planned.number)
    return hlr.ask(caller, planned, asked.text("reference"), at_once=False)


def _read(text: str, country: str | None, parameter: str = "phoneNumber") -> Planned:
    """A valid number as its plan sees it; its plus may be left out."""
    squeezed = text.strip()
    international = not country and squeezed[:1].isdigit() and squeezed[:2] != "00"
    planned = plan.read(f"+{squeezed}" if international else squeezed, country or None)
    scenario = scenario_of(planned.number)
    if not planned.valid or (scenario is not None and scenario.refusal == "invalid_number"):
        raise invalid(parameter, "The phone number is not valid: write its country's code")
    return planned


def _find(caller: Caller, text: str, country: str | None) -> Planned:
    planned = _read(text, country)
    caller.strike(planned.number)
    if verdict(planned.number) == "error":
        raise MessageBirdError(500)
    return planned
