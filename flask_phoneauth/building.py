"""From settings to running parts; everything that needs to know debug and testing is here."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context

from flask_phoneauth import signals
from flask_phoneauth.clock import Clock
from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.delivery.linting import Sender, flaws
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.events import Event
from flask_phoneauth.flows.channels import not_offered
from flask_phoneauth.flows.deliver_code import deliver_code
from flask_phoneauth.flows.parts import NO_HOOKS, Hooks, Parts
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.plugins import (
    load_dispatch,
    load_mailer,
    load_operator,
    load_provider,
    load_telemetry,
    load_verifier,
)
from flask_phoneauth.production import overrides, production_faults
from flask_phoneauth.records import EMAIL, VOICE, Job
from flask_phoneauth.risk.puzzles import SiteVerify
from flask_phoneauth.sessions.registry import Registry
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.stores import is_sql, open_sessions, open_store
from flask_phoneauth.stores.base import ChallengeStore
from flask_phoneauth.users.base import UserStore
from flask_phoneauth.web import inputs

if TYPE_CHECKING:
    from flask_phoneauth.audit.trail import Trail
    from flask_phoneauth.database.beside import Beside
    from flask_phoneauth.database.engine import Database
    from flask_phoneauth.telemetry.labels import Telemetry

DATABASE_FILE = "phoneauth.sqlite3"
KEY_FILE = "phoneauth.key"

logger = logging.getLogger("flask_phoneauth")


def build(
    app: Flask,
    settings: Settings,
    users: UserStore | None,
    clock: Clock,
    hooks: Hooks = NO_HOOKS,
) -> Live:
    """Everything that runs for this app; raises `SettingError` or `StoreUnavailable`."""
    databases = Databases()
    try:
        return _build(app, settings, users, clock, databases, hooks=hooks)
    except (SettingError, StoreUnavailable):
        databases.close()  # the next request tries anew, with connections of its own
        raise


def _build(
    app: Flask,
    settings: Settings,
    users: UserStore | None,
    clock: Clock,
    databases: Databases,
    *,
    hooks: Hooks,
) -> Live:
    lenient = bool(app.debug or app.testing)
    fault = "" if lenient else refusal(app, settings)
    allowed = [] if lenient else overrides(settings)
    settings = resolve(app, settings, lenient=lenient)
    audited = audit_address(settings, accounts=users is None)
    users, beside = (users, None) if users else _accounts(settings, databases, clock)
    how: Mapping[str, Any] = {"strict": not lenient, "replicas": settings.redis_wait}
    sessions = open_sessions(settings.session_store_url, databases.open, beside=beside, **how)
    store = open_store(settings.store_url, databases.open, **how)
    keys = _keyring(app, settings, refused=bool(fault))
    trail = _trail(databases.open(audited), settings, keys, clock) if audited else None
    if lenient:
        databases.upgrade()
    elif not fault:
        databases.refuse_old()
    parts = _parts(
        app,
        settings,
        keys=keys,
        users=users,
        store=store,
        clock=clock,
        trail=trail,
        hooks=hooks,
    )
    registry = Registry(sessions, settings, clock)
    for told in not_offered(parts):
        logger.warning(told)
    _announce(fault, allowed, settings)
    return Live(
        parts=parts,
        registry=registry,
        lenient=lenient,
        close_databases=databases.close,
        fault=fault,
        trail=trail,
    )


def _accounts(
    settings: Settings, databases: Databases, clock: Clock
) -> tuple[UserStore, Beside | None]:
    """Our own accounts, and how sessions find them in one look where both share a database."""
    from flask_phoneauth.users.accounts import Accounts  # SQLAlchemy, for apps without users

    accounts = Accounts(databases.open(settings.database_url), clock)
    together = settings.session_store_url == settings.database_url
    return accounts, accounts.beside() if together else None


def audit_address(settings: Settings, *, accounts: bool) -> str:
    """The database of the audit trail, of resolved settings; nothing where there is no trail.

    `accounts` are kept in our own table. Raises `SettingError` for what is no database.
    """
    if settings.audit_url == "off":
        return ""
    if settings.audit_url and not is_sql(settings.audit_url):
        raise SettingError(
            "PHONEAUTH_AUDIT_URL must be a database as sqlite:////var/lib/app/audit.db or "
            "postgresql+psycopg://user@host/name, or 'off'"
        )
    own = settings.database_url if accounts else ""
    kept = (settings.audit_url, settings.session_store_url, settings.store_url, own)
    return next((url for url in kept if url and is_sql(url)), "")


def _trail(database: Database, settings: Settings, keys: Keyring, clock: Clock) -> Trail:
    from flask_phoneauth.audit.trail import Trail  # SQLAlchemy, where it is needed
    from flask_phoneauth.stores.audit import SqlAudit

    return Trail(SqlAudit(database), settings, keys, clock)


class Databases:
    """One engine per URL, however many rooms use it."""

    def __init__(self) -> None:
        self._open: dict[str, Database] = {}

    def open(self, url: str) -> Database:
        """The database behind a URL; it connects at the first use."""
        from flask_phoneauth.database.engine import Database  # SQLAlchemy, where it is needed

        if url not in self._open:
            self._open[url] = Database(url)
        return self._open[url]

    def all(self) -> list[Database]:
        """Those that were opened, each once."""
        return list(self._open.values())

    def refuse_old(self) -> None:
        """Raise `SettingError` where tables are missing or older than this code."""
        for database in self._open.values():
            if not database.is_current():
                raise SettingError(
                    f"The tables in {database.url!r} are missing or old: "
                    "run 'flask phoneauth init-db'"
                )

    def close(self) -> None:
        """Let all connections go."""
        for database in self._open.values():
            database.close()

    def upgrade(self) -> None:
        """Bring all of them to the newest form."""
        for database in self._open.values():
            if database.is_current():
                continue
            from flask_phoneauth.database.migrate import upgrade  # Alembic, seldom needed

            try:
                upgrade(database)
            except OSError as error:
                raise SettingError(
                    f"The database file {database.url.database} cannot be made "
                    f"({error.strerror}): set PHONEAUTH_DATABASE_URL to a folder that is writable"
                ) from None


def resolve(app: Flask, settings: Settings, *, lenient: bool) -> Settings:
    """The settings with the defaults that depend on the app filled in."""
    database = settings.database_url or _default_database(app)
    providers = settings.providers
    if lenient and not providers:
        providers = ("sandbox",) if settings.sandbox_url else ("console",)
    # the answer's time must not tell who has an account while sign-up is off (RULES 26)
    inline = app.testing and settings.signup
    return replace(
        settings,
        database_url=database,
        store_url=settings.store_url or database,
        session_store_url=settings.session_store_url or database,
        providers=providers,
        dispatch=settings.dispatch or ("inline" if inline else "thread"),
        brand=settings.brand or _brand(app),
    )


def needed_databases(app: Flask, settings: Settings, *, accounts: bool) -> Databases:
    """The databases that `init-db` prepares; `accounts` are kept in our own table."""
    resolved = resolve(app, settings, lenient=True)
    databases = Databases()
    urls = (resolved.database_url if accounts else "", resolved.session_store_url)
    audited = audit_address(resolved, accounts=accounts)
    for url in filter(is_sql, (*urls, resolved.store_url, audited)):
        databases.open(url)
    return databases


def _parts(
    app: Flask,
    settings: Settings,
    *,
    keys: Keyring,
    users: UserStore,
    store: ChallengeStore,
    clock: Clock,
    trail: Trail | None,
    hooks: Hooks,
) -> Parts:
    parts: Parts
    telemetry = load_telemetry(settings.metrics)() if settings.metrics else None
    # the handler is called after `parts` is bound: a queue runs nothing before its first job
    dispatch = load_dispatch(settings.dispatch).from_settings(
        settings, lambda job: _deliver(app, parts, job, telemetry)
    )
    providers = [load_provider(name).from_settings(settings) for name in settings.providers]
    parts = Parts(
        settings=settings,
        keys=keys,
        challenges=store,
        users=users,
        delivery=Delivery(providers, time_budget=settings.send_seconds),
        dispatch=dispatch,
        clock=clock,
        notify=_notifier(app, settings, trail, telemetry),
        brand=settings.brand,
        hooks=hooks,
        puzzle=SiteVerify(settings) if settings.risk_puzzle else None,
        calls=Calls(providers if VOICE in settings.channels else ()),
        mailer=load_mailer().from_settings(settings) if EMAIL in settings.channels else None,
        operator=load_operator(settings.operator).from_settings(settings)
        if settings.operator
        else None,
        verifier=load_verifier(settings.verifier).from_settings(settings)
        if settings.verifier
        else None,
    )
    return parts


def _deliver(app: Flask, parts: Parts, job: Job, telemetry: Telemetry | None) -> None:
    """The app's context serves user stores and listeners that need one."""
    with app.app_context(), telemetry.delivering() if telemetry else nullcontext():
        deliver_code(parts, job)


