"""Which origin is ours, which requests are foreign, where a redirect may lead (RULES 30, 31)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import quote, urlsplit

from flask import request

from flask_phoneauth.errors import CrossSite
from flask_phoneauth.settings import Settings

FOREIGN_SITES = ("same-site", "cross-site")
MAX_NEXT = 2000


def own_origin(settings: Settings) -> str:
    """`PUBLIC_URL`'s origin; without it (debug and testing) the request's own loopback host."""
    if settings.public_url:
        return _origin(settings.public_url)
    return _origin(request.host_url) if _is_loopback(_host(request.host_url)) else ""


def own_host(settings: Settings) -> str:
    """The host that texts name, without scheme and port; empty where it is not known."""
    return _host(own_origin(settings))


def refuse_foreign(settings: Settings) -> None:
    """Raise `CrossSite` for a request that another site's page made."""
    origin = request.headers.get("Origin")
    if origin is not None and origin in map(_origin, settings.allowed_origins):
        return
    if origin is not None and origin != own_origin(settings):
        raise CrossSite
    if request.headers.get("Sec-Fetch-Site") in FOREIGN_SITES:
        raise CrossSite


def safe_next(target: object, settings: Settings) -> str:
    """`target` as a path on this site, or nothing where it could lead elsewhere."""
    if not isinstance(target, str) or len(target) > MAX_NEXT:
        return ""
    if not target.isprintable() or " " in target or "\\" in target:
        return ""
    own = own_origin(settings)
    if own and target.startswith(own + "/"):
        target = target[len(own) :]
    if not target.startswith("/") or target.startswith("//"):
        return ""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc else target


def this_page() -> str:
    """Where to come back to after a login; nothing for the target of a form, which is no page."""
    if request.method not in ("GET", "HEAD"):
        return ""
    path = quote(request.script_root + request.path, safe="/:@!$&'()*+,;=~")
    query = request.query_string.decode(errors="replace")
    return f"{path}?{query}" if query else path


@lru_cache(maxsize=64)
def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, standard) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
