"""Any order of faults, sends, handsets, clock steps, cancels and restarts against a plain model:
statuses only move forward, each with its callback exactly as the rules say."""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import parse_qsl

import hypothesis
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from sms_sandbox import exchange
from sms_sandbox.callback import Attempt, Outcome
from sms_sandbox.clock import Clocks, FrozenClock
from sms_sandbox.errors import FaultStruck
from sms_sandbox.facades.twilio.facade import Twilio
from sms_sandbox.ids import Ids
from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.inbox.settings import AccountSettings
from sms_sandbox.message import Draft, Message, Submission, TimelineEntry, can_move, is_final
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database

DAY = 86_400.0
URL = "http://127.0.0.1:9/receipts"
TOKEN = "the account's token"
ACCOUNTS = ("AC" + "a" * 32, "AC" + "b" * 32)
NUMBERS = ("+9901234501", "+9901234502")
EFFECTS: dict[str, dict[str, Any]] = {
    "#refuse": {"type": "error", "status": 503},
    "#fail": {"type": "delivery", "status": "failed", "error_code": 30001},
    "#lose": {"type": "delivery", "status": "undelivered", "error_code": 30005},
    "#late": {"type": "delivery", "status": "delivered", "after": 50},
    "#drop": {"type": "webhook", "mutation": "drop"},
    "#twice": {"type": "webhook", "mutation": "duplicate"},
    "#forge": {"type": "webhook", "mutation": "bad_signature"},
    "#tarry": {"type": "webhook", "mutation": "delay", "seconds": 40},
}
"""A rule strikes the messages whose text holds its mark."""


@dataclass
class Sent:
    """One message of the model: what it must come to, and the callbacks that it owes by now."""

    message: Message
    submission: Submission
    text: str
    ends: str | None = None
    canceled: bool = False
    seen: list[TimelineEntry] = field(default_factory=list)
    owes: Counter[tuple[str, str | None]] = field(default_factory=Counter)