def _notifier(
    app: Flask, settings: Settings, trail: Trail | None, telemetry: Telemetry | None
) -> Callable[[Event], None]:
    """To the audit trail first: a listener that errs must not keep anything out of it."""

    def notify(event: Event) -> None:
        if trail is not None:
            trail.record(event, inputs.client(settings) if has_request_context() else None)
        if telemetry is not None:
            telemetry.count(event)
        signals.publish(app, event)

    return notify


def refusal(app: Flask, settings: Settings) -> str:
    """Why this app must not serve out of debug and testing; nothing where it may."""
    faults = production_faults(settings, app.config)
    if not faults:
        return ""
    cures = "; ".join(f"{fault.key}: {fault.cure}" for fault in faults)
    return (
        f"Flask-PhoneAuth refuses to serve outside debug and testing until this is mended: {cures}."
        " On your own machine, give flask the switch --debug."
    )


def _announce(fault: str, allowed: Sequence[str], settings: Settings) -> None:
    """Once, when everything stands: what could not be built is tried and told again."""
    for flaw in flaws(Sender.of(settings)):
        logger.warning("Flask-PhoneAuth: in %s %s", ", ".join(flaw.locales), flaw.text)
    for name in allowed:
        logger.warning("Flask-PhoneAuth: %s is on", name)
    if fault:
        logger.error(fault)


