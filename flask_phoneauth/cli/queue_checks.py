"""What `doctor` looks at of the queue that messages wait in."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.cli.findings import FAULT, HINT, OK, Finding
from flask_phoneauth.dispatch.base import Queue
from flask_phoneauth.errors import Busy
from flask_phoneauth.plugins import load_dispatch
from flask_phoneauth.settings import SettingError, Settings


def queue(settings: Settings) -> Iterator[Finding]:
    """Whether its broker answers, and whether anybody takes what waits; of resolved settings."""
    try:
        dispatch = load_dispatch(settings.dispatch).from_settings(settings, lambda _: None)
    except SettingError as error:
        yield Finding(FAULT, "queue", str(error))
        return
    try:
        if isinstance(dispatch, Queue):
            yield _waiting(dispatch.waiting(), settings)
    except Busy:
        text = "its broker does not answer: check PHONEAUTH_QUEUE_URL and whether Redis runs"
        yield Finding(FAULT, "queue", text)
    finally:
        dispatch.close()


def _waiting(count: int, settings: Settings) -> Finding:
    told = f"{settings.dispatch} answers, {count} of {settings.dispatch_queue} messages wait"
    if count >= settings.dispatch_queue:
        return Finding(FAULT, "queue", f"{told}: run 'flask phoneauth worker', or more of them")
    if count * 2 >= settings.dispatch_queue:
        return Finding(HINT, "queue", f"{told}: does 'flask phoneauth worker' run?")
    return Finding(OK, "queue", told)
