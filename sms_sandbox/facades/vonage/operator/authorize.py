"""A device opens the address: three redirects, each a GET that needs no cookie, lead it through
the operator's network and back to the application with a code.

Sources: RFC 6749, section 4.1; RFC 7636; OpenID Connect Core, section 3.1.2.
"""

import re
from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Response, request

from sms_sandbox.errors import FaultStruck
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import addresses
from sms_sandbox.facades.vonage.errors import Unserved
from sms_sandbox.facades.vonage.operator import grants, party
from sms_sandbox.facades.vonage.operator.enablement import CALLBACK, MAX_STATE, STATE
from sms_sandbox.facades.vonage.operator.errors import OAuthError, as_oauth
from sms_sandbox.facades.vonage.operator.grants import Grant, Kind
from sms_sandbox.facades.vonage.operator.party import Party
from sms_sandbox.facades.vonage.operator.scopes import rights_of

PATH = "/oauth2/auth"
NETWORK = "/operator/login"
"""Where the operator looks which device it is."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_ELSEWHERE = ("cross-site", "same-site")


class _Turned(Exception):
    """The device goes back to the application with an ``error``."""

    def __init__(self, grant: Grant, error: str, detail: str) -> None:
        self.grant = grant
        self.error = error
        self.detail = detail
        super().__init__(error)


def authorize(room: Room) -> Response:
    """Send the device on to its operator. Raises ``OAuthError`` where it can be sent to nobody."""
    _refuse_head()
    one = party.named(room, request.args.get("client_id", ""))
    state = request.args.get("state", "")
    try:
        grant = _enabled(one, state) if state.startswith(STATE) else _asked(one, state)
        _strike(one, grant)
    except _Turned as turned:
        return _back(turned.grant, error=turned.error, error_description=turned.detail)
    return _on(one, "login", grant, NETWORK)


def log_in(room: Room) -> Response:
    """The operator's network recognises the device, or does not."""
    _refuse_head()
    one, grant = _under_way(room, "login", request.args.get("login", ""))
    if one.operator.network == "off":
        detail = "The device is not connected by its mobile network."
        return _back(grant, error="login_required", error_description=detail)
    return _on(one, "callback", grant, CALLBACK)


def call_back(room: Room) -> Response:
    """The device comes back from its operator and goes on to the application with a code."""
    _refuse_head()
    one, grant = _under_way(room, "callback", request.args.get("code", ""))
    code = _give(one, "code", grant)
    return _back(grant, code=code)


def _enabled(one: Party, state: str) -> Grant:
    """What network enablement has promised this device."""
    room = one.room
    with room.database.write() as connection:
        secret = state.removeprefix(STATE)
        grant = grants.spend(connection, room, one.account, "state", secret)
    if grant is None or grant.application != one.application:
        raise OAuthError("invalid_request", "The state is unknown, has expired or was used before.")
    return grant


def _asked(one: Party, state: str) -> Grant:
    """What an application asks for without network enablement."""
    uri = request.args.get("redirect_uri", "")
    if not addresses.is_address(uri):
        detail = "redirect_uri must be an absolute http or https address without a fragment."
        raise OAuthError("invalid_request", detail)
    _check_registered(one, uri)
    if len(state) > MAX_STATE or not (state.isascii() and state.isprintable()):
        raise OAuthError("invalid_request", f"state is at most {MAX_STATE} characters of ASCII.")
    challenge = request.args.get("code_challenge", "")
    manner = request.args.get("code_challenge_method", "plain")
    if challenge and not (manner == "S256" and _CHALLENGE.fullmatch(challenge)):
        raise OAuthError("invalid_request", "code_challenge must be an S256 of 43 characters.")
    scope = request.args.get("scope", "")
    number = party.parse_device(request.args.get("login_hint", ""))
    grant = Grant(
        application=one.application,
        scope=scope,
        number=number or "",
        redirect_uri=uri,
        state=state,
        challenge=challenge,
    )
    if request.args.get("response_type") != "code":
        raise _Turned(grant, "unsupported_response_type", "response_type must be code.")
    if not rights_of(scope):
        raise _Turned(grant, "invalid_scope", "scope names no right of the network APIs.")
    if number is None:
        detail = "login_hint must be the device's number: the sandbox has no other way to know it."
        raise _Turned(grant, "login_required", detail)
    return grant


def _check_registered(one: Party, uri: str) -> None:
    """Only where the account says, if it says; a page elsewhere may lead nobody anywhere else."""
    known = one.redirect_uri
    if known is None and request.headers.get("Sec-Fetch-Site") not in _ELSEWHERE:
        return
    if uri != known:
        cure = f'PUT /api/v1/settings?account={one.account} {{"redirect_uri": ...}} sets it.'
        raise OAuthError("invalid_request", f"redirect_uri is not the application's own: {cure}")


def _strike(one: Party, grant: Grant) -> None:
    try:
        one.strike(grant.number, PATH)
    except FaultStruck as fault:
        error = as_oauth(fault)
        assert isinstance(error, OAuthError)
        raise _Turned(grant, error.error, error.detail) from None


def _under_way(room: Room, kind: Kind, secret: str) -> tuple[Party, Grant]:
    """Who is on the way by a step's secret. Raises ``OAuthError`` if nobody is (any more)."""
    gone = OAuthError("invalid_request", "This step is unknown, too late or was taken before.")
    name = grants.application_of(secret)
    if name is None:
        raise gone
    one = party.named(room, name)
    with room.database.write() as connection:
        grant = grants.spend(connection, room, one.account, kind, secret)
    if grant is None:
        raise gone
    return one, grant


def _on(one: Party, kind: Kind, grant: Grant, path: str) -> Response:
    """One step further on the way."""
    query = urlencode({"login" if kind == "login" else "code": _give(one, kind, grant)})
    return _redirect(f"{addresses.own_url(path)}?{query}")


def _give(one: Party, kind: Kind, grant: Grant) -> str:
    ends = grants.lives_until(one.room, one.account, kind)
    with one.room.database.write() as connection:
        kept = replace(grant, expires_at=ends)
        return grants.give(connection, one.room, one.account, kind, kept)


def _back(grant: Grant, **answer: str) -> Response:
    """Back to the application, with its own state."""
    parts = urlsplit(grant.redirect_uri)
    added = urlencode(answer | ({"state": grant.state} if grant.state else {}))
    query = f"{parts.query}&{added}" if parts.query else added
    return _redirect(urlunsplit(parts._replace(query=query)))


def _redirect(url: str) -> Response:
    response = Response(status=302)
    response.headers["Location"] = url
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _refuse_head() -> None:
    # Whoever only looks shall use nothing up.
    if request.method == "HEAD":
        raise Unserved(405)