def _brand(app: Flask) -> str:
    name = app.name if app.name != "__main__" else "This app"
    return name.rpartition(".")[2]


def _default_database(app: Flask) -> str:
    return f"sqlite:///{Path(app.instance_path, DATABASE_FILE)}"


def _keyring(app: Flask, settings: Settings, *, refused: bool) -> Keyring:
    secret: str | bytes | None = settings.secret or app.secret_key
    if not secret and refused:
        secret = secrets.token_bytes(32)  # it serves nobody, but commands run
    if not secret:
        raise SettingError(
            "SECRET_KEY is missing: set 16 or more random characters, as "
            "app.secret_key = os.environ['SECRET_KEY']"
        )
    fallbacks: list[str | bytes] = list(settings.secret_fallbacks)
    if not settings.secret and not fallbacks:
        fallbacks = list(app.config.get("SECRET_KEY_FALLBACKS") or ())
    return Keyring(_bytes(secret), [_bytes(item) for item in fallbacks])


def _bytes(secret: str | bytes) -> bytes:
    return secret.encode() if isinstance(secret, str) else secret


def lend_key(app: Flask) -> None:
    """In debug and testing an app without `SECRET_KEY` gets one that survives a restart."""
    path = Path(app.instance_path, KEY_FILE)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_key(path)
        app.secret_key = path.read_text().strip()
    except OSError as error:
        # the app goes on without, and our routes say that `SECRET_KEY` is missing
        logger.error("No key can be kept in %s: %s", path, error.strerror)


def _write_key(path: Path) -> None:
    """Whole or not at all, so that two processes that start at once read the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process was first: its key counts
    finally:
        draft.unlink()
