"""What the numbering plan says, in Twilio's words."""

from collections.abc import Mapping

from sms_sandbox.numbers import plan, scenario_of
from sms_sandbox.numbers.plan import Line, Planned, Wrong

_DEFAULT_COUNTRY = "US"
_LINE_TYPES: Mapping[Line, str] = {
    "landline": "landline",
    "mobile": "mobile",
    "toll_free": "tollFree",
    "premium": "premium",
    "shared_cost": "sharedCost",
    "voip": "nonFixedVoip",
    "personal": "personal",
    "pager": "pager",
    "uan": "uan",
    "voicemail": "voicemail",
    "unknown": "unknown",
}
_ERRORS: Mapping[Wrong, str] = {
    "not_a_number": "NOT_A_NUMBER",
    "invalid_country_code": "INVALID_COUNTRY_CODE",
    "too_short": "TOO_SHORT",
    "too_long": "TOO_LONG",
    "invalid_length": "INVALID_LENGTH",
    "not_given_out": "INVALID_BUT_POSSIBLE",
}


def read(text: str, country: str | None = None) -> Planned:
    """Read a number in E.164, or as it is dialled in ``country`` (two letters; by default in North
    America)."""
    return plan.read(text, country or _DEFAULT_COUNTRY)


def error_of(planned: Planned) -> str | None:
    """What is wrong with a number; ``None`` for a valid one."""
    refuses = scenario_of(planned.number)
    if planned.wrong is None and refuses is not None and refuses.refusal == "invalid_number":
        return "INVALID_BUT_POSSIBLE"
    return None if planned.wrong is None else _ERRORS[planned.wrong]


def line_type(number: str) -> str:
    """The kind of a line; a number of fiction has that of its scenario."""
    return _LINE_TYPES[read(number).line]
