"""The data packages of a look-up. Carriers and persons are not real: the network is the one that
the ITU keeps for tests (001-01), and names are those that the handsets were given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.facades.twilio.times import iso8601

CARRIER = "SMS Sandbox"
COUNTRY_CODE = "001"
NETWORK_CODE = "01"
FAILED = 60600
"""The error code inside a package that has no data."""
_SWAP_PERIOD = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the sandbox knows of a number: its kind in Twilio's words, its ``status``, when its SIM
    was changed and the present moment (seconds since 1970), whether it is ``suspect``, the name
    that its handset was given, and whether every package ``fails`` for it."""

    kind: str
    status: str
    sim_swapped_at: float
    now: float
    suspect: bool = False
    nickname: str | None = field(default=None, repr=False)
    fails: bool = False


Package = Callable[[Line, Mapping[str, str]], dict[str, Any]]


def carrier(line_type: str) -> dict[str, Any]:
    """What a verification tells of the number's carrier."""
    return {
        "error_code": None,
        "name": CARRIER,
        "mobile_country_code": COUNTRY_CODE,
        "mobile_network_code": NETWORK_CODE,
        "type": line_type,
    }


def show(name: str, line: Line, asked: Mapping[str, str]) -> dict[str, Any]:
    """One package by the name of its field; ``asked`` is the query."""
    data = PACKAGES[name](line, asked)
    if not line.fails:
        return data
    return {key: FAILED if key == "error_code" else None for key in data}


def _line_type(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "error_code": None,
        "mobile_country_code": COUNTRY_CODE,
        "mobile_network_code": NETWORK_CODE,
        "carrier_name": CARRIER,
        "type": line.kind,
    }


def _sim_swap(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "last_sim_swap": {
            "last_sim_swap_date": iso8601(line.sim_swapped_at),
            "swapped_period": "PT24H",
            "swapped_in_period": line.now - line.sim_swapped_at < _SWAP_PERIOD,
        },
        "carrier_name": CARRIER,
        "mobile_country_code": COUNTRY_CODE,
        "mobile_network_code": NETWORK_CODE,
        "error_code": None,
    }


def _call_forwarding(_line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {"call_forwarding_enabled": False, "error_code": None}


def _line_status(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {"status": line.status, "error_code": None}


def _caller_name(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "caller_name": line.nickname,
        "caller_type": "CONSUMER" if line.nickname else None,
        "error_code": None,
    }


def _pumping_risk(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "carrier_risk_category": "high" if line.suspect else "low",
        "number_blocked": line.suspect,
        "number_blocked_date": None,
        "number_blocked_last_3_months": line.suspect,
        "sms_pumping_risk_score": _risk(line),
        "error_code": None,
    }


def _identity_match(_line: Line, asked: Mapping[str, str]) -> dict[str, Any]:
    # Nobody stands behind these numbers: there is nothing to compare a person with.
    matches = {
        "first_name_match": "FirstName",
        "last_name_match": "LastName",
        "address_lines_match": "AddressLine1",
        "city_match": "City",
        "state_match": "State",
        "postal_code_match": "PostalCode",
        "address_country_match": "AddressCountryCode",
        "national_id_match": "NationalId",
        "date_of_birth_match": "DateOfBirth",
    }
    return {
        **{key: "no_data_available" if asked.get(name) else None for key, name in matches.items()},
        "summary_score": 0,
        "error_code": None,
        "error_message": None,
    }


def _reassigned(_line: Line, asked: Mapping[str, str]) -> dict[str, Any]:
    date = asked.get("LastVerifiedDate")
    return {
        "last_verified_date": date,
        "is_number_reassigned": "no" if date else "no_data_available",
        "error_code": None,
    }


def _quality(line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    category = "high" if line.suspect else "low"
    return {
        "carrier_risk_score": _risk(line),
        "carrier_risk_category": category,
        "disposable_phone_risk_score": _risk(line),
        "disposable_phone_risk_category": category,
        "quality_score": 100 - _risk(line),
        "quality_category": "low" if line.suspect else "high",
        "velocity_risk_score": 0,
        "velocity_risk_category": "low",
        "error_code": None,
    }


def _pre_fill(_line: Line, _asked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "first_name": None,
        "last_name": None,
        "address_line": None,
        "country_code": None,
        "state": None,
        "postal_code": None,
        "error_code": None,
    }


def _risk(line: Line) -> int:
    """From 0 to 100."""
    return 95 if line.suspect else 5


PACKAGES: Mapping[str, Package] = {
    "caller_name": _caller_name,
    "sim_swap": _sim_swap,
    "call_forwarding": _call_forwarding,
    "line_status": _line_status,
    "line_type_intelligence": _line_type,
    "identity_match": _identity_match,
    "reassigned_number": _reassigned,
    "sms_pumping_risk": _pumping_risk,
    "phone_number_quality_score": _quality,
    "pre_fill": _pre_fill,
}
"""What fills each field, in the order of the answer's keys."""
