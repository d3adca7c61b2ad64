"""From a request to plain values: who asks, which form the body and the answer have."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flask import current_app, g, request
from flask_wtf import FlaskForm
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from wtforms.validators import ValidationError

from flask_phoneauth.errors import CsrfFailed, InvalidRequest, UnsupportedMediaType
from flask_phoneauth.locales.catalogue import negotiate
from flask_phoneauth.records import Client
from flask_phoneauth.risk.base import Puzzle
from flask_phoneauth.settings import Settings
from flask_phoneauth.web.forms import MAX_RISK_TOKEN, sent_values
from flask_phoneauth.web.origins import refuse_foreign

MAX_BODY = 64 * 1024
_CHALLENGE_ID = re.compile(r"[a-z2-7]{16}\.[A-Za-z0-9_-]{22}")
_CLIENT = "flask_phoneauth.client"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class UnreadableBody(InvalidRequest):
    """The body was not read, so no page can show again what it held."""


def wants_json() -> bool:
    """JSON for a JSON body, or where it is preferred strictly over HTML; `*/*` is HTML."""
    if request.is_json:
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def read_body(form_type: type[FlaskForm], settings: Settings) -> Mapping[str, Any]:
    """The body's values, from a form with its CSRF token or from JSON of this site (RULES 31)."""
    request.max_content_length = MAX_BODY
    if request.mimetype == "application/json":
        refuse_foreign(settings)
        return _json()
    if request.mimetype in FORM_TYPES:
        return _form(form_type)
    raise UnsupportedMediaType


def guard_bodyless(settings: Settings) -> None:
    """A DELETE needs no body; it must come from this site all the same."""
    refuse_foreign(settings)


def check_query() -> None:
    """Raise `InvalidRequest` where the query has bytes that are no UTF-8: nobody could read it."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        raise InvalidRequest from None


def text(values: Mapping[str, Any], name: str) -> str:
    """A required text; raises `InvalidRequest` with its pointer."""
    value = values.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(
            'The field "{name}" must be text.', pointer=f"/{name}", places={"name": name}
        )
    return value


def optional_text(values: Mapping[str, Any], name: str) -> str:
    """A text that may be missing or null."""
    return "" if values.get(name) is None else text(values, name)


def challenge_id(values: Mapping[str, Any]) -> str:
    """The challenge that is meant; nothing where it cannot be the id of one."""
    return known_form(text(values, "challenge_id"))


def known_form(given: str) -> str:
    """`given` if it looks like a challenge's id: no database is asked about anything else."""
    return given if _CHALLENGE_ID.fullmatch(given) else ""


def risk_token(puzzle: Puzzle | None, values: Mapping[str, Any]) -> str:
    """A puzzle's answer: as `risk_token`, or as the vendor's script leaves it in a form."""
    given = optional_text(values, "risk_token")
    if not given and puzzle is not None and request.mimetype in FORM_TYPES:
        given = request.form.get(puzzle.field, "")
    return given if len(given) <= MAX_RISK_TOKEN else ""


def flag(values: Mapping[str, Any], name: str) -> bool:
    """True or false; missing or null is false."""
    value = values.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidRequest(
            'The field "{name}" must be true or false.', pointer=f"/{name}", places={"name": name}
        )
    return value


def client(settings: Settings) -> Client:
    """Who asks, by the address that Werkzeug's `ProxyFix` has vouched for (RULES 22)."""
    held: Client | None = request.environ.get(_CLIENT)
    if held is None:  # several steps of a request ask for it
        held = request.environ[_CLIENT] = _client(settings)
    return held


def locate(place: str) -> None:
    """Add the place to who asks, for the rest of the request."""
    held: Client = request.environ[_CLIENT]
    request.environ[_CLIENT] = replace(held, place=place)


def _client(settings: Settings) -> Client:
    return Client(
        address=_network(request.remote_addr or ""),
        user_agent="".join(filter(str.isprintable, request.headers.get("User-Agent", ""))),
        locale=locale(settings),
    )


def locale(settings: Settings) -> str:
    """The language of the answer and of the message."""
    accepted = [tag for tag, _ in request.accept_languages]
    return negotiate(accepted[:10], settings.default_locale)


def _json() -> Mapping[str, Any]:
    try:
        values = request.get_json()
    except (BadRequest, RequestEntityTooLarge, RecursionError):
        raise InvalidRequest("The body is not a JSON object.") from None
    if not isinstance(values, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return values


def _form(form_type: type[FlaskForm]) -> Mapping[str, Any]:
    try:
        sent = request.form
    except RequestEntityTooLarge:
        raise UnreadableBody("The form is too large.") from None
    _check_token(sent)
    return sent_values(form_type, sent)


def _check_token(sent: Mapping[str, str]) -> None:
    """As a form of Flask-WTF does, by the host's settings of it, but without making a new token."""
    config = current_app.config
    if not config.get("WTF_CSRF_ENABLED", True) or g.get("csrf_valid", False):
        return
    name = config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    try:
        validate_csrf(sent.get(name), token_key=name)
    except ValidationError:
        raise CsrfFailed from None


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: what one subscriber is given."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def of_apple() -> bool:
    """Whether a program on Apple's systems asks, which know the line of browsers in apps too."""
    agent = request.headers.get("User-Agent", "")
    return "CFNetwork" in agent or "Darwin" in agent
