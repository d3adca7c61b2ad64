"""Where challenges, budgets and sessions are kept; every verb is one atomic step."""

from __future__ import annotations

from flask_phoneauth.stores.opening import is_sql, open_sessions, open_store

__all__ = ["is_sql", "open_sessions", "open_store"]
