"""How messages leave after the answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting
from flask_phoneauth.settings.values import SettingError


@dataclass(frozen=True, kw_only=True)
class DispatchSettings:
    """How messages leave after the answer."""

    dispatch: str = setting("", "`thread` or `inline`; default: `thread`, in testing `inline`")
    dispatch_workers: int = setting(4, "threads that send messages")
    dispatch_queue: int = setting(256, "messages that may wait; one more answers 503 `busy`")


def check(settings: DispatchSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    if settings.dispatch not in ("", "inline", "thread"):
        raise SettingError(
            f"PHONEAUTH_DISPATCH must be 'thread' or 'inline', not {settings.dispatch!r}"
        )
