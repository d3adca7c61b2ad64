"""What `doctor` looks at: each finding is fine, a hint, or a fault, and names its cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from flask import Flask
from jinja2 import TemplateError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_phoneauth import building
from flask_phoneauth.cli.speaking import running
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import AccountRefused, PhoneAuthError, SendFailed, StoreUnavailable
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.production import overrides, production_faults
from flask_phoneauth.providers.base import Checkable, Provider
from flask_phoneauth.sessions.state import Live, current_state
from flask_phoneauth.settings import SettingError, Settings, unknown_key
from flask_phoneauth.stores import is_sql, open_sessions, open_store
from flask_phoneauth.stores.base import ChallengeStore, SessionStore
from flask_phoneauth.stores.redis_server import SCHEMES, RedisServer
from flask_phoneauth.web.samples import SAMPLES, overridden, render_sample

OK, HINT, FAULT = "ok", "hint", "fault"
MOST_LAYERS = 20
TEMPLATE_ERRORS = (
    TemplateError,
    PhoneAuthError,
    SQLAlchemyError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is `ok`, `hint` or `fault`; `text` says what is so and what to do."""

    level: str
    about: str
    text: str


def examine(app: Flask, *, production: bool) -> Iterator[Finding]:
    """Every finding, from settings to providers; out of debug and testing always strict."""
    strict = production or not (app.debug or app.testing)
    settings = current_state().settings
    yield from _settings(app, settings, strict=strict)
    yield from _cookies(app)
    yield from _proxy(app, settings, strict=strict)
    yield from _databases(app, settings, strict=strict)
    yield from _providers(app, settings, strict=strict)
    yield from _templates(app)


def _settings(app: Flask, settings: Settings, *, strict: bool) -> Iterator[Finding]:
    for key in app.config:
        unknown = unknown_key(key)
        if unknown:
            yield Finding(HINT, "settings", unknown)
    if not strict:
        yield Finding(HINT, "settings", "for debug and testing; 'doctor --production' judges more")
        return
    faults = production_faults(settings, app.config)
    for fault in faults:
        yield Finding(FAULT, "settings", f"{fault.key}: {fault.cure}")
    for name in overrides(settings):
        yield Finding(HINT, "settings", f"{name} is on: take it out where it is not meant")
    if not faults:
        yield Finding(OK, "settings", "nothing that production refuses")


def _cookies(app: Flask) -> Iterator[Finding]:
    config, faults = app.config, 0
    for prefix in ("SESSION", "REMEMBER"):
        if not config.get(f"{prefix}_COOKIE_HTTPONLY", True):
            faults += 1
            text = f"{prefix}_COOKIE_HTTPONLY is off: take it out, or scripts can read the cookie"
            yield Finding(FAULT, "cookies", text)
        same_site = config.get(f"{prefix}_COOKIE_SAMESITE")
        if str(same_site).lower() not in ("lax", "strict"):
            text = f"{prefix}_COOKIE_SAMESITE is {same_site}: set it to 'Lax'"
            yield Finding(HINT, "cookies", text)
    if not faults:
        yield Finding(OK, "cookies", "out of reach of scripts")


def _proxy(app: Flask, settings: Settings, *, strict: bool) -> Iterator[Finding]:
    fixed = _has_proxy_fix(app)
    if fixed:
        text = "ProxyFix is there: its x_for must be the number of your proxies, no more"
        yield Finding(HINT, "proxy", text)
    elif strict:
        yield Finding(
            HINT,
            "proxy",
            "no ProxyFix: behind a proxy all visitors would share its address and its budget. "
            "Wrap the app: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)",
        )
    else:
        yield Finding(OK, "proxy", "none")
    if settings.public_url.startswith("http:") and strict:
        yield Finding(HINT, "proxy", "PHONEAUTH_PUBLIC_URL is http: visitors should use https")


def _has_proxy_fix(app: Flask) -> bool:
    """Whether one of the WSGI layers around the app is Werkzeug's."""
    layer: object = app.wsgi_app
    for _ in range(MOST_LAYERS):
        if isinstance(layer, ProxyFix):
            return True
        layer = getattr(layer, "app", None) or getattr(layer, "wsgi_app", None)
    return False


