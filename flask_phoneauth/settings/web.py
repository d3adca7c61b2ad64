"""How the app is seen: its address, its name, its pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_phoneauth.settings.declaring import address, key_of, setting
from flask_phoneauth.settings.values import SettingError


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """How the app is seen: its address, its name, its pages."""

    url_prefix: str = setting("/auth", "where the routes are mounted")
    public_url: str = setting(
        "", "scheme, host, port and path that visitors use; required out of debug and testing"
    )
    brand: str = setting("", "the name in texts and pages; default: the app's name")
    default_locale: str = setting("en", "language of texts and pages where none fits")
    signup: bool = setting(True, "whether an unknown number may make an account")
    after_login_url: str = setting("/", "where a login leads without `next`")
    after_logout_url: str = setting("/", "where a logout leads")
    allowed_origins: tuple[str, ...] = setting((), "other origins that may send JSON")
    route_limit: str = setting(
        "120 per minute", "requests from an address to one route (Flask-Limiter's notation)"
    )


def check(settings: WebSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    prefix = settings.url_prefix
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise SettingError("PHONEAUTH_URL_PREFIX must begin with / and not end with it, as '/auth'")
    address("public_url", settings.public_url)
    for origin in settings.allowed_origins:
        address("allowed_origins", origin)
        if urlsplit(origin).path not in ("", "/"):
            raise SettingError(f"PHONEAUTH_ALLOWED_ORIGINS: {origin!r} has a path; leave it out")
    for name in ("after_login_url", "after_logout_url"):
        if not getattr(settings, name):
            raise SettingError(f"{key_of(name)} must be an address, as '/'")
