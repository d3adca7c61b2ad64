"""One limit per route and address in front of everything (RULES 22)."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from limits.storage import RedisClusterStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from flask_phoneauth.errors import RateLimited, StoreUnavailable
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores import redis_server


class RouteLimit:
    """Counts requests; the Limiter is the host's where there is one, found at the first use."""

    def __init__(self, item: str, limiter: Limiter | None = None) -> None:
        try:
            self._item: RateLimitItem = parse(item)
        except ValueError:
            raise SettingError(
                f"PHONEAUTH_ROUTE_LIMIT must be as '120 per minute', not {item!r}"
            ) from None
        self._given = limiter
        self._limiter: RateLimiter | None = None

    def check(self, live: Live, address: str) -> None:
        """Raise `RateLimited`, or `StoreUnavailable` where the limiter's storage errs."""
        if not current_app.config.get("RATELIMIT_ENABLED", True):
            return
        limiter = self._resolved(live)
        names = ("phoneauth", request.endpoint or "", live.parts.keys.hashed("address", address))
        try:
            if limiter.hit(self._item, *names):
                return
            reset_at = limiter.get_window_stats(self._item, *names).reset_time
        except _storage_errors(limiter):
            raise StoreUnavailable from None
        raise RateLimited(retry_after=int(reset_at - time.time()) + 1)

    def _resolved(self, live: Live) -> RateLimiter:
        if self._limiter is None:
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            found: Any = self._given or next(iter(app.extensions.get("limiter", ())), None)
            # the strategy alone: its storage and configuration count, its hooks are the host's
            host: RateLimiter | None = None if found is None else found.limiter
            self._limiter = host or _own_limiter(live.parts.settings.store_url)
        return self._limiter


def _own_limiter(store_url: str) -> RateLimiter:
    if store_url.partition("://")[0] not in redis_server.SCHEMES:
        return MovingWindowRateLimiter(storage_from_string("memory://"))
    try:
        storage = storage_from_string(store_url, **redis_server.bounds())
    except redis_server.redis_errors():  # a Cluster is asked for its plan at once
        raise StoreUnavailable from None
    return MovingWindowRateLimiter(storage)


def _storage_errors(limiter: RateLimiter) -> tuple[type[Exception], ...]:
    errors = getattr(limiter.storage, "base_exceptions", ())
    known = errors if isinstance(errors, tuple) else (errors,)
    if isinstance(limiter.storage, RedisClusterStorage):
        return (*known, *redis_server.redis_errors())  # some of a Cluster's are not among them
    return known