def _databases(app: Flask, settings: Settings, *, strict: bool) -> Iterator[Finding]:
    resolved = building.resolve(app, settings, lenient=not strict)
    databases = building.Databases()
    try:
        if current_state().accounts:
            databases.open(resolved.database_url)
        openings: dict[str, tuple[str, Callable[..., ChallengeStore | SessionStore]]] = {
            resolved.session_store_url: ("PHONEAUTH_SESSION_STORE_URL", open_sessions),
            resolved.store_url: ("PHONEAUTH_STORE_URL", open_store),
        }
        for url, (key, opening) in openings.items():
            if is_sql(url):
                databases.open(url)
            else:
                yield _store(url, key, partial(opening, url, databases.open, strict=strict))
            if url.partition("://")[0] in SCHEMES:
                yield from _replicas(url, settings.redis_wait)
        for database in databases.all():
            yield _database(database, strict=strict)
    except SettingError as error:
        yield Finding(FAULT, "database", str(error))
    finally:
        databases.close()


def _store(url: str, key: str, opened: Callable[[], ChallengeStore | SessionStore]) -> Finding:
    """It is asked at once for what it may forget, so it answers where it can be opened."""
    try:
        opened().close()
    except SettingError as error:
        return Finding(FAULT, "store", str(error))
    except StoreUnavailable:
        text = f"it does not answer: check {key} and whether its server runs"
        return Finding(FAULT, "store", text)
    return Finding(OK, "store", f"{url.partition(':')[0]} answers")


def _replicas(url: str, wanted: int) -> Iterator[Finding]:
    """What a failover of Redis would lose."""
    try:
        with closing(RedisServer(url)) as server:
            having = server.replicated()
    except (SettingError, StoreUnavailable):
        return  # told already
    if having < wanted:
        text = (
            f"PHONEAUTH_REDIS_WAIT is {wanted}, yet Redis has only {having}: every write is "
            "refused. Add replicas, or lower it"
        )
        yield Finding(FAULT, "replicas", text)
    elif wanted:
        yield Finding(OK, "replicas", f"each write waits for {wanted} of {having}")
    elif having:
        text = (
            "a failover loses what no replica had yet, so a used code may be good again until it "
            "expires: PHONEAUTH_REDIS_WAIT = 1 narrows that"
        )
        yield Finding(HINT, "replicas", text)


def _database(database: Database, *, strict: bool) -> Finding:
    name = repr(database.url)  # the password is not in it
    try:
        current = database.is_current()
    except StoreUnavailable:
        cure = "check PHONEAUTH_DATABASE_URL, PHONEAUTH_STORE_URL and whether the server runs"
        return Finding(FAULT, "database", f"{name} does not answer: {cure}")
    if current:
        return Finding(OK, "database", f"{name} answers, its tables are in the newest form")
    if strict:
        cure = "run 'flask phoneauth init-db'"
        return Finding(FAULT, "database", f"the tables in {name} are missing or old: {cure}")
    return Finding(OK, "database", f"the first request makes the tables in {name}")


def _providers(app: Flask, settings: Settings, *, strict: bool) -> Iterator[Finding]:
    resolved = building.resolve(app, settings, lenient=not strict)
    for name in resolved.providers:
        try:
            provider: Provider = load_provider(name).from_settings(resolved)
        except SettingError as error:
            yield Finding(FAULT, f"provider {name}", str(error))
            continue
        try:
            yield _provider(provider)
        finally:
            provider.close()


def _provider(provider: Provider) -> Finding:
    about = f"provider {provider.name}"
    if not isinstance(provider, Checkable):
        return Finding(OK, about, "set up; it cannot be asked without a message")
    try:
        provider.check()
    except AccountRefused as failure:
        return Finding(FAULT, about, f"it refuses us ({failure.reason}): check its credentials")
    except SendFailed as failure:
        cure = "check its address and the network"
        return Finding(FAULT, about, f"it does not serve ({failure.reason}): {cure}")
    return Finding(OK, about, "answers, and takes our credentials")


def _templates(app: Flask) -> Iterator[Finding]:
    """A frame or a part is in every page, so all pages are tried if anything is overridden."""
    names = overridden(app)
    if not names:
        yield Finding(OK, "templates", "none is overridden")
        return
    try:
        live = running()
    except (SettingError, StoreUnavailable):
        yield Finding(HINT, "templates", "not rendered: mend the faults above first")
        return
    faults = [fault for name in SAMPLES if (fault := _template(app, live, name))]
    yield from faults
    if not faults:
        yield Finding(OK, "templates", f"all pages render, with your {', '.join(names)}")


def _template(app: Flask, live: Live, name: str) -> Finding | None:
    try:
        render_sample(app, live, name)
    except TEMPLATE_ERRORS as error:
        line = getattr(error, "lineno", None)
        where = f"{name}, line {line}" if line else name
        told = f"{type(error).__name__}: {error}; docs/how-to/templates.md names what is there"
        return Finding(FAULT, "templates", f"{where} does not render: {told}")
    return None
