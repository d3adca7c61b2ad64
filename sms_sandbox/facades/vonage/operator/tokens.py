"""The application's side of OAuth: a code, a number or nothing at all becomes an access token.

Sources: RFC 6749, sections 4.1.3 and 4.4; RFC 7636; OpenID Connect CIBA Core, sections 7 and 10;
the answers in vonage-python's own tests.
"""

from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256

from flask import Response

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.errors import Problem, respond_json
from sms_sandbox.facades.vonage.operator import grants, party
from sms_sandbox.facades.vonage.operator.errors import OAuthError
from sms_sandbox.facades.vonage.operator.grants import LIVES, Grant, Kind
from sms_sandbox.facades.vonage.operator.party import Party
from sms_sandbox.facades.vonage.operator.scopes import rights_of

PATH = "/oauth2/token"
BACKCHANNEL = "/oauth2/bc-authorize"
CIBA = "urn:openid:params:grant-type:ciba"

_NOTHING_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def token(room: Room) -> Response:
    """An access token. Raises ``Denied``, ``OAuthError``, ``FaultStruck``."""
    asked = party.form()
    one = party.signed_or_asserting(room, asked)
    match asked.get("grant_type", ""):
        case "authorization_code":
            grant = _by_code(one, asked)
        case str(wanted) if wanted == CIBA:
            grant = _spend(one, "request", asked.get("auth_req_id", ""))
        case "client_credentials":
            grant = _for_nobody(one, asked.get("scope", ""))
            one.strike("", PATH)
        case _:
            raise OAuthError(
                "unsupported_grant_type",
                f"grant_type must be authorization_code, {CIBA} or client_credentials.",
            )
    return _minted(one, grant)


def begin(room: Room) -> Response:
    """An ``auth_req_id`` for a number, without its device. Raises ``Denied``, ``Problem``,
    ``FaultStruck``."""
    asked = party.form()
    one = party.signed_or_asserting(room, asked)
    number = party.parse_device(asked.get("login_hint", ""))
    if number is None:
        raise Problem(400, "login_hint must be a number: + and 7 to 15 digits.", kind=_INVALID)
    if not rights_of(asked.get("scope", "")):
        raise Problem(400, "scope names no right of the network APIs.", kind=_INVALID)
    one.strike(number, BACKCHANNEL)
    grant = Grant(
        application=one.application,
        scope=asked["scope"],
        number=number,
        # No device takes part, so none is recognised by its network.
        amr="number",
        expires_at=grants.lives_until(room, one.account, "request"),
    )
    with room.database.write() as connection:
        secret = grants.give(connection, room, one.account, "request", grant)
    return respond_json({"auth_req_id": secret, "expires_in": int(LIVES["request"]), "interval": 0})


_INVALID = "#invalid-param"


def _by_code(one: Party, asked: dict[str, str]) -> Grant:
    grant = _spend(one, "code", asked.get("code", ""))
    if asked.get("redirect_uri", "") != grant.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri is not the one that the code was sent to.")
    if grant.challenge and _s256(asked.get("code_verifier", "")) != grant.challenge:
        raise OAuthError("invalid_grant", "code_verifier is not that of the code_challenge.")
    return grant


def _s256(verifier: str) -> str:
    digest = sha256(verifier.encode(errors="replace")).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _spend(one: Party, kind: Kind, secret: str) -> Grant:
    if grants.application_of(secret) != one.application:
        raise OAuthError("invalid_grant", "It was not given to this application.")
    with one.room.database.read() as connection:
        seen = grants.look(connection, one.room, one.account, kind, secret)
    # A fault uses nothing up: whoever asks again shall have it.
    one.strike("" if seen is None else seen.number, PATH)
    with one.room.database.write() as connection:
        grant = grants.spend(connection, one.room, one.account, kind, secret)
    if grant is None:
        raise OAuthError("invalid_grant", "It is unknown, has expired or was used before.")
    return grant


def _for_nobody(one: Party, scope: str) -> Grant:
    if not rights_of(scope):
        raise OAuthError("invalid_scope", "scope names no right of the network APIs.")
    return Grant(application=one.application, scope=scope, amr="")


def _minted(one: Party, grant: Grant) -> Response:
    """The token, spoilt where the account wants it so."""
    life = LIVES["token"]
    ends = one.now + life
    match one.operator.tokens:
        case "expired":
            ends = one.now
        case "no_scope":
            grant = replace(grant, scope="")
        case "no_number":
            grant = replace(grant, number="")
        case "wrong_amr":
            grant = replace(grant, amr="password")
    with one.room.database.write() as connection:
        secret = grants.give(
            connection, one.room, one.account, "token", replace(grant, expires_at=ends)
        )
    response = respond_json(
        {
            "access_token": secret,
            "token_type": "bearer",
            "expires_in": int(life),
            "scope": grant.scope,
        }
    )
    response.headers.update(_NOTHING_KEPT)
    return response
