"""One look-up: the numbering plan first, then the packages that were asked for."""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.lookup import packages, words
from sms_sandbox.facades.twilio.lookup.packages import Line
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.numbers import Scenario, scenario_of, verdict

_VALIDATION = "validation"
_STATUS = {"off": "unreachable", "full": "active", "blocked": "inactive"}
_FAILING_STATUS = {"unreachable": "unreachable", "unknown_handset": "inactive"}


def fetch(caller: Caller, text: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The phone number resource, key for key; an invalid number is an answer too. Raises
    ``TwilioError`` for a field that there is not."""
    wanted = _fields(asked.get("Fields", ""))
    planned = words.read(text, asked.get("CountryCode") or None)
    number, error = planned.number, words.error_of(planned)
    scenario = scenario_of(number)
    caller.room.inbox.strike(provider=PROVIDER, account=caller.account, to=number)
    shown: dict[str, Any] = {
        "calling_country_code": None if error else planned.calling_code,
        "country_code": None if error else planned.country or None,
        "phone_number": number,
        "national_format": None if error else planned.national,
        "valid": error is None,
        "validation_errors": [] if error is None else [error],
    }
    line = None if error else _line(caller, number, scenario)
    for name in packages.PACKAGES:
        asks = name in wanted and line is not None
        shown[name] = packages.show(name, line, asked) if asks and line else None
    return {**shown, "url": f"{caller.base}/v2/PhoneNumbers/{number}"}


def _fields(text: str) -> set[str]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = names - {*packages.PACKAGES, _VALIDATION}
    if unknown:
        raise TwilioError(20001, detail=f"Fields has no {', '.join(sorted(unknown))[:200]}.")
    return names


def _line(caller: Caller, number: str, scenario: Scenario | None) -> Line:
    handset = caller.room.inbox.handset(caller.account, number)
    status = _STATUS.get(handset.state, "active")
    if handset.state == "on" and scenario is not None and scenario.failing is not None:
        status = _FAILING_STATUS.get(scenario.failing, status)
    filtered = scenario is not None and scenario.failing == "filtered"
    return Line(
        kind=words.line_type(number),
        status=status,
        sim_swapped_at=handset.sim_swapped_at,
        now=caller.now,
        suspect=filtered or handset.state == "blocked",
        nickname=handset.nickname,
        fails=verdict(number) == "error",
    )
