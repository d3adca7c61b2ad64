"""Where challenges, budgets and sessions are kept; every verb is one atomic step."""

from __future__ import annotations

from flask_phoneauth.stores.opening import open_store

__all__ = ["open_store"]