class Engine:
    """The inbox with Twilio's façade on a file; nobody but the machine moves the time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = FrozenClock(1_800_000_000.0)
        self.vendor = Twilio()
        self.sent: list[Sent] = []
        self.rules: dict[str, str] = {}
        self.hits: Counter[str] = Counter()
        self.open()
        for account in ACCOUNTS:
            self.inbox.admits("twilio", account, account, TOKEN, signs=True)

    def open(self) -> None:
        self.database = Database(str(self.folder / "sms.sqlite"))
        vendors = {"twilio": self.vendor}
        self.inbox = Inbox(Settings(), self.database, Clocks(self.base), Ids(), vendors)

    def close(self) -> None:
        self.inbox.close()
        self.database.close()

    def send(
        self,
        account: str,
        number: str,
        marked: set[str],
        by_service: bool,
        later: float | None,
        validity: float | None,
    ) -> None:
        text = " ".join(["hello", *sorted(marked)])
        submission = Submission(
            vendor_id="SM" + secrets.token_hex(16),
            callback_url=URL,
            facts={"messaging_service_sid": "MG" + "0" * 32} if by_service else {},
        )
        draft = Draft(
            account=account,
            provider="twilio",
            direction="outbound",
            sender="+12015550100",
            recipient=number,
            body=text,
            starts="accepted" if by_service else "queued",
            send_at=None if later is None else self.inbox.clock(account)[1] + later,
            validity=validity,
            submission=submission,
        )
        refused = "#refuse" in self.rules and "#refuse" in marked
        with exchange.serving():
            try:
                message = self.inbox.accept(draft)
            except FaultStruck:
                assert refused
                self.hits["#refuse"] += 1
                return
        assert not refused
        ends = self.first(text, "delivery")
        if ends is not None:
            self.hits[ends] += 1
        self.sent.append(Sent(message, submission, text, ends))

    def add_or_remove_a_rule(self, mark: str) -> None:
        if mark in self.rules:
            assert self.inbox.fault(self.rules[mark]).tally.hits == self.hits.pop(mark, 0)
            self.inbox.remove_fault(self.rules.pop(mark))
            return
        wish = {"match": {"body": f"*{mark}*"}, "effect": EFFECTS[mark]}
        self.rules[mark] = self.inbox.add_fault(wish, None).rule.id

    def put_handset(self, account: str, number: str, state: str) -> None:
        self.inbox.put_handset(account, number, {"state": state})

    def pass_time(self, seconds: float) -> None:
        self.base.advance(seconds)

    def advance_an_account(self, account: str, seconds: float) -> None:
        self.inbox.advance_clock(account, seconds)

    def freeze_or_release(self, account: str, frozen: bool) -> None:
        self.inbox.set_clock(account, frozen=frozen)

    def cancel(self, which: int) -> None:
        scheduled = self.scheduled()
        if scheduled:
            chosen = scheduled[which % len(scheduled)]
            self.inbox.move(chosen.message.id, "canceled")
            chosen.canceled = True

    def post_what_is_due(self, fails: bool) -> None:
        while (waiting := self.inbox.next_callback((), 4)[0]) is not None:
            lost = fails and waiting.attempt == 1
            self.inbox.settle_callback(
                waiting,
                Outcome(milliseconds=1, error="refused", failure="connection")
                if lost
                else Outcome(milliseconds=1, status=204, answer=""),
            )

    def restart(self) -> None:
        self.close()
        self.open()

    def statuses_move_forward(self) -> None:
        self.inbox.advance_due()
        for sent in self.sent:
            message, entries = self.inbox.timeline(sent.message.id)
            assert entries[: len(sent.seen)] == sent.seen
            assert entries[-1].status == message.status
            for before, after in pairwise(entries):
                assert can_move(before.status, after.status)
                assert before.at <= after.at
            for entry in entries[max(1, len(sent.seen)) :]:
                self.owe(sent, message, entry)
            sent.seen = entries

    def owe(self, sent: Sent, message: Message, entry: TimelineEntry) -> None:
        """Note the callback that a new status brings, and what the rules of now do to it."""
        if entry.at == sent.message.created_at and entry.status == sent.message.status:
            return  # Twilio says nothing of the status that a message begins with.
        then = replace(message, status=entry.status, error_code=entry.error_code)
        scene = Scene(
            now=entry.at,
            signing_key=TOKEN,
            settings=AccountSettings(),
            ids=lambda size: secrets.token_hex(size),
        )
        if self.vendor.render(then, sent.submission, scene) is None:
            return
        mark = self.first(sent.text, "webhook")
        mutation = None if mark is None else EFFECTS[mark]["mutation"]
        if mark is not None:
            self.hits[mark] += 1
        sent.owes[entry.status, None if mutation == "duplicate" else mutation] += 1
        if mutation == "duplicate":
            sent.owes[entry.status, mutation] += 1

    def first(self, text: str, kind: str) -> str | None:
        """The first rule of a kind that strikes this text."""
        return next(
            (mark for mark in self.rules if EFFECTS[mark]["type"] == kind and mark in text), None
        )

    def scheduled(self) -> list[Sent]:
        return [one for one in self.sent if one.seen and one.seen[-1].status == "scheduled"]

    def conclude(self) -> None:
        for account in ACCOUNTS:
            for number in NUMBERS:
                self.inbox.put_handset(account, number, {"state": "on"})
        self.statuses_move_forward()
        for _ in range(3):
            self.base.advance(DAY)
            for account in ACCOUNTS:
                self.inbox.advance_clock(account, DAY)
            self.statuses_move_forward()
            self.post_what_is_due(fails=False)
        for sent in self.sent:
            self.check_end(sent)
            self.check_posts(sent, self.inbox.attempts(sent.message.id))
        for mark, fault_id in self.rules.items():
            assert self.inbox.fault(fault_id).tally.hits == self.hits[mark], mark

    def check_end(self, sent: Sent) -> None:
        end = sent.seen[-1]
        assert is_final(end.status)
        assert (end.status == "canceled") is sent.canceled
        if sent.canceled:
            return
        expected = {
            "#fail": {("failed", 30001)},
            "#lose": {("undelivered", 30005)},
        }.get(
            sent.ends or "",
            {
                ("delivered", None),
                ("undelivered", 30036),
                ("undelivered", 30003),
                ("undelivered", 30004),
            },
        )
        assert (end.status, end.error_code) in expected

    def check_posts(self, sent: Sent, attempts: list[Attempt]) -> None:
        posted: Counter[tuple[str, str | None]] = Counter()
        for attempt in attempts:
            form = dict(parse_qsl(attempt.callback.body, keep_blank_values=True))
            assert form["MessageSid"] == sent.submission.vendor_id
            signature = attempt.callback.headers["X-Twilio-Signature"]
            signed = RequestValidator(TOKEN).validate(URL, form, signature)
            assert signed is (attempt.callback.mutation != "bad_signature")
            if attempt.attempt == 1:
                posted[form["MessageStatus"], cast(str | None, attempt.callback.mutation)] += 1
        assert posted == sent.owes


def send_something(engine: Engine, chance: Random) -> None:
    """One message, rarely a refused one, to a handset that others write to as well."""
    marked = set(chance.sample(sorted(EFFECTS), chance.choice([0, 0, 1, 2, 3])))
    engine.send(
        chance.choice(ACCOUNTS),
        chance.choice(NUMBERS),
        marked if chance.random() < 0.2 else marked - {"#refuse"},
        chance.random() < 0.3,
        chance.choice([None, None, None, 30.0, 400.0]),
        chance.choice([None, None, 20.0, 300.0]),
    )


def do_something(engine: Engine, chance: Random) -> None:
    """One step that is no message."""
    account, number = chance.choice(ACCOUNTS), chance.choice(NUMBERS)
    steps: list[Callable[[], None]] = [
        lambda: engine.pass_time(chance.choice([0.1, 0.3, 1.0, 25.0, 60.0, 500.0])),
        lambda: engine.pass_time(chance.choice([0.3, 1.0])),
        lambda: engine.put_handset(account, number, chance.choice(["on", "off"])),
        lambda: engine.put_handset(
            account, number, chance.choice(["on", "off", "full", "blocked"])
        ),
        lambda: engine.advance_an_account(account, chance.choice([0.3, 1.0, 60.0, 500.0])),
        lambda: engine.freeze_or_release(account, chance.random() < 0.5),
        lambda: engine.add_or_remove_a_rule(chance.choice(sorted(EFFECTS))),
        lambda: engine.cancel(chance.randrange(10)),
        lambda: engine.post_what_is_due(chance.random() < 0.5),
        engine.restart,
    ]
    chance.choice(steps)()


# A row of steps comes from one number, since shrinking rows would take minutes.
@hypothesis.settings(deadline=None, derandomize=True, database=None, max_examples=25)
@hypothesis.given(seed=st.integers(0, 2**32))
def test_any_row_of_steps_ends_as_the_rules_say(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder, closing(Engine(Path(folder))) as engine:
        for mark in chance.sample(sorted(EFFECTS), 4):
            engine.add_or_remove_a_rule(mark)
        for _ in range(60):
            chance.choice([send_something, do_something, do_something])(engine, chance)
            engine.statuses_move_forward()
        engine.conclude()
