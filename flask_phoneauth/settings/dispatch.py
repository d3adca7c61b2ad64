"""How messages leave after the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting
from flask_phoneauth.settings.values import SettingError

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class DispatchSettings:
    """How messages leave after the answer."""

    dispatch: str = setting(
        "",
        "`thread`, `inline`, `celery`, `rq`, or the name of another package's; default: `thread`, "
        "in testing `inline`",
    )
    dispatch_workers: int = setting(
        4, "threads that send messages, or processes of a Celery worker"
    )
    dispatch_queue: int = setting(256, "messages that may wait; one more answers 503 `busy`")
    queue_url: str = setting(
        "",
        "the Redis of `celery` and `rq`, as `redis://host:6379/0`; default: the store's",
        secret=True,
    )
    queue_name: str = setting(
        "phoneauth", "the queue's name: apps that share a Redis need one each"
    )


def check(settings: DispatchSettings) -> None:
    """Raise `SettingError` for what cannot be; who knows a dispatcher by name is `plugins`."""
    if not _NAME.fullmatch(settings.queue_name):
        raise SettingError(
            f"PHONEAUTH_QUEUE_NAME must be letters, digits, . - and _, not {settings.queue_name!r}"
        )
