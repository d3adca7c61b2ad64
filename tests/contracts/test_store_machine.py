"""Any order of asks, tries and news against a plain model: never more than the rules allow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
from contracts.stores import ALICE, BACKENDS, BOB, Bench
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule

from flask_phoneauth.budgets import DEVICE, STRANGER
from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place
from flask_phoneauth.stores.base import Ended, Issued, Missing, Right, Wrong

SMALL = Settings(
    max_tries=3,
    tries_per_hour=5,
    sends_per_hour=3,
    sends_per_day=6,
    total_sends_per_day=8,
    failed_sends_per_hour=4,
    max_live_challenges=2,
    cooldown=(5, 60),
    device_sends_per_hour=3,
    device_tries_per_hour=2,
    devices_per_number=1,
    device_lifetime=30_000,
    wrong_in_a_row=3,
    prefix_sends_per_hour=4,
    prefix_sends_per_day=100,
)
PLACE = Place("nearby", "GB")
OPEN_TO_ALL = 2
"""Of the prefix's four: the other part is kept for known numbers."""
HOUR = 3600
DAY = 24 * HOUR
tokens = st.sampled_from(["", "", "phone", "tablet"])
people = st.sampled_from(["ann", "bea", "cat"])
foreign = st.sampled_from([False, False, False, True])


@dataclass
class Sent:
    """One message of the model."""

    at: float
    challenge: str
    device: str
    unproven: bool = True
    paid: bool = True
    told: bool = False
    lapsed: bool = False


@dataclass
class Known:
    """What the model knows of a challenge."""

    phone: str
    who: str
    device: str = ""
    wrong: int = 0
    used: bool = False


@dataclass
class Number:
    """What the model counts for a number, in the lane of each device and of "", the strangers."""

    wrong: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sends: list[Sent] = field(default_factory=list)
    failures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    devices: dict[str, float] = field(default_factory=dict)
    known_until: float = 0.0
    row: int = 0
    locks: int = 0
    locked_until: float = 0.0

    def lane(self, device: str, now: float) -> str:
        """The device where it is trusted, else the strangers."""
        return device if device and now < self.devices.get(device, 0) else ""

    def missed(self, lane: str, now: float) -> None:
        """A wrong code."""
        self.wrong[lane].append(now)
        if lane:
            return
        self.row += 1
        if self.row >= SMALL.wrong_in_a_row:
            self.locked_until = now + min(DAY * 2**self.locks, 7 * DAY)
            self.row, self.locks = 0, self.locks + 1

    def proved(self, lane: str, enrol: str, now: float) -> None:
        """A right code."""
        self.row = self.locks = 0
        self.locked_until, self.known_until = 0.0, now + SMALL.device_lifetime
        new = lane or enrol
        alive = {name: end for name, end in self.devices.items() if now < end and name != new}
        room = SMALL.devices_per_number - bool(new)
        latest = sorted(alive, key=lambda name: alive[name], reverse=True)
        self.devices = {name: alive[name] for name in latest[:room]}
        if new:
            self.devices[new] = now + SMALL.device_lifetime


