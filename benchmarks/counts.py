"""How often a login asks Redis and SQL: counted on the way out of this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.connection import AbstractConnection
from sqlalchemy import Engine, event


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """`redis commands`, `SQL statements` and `SQL transactions` of this thread while it is open.

    The audit trail is written by another one, several logins at a time.
    """
    seen: Counter[str] = Counter()
    here = threading.get_ident()
    send = AbstractConnection.send_command

    def sent(self: Any, *args: Any, **options: Any) -> Any:
        seen["Redis commands"] += 1
        return send(self, *args, **options)  # type: ignore[no-untyped-call]

    def executed(*_: Any) -> None:
        seen["SQL statements"] += threading.get_ident() == here

    def begun(_: Any) -> None:
        seen["SQL transactions"] += threading.get_ident() == here

    AbstractConnection.send_command = sent  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "begin", begun)
    try:
        yield seen
    finally:
        AbstractConnection.send_command = send  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "begin", begun)
