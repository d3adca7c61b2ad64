"""From a `STORE_URL` to a store."""

from __future__ import annotations

from collections.abc import Callable

from flask_phoneauth.database.engine import Database
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores.base import ChallengeStore
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.stores.sqlalchemy import SqlStore


def open_store(url: str, open_database: Callable[[str], Database]) -> ChallengeStore:
    """The challenge store behind `url`; raises `SettingError` for a scheme that is unknown."""
    scheme = url.partition("://")[0]
    if scheme == "memory":
        return MemoryStore()
    if scheme.partition("+")[0] in ("sqlite", "postgresql"):
        return SqlStore(open_database(url))
    raise SettingError(
        f"PHONEAUTH_STORE_URL = '{scheme}://...' is not a store: "
        "use memory://, sqlite:///file or postgresql+psycopg://host/name"
    )
