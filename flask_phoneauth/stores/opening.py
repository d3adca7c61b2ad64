"""From a `STORE_URL` or `SESSION_STORE_URL` to a store; what a setting names is imported alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores.base import ChallengeStore, SessionStore
from flask_phoneauth.stores.redis_server import SCHEMES, RedisServer

if TYPE_CHECKING:
    from flask_phoneauth.database.beside import Beside
    from flask_phoneauth.database.engine import Database

logger = logging.getLogger("flask_phoneauth")


def open_store(
    url: str,
    open_database: Callable[[str], Database],
    *,
    strict: bool = False,
    replicas: int = 0,
) -> ChallengeStore:
    """The challenge store behind `url`; raises `SettingError` for a scheme that is unknown.

    Redis is asked at once whether it may forget budgets: `strict` refuses that with
    `SettingError`, else it is logged. So it may raise `StoreUnavailable` as well. There, a write
    counts once so many `replicas` have it.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from flask_phoneauth.stores.memory import MemoryStore

        return MemoryStore()
    if scheme in SCHEMES:
        from flask_phoneauth.stores.redis import RedisStore

        return RedisStore(_redis_server(url, strict=strict, replicas=replicas))
    if is_sql(url):
        from flask_phoneauth.stores.sqlalchemy import SqlStore

        return SqlStore(open_database(url))
    raise _unknown("PHONEAUTH_STORE_URL", url)


def open_sessions(
    url: str,
    open_database: Callable[[str], Database],
    *,
    beside: Beside | None = None,
    strict: bool = False,
    replicas: int = 0,
) -> SessionStore:
    """The session registry's store behind `url`; raises as `open_store`.

    `beside` are the users, where that database keeps them.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from flask_phoneauth.stores.memory_sessions import MemorySessions

        return MemorySessions()
    if scheme in SCHEMES:
        from flask_phoneauth.stores.redis_sessions import RedisSessions

        return RedisSessions(_redis_server(url, strict=strict, replicas=replicas))
    if is_sql(url):
        from flask_phoneauth.stores.sessions import SqlSessions

        return SqlSessions(open_database(url), beside)
    raise _unknown("PHONEAUTH_SESSION_STORE_URL", url)


def is_sql(url: str) -> bool:
    """Whether a store's address is a database's."""
    return url.partition("://")[0].partition("+")[0] in ("sqlite", "postgresql")


def _unknown(key: str, url: str) -> SettingError:
    scheme = url.partition("://")[0]
    return SettingError(
        f"{key} = '{scheme}://...' is not a store: use memory://, sqlite:///file, "
        "postgresql+psycopg://host/name or redis://host:6379/0"
    )


def _redis_server(url: str, *, strict: bool, replicas: int) -> RedisServer:
    server = RedisServer(url, replicas=replicas)
    try:
        policy = server.evicts()
        if policy:
            told = (
                f"Redis has the maxmemory-policy {policy}: full, it forgets budgets and locks. "
                "Set it to noeviction"
            )
            if strict:
                raise SettingError(told)
            logger.warning("%s", told)
    except BaseException:
        server.close()
        raise
    return server
