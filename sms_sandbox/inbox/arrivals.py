"""A message reaches its handset: it is delivered, or waits while the handset is off, or fails."""

from collections.abc import Mapping
from sqlite3 import Connection

from sms_sandbox.inbox.admit import code_of
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.message import Message, Status
from sms_sandbox.numbers import comparison_key, scenario_of
from sms_sandbox.storage import due, messages, records
from sms_sandbox.storage.due import Planned
from sms_sandbox.storage.records import Record

_HANDSET = "handset"
_WAITS = "waits"


def arrive(
    parts: Parts, connection: Connection, message: Message, move: Planned
) -> tuple[Status, str | int | None] | None:
    """What becomes of a delivery at its handset: status and code; ``None``: the message waits,
    at most until its validity ends."""
    failing = parts.handsets.refusal(message.account, message.recipient)
    if failing is not None:
        code = code_of(parts, message.provider, failing)
        return "undelivered", code
    if not parts.handsets.is_off(message.account, message.recipient):
        return "delivered", move.error_code
    if move.until is not None:
        code = code_of(parts, message.provider, "expired")
        expiry = Planned(move.until, "undelivered", code)
        due.schedule(connection, message.seq, [expiry], parts.clock.name(message.account))
    waits = Record(
        provider=_HANDSET,
        account=message.account,
        kind=_WAITS,
        id=message.id,
        key=comparison_key(message.recipient),
        created_at=move.at,
        updated_at=move.at,
    )
    records.insert(connection, waits)
    return None


def answer_to(message: Message) -> str | None:
    """What the handset answers to a delivered message, if its number's scenario has it answer."""
    scenario = scenario_of(message.recipient)
    if scenario is None or scenario.replies is None:
        return None
    return "STOP" if scenario.replies == "stop" else message.code


def put_handset(parts: Parts, account: str, number: str, changes: Mapping[str, object]) -> None:
    """Change a handset; unless it is off now, what has waited for it reaches it."""
    now = parts.clock.now(account)
    released = 0
    with parts.lock, parts.database.write() as connection:
        parts.handsets.put(connection, account, number, changes)
        if not parts.handsets.is_off(account, number):
            released = _release(parts, connection, account, comparison_key(number), now)
    if released:
        for planned in parts.planned:
            planned(now, account)


def _release(parts: Parts, connection: Connection, account: str, number: str, now: float) -> int:
    waiting = records.find(connection, _HANDSET, account, _WAITS, key=number, limit=records.KEPT)
    # They come newest first; what was sent first is to arrive first.
    for one in reversed(waiting):
        records.delete(connection, _HANDSET, account, _WAITS, one.id)
        message = messages.by_id(connection, one.id)
        if message is not None:
            # Its expiry stays planned: the handset may be switched off again.
            move = Planned(now, "delivered")
            due.schedule(connection, message.seq, [move], parts.clock.name(account))
    return len(waiting)
