"""Lookup: what is known of a number.

Source: https://www.plivo.com/docs/lookup/api/lookup-phone-number
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import Locale
from babel.core import get_global

from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import PlivoError
from sms_sandbox.numbers import Scenario, plan, scenario_of, verdict
from sms_sandbox.numbers.plan import Line, Planned

INVALID = 20404
"""The code of an answer about a number that is not valid."""

_KINDS: Mapping[Line, str] = {
    "landline": "fixed",
    "mobile": "mobile",
    "toll_free": "toll-free",
    "voip": "voip",
}
_PORTABLE = ("US", "CA")
_RETIRED = frozenset(("BUR", "ZAR", "DDR", "FXX", "TMP", "YMD"))


class NotValid(Exception):
    """The number is none that a country could have given out."""


def fetch(caller: Caller, number: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The number resource. Raises ``NotValid``, ``PlivoError``, ``FaultStruck``."""
    if asked.get("type") != "carrier":
        raise PlivoError(400, "type must be carrier")
    wanted = wire.parse_number(number)
    if wanted is None:
        raise NotValid
    caller.strike(wanted)
    if verdict(wanted) == "error":
        raise PlivoError(500)
    planned, scenario = plan.read(wanted), scenario_of(wanted)
    if not planned.valid or _refuses(scenario):
        raise NotValid
    return {
        "phone_number": planned.number,
        "country": _country(planned.country),
        "format": {
            "e164": planned.number,
            "national": planned.national,
            "international": planned.international,
            "rfc3966": planned.link,
        },
        "carrier": _carrier(planned),
        "resource_uri": f"/v1/Number/{planned.number}?type=carrier",
    }


def _refuses(scenario: Scenario | None) -> bool:
    return scenario is not None and scenario.refusal == "invalid_number"


def _carrier(planned: Planned) -> dict[str, str]:
    mobile = planned.line == "mobile"
    return {
        "mobile_country_code": wire.MOBILE_COUNTRY_CODE if mobile else "",
        "mobile_network_code": wire.MOBILE_NETWORK_CODE if mobile else "",
        "name": wire.CARRIER,
        "type": _KINDS.get(planned.line, "unknown"),
        "ported": "no" if planned.country in _PORTABLE else "unknown",
    }


def _country(code: str) -> dict[str, str]:
    name = Locale("en").territories.get(code, "") if code else ""
    return {"name": name, "iso2": code, "iso3": _three_letters().get(code, "")}


@cache
def _three_letters() -> Mapping[str, str]:
    """The three letters of each country by its two."""
    aliases: Mapping[str, list[str]] = get_global("territory_aliases")
    return {
        meant[0]: alias
        for alias, meant in aliases.items()
        if len(alias) == 3 and alias.isalpha() and len(meant) == 1 and alias not in _RETIRED
    }
