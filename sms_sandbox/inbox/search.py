"""Reading: lists by keyset, single messages, codes. Nothing here changes anything."""

from dataclasses import dataclass

from sms_sandbox.errors import NoCode
from sms_sandbox.inbox.move import unknown
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.message import Message, TimelineEntry, is_unsent
from sms_sandbox.storage import Filter, counts, messages

# How many messages that are scheduled or canceled may stand before the newest code.
_LOOK_BACK = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Messages newest first; ``cursor`` is the newest place of the whole sandbox, ``older`` the
    place before which the next page starts, or ``None`` at the end."""

    messages: tuple[Message, ...]
    total: int
    cursor: int
    older: int | None


def get(parts: Parts, message_id: str) -> Message:
    """One message by its id."""
    with parts.database.read() as connection:
        message = messages.by_id(connection, message_id)
    if message is None:
        raise unknown()
    return message


def raw(parts: Parts, message_id: str) -> str:
    """The request of one message."""
    with parts.database.read() as connection:
        text = messages.raw(connection, message_id)
    if text is None:
        raise unknown()
    return text


def timeline(parts: Parts, message_id: str) -> tuple[Message, list[TimelineEntry]]:
    """One message with its timeline."""
    with parts.database.read() as connection:
        message = messages.by_id(connection, message_id)
        if message is None:
            raise unknown()
        return message, messages.timeline(connection, message.seq)


def find(parts: Parts, wanted: Filter, limit: int) -> list[Message]:
    """The newest messages that a filter means."""
    database = parts.database
    with database.read() as connection:
        return list(messages.select(connection, wanted, limit=limit))


def count(parts: Parts, wanted: Filter) -> int:
    """How many messages a filter means."""
    database = parts.database
    with database.read() as connection:
        return messages.count(connection, wanted)


def page(parts: Parts, wanted: Filter, limit: int) -> Page:
    """One page of a list; the total is of the whole list, not of what is left."""
    with parts.database.read() as connection:
        found, total = messages.page(connection, wanted, limit + 1)
        cursor = messages.last_place(connection)
    shown = tuple(found[:limit])
    return Page(shown, total, cursor, shown[-1].seq if len(found) > limit else None)


def newest_code(parts: Parts, number: str, account: str | None) -> Message:
    """The newest message to a number that holds a code."""
    newest = find(parts, Filter(recipient=number, account=account, has_code=True), _LOOK_BACK)
    found = next((one for one in newest if not is_unsent(one.status)), None)
    if found is None:
        where = "" if account is None else f" in account {account}"
        raise NoCode(
            f"No message to this number holds a code{where}.",
            hint="POST /api/v1/codes/{number}/claim waits for one; "
            "GET /api/v1/messages?to={number} shows what arrived.",
        )
    return found


def account_between(parts: Parts, handset: str, sender: str) -> str | None:
    """The account of the newest message from ``sender`` to ``handset``."""
    found = find(parts, Filter(recipient=handset, sender=sender, direction="outbound"), 1)
    return found[0].account if found else None


def accounts(parts: Parts) -> list[tuple[str, int, float]]:
    """Every account with its number of messages and the newest one's time."""
    with parts.database.read() as connection:
        return counts.by_account(connection)
