"""Where everything is kept, and by which keys."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting, within
from flask_phoneauth.settings.values import SettingError

MOST_REPLICAS = 5


@dataclass(frozen=True, kw_only=True)
class StoresSettings:
    """Where everything is kept, and by which keys."""

    database_url: str = setting(
        "",
        "SQLAlchemy URL of accounts and sessions; default: SQLite in the instance folder",
        secret=True,
    )
    store_url: str = setting(
        "",
        "challenges and budgets: `memory://`, an SQLAlchemy URL or `redis://...`; "
        "default: the database",
        secret=True,
    )
    session_store_url: str = setting(
        "",
        "the session registry: an SQLAlchemy URL, `redis://...` or `memory://`; "
        "default: the database",
        secret=True,
    )
    redis_wait: int = setting(
        0, "replicas of Redis that must have each write before it counts, 0 to 5"
    )
    audit_url: str = setting(
        "",
        "the audit trail: an SQLAlchemy URL, or `off`; default: the database of sessions, of "
        "challenges or of accounts, the first that is SQL",
        secret=True,
    )
    audit_retention: int = setting(365 * 86400, "how long the audit trail is kept")
    audit_message_retention: int = setting(
        30 * 86400, "how long that part of it is kept which tells of messages and codes"
    )
    metrics: str = setting(
        "", "who collects counts of what happens: `prometheus` or `opentelemetry`"
    )
    secret: str = setting(
        "", "the root of all keys; default: derived from `SECRET_KEY`", secret=True
    )
    secret_fallbacks: tuple[str, ...] = setting(
        (), "former secrets; codes made with them stay valid to their end", secret=True
    )


def check(settings: StoresSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    within(settings, "redis_wait", 0, MOST_REPLICAS, "each write waits for so many replicas")
    stores = (settings.store_url, settings.session_store_url)
    if settings.redis_wait and not any(url.startswith("redis") for url in stores):
        raise SettingError(
            "PHONEAUTH_REDIS_WAIT needs Redis: set PHONEAUTH_STORE_URL to one, or leave it out"
        )
