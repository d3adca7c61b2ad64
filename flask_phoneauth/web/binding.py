"""Which browser or program a challenge belongs to (RULES 3)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request

from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.web.inputs import optional_text

COOKIE = "phoneauth_binding"
HEADER = "PhoneAuth-Challenge-Secret"
SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
KEPT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Binding:
    """A secret and how it travels: by cookie, or in the body of a program without cookies."""

    secret: str = field(repr=False)
    by_cookie: bool

    @property
    def digest(self) -> bytes:
        """What the store keeps of it."""
        return digest(self.secret)


def new_secret() -> str:
    """256 random bits as 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """The SHA-256 by which a store knows a binding."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def starting(live: Live, values: Mapping[str, Any]) -> Binding:
    """The binding of a new challenge: a browser's cookie, a program's own secret, or a new one."""
    given = optional_text(values, "challenge_secret")
    if given:
        if not _SECRET.fullmatch(given):
            raise InvalidRequest(
                "The challenge secret is not one of ours.", pointer="/challenge_secret"
            )
        return Binding(given, by_cookie=False)
    held = request.cookies.get(cookie_name(live), "")
    if _SECRET.fullmatch(held):
        return Binding(held, by_cookie=True)
    return Binding(new_secret(), by_cookie=_keeps_cookies())


def presented(live: Live, values: Mapping[str, Any]) -> Binding:
    """The binding that a later request shows; an unknown one fits no challenge."""
    given = optional_text(values, "challenge_secret") or request.headers.get(HEADER, "")
    if given:
        return Binding(given[:200], by_cookie=False)
    return Binding(request.cookies.get(cookie_name(live), "")[:200], by_cookie=True)


def hand_out(response: Response, live: Live, binding: Binding) -> None:
    """Set the cookie that the code's entry needs."""
    if binding.by_cookie:
        response.set_cookie(
            cookie_name(live),
            binding.secret,
            max_age=KEPT_SECONDS,
            secure=is_secure(live),
            httponly=True,
            samesite="Lax",
            path="/",
        )


def cookie_name(live: Live) -> str:
    """What the cookie of a challenge is called."""
    return host_cookie_name(live, COOKIE)


def host_cookie_name(live: Live, name: str) -> str:
    """`__Host-` pins the cookie to this very host; plain http (debug, testing) cannot have it."""
    return f"__Host-{name}" if is_secure(live) else name


def is_secure(live: Live) -> bool:
    """Whether our cookies may travel by https only."""
    allowed = live.parts.settings.allow_insecure_cookie_in_production
    return request.is_secure or not (live.lenient or allowed)


def _keeps_cookies() -> bool:
    """A browser shows itself by cookies, by fetch metadata, or by sending a form."""
    if request.mimetype != "application/json" or request.cookies:
        return True
    return any(name.lower().startswith("sec-fetch-") for name, _ in request.headers)
