"""`look`: how a number stands, the same on every store, and nothing changes by looking."""

from __future__ import annotations

from typing import Any

from contracts.stores import ALICE, BOB, Bench

from flask_phoneauth.prices import number_price
from flask_phoneauth.stores.base import Look, Refusal


def look(bench: Bench, phone: str = ALICE) -> tuple[Look, dict[str, tuple[int, int]]]:
    """The look, and spent and wait by the last word of each budget's key."""
    tag = bench.keys.phone_tag(phone)
    price = number_price(bench.settings, tag)
    seen = bench.store.look(tag, price, now=bench.now)
    names = [charge.key.rpartition(":")[2] for charge in price.charges]
    return seen, dict(zip(names, zip(seen.spent, seen.waits, strict=True), strict=True))


def untouched() -> dict[str, Any]:
    return dict.fromkeys(("tries", "failures", "sends", "day", "total"), (0, 0))


def test_a_number_that_nobody_typed_has_spent_nothing(bench: Bench) -> None:
    seen, budgets = look(bench)
    assert budgets == untouched()
    assert (seen.cooling, seen.alive) == (0, 0)


def test_what_an_ask_and_a_wrong_code_cost_is_seen(bench: Bench) -> None:
    begun = bench.begun()
    bench.enter(begun.challenge.id, bench.wrong(begun.challenge.id))
    seen, budgets = look(bench)
    assert budgets == untouched() | {
        "tries": (1, 0),
        "sends": (1, 0),
        "day": (1, 0),
        "total": (1, 0),
    }
    assert (seen.cooling, seen.alive) == (begun.resend_in, 1)
    assert look(bench, BOB)[1] == untouched()


def test_looking_changes_nothing(bench: Bench) -> None:
    bench.configure(sends_per_hour=1)
    bench.settle(bench.begun().job, "accepted")
    before = look(bench)
    for _ in range(5):
        assert look(bench) == before
    bench.now += 60
    assert isinstance(bench.ask(who="bob"), Refusal)


def test_the_wait_of_a_spent_budget_is_the_one_that_an_ask_is_told(bench: Bench) -> None:
    bench.configure(sends_per_hour=1)
    bench.settle(bench.begun().job, "accepted")
    bench.now += 60
    refusal = bench.ask(who="bob")
    assert isinstance(refusal, Refusal)
    assert look(bench)[1]["sends"] == (1, refusal.retry_after)
    bench.now += refusal.retry_after
    assert look(bench)[1]["sends"] == (0, 0)


def test_a_failed_message_is_seen_and_its_cost_given_back(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "failed", reason="unreachable")
    seen, budgets = look(bench)
    assert budgets == untouched() | {"failures": (1, 0)}
    assert seen.cooling == 0


def test_finished_challenges_are_not_open(bench: Bench) -> None:
    used = bench.begun()
    bench.now += 60
    open_ = bench.begun(who="bob")
    assert look(bench)[0].alive == 2
    bench.enter(used.challenge.id, bench.code(used.challenge.id))
    assert look(bench)[0].alive == 1
    bench.now = open_.challenge.expires_at
    assert look(bench)[0].alive == 0
