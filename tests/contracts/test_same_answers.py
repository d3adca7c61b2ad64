"""Any order of verbs on Redis and in memory: the same answers, word for word (RULES 33)."""

from __future__ import annotations

from typing import Any

import hypothesis
import servers
from contracts.stores import ALICE, BOB, Bench, binding_of
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule

from flask_phoneauth.health import FAILED, TOOK, UNUSED, News, Patience, Routes
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place, paid_otherwise
from flask_phoneauth.stores.base import Issued, Missing, Settlement
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.stores.redis import RedisStore
from flask_phoneauth.stores.redis_server import RedisServer

SMALL = Settings(
    max_tries=3,
    tries_per_hour=5,
    sends_per_hour=4,
    sends_per_day=8,
    total_sends_per_day=10,
    failed_sends_per_hour=3,
    binding_failed_sends_per_hour=4,
    address_asks_per_hour=6,
    max_live_challenges=2,
    cooldown=(5, 60),
    cooldown_idle=900,
    device_sends_per_hour=3,
    device_tries_per_hour=3,
    devices_per_number=2,
    device_lifetime=100_000,
    wrong_in_a_row=6,
    neighbour_asks_per_hour=5,
    prefix_sends_per_hour=6,
    prefix_sends_per_day=12,
    country_sends_per_hour=8,
    country_sends_per_day=20,
    spray_budget=4,
    money_per_day=1,
    money_per_provider_per_day=2,
)
ROUTES = Routes({"*": ("first", "second")}, window=600)
PAYLOAD = {"host": "h", "list": [], "region": "GB"}
PLACE = Place("nearby", "GB", cost=90, provider="first")
devices = st.sampled_from(["", "", "phone", "tablet", "watch"])
people = st.sampled_from(["ann", "bea", "cat"])
purposes = st.sampled_from(["login", "login", "login", "change_phone"])


class UnsweptStore(MemoryStore):
    """It forgets nothing, as Redis does while its own clock stands."""

    def _sweep(self, now: float) -> None:
        """Nothing is swept."""


