"""What a vendor wants done after something has happened to its message, done in one transaction
with it; the messages that it sends in turn are accepted outside, since each has its own."""

from dataclasses import dataclass, replace
from sqlite3 import Connection
from typing import Protocol

from sms_sandbox import codes
from sms_sandbox.callback import Callback, Outcome, Waiting
from sms_sandbox.errors import SandboxError
from sms_sandbox.inbox import callbacks
from sms_sandbox.inbox.hooks import (
    Answered,
    Asked,
    Cause,
    Moved,
    Pressed,
    Reaction,
    Received,
    Woken,
)
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.live import Event
from sms_sandbox.message import Draft, Message, can_move, is_final
from sms_sandbox.segments import segment
from sms_sandbox.storage import due, messages, records, submissions, webhooks

MAX_SPOKEN = 16_000
"""Characters that a call may speak; the rest is not kept."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A message as it now is, what there is to publish, whether the timeline has new work, and
    the messages that follow."""

    message: Message
    events: tuple[Event, ...] = ()
    plans: bool = False
    drafts: tuple[Draft, ...] = ()


def moved(parts: Parts, connection: Connection, message: Message) -> Effect:
    """Queue the callback of a message's new status, then what else its vendor wants; within the
    move's transaction, so neither can be without the other."""
    vendor = parts.vendors.get(message.provider)
    submission = submissions.of_message(connection, message.seq) if vendor else None
    if vendor is None or submission is None:
        return Effect(message)
    at = message.updated_at
    scene = callbacks.scene(parts, connection, message, at)
    callback = vendor.render(message, submission, scene)
    unposted = callback and callbacks.queue(parts, connection, message, callback, at)
    before = (unposted,) if unposted else ()
    reaction = vendor.react(message, submission, Moved(), scene)
    if reaction is None:
        return Effect(message, before)
    effect = perform(parts, connection, message, reaction, at)
    drafts = reaction.drafts + effect.drafts
    return replace(effect, events=before + effect.events, drafts=drafts)


def woken(parts: Parts, connection: Connection, message: Message, at: float) -> Effect:
    """The moment has come that the vendor asked for."""
    reaction = ask(parts, connection, message, Woken(), at)
    if reaction is None:
        return Effect(message)
    effect = perform(parts, connection, message, reaction, at)
    return replace(effect, drafts=reaction.drafts + effect.drafts)


def received(parts: Parts, inbox: "Desk", message: Message) -> None:
    """Tell the vendor of a new inbound message. What it answers itself, and whether the handset
    declines more, is settled before the application hears of the message."""
    now = parts.clock.now(message.account)
    with parts.database.read() as connection:
        reaction = ask(parts, connection, message, Received(), now)
    if reaction is None:
        return
    answer(inbox, reaction, message)
    with parts.lock:
        with parts.database.write() as connection:
            if messages.by_place(connection, message.seq) is None:
                return  # It has been deleted meanwhile.
            effect = perform(parts, connection, message, reaction, now)
        tell(parts, effect)
    nudge(parts, effect)


def happened(parts: Parts, message: Message, cause: Pressed | Asked) -> bool:
    """Tell the vendor what somebody wants of a stored message; whether it does anything."""
    now = parts.clock.now(message.account)
    with parts.lock:
        with parts.database.write() as connection:
            present = messages.by_place(connection, message.seq)
            if present is None:
                return False
            reaction = ask(parts, connection, present, cause, now)
            if reaction is None:
                return False
            effect = perform(parts, connection, present, reaction, now)
        tell(parts, effect)
    nudge(parts, replace(effect, drafts=reaction.drafts + effect.drafts))
    return True


def settle(parts: Parts, inbox: "Desk", waiting: Waiting, outcome: Outcome) -> None:
    """Write an attempt down and, if it was the last, do what its vendor makes of the answer."""
    is_last = waiting.callback.retry_after(outcome.failure, waiting.attempt) is None
    done: list[tuple[Reaction, Effect]] = []

    def then(connection: Connection, message: Message) -> str | None:
        now = parts.clock.stamp(waiting.due_at, message.account)
        cause = Answered(waiting.callback, outcome)
        reaction = ask(parts, connection, message, cause, now) if is_last else None
        if reaction is None:
            return None
        done.append((reaction, perform(parts, connection, message, reaction, now)))
        return reaction.note

    callbacks.settle(parts, waiting, outcome, then)
    for reaction, effect in done:
        tell(parts, effect)
        nudge(parts, effect)
        if refused := answer(inbox, reaction, effect.message):
            _note(parts, effect.message, waiting.id, " ".join(refused))


