"""Network enablement: for each scope the address that the device is to open.

Source: https://developer.vonage.com/en/getting-started-network/getting-started
"""

from typing import Any
from urllib.parse import urlencode

from flask import Response

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import addresses
from sms_sandbox.facades.vonage.errors import Problem, respond_json
from sms_sandbox.facades.vonage.operator import grants, party
from sms_sandbox.facades.vonage.operator.grants import Grant
from sms_sandbox.facades.vonage.operator.party import Party
from sms_sandbox.facades.vonage.operator.scopes import rights_of

PATH = "/v0.1/network-enablement"
CALLBACK = "/camara/oauth/callback"
"""Where the operator sends the device back to, before it reaches the application."""
STATE = "v2_"
"""What the states begin with that stand in place of the application's own."""
MAX_STATE = 1024
MAX_SCOPES = 10


def enable(room: Room) -> Response:
    """An address for each scope. Raises ``Denied``, ``Problem``, ``FaultStruck``."""
    one = party.signed(room)
    number, scopes, state = _read(party.json_object())
    one.strike(number, PATH)
    if one.operator.network == "unsupported":
        return respond_json({"scopes": dict.fromkeys(scopes, _NOT_SUPPORTED)})
    if one.redirect_uri is None:
        raise _bad(
            "The application has no redirect URI. Set it: "
            f'PUT /api/v1/settings?account={one.account} {{"redirect_uri": "http://..."}}'
        )
    ends = grants.lives_until(room, one.account, "state")
    with room.database.write() as connection:
        states = {
            scope: grants.give(
                connection,
                room,
                one.account,
                "state",
                Grant(
                    application=one.application,
                    scope=scope,
                    number=number,
                    redirect_uri=one.redirect_uri,
                    state=state,
                    expires_at=ends,
                ),
            )
            for scope in scopes
        }
    return respond_json(
        {"scopes": {scope: {"auth_url": _address(one, scope, states[scope])} for scope in scopes}}
    )


_NOT_SUPPORTED = {
    "error_code": "NOT_SUPPORTED",
    "error_description": "The network of this number does not support the scope.",
}


def _address(one: Party, scope: str, secret: str) -> str:
    query = {
        "client_id": one.application,
        "scope": scope,
        "state": STATE + secret,
        "redirect_uri": addresses.own_url(CALLBACK),
        "response_type": "code",
    }
    return f"{addresses.own_url('/oauth2/auth')}?{urlencode(query)}"


def _read(asked: dict[str, Any] | None) -> tuple[str, list[str], str]:
    """Number, scopes and state. Raises ``Problem``."""
    if asked is None:
        raise _bad("The body must be a JSON object.")
    phone, scopes, state = (asked.get(name) for name in ("phone_number", "scopes", "state"))
    number = party.parse_device(phone) if isinstance(phone, str) else None
    if number is None:
        raise _bad("phone_number is required: + and 7 to 15 digits.")
    if not isinstance(scopes, list) or not 0 < len(scopes) <= MAX_SCOPES:
        raise _bad(f"scopes is required: a list of 1 to {MAX_SCOPES} scopes.")
    for scope in scopes:
        if not isinstance(scope, str) or not rights_of(scope):
            raise _bad(f"{str(scope)[:80]!r} is no scope of the network APIs.")
    if not isinstance(state, str) or not 0 < len(state) <= MAX_STATE or not _is_plain(state):
        raise _bad(f"state is required: a text of 1 to {MAX_STATE} printable ASCII characters.")
    return number, list(dict.fromkeys(scopes)), state


def _is_plain(state: str) -> bool:
    # RFC 6749, appendix A.5.
    return state.isascii() and state.isprintable()


def _bad(detail: str) -> Problem:
    return Problem(400, detail, kind="#invalid-param")
