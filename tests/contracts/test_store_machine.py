"""Any order of asks, tries and news against a plain model: never more than the rules allow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from contracts.stores import ALICE, BOB, Bench
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule

from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.base import Ended, Issued, Missing, Right, Wrong
from flask_phoneauth.stores.memory import MemoryStore

SMALL = Settings(
    max_tries=3,
    tries_per_hour=5,
    sends_per_hour=3,
    sends_per_day=6,
    total_sends_per_day=8,
    failed_sends_per_hour=4,
    max_live_challenges=2,
    cooldown=(5, 60),
)
HOUR = 3600
people = st.sampled_from(["ann", "bea", "cat"])
foreign = st.sampled_from([False, False, False, True])


@dataclass
class Sent:
    """One message of the model."""

    at: float
    challenge: str
    unproven: bool = True
    paid: bool = True


@dataclass
class Known:
    """What the model knows of a challenge."""

    phone: str
    who: str
    wrong: int = 0
    used: bool = False


@dataclass
class Number:
    """What the model counts for a number."""

    wrong: list[float] = field(default_factory=list)
    sends: list[Sent] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)


class StoreMachine(RuleBasedStateMachine):
    """Lists of moments, as slow and plain as can be."""

    challenges = Bundle("challenges")
    jobs = Bundle("jobs")

    @initialize(offset=st.floats(0, 700))
    def open(self, offset: float) -> None:
        """An empty store at any place in a bucket."""
        self.bench = Bench(MemoryStore(), settings=SMALL)
        self.bench.now += offset
        self.known: dict[str, Known] = {}
        self.waiting: list[Job] = []
        self.numbers: dict[str, Number] = defaultdict(Number)

    @rule(seconds=st.sampled_from([0.5, 5, 5, 60, 60, 61, 130, 200, 599, 1800, 3100, 40_000]))
    def time_passes(self, seconds: float) -> None:
        """Any time, an hour in parts most of all."""
        self.bench.now += seconds

    @rule(target=challenges, phone=st.sampled_from([ALICE, BOB]), who=people)
    def ask(self, phone: str, who: str) -> Any:
        """A start."""
        outcome = self.bench.ask(phone, who)
        if not isinstance(outcome, Issued):
            return self._any(phone)
        self.known.setdefault(outcome.challenge.id, Known(phone, who))
        assert self.known[outcome.challenge.id].who == who
        self._sent(outcome)
        return outcome.challenge.id

    @rule(challenge=challenges, foreign=foreign)
    def resend(self, challenge: str | None, foreign: bool) -> None:
        """A resend, perhaps by somebody else."""
        if challenge is None:
            return
        outcome = self.bench.resend(challenge, "eve" if foreign else self.known[challenge].who)
        if foreign:
            assert isinstance(outcome, Missing)
        elif isinstance(outcome, Issued):
            self._sent(outcome)

    @rule(challenge=challenges, foreign=foreign)
    def enter_wrong(self, challenge: str | None, foreign: bool) -> None:
        """A wrong code."""
        if challenge is None:
            return
        known = self.known[challenge]
        who = "eve" if foreign else known.who
        outcome = self.bench.enter(challenge, self.bench.wrong(challenge), who)
        if foreign:
            assert isinstance(outcome, Missing)
        elif isinstance(outcome, Wrong):
            known.wrong += 1
            assert known.wrong <= SMALL.max_tries
            assert outcome.tries_left == SMALL.max_tries - known.wrong
            assert not known.used
            number = self.numbers[known.phone]
            number.wrong.append(self.bench.now)
            assert self._within(number.wrong, HOUR) <= SMALL.tries_per_hour

    @rule(challenge=challenges, generation=st.integers(0, 2))
    def enter_right(self, challenge: str | None, generation: int) -> None:
        """A code that was sent, or that would have been."""
        if challenge is None:
            return
        known = self.known[challenge]
        outcome = self.bench.enter(challenge, self.bench.code(challenge, generation), known.who)
        if isinstance(outcome, Wrong):
            known.wrong += 1
            self.numbers[known.phone].wrong.append(self.bench.now)
        if isinstance(outcome, Right):
            assert not known.used
            assert known.wrong < SMALL.max_tries
            assert self._within(self.numbers[known.phone].wrong, HOUR) < SMALL.tries_per_hour
            known.used = True
            for sent in self.numbers[known.phone].sends:
                sent.unproven &= sent.challenge != challenge
        if known.used and not isinstance(outcome, Right):
            assert isinstance(outcome, Ended | Missing)

    @rule(job=jobs, outcome=st.sampled_from(["accepted", "failed", "withheld"]))
    def news(self, job: Job, outcome: str) -> None:
        """What became of a message."""
        known = self.known[job.challenge_id]
        if self.bench.peek(job.challenge_id, known.who) == Missing():
            return  # swept or as good as gone: nothing can be given back
        self.bench.settle(job, outcome, known.who)
        number = self.numbers[known.phone]
        if outcome == "failed":
            number.failures.append(self.bench.now)
            for sent in number.sends:
                if (sent.challenge, sent.at) == (job.challenge_id, job.asked_at):
                    sent.unproven = sent.paid = False

    def _any(self, phone: str) -> str | None:
        return next((c for c, known in self.known.items() if known.phone == phone), None)

    def _sent(self, outcome: Issued) -> None:
        challenge = outcome.challenge
        number = self.numbers[self.known[challenge.id].phone]
        if outcome.job is not None:
            self.waiting.append(outcome.job)
            assert self._within(number.failures, HOUR) < SMALL.failed_sends_per_hour
            assert self._within(number.wrong, HOUR) < SMALL.tries_per_hour
            number.sends.append(Sent(self.bench.now, challenge.id))
        unproven = [sent.at for sent in number.sends if sent.unproven]
        paid = [sent.at for sent in number.sends if sent.paid]
        assert self._within(unproven, HOUR) <= SMALL.sends_per_hour
        assert self._within(unproven, 24 * HOUR) <= SMALL.sends_per_day
        assert self._within(paid, 24 * HOUR) <= SMALL.total_sends_per_day
        assert self._open(self.known[challenge.id].phone) <= SMALL.max_live_challenges

    @precondition(lambda self: self.waiting)
    @rule(target=jobs, turn=st.integers(0, 50))
    def take(self, turn: int) -> Any:
        """One of the messages under way; its news may come at any later time."""
        return self.waiting.pop(turn % len(self.waiting))

    def _within(self, moments: list[float], seconds: float) -> int:
        return sum(self.bench.now - seconds < moment for moment in moments)

    def _open(self, phone: str) -> int:
        peeks = [
            self.bench.peek(challenge, known.who)
            for challenge, known in self.known.items()
            if known.phone == phone
        ]
        found = [peek.challenge for peek in peeks if not isinstance(peek, Missing)]
        return sum(not c.ended and self.bench.now < c.expires_at for c in found)


StoreMachine.TestCase.settings = hypothesis.settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=70,
    stateful_step_count=40,
)
TestStoreMachine = StoreMachine.TestCase
