"""What `doctor` looks at: each finding is fine, a hint, or a fault, and names its cure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from flask import Flask
from jinja2 import TemplateError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_phoneauth import building
from flask_phoneauth.cli import (
    channel_checks,
    operator_checks,
    queue_checks,
    text_checks,
    verifier_checks,
)
from flask_phoneauth.cli.findings import FAULT, HINT, OK, Finding
from flask_phoneauth.cli.speaking import running
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import AccountRefused, PhoneAuthError, SendFailed, StoreUnavailable
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.production import overrides, production_faults
from flask_phoneauth.providers.base import Checkable, Provider
from flask_phoneauth.sessions.state import Live, current_state
from flask_phoneauth.settings import SettingError, Settings, unknown_key
from flask_phoneauth.stores import is_sql, open_sessions, open_store
from flask_phoneauth.stores.audit import SqlAudit
from flask_phoneauth.stores.base import ChallengeStore, SessionStore
from flask_phoneauth.stores.redis_server import SCHEMES, RedisServer
from flask_phoneauth.web.samples import SAMPLES, overridden, render_sample

MOST_LAYERS = 20
ENOUGH_ASKS = 20
"""Asks from which something can be told of a proxy."""
MOST_ASKS = 200
RESET = (
    "check its credentials; a sandbox keeps to the first that an account shows, "
    "until sms-sandbox reset --account"
)
PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::/64"),
    )
)
"""Where proxies are, and no visitor of a public site; ::/64 holds the loopback address."""
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


def examine(app: Flask, *, production: bool) -> Iterator[Finding]:
    """Every finding, from settings to providers; out of debug and testing always strict."""
    strict = production or not (app.debug or app.testing)
    settings = current_state().settings
    yield from _settings(app, settings, strict=strict)
    if strict:
        yield from _shield(settings)
    yield from _cookies(app)
    yield from _proxy(app, settings, strict=strict)
    yield from _databases(app, settings, strict=strict)
    yield from text_checks.texts(building.resolve(app, settings, lenient=not strict))
    yield from queue_checks.queue(building.resolve(app, settings, lenient=not strict))
    yield from _providers(app, settings, strict=strict)
    yield from verifier_checks.verifier(building.resolve(app, settings, lenient=not strict))
    yield from operator_checks.operator(settings)
    yield from channel_checks.channels(settings, strict=strict)
    yield from _templates(app)


def _settings(app: Flask, settings: Settings, *, strict: bool) -> Iterator[Finding]:
    for key in app.config:
        unknown = unknown_key(key, settings.providers)
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


def _shield(settings: Settings) -> Iterator[Finding]:
    if not settings.money_per_day:
        text = "no cap on a day's money: set PHONEAUTH_PRICES and PHONEAUTH_MONEY_PER_DAY"
        yield Finding(HINT, "shield", text)
    if not settings.risk_puzzle:
        text = "no puzzle for a wide attack: PHONEAUTH_RISK_PUZZLE names one"
        yield Finding(HINT, "shield", text)
    elif settings.risk_fail_open:
        text = "PHONEAUTH_RISK_FAIL_OPEN is on: while nobody judges the puzzle, all get past it"
        yield Finding(HINT, "shield", text)
    for rule in settings.record_only:
        text = f"PHONEAUTH_RECORD_ONLY holds {rule}: it warns and refuses nobody"
        yield Finding(HINT, "shield", text)


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
    fix = _proxy_fix(app)
    if fix is not None:
        text = f"ProxyFix is there, with x_for={fix.x_for}: that must be the number of your proxies"
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
    if strict:
        yield from _seen_addresses(app, settings, fixed=fix is not None)


def _proxy_fix(app: Flask) -> ProxyFix | None:
    """Werkzeug's, where it is one of the WSGI layers around the app."""
    layer: object = app.wsgi_app
    for _ in range(MOST_LAYERS):
        if isinstance(layer, ProxyFix):
            return layer
        layer = getattr(layer, "app", None) or getattr(layer, "wsgi_app", None)
    return None


def _seen_addresses(app: Flask, settings: Settings, *, fixed: bool) -> Iterator[Finding]:
    """A proxy shows itself in the audit trail: asks come from its own, private address."""
    seen = _asking_addresses(app, settings)
    inside = [address for address in seen if _is_private(address)]
    if len(seen) < ENOUGH_ASKS or not inside:
        return
    if fixed:
        yield Finding(
            FAULT,
            "proxy",
            f"{len(inside)} of the last {len(seen)} asks came from a proxy's private address: "
            "x_for of ProxyFix is larger than the number of your proxies, so visitors can choose "
            "the address that counts. Lower it",
        )
    elif len(set(seen)) == 1:
        yield Finding(
            FAULT,
            "proxy",
            f"the last {len(seen)} asks all came from one private address, which is a proxy's: all "
            "visitors share its budget. Wrap the app in ProxyFix, with x_for = the number of your "
            "proxies",
        )


def _asking_addresses(app: Flask, settings: Settings) -> list[str]:
    """Those of the newest asks in the audit trail; nothing where there is none to read."""
    resolved = building.resolve(app, settings, lenient=False)
    databases = building.Databases()
    try:
        url = building.audit_address(resolved, accounts=current_state().accounts)
        if not url or not databases.open(url).is_current():
            return []
        found = SqlAudit(databases.open(url)).search(kind="asked", limit=MOST_ASKS)
    except (SettingError, StoreUnavailable):
        return []  # told by the checks of the databases
    finally:
        databases.close()
    return [entry.address for entry in found if entry.address]


def _is_private(address: str) -> bool:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return False
    return any(
        network.version == one.version and network.subnet_of(one)  # type: ignore[arg-type]
        for one in PRIVATE
    )


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
            yield _provider(provider, imitated=bool(resolved.sandbox_url) and name != "sandbox")
        finally:
            provider.close()


def _provider(provider: Provider, *, imitated: bool) -> Finding:
    about = f"provider {provider.name}"
    if not isinstance(provider, Checkable):
        return Finding(OK, about, "set up; it cannot be asked without a message")
    try:
        provider.check()
    except AccountRefused as failure:
        cure = RESET if imitated else "check its credentials"
        return Finding(FAULT, about, f"it refuses us ({failure.told}): {cure}")
    except SendFailed as failure:
        cure = "check its address and the network"
        return Finding(FAULT, about, f"it does not serve ({failure.told}): {cure}")
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
