"""SIM swap: when did this number get the SIM that it has?

Sources: CAMARA SimSwap 0.4.0 (as Vonage offers it) and 2.1.0. A virtual number got its SIM 500
hours ago unless its handset says otherwise, as the numbers of Vonage's virtual operator.
"""

from flask import Response

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.operator import camara
from sms_sandbox.facades.vonage.operator.camara import Ask
from sms_sandbox.facades.vonage.operator.errors import CamaraError
from sms_sandbox.facades.vonage.wire import moment
from sms_sandbox.numbers import comparison_key, scenario_of, verdict

VONAGE, CAMARA = "/camara/sim-swap/v040", "/camara/sim-swap/v2"
MAX_AGE, LONGEST = 240, 2400
"""Hours that are looked back on: where the request does not say, and at most."""

_HOUR, _DAY = 3600.0, 86_400.0


def check(room: Room, *, current: bool) -> Response:
    """Whether the SIM was swapped in the last ``maxAge`` hours. Raises ``CamaraError``,
    ``FaultStruck``."""
    path = f"{CAMARA if current else VONAGE}/check"
    asked = camara.ask(room, path, "sim_check", current=current)
    asked.only("phoneNumber", "maxAge")
    number, hours = _number(asked), _hours(asked)
    swapped_at = _look_up(asked, number, path)
    # An age of just ``maxAge`` hours counts; rounding must not make it older.
    age = round(asked.party.now - swapped_at, 3)
    return camara.answer({"swapped": age <= hours * _HOUR})


def retrieve_date(room: Room, *, current: bool) -> Response:
    """When the SIM was swapped last, unless the operator may or can not say. Raises
    ``CamaraError``, ``FaultStruck``."""
    path = f"{CAMARA if current else VONAGE}/retrieve-date"
    asked = camara.ask(room, path, "sim_date", current=current)
    asked.only("phoneNumber")
    swapped_at = _look_up(asked, _number(asked), path)
    operator = asked.party.operator
    if operator.sim_dates == "hidden":
        return camara.answer({"latestSimChange": None})
    days = operator.monitored_days
    if days is not None and asked.party.now - swapped_at > days * _DAY:
        return camara.answer({"latestSimChange": None, "monitoredPeriod": days})
    return camara.answer({"latestSimChange": moment(swapped_at)})


def _number(asked: Ask) -> str:
    """The number that is meant: the token's or the body's. CAMARA 2.x wants it said once."""
    said = asked.phone_number()
    if not asked.number:
        if said is None:
            raise CamaraError(422, "MISSING_IDENTIFIER", "The device cannot be identified.")
        return said
    if said is None:
        return asked.number
    # A token by a number that the application itself has named: as Vonage's own SDKs ask.
    if asked.current:
        text = "The device is already identified by the access token."
        raise CamaraError(422, "UNNECESSARY_IDENTIFIER", text)
    if comparison_key(said) != comparison_key(asked.number):
        text = "phoneNumber is not consistent with the access token."
        raise CamaraError(403, "INVALID_TOKEN_CONTEXT", text)
    return said


def _hours(asked: Ask) -> int:
    value = asked.values.get("maxAge", MAX_AGE)
    if not isinstance(value, int) or isinstance(value, bool):
        raise CamaraError(400, detail="maxAge must be a whole number of hours.")
    if not 1 <= value <= LONGEST:
        text = f"maxAge must be a number from 1 to {LONGEST}."
        raise CamaraError(400, "OUT_OF_RANGE" if asked.current else "", text)
    return value


def _look_up(asked: Ask, number: str, path: str) -> float:
    """When the number got its SIM (seconds since 1970)."""
    asked.party.strike(number, path)
    asked.spend()
    scenario = scenario_of(number)
    unknown = scenario is not None and scenario.refusal in ("invalid_number", "no_route")
    if unknown or verdict(number) == "error":
        if asked.current:
            raise CamaraError(404, "IDENTIFIER_NOT_FOUND", "Device identifier not found.")
        text = "SIM Swap can't be checked because the phone number is unknown."
        raise CamaraError(404, "SIM_SWAP.UNKNOWN_PHONE_NUMBER", text)
    if asked.current and scenario is not None and scenario.refusal == "landline":
        raise CamaraError(422)
    return asked.party.room.inbox.handset(asked.party.account, number).sim_swapped_at
