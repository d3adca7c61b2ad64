"""How a challenge ends, is remembered for ten minutes, and is forgotten (RULES 5, 33)."""

from __future__ import annotations

import pytest
from contracts.steps import DAY, ENDS
from contracts.stores import ALICE, BACKENDS, BOB, Backend, Bench

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.stores.base import Ended, Missing

sweeping = pytest.mark.parametrize(
    "backend_name", sorted(name for name, backend in BACKENDS.items() if backend.sweeps)
)


@pytest.mark.parametrize("how", sorted(ENDS))
def test_a_finished_challenge_answers_for_ten_minutes_and_is_then_gone(
    bench: Bench, how: str
) -> None:
    challenge_id = bench.begun().challenge.id
    ENDS[how](bench, challenge_id)
    bench.now += 599.5
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Ended(how)
    assert bench.resend(challenge_id) == Ended(how)
    assert life.ending(bench.peek(challenge_id).challenge, bench.now) == how
    assert bench.peek(challenge_id, "eve") == Missing(foreign=True)
    bench.now += 0.5
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Missing()
    assert bench.resend(challenge_id) == Missing()
    assert bench.peek(challenge_id) == Missing()
    bench.begun(BOB, "sweeper")
    assert bench.peek(challenge_id) == Missing()


@pytest.mark.parametrize("how", ["used", "too_many_tries"])
def test_the_seed_is_erased_with_the_last_try(bench: Bench, backend: Backend, how: str) -> None:
    begun = bench.begun()
    assert backend.seeds(bench.store) == [bench.seeds[begun.challenge.id]]
    ENDS[how](bench, begun.challenge.id)
    assert backend.seeds(bench.store) == []
    assert bench.load(begun.job) is None


@sweeping
def test_the_seed_is_erased_after_expiry(bench: Bench, backend: Backend) -> None:
    begun = bench.begun()
    bench.now += 300
    assert bench.load(begun.job) is None
    other = bench.begun(BOB, "bea")
    assert backend.seeds(bench.store) == [bench.seeds[other.challenge.id]]


@sweeping
def test_what_is_over_is_forgotten_a_little_at_a_time_and_all_of_it(
    bench: Bench, backend: Backend
) -> None:
    for n in range(72):  # seven budgets and a challenge each, more than one sweep takes
        bench.begun(f"+447400{n:06d}", f"w{n}", address=f"a{n}")
    old = backend.budgets(bench.store)
    assert len(old) == 504
    bench.now += 2 * DAY
    bench.begun(BOB, "bea", address="b")
    bench.now += 1
    bench.begun(ALICE, "ann", address="a")
    assert not backend.budgets(bench.store) & old
    assert len(backend.seeds(bench.store)) == 2


def test_looking_changes_nothing(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += 10
    first = bench.peek(begun.challenge.id)
    assert first.resend_in == 20
    assert first == bench.peek(begun.challenge.id)
    assert bench.peek(begun.challenge.id, "eve") == Missing(foreign=True)
