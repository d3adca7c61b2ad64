"""What becomes of a callback on purpose: doubled, out of order, late, stale, badly signed."""

import re
from dataclasses import dataclass, replace
from sqlite3 import Connection
from typing import Protocol

from sms_sandbox.callback import Callback, Mutation
from sms_sandbox.faults import DEFAULT_PAUSE, Subject
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.message import Message, is_final
from sms_sandbox.numbers import scenario_of

HOLD_SECONDS = 60.0
"""How long a callback lets the next one pass at most, in sandbox time."""
STALE_SECONDS = 3600.0
"""How old a stale callback is: older than any receiver tolerates."""
LATE_SECONDS = 30.0
"""How long after the delivery a contradiction comes."""

_SIG = re.compile(r"""(?:[?&]|^)sig=[^&#]+|"sig": ?"[^"]+(?=")""")


@dataclass(frozen=True, slots=True)
class Post:
    """A callback to be queued, and when it is due; ``held``: until the next one has passed."""

    callback: Callback
    due_at: float
    held: bool = False


class Again(Protocol):
    """Renders the callback of a message in another state."""

    def failing_code(self) -> str | int:
        """The vendor's code for a failure of unknown cause."""
        ...

    def earlier(self) -> list[Message]:
        """The message as it was before, the newest first."""
        ...

    def render(self, other: Message) -> Callback | None:
        """The callback of the message in another state, signed."""
        ...


def find(
    parts: Parts, connection: Connection, message: Message
) -> tuple[Mutation | None, float | None]:
    """What a fault rule, or else the scenario of the number, does to a callback of ``message``,
    and the seconds of a delay."""
    if parts.faults.has("webhook"):
        subject = Subject(
            provider=message.provider,
            account=message.account,
            recipient=message.recipient,
            sender=message.sender,
            body=message.body,
        )
        effect = parts.faults.pick(connection, "webhook", subject)
        if effect is not None:
            return effect.mutation, effect.seconds
    scenario = scenario_of(message.recipient) if message.direction == "outbound" else None
    return (None if scenario is None else scenario.quirk), None


def apply(
    again: Again, message: Message, plain: Post, mutation: Mutation | None, pause: float | None
) -> list[Post]:
    """What is queued in place of ``plain``."""
    callback, at = plain.callback, plain.due_at
    changed = replace(callback, mutation=mutation)
    # Where there is nothing to spoil, to let pass or to tell of, it goes as it is.
    posts = [plain]
    match mutation:
        case "duplicate":
            posts = [plain, Post(changed, at)]
        case "delay":
            posts = [Post(changed, at + (DEFAULT_PAUSE if pause is None else pause))]
        case "bad_signature" if spoiled(callback) != callback:
            posts = [Post(spoiled(changed), at)]
        case "reorder" if callback.kind == "status" and not is_final(message.status):
            posts = [Post(changed, at + HOLD_SECONDS, held=True)]
        case "stale" if callback.kind == "status":
            posts = [Post(_stale(again, message, changed), at)]
        case "contradict" if message.status == "delivered":
            posts = [plain, *_contradiction(again, message, at)]
    return posts


def spoiled(callback: Callback) -> Callback:
    """The callback with a signature that is wrong in its last characters, wherever its vendor
    puts one: a header that is named for it, else the bearer token, else the parameter ``sig``."""
    names = [name for name in callback.headers if "signature" in name.casefold()]
    names = names or [name for name in callback.headers if name.casefold() == "authorization"]
    headers = dict(callback.headers)
    for name in names:
        headers[name] = _flipped(headers[name])
    if names:
        return replace(callback, headers=headers)
    return replace(callback, url=_spoiled_text(callback.url), body=_spoiled_text(callback.body))


def _spoiled_text(text: str) -> str:
    return _SIG.sub(lambda found: _flipped(found[0]), text)


def _flipped(signature: str) -> str:
    # In front of the padding and of a last character that may hold bits which do not count.
    end = max(1, len(signature.rstrip("=")) - 1)
    start = max(0, end - 6)
    other = "".join("A" if letter != "A" else "B" for letter in signature[start:end])
    return signature[:start] + other + signature[end:]


def _stale(again: Again, message: Message, callback: Callback) -> Callback:
    for state in (*again.earlier(), message):
        older = again.render(replace(state, updated_at=state.updated_at - STALE_SECONDS))
        if older is not None:
            return replace(older, mutation=callback.mutation)
    return callback


def _contradiction(again: Again, message: Message, at: float) -> list[Post]:
    lost = replace(
        message,
        status="undelivered",
        error_code=again.failing_code(),
        updated_at=at + LATE_SECONDS,
    )
    denial = again.render(lost)
    if denial is None:
        return []
    return [Post(replace(denial, mutation="contradict"), at + LATE_SECONDS)]