class StoreMachine(RuleBasedStateMachine):
    """Lists of moments, as slow and plain as can be."""

    kind = "memory"
    challenges = Bundle("challenges")
    jobs = Bundle("jobs")

    @initialize(offset=st.floats(0, 700))
    def open(self, offset: float) -> None:
        """An empty store at any place in a bucket."""
        self.folder = TemporaryDirectory()
        store = BACKENDS[self.kind].open(Path(self.folder.name))
        self.bench = Bench(store, settings=SMALL, place=PLACE)
        self.bench.now += offset
        self.known: dict[str, Known] = {}
        self.waiting: list[Job] = []
        self.numbers: dict[str, Number] = defaultdict(Number)

    @rule(seconds=st.sampled_from([0.5, 5, 5, 60, 60, 61, 130, 200, 599, 1800, 3100, 40_000]))
    def time_passes(self, seconds: float) -> None:
        """Any time, an hour in parts most of all."""
        self.bench.now += seconds

    def teardown(self) -> None:
        """Let connections and the folder go."""
        if hasattr(self, "bench"):
            self.bench.store.close()
            self.folder.cleanup()

    @rule(phone=st.sampled_from([ALICE, BOB]), devices=st.booleans())
    def facts_change(self, phone: str, devices: bool) -> None:
        """Everybody is signed out, or an operator opens the lock."""
        number, store = self.numbers[phone], self.bench.store
        change = store.forget_devices if devices else store.unlock
        change(self.bench.keys.phone_tag(phone), now=self.bench.now)
        if devices:
            number.devices = {}
        else:
            number.row, number.locks, number.locked_until = 0, 0, 0.0

    @rule(target=challenges, phone=st.sampled_from([ALICE, BOB]), who=people, device=tokens)
    def ask(self, phone: str, who: str, device: str) -> Any:
        """A start."""
        self._lapse(phone)
        outcome = self.bench.ask(phone, who, device=device)
        if not isinstance(outcome, Issued):
            return self._any(phone)
        self.known.setdefault(outcome.challenge.id, Known(phone, who))
        assert self.known[outcome.challenge.id].who == who
        self._sent(outcome, device)
        return outcome.challenge.id

    @rule(phone=st.sampled_from([ALICE, BOB]), who=people, device=tokens, enrol=tokens)
    def prove(self, phone: str, who: str, device: str, enrol: str) -> None:
        """A whole login, where it is let in."""
        self.bench.now += 61
        challenge = self.ask(phone, who, device)
        self.enter_right(challenge, 0, device, enrol)

    @rule(phone=st.sampled_from([ALICE, BOB]), who=people, device=tokens)
    def guess(self, phone: str, who: str, device: str) -> None:
        """As many wrong codes as a challenge stands."""
        self.bench.now += 61
        challenge = self.ask(phone, who, device)
        for _ in range(SMALL.max_tries):
            self.enter_wrong(challenge, False, device)

    @rule(challenge=challenges, foreign=foreign, device=tokens)
    def resend(self, challenge: str | None, foreign: bool, device: str) -> None:
        """A resend, perhaps by somebody else."""
        if challenge is None:
            return
        who = "eve" if foreign else self.known[challenge].who
        outcome = self.bench.resend(challenge, who, device=device)
        if foreign:
            assert isinstance(outcome, Missing)
        elif isinstance(outcome, Issued):
            self._sent(outcome, device)

    @rule(challenge=challenges, foreign=foreign, device=tokens)
    def enter_wrong(self, challenge: str | None, foreign: bool, device: str) -> None:
        """A wrong code."""
        if challenge is None:
            return
        known = self.known[challenge]
        who = "eve" if foreign else known.who
        wrong = self.bench.wrong(challenge)
        outcome = self.bench.enter(challenge, wrong, who, device=device)
        if foreign:
            assert isinstance(outcome, Missing)
        elif isinstance(outcome, Wrong):
            known.wrong += 1
            assert known.wrong <= SMALL.max_tries
            assert outcome.tries_left == SMALL.max_tries - known.wrong
            assert not known.used
            self._missed(known, device)

    @rule(challenge=challenges, generation=st.integers(0, 2), device=tokens, enrol=tokens)
    def enter_right(self, challenge: str | None, generation: int, device: str, enrol: str) -> None:
        """A code that was sent, or that would have been."""
        if challenge is None:
            return
        known = self.known[challenge]
        code = self.bench.code(challenge, generation)
        outcome = self.bench.enter(challenge, code, known.who, device=device, enrol=enrol)
        if isinstance(outcome, Wrong):
            known.wrong += 1
            self._missed(known, device)
        if isinstance(outcome, Right):
            number, now = self.numbers[known.phone], self.bench.now
            lane = number.lane(device, now)
            assert outcome.lane == (DEVICE if lane else STRANGER)
            assert outcome.enrolled == (bool(enrol) and not lane)
            assert not known.used
            assert known.wrong < SMALL.max_tries
            assert self._within(number.wrong[lane], HOUR) < self._tries(lane)
            assert lane or now >= number.locked_until
            known.used = True
            for sent in number.sends:
                sent.unproven &= sent.challenge != challenge
                sent.told |= sent.challenge == challenge
            number.proved(lane, enrol, now)
        if known.used and not isinstance(outcome, Right):
            assert isinstance(outcome, Ended | Missing)

    @rule(job=jobs, outcome=st.sampled_from(["accepted", "failed", "withheld"]))
    def news(self, job: Job, outcome: str) -> None:
        """What became of a message."""
        known = self.known[job.challenge_id]
        if self.bench.peek(job.challenge_id, known.who) == Missing():
            return  # swept or as good as gone: nothing can be given back
        self.bench.settle(job, outcome, known.who, device=known.device)
        number = self.numbers[known.phone]
        for sent in number.sends:
            sent.told |= (sent.challenge, sent.at) == (job.challenge_id, job.asked_at)
        if outcome == "failed":
            number.failures[known.device].append(self.bench.now)
            for sent in number.sends:
                if (sent.challenge, sent.at) == (job.challenge_id, job.asked_at):
                    sent.unproven = sent.paid = False

    def _lapse(self, phone: str) -> None:
        """Messages of which nothing was told in a minute are the number's no more."""
        for sent in self.numbers[phone].sends:
            if sent.told or self.bench.now < sent.at + 60:
                continue
            if self.bench.peek(sent.challenge, self.known[sent.challenge].who) != Missing():
                sent.lapsed = True

    def _any(self, phone: str) -> str | None:
        return next((c for c, known in self.known.items() if known.phone == phone), None)

    def _missed(self, known: Known, device: str) -> None:
        """A wrong code was looked at: it must have been one that the lane still had."""
        number, now = self.numbers[known.phone], self.bench.now
        lane = number.lane(device, now)
        assert lane or now >= number.locked_until
        number.missed(lane, now)
        assert self._within(number.wrong[lane], HOUR) <= self._tries(lane)

    def _tries(self, lane: str) -> int:
        return SMALL.device_tries_per_hour if lane else SMALL.tries_per_hour

    def _sent(self, outcome: Issued, device: str) -> None:
        challenge, now = outcome.challenge, self.bench.now
        known = self.known[challenge.id]
        number = self.numbers[known.phone]
        lane = number.lane(device, now)
        assert outcome.lane == (DEVICE if lane else STRANGER)
        if outcome.job is not None:
            self.waiting.append(outcome.job)
            assert lane or now >= number.locked_until
            assert self._within(number.failures[lane], HOUR) < SMALL.failed_sends_per_hour
            assert self._within(number.wrong[lane], HOUR) < self._tries(lane)
            known.device = lane
            number.sends.append(Sent(now, challenge.id, lane))
            self._shared(is_known=bool(lane) or now < number.known_until)
        held = [sent for sent in number.sends if not sent.lapsed]
        unproven = [sent.at for sent in held if sent.unproven and sent.device == lane]
        paid = [sent.at for sent in held if sent.paid]
        limit = SMALL.device_sends_per_hour if lane else SMALL.sends_per_hour
        assert self._within(unproven, HOUR) <= limit
        assert lane or self._within(unproven, DAY) <= SMALL.sends_per_day
        assert self._within(paid, DAY) <= SMALL.total_sends_per_day
        assert self._open(known.phone, outcome.lane) <= SMALL.max_live_challenges

    def _shared(self, *, is_known: bool) -> None:
        """Both numbers are of one prefix."""
        every = [sent for number in self.numbers.values() for sent in number.sends]
        unproven = self._within([sent.at for sent in every if sent.unproven], HOUR)
        assert unproven <= (SMALL.prefix_sends_per_hour if is_known else OPEN_TO_ALL)

    @precondition(lambda self: self.waiting)
    @rule(target=jobs, turn=st.integers(0, 50))
    def take(self, turn: int) -> Any:
        """One of the messages under way; its news may come at any later time."""
        return self.waiting.pop(turn % len(self.waiting))

    def _within(self, moments: list[float], seconds: float) -> int:
        return sum(self.bench.now - seconds < moment for moment in moments)

    def _open(self, phone: str, lane: str) -> int:
        peeks = [
            self.bench.peek(challenge, known.who)
            for challenge, known in self.known.items()
            if known.phone == phone
        ]
        found = [peek.challenge for peek in peeks if not isinstance(peek, Missing)]
        alive = [c for c in found if not c.ended and self.bench.now < c.expires_at]
        return sum(c.lane == lane for c in alive)


def machine_on(kind: str, examples: int) -> Any:
    """The same machine on another store."""
    machine = type(f"StoreMachineOn{kind.title()}", (StoreMachine,), {"kind": kind})
    machine.TestCase.settings = hypothesis.settings(
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=examples,
        stateful_step_count=50,
    )
    return machine.TestCase


TestOnMemory = machine_on("memory", 200)
TestOnSqlite = machine_on("sqlite", 12)
TestOnPostgres = machine_on("postgres", 12)
TestOnRedis = machine_on("redis", 20)
TestOnRedisCluster = machine_on("redis_cluster", 12)
