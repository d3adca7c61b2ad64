"""From a `STORE_URL` to a store."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask_phoneauth.database.engine import Database
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores.base import ChallengeStore
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.stores.redis import RedisStore
from flask_phoneauth.stores.redis_server import SCHEMES, RedisServer
from flask_phoneauth.stores.sqlalchemy import SqlStore

logger = logging.getLogger("flask_phoneauth")


def open_store(
    url: str, open_database: Callable[[str], Database], *, strict: bool = False
) -> ChallengeStore:
    """The challenge store behind `url`; raises `SettingError` for a scheme that is unknown.

    Redis is asked at once whether it may forget budgets: `strict` refuses that with
    `SettingError`, else it is logged. So it may raise `StoreUnavailable` as well.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        return MemoryStore()
    if scheme in SCHEMES:
        return _open_redis(url, strict=strict)
    if scheme.partition("+")[0] in ("sqlite", "postgresql"):
        return SqlStore(open_database(url))
    raise SettingError(
        f"PHONEAUTH_STORE_URL = '{scheme}://...' is not a store: use memory://, sqlite:///file, "
        "postgresql+psycopg://host/name or redis://host:6379/0"
    )


def _open_redis(url: str, *, strict: bool) -> RedisStore:
    server = RedisServer(url)
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
    return RedisStore(server)
