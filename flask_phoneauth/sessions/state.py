"""What the extension keeps in `app.extensions["phoneauth"]`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.sessions.registry import Registry
from flask_phoneauth.settings import SettingError, Settings

if TYPE_CHECKING:
    from flask_phoneauth.audit.trail import Trail

logger = logging.getLogger("flask_phoneauth")


@dataclass(frozen=True, slots=True)
class Live:
    """Everything that runs; `fault` is why this app must not serve, `lenient` debug or testing.

    `trail` is the audit trail, if one is kept.
    """

    parts: Parts
    registry: Registry
    lenient: bool
    close_databases: Callable[[], None]
    fault: str = ""
    trail: Trail | None = None

    def close(self) -> None:
        """Finish what is queued, then let connections go."""
        self.parts.dispatch.close()
        if self.trail is not None:
            self.trail.close()
        self.parts.delivery.close()
        if self.parts.puzzle is not None:
            self.parts.puzzle.close()
        if self.parts.operator is not None:
            self.parts.operator.close()
        if self.parts.verifier is not None:
            self.parts.verifier.close()
        self.parts.challenges.close()
        self.registry.close()
        self.close_databases()


class State:
    """Settings from `init_app`, the running parts from the first use on.

    Debug and testing are often switched on after `init_app`; so nothing that depends on them
    is built before the first request or command.
    """

    def __init__(
        self, settings: Settings, build: Callable[[], Live], *, accounts: bool = True
    ) -> None:
        """`accounts` tells that users are in our own table."""
        self.settings, self.accounts = settings, accounts
        self._build = build
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._error = ""

    @property
    def live(self) -> Live:
        """The running parts, built once; raises `SettingError`, each logged once."""
        if self._live is None:
            with self._lock:
                if self._live is None:
                    self._live = self._built()
        return self._live

    def _built(self) -> Live:
        try:
            return self._build()
        except SettingError as error:
            if str(error) != self._error:  # tried anew at each request: `init-db` may mend it
                logger.error("Flask-PhoneAuth cannot start: %s", error)
            self._error = str(error)
            raise

    @property
    def is_live(self) -> bool:
        """Whether anything was built yet."""
        return self._live is not None

    def close(self) -> None:
        """Close what was built, if anything was."""
        if self._live is not None:
            self._live.close()


def current_state() -> State:
    """The state of the current app; `RuntimeError` where `PhoneAuth(app)` was not called."""
    state = current_app.extensions.get("phoneauth")
    if state is None:
        raise RuntimeError("PhoneAuth is not set up on this app: call PhoneAuth(app)")
    return cast(State, state)


def current_live() -> Live:
    """The running parts of the current app."""
    return current_state().live
