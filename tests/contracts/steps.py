"""Steps that several tests of stores take: spend tries, send late, end a challenge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.stores import ALICE, Bench

from flask_phoneauth.stores.base import Issued, Refusal, Wrong

HOUR = 3600
DAY = 86400
NEXT_HOUR = HOUR + 600
"""After so long every window of an hour is empty."""


def assert_passes_exactly(bench: Bench, refusal: Any, code: str, ask: Callable[[], Any]) -> None:
    """A retry after `retry_after` passes, a second earlier it does not (RULES 25)."""
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code == code
    assert refusal.retry_after >= 1
    refused_at = bench.now
    bench.now = refused_at + refusal.retry_after - 1
    assert isinstance(ask(), Refusal)
    bench.now = refused_at + refusal.retry_after
    assert not isinstance(ask(), Refusal)


def spend_tries(bench: Bench, count: int, phone: str = ALICE) -> None:
    """So many wrong codes for a number, over as many challenges as it takes."""
    spent = 0
    while spent < count:
        begun = bench.begun(phone, f"guesser-{bench.made}")
        for _ in range(min(5, count - spent)):
            who = f"guesser-{bench.made - 1}"
            outcome = bench.enter(begun.challenge.id, bench.wrong(begun.challenge.id), who)
            assert isinstance(outcome, Wrong)
            spent += 1
        bench.now += 2


def late_resend(bench: Bench) -> Issued:
    """A second generation, asked for when the first has 100 seconds left."""
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    bench.now += 200
    again = bench.resend(begun.challenge.id)
    assert isinstance(again, Issued)
    return again


def use(bench: Bench, challenge_id: str) -> None:
    """End it by the right code."""
    bench.enter(challenge_id, bench.code(challenge_id))


def exhaust(bench: Bench, challenge_id: str) -> None:
    """End it by wrong ones."""
    for _ in range(5):
        bench.enter(challenge_id, bench.wrong(challenge_id))


def outlive(bench: Bench, challenge_id: str) -> None:
    """End it by time."""
    bench.now += 300


ENDS = {"used": use, "too_many_tries": exhaust, "expired": outlive}