class SameAnswers(RuleBasedStateMachine):
    """Two benches side by side."""

    kind = "single"
    challenges = Bundle("challenges")

    @initialize(offset=st.floats(0, 700), jitter=st.floats(0, 0.1))
    def open(self, offset: float, jitter: float) -> None:
        """Two empty stores at any place in a bucket."""
        store = RedisStore(RedisServer(servers.start_redis(self.kind)))
        self.benches = [Bench(UnsweptStore(), SMALL), Bench(store, SMALL)]
        for bench in self.benches:
            bench.place = PLACE
        self.jitter = jitter
        self.jobs: list[tuple[Job, str]] = []
        self.asked: dict[str, str] = {}
        self.probes: dict[str, float] = {}
        for bench in self.benches:
            bench.now += offset

    def both(self, verb: str, *args: Any, **named: Any) -> Any:
        """The one answer that both give."""
        first, second = (getattr(bench, verb)(*args, **named) for bench in self.benches)
        assert first == second
        # of a try they are no part of its equality
        assert getattr(first, "totals", ()) == getattr(second, "totals", ())
        return first

    @rule(seconds=st.floats(0, 100) | st.sampled_from([5, 60, 61, 130, 200, 599, 1800, 40_000]))
    def time_passes(self, seconds: float) -> None:
        """Any time."""
        for bench in self.benches:
            bench.now += seconds

    @rule(
        target=challenges,
        phone=st.sampled_from([ALICE, BOB]),
        who=people,
        purpose=purposes,
        free=st.sampled_from([False, False, False, True]),
        device=devices,
    )
    def ask(self, phone: str, who: str, purpose: str, free: bool, device: str) -> Any:
        """A start."""
        named = {"purpose": purpose, "free": free, "jitter": self.jitter, "device": device}
        outcome = self.both("ask", phone, who, payload=PAYLOAD, **named)
        if not isinstance(outcome, Issued):
            return next(iter(self.asked), None)
        self._noted(outcome, who)
        return outcome.challenge.id

    @rule(challenge=challenges, stranger=st.sampled_from([False, False, True]), device=devices)
    def resend(self, challenge: str | None, stranger: bool, device: str) -> None:
        """A resend, perhaps by somebody else."""
        if challenge is not None:
            who = "eve" if stranger else self.asked[challenge]
            outcome = self.both("resend", challenge, who, device=device)
            if isinstance(outcome, Issued):
                self._noted(outcome, who)

    @rule(
        challenge=challenges,
        generation=st.integers(0, 4),
        purpose=purposes,
        device=devices,
        enrol=devices,
    )
    def enter(
        self, challenge: str | None, generation: int, purpose: str, device: str, enrol: str
    ) -> None:
        """A code of some generation, or a wrong one."""
        if challenge is not None:
            bench = self.benches[0]
            wrong = generation > 2
            code = bench.wrong(challenge) if wrong else bench.code(challenge, generation, purpose)
            who, named = self.asked[challenge], {"device": device, "enrol": enrol}
            self.both("enter", challenge, code, who, purpose, **named)

    @rule(challenge=challenges)
    def reopen(self, challenge: str | None) -> None:
        """A user could not be made."""
        if challenge is not None:
            for bench in self.benches:
                bench.store.reopen(challenge, now=bench.now)

    @rule(phone=st.sampled_from([ALICE, BOB]), devices=st.booleans())
    def facts_change(self, phone: str, devices: bool) -> None:
        """Everybody is signed out, or an operator opens a lock."""
        for bench in self.benches:
            change = bench.store.forget_devices if devices else bench.store.unlock
            change(bench.keys.phone_tag(phone), now=bench.now)

    @precondition(lambda self: self.jobs)
    @rule(
        turn=st.integers(0, 50),
        outcome=st.sampled_from(["accepted", "failed", "withheld"]),
        device=devices,
    )
    def news(self, turn: int, outcome: str, device: str) -> None:
        """What became of a message, perhaps told twice."""
        job, who = self.jobs[turn % len(self.jobs)]
        if not self._is_gone(job.challenge_id):
            self.both("settle", job, outcome, who, "unreachable", device=device)

    @precondition(lambda self: self.jobs)
    @rule(
        turn=st.integers(0, 50),
        delivery=st.sampled_from(["sent", "delivered", "failed", "failed", "x"]),
        lost_by=st.sampled_from(["", "first", "first"]),
    )
    def receipt(self, turn: int, delivery: str, lost_by: str) -> None:
        """A vendor's word."""
        job, who = self.jobs[turn % len(self.jobs)]
        if not self._is_gone(job.challenge_id):
            told = self.both("receipt", job, delivery, "filtered", lost_by)
            if told is not None and told.job is not None:
                self.jobs.append((told.job, who))

    @precondition(lambda self: self.jobs)
    @rule(turn=st.integers(0, 50))
    def load(self, turn: int) -> None:
        """The job takes its challenge."""
        job, _ = self.jobs[turn % len(self.jobs)]
        first, second = (
            bench.store.load(job, routes=ROUTES, now=bench.now) for bench in self.benches
        )
        assert first == second
        if first is not None:
            self.probes.update(first.health.probes)
        found = [bench.store.health(ROUTES, ["GB"], now=bench.now) for bench in self.benches]
        assert found[0] == found[1]

    @precondition(lambda self: self.jobs)
    @rule(
        turn=st.integers(0, 50),
        provider=st.sampled_from(["first", "second"]),
        kind=st.sampled_from([TOOK, FAILED, FAILED, FAILED, UNUSED]),
        leased=st.booleans(),
        taken=st.lists(st.sampled_from(["first", "second"]), unique=True),
    )
    def met(self, turn: int, provider: str, kind: str, leased: bool, taken: list[str]) -> None:
        """A job tells of a provider, under the last probe that was given out or under none."""
        job, _ = self.jobs[turn % len(self.jobs)]
        if self._is_gone(job.challenge_id):
            return
        probe = self.probes.get(provider, 0.0) if leased else 0.0
        for bench in self.benches:
            tag = phone_tag_of(job.challenge_id)
            extra, unpaid = paid_otherwise(bench.settings, PLACE, tag, taken)
            told = Settlement(
                "accepted",
                digest=bytes(32),
                extra=extra,
                unpaid=unpaid,
                news=(News(provider, kind, "down", probe),),
                patience=Patience(2, (20, 700)),
            )
            bench.store.settle(job, told, failures=(), cooldowns=(), now=bench.now)

    @rule(challenge=challenges)
    def look(self, challenge: str | None) -> None:
        """The number and all of its challenges stand alike."""
        if challenge is None:
            return
        tag = phone_tag_of(challenge)
        price = number_price(SMALL, tag)
        first, second = (bench.store.look(tag, price, now=bench.now) for bench in self.benches)
        assert first == second
        for challenge_id, who in self.asked.items():
            for device in ("", "phone"):
                self.both("peek", challenge_id, who, device=device)

    def teardown(self) -> None:
        """Let connections go."""
        for bench in getattr(self, "benches", ()):
            bench.store.close()

    def _noted(self, outcome: Issued, who: str) -> None:
        self.asked[outcome.challenge.id] = who
        if outcome.job is not None:
            self.jobs.append((outcome.job, who))

    def _is_gone(self, challenge_id: str) -> bool:
        bench = self.benches[0]
        price = bench.price(phone_tag_of(challenge_id), "ann")
        binding = binding_of(self.asked[challenge_id])
        return (
            bench.store.peek(challenge_id, binding, price, device=b"", now=bench.now) == Missing()
        )


class SameAnswersOfACluster(SameAnswers):
    """On a Cluster some budgets are judged apart; nothing else may differ."""

    kind = "cluster"


for machine in (SameAnswers, SameAnswersOfACluster):
    machine.TestCase.settings = hypothesis.settings(
        deadline=None, derandomize=True, database=None, max_examples=60, stateful_step_count=50
    )
TestSameAnswers = SameAnswers.TestCase
TestSameAnswersOfACluster = SameAnswersOfACluster.TestCase