def ask(
    parts: Parts, connection: Connection, message: Message, cause: Cause, now: float
) -> Reaction | None:
    """What the vendor of ``message`` makes of ``cause``."""
    vendor = parts.vendors.get(message.provider)
    if vendor is None:
        return None
    scene = callbacks.scene(parts, connection, message, now)
    return vendor.react(message, submissions.of_message(connection, message.seq), cause, scene)


def perform(
    parts: Parts, connection: Connection, message: Message, reaction: Reaction, now: float
) -> Effect:
    """Everything of a reaction that belongs into the transaction."""
    events: list[Event] = []
    if reaction.submission is not None:
        submissions.put(connection, message, reaction.submission)
    for record in reaction.keeps:
        records.put(connection, record)
    if reaction.speak:
        message = _speak(connection, message, reaction.speak)
        place = messages.next_place(connection)
        events.append(Event(place, "status", message.account, message))
    lost: list[Callback] = []
    drafts: tuple[Draft, ...] = ()
    for callback in reaction.callbacks:
        unposted = callbacks.queue(parts, connection, message, callback, now)
        if unposted is not None:
            events.append(unposted)
            lost.append(callback)
    if reaction.wake_in is not None:
        at = now + reaction.wake_in if reaction.wake_in > 0 else None
        due.set_wake(connection, message.seq, at, parts.clock.name(message.account))
    if reaction.status is not None and can_move(message.status, reaction.status):
        message = messages.set_status(connection, message, reaction.status, now, None)
        if is_final(message.status):
            due.cancel(connection, message.seq)
        place = messages.next_place(connection)
        after = moved(parts, connection, message)
        events += [Event(place, "status", message.account, message), *after.events]
        drafts = after.drafts
    effect = Effect(message, tuple(events), reaction.wake_in is not None, drafts)
    for callback in lost:
        effect = _unanswered(parts, connection, effect, callback, now)
    return effect


def tell(parts: Parts, effect: Effect) -> None:
    """Publish an effect, and show a message with a new text to who waits. Under the lock, or
    where the order to other changes does not matter."""
    with parts.lock:
        for event in effect.events:
            parts.live.publish(event)
        if effect.events:
            parts.waiters.offer(effect.message)


def nudge(parts: Parts, effect: Effect) -> None:
    """Wake the timeline and the postmen, and send what follows; never under the lock."""
    if effect.plans:
        for planned in parts.planned:
            planned(effect.message.updated_at, effect.message.account)
    for queued in parts.queued:
        queued()
    for draft in effect.drafts:
        for follow in parts.followed:
            follow(draft)


def answer(inbox: "Desk", reaction: Reaction, message: Message) -> list[str]:
    """Accept the messages of a reaction. A handset that takes messages again does so before
    them, one that declines them after. Returns a sentence for each that was refused."""
    refused: list[str] = []
    if reaction.opted_out is False:
        inbox.opt(message.account, message.sender, message.recipient, out=False)
    for draft in reaction.drafts:
        try:
            inbox.accept(draft)
        except SandboxError as error:
            refused.append(f"A reply was refused: {error.detail}")
    if reaction.opted_out:
        inbox.opt(message.account, message.sender, message.recipient, out=True)
    return refused


def _unanswered(
    parts: Parts, connection: Connection, effect: Effect, callback: Callback, now: float
) -> Effect:
    """Who waits for the answer to a request that is not posted learns so at once."""
    cause = Answered(callback, Outcome(milliseconds=0, error="Not posted."))
    reaction = ask(parts, connection, effect.message, cause, now)
    if reaction is None:
        return effect
    after = perform(parts, connection, effect.message, reaction, now)
    return Effect(
        after.message,
        effect.events + after.events,
        effect.plans or after.plans,
        effect.drafts + after.drafts,
    )


def _note(parts: Parts, message: Message, attempt_id: str, note: str) -> None:
    """Say one more thing beside an attempt, and tell of it again."""
    with parts.lock:
        with parts.database.write() as connection:
            webhooks.add_note(connection, attempt_id, note)
            found = webhooks.find(connection, attempt_id)
            place = messages.next_place(connection)
        if found is not None:
            told = found[1].as_json()
            parts.live.publish(Event(place, "webhook", message.account, told))


class Desk(Protocol):
    """What a reaction asks of the inbox itself."""

    def accept(self, draft: Draft) -> Message:
        """Take a message in."""
        ...

    def opt(self, account: str, number: str, sender: str, *, out: bool) -> None:
        """Let a handset decline what ``sender`` sends, or take it again."""
        ...


def _speak(connection: Connection, message: Message, text: str) -> Message:
    # What is spoken has no invisible characters.
    heard = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
    body = f"{message.body} {heard}".strip()[:MAX_SPOKEN]
    code = codes.extract(body).code
    return messages.set_body(connection, message, body, code, segment(body))
