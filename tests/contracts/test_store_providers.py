"""How providers stand, in any store: breakers with one probe, receipts by region, money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contracts.racing import crowd
from contracts.stores import ALICE, BOB, Bench

from flask_phoneauth.budgets import DAY
from flask_phoneauth.health import (
    CLOSED,
    FAILED,
    FORGOTTEN,
    HALF_OPEN,
    LEASE,
    OPEN,
    PROBED,
    TOOK,
    UNUSED,
    Health,
    News,
    Patience,
    Rate,
    Routes,
    Tally,
)
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import number_price, replacement_price
from flask_phoneauth.records import Job
from flask_phoneauth.shared_prices import Place, paid_otherwise
from flask_phoneauth.stores.base import Issued, Loaded, Replacement, Settlement

ROUTES = Routes({"*": ("first", "second"), "FR": ("second",)}, window=600)
PATIENCE = Patience(failures=3, pauses=(30, 60))
GB = {"host": "example.com", "region": "GB"}
PLACE = Place("nearby", "GB", cost=100, provider="first")


def asked(bench: Bench, phone: str = ALICE, who: str = "ann", **payload: str) -> Job:
    """A message under way."""
    begun = bench.begun(phone, who, address=who, payload={**GB, **payload})
    assert begun.job is not None
    return begun.job


def load(bench: Bench, job: Job) -> Loaded:
    """The job takes its challenge."""
    loaded = bench.store.load(job, routes=ROUTES, now=bench.now)
    assert loaded is not None
    return loaded


def tell(bench: Bench, job: Job, *news: News, **values: Any) -> None:
    """What the job has met; the message was accepted."""
    settlement = Settlement("accepted", digest=bytes(32), patience=PATIENCE, news=news, **values)
    bench.store.settle(job, settlement, failures=(), cooldowns=(), now=bench.now)


def states(bench: Bench, region: str = "GB") -> dict[str, str]:
    """How the breakers stand, as an operator sees it."""
    health = bench.store.health(ROUTES, [region], now=bench.now)[region]
    return {name: breaker.state(bench.now) for name, breaker in health.breakers.items()}


def trip(bench: Bench, job: Job, provider: str = "first") -> None:
    """As many failures as the breaker stands."""
    for _ in range(PATIENCE.failures):
        tell(bench, job, News(provider, FAILED, "server_error"))


@pytest.fixture
def job(bench: Bench) -> Job:
    """One message, of which any news may be told."""
    return asked(bench)


def test_whoever_is_new_is_well(bench: Bench, job: Job) -> None:
    found = load(bench, job).health
    assert (found.rates, found.probes) == ({}, {})
    assert states(bench) == {"first": CLOSED, "second": CLOSED}


def test_failures_in_a_row_open_a_breaker_for_every_worker(bench: Bench, job: Job) -> None:
    for _ in range(2):
        tell(bench, job, News("first", FAILED, "server_error"))
    assert load(bench, job).health.breakers["first"].failures == 2
    tell(bench, job, News("first", FAILED, "read_timeout"))
    found = load(bench, job).health
    breaker = found.breakers["first"]
    assert (breaker.open_until, breaker.error) == (bench.now + 30, "read_timeout")
    assert not found.allows("first", bench.now)
    assert found.allows("second", bench.now)
    assert states(bench) == {"first": OPEN, "second": CLOSED}


def test_a_success_between_failures_begins_the_row_anew(bench: Bench, job: Job) -> None:
    for _ in range(4):
        tell(bench, job, News("first", FAILED, "down"), News("first", FAILED, "down"))
        tell(bench, job, News("first", TOOK))
    assert states(bench)["first"] == CLOSED
    assert load(bench, job).health.breakers["first"].error == "down"  # kept for operators


def test_one_job_alone_gets_the_probe_after_the_pause(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 29.5
    assert load(bench, job).health.probes == {}
    bench.now += 0.5
    assert states(bench)["first"] == HALF_OPEN
    found = load(bench, job).health
    assert found.probes == {"first": bench.now + LEASE}
    assert found.allows("first", bench.now)
    other = load(bench, job).health
    assert other.probes == {}
    assert not other.allows("first", bench.now)
    assert states(bench)["first"] == PROBED


def test_a_probe_that_is_taken_closes_the_breaker(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 30
    lease = load(bench, job).health.probes["first"]
    tell(bench, job, News("first", TOOK, probe=lease))
    assert load(bench, job).health.breakers["first"].clean(bench.now)
    for _ in range(2):
        tell(bench, job, News("first", FAILED, "down"))
    assert states(bench)["first"] == CLOSED  # it begins anew


def test_a_probe_that_fails_makes_the_pause_longer(bench: Bench, job: Job) -> None:
    trip(bench, job)
    for pause in (60, 60):
        bench.now += 60
        lease = load(bench, job).health.probes["first"]
        tell(bench, job, News("first", FAILED, "down", lease))
        assert load(bench, job).health.breakers["first"].open_until == bench.now + pause


def test_a_probe_that_was_not_needed_is_given_back(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 30
    lease = load(bench, job).health.probes["first"]
    tell(bench, job, News("first", UNUSED, probe=lease))
    assert states(bench)["first"] == HALF_OPEN
    assert "first" in load(bench, job).health.probes


def test_a_probe_whose_worker_is_lost_ends_by_itself(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 30
    lost = load(bench, job).health.probes["first"]
    bench.now += LEASE - 1
    assert load(bench, job).health.probes == {}
    bench.now += 1
    assert load(bench, job).health.probes == {"first": bench.now + LEASE}
    tell(bench, job, News("first", TOOK, probe=lost))  # the lost one comes back
    assert states(bench)["first"] == PROBED


@pytest.mark.parametrize("kind", [TOOK, FAILED, UNUSED])
def test_what_is_told_late_changes_an_open_breaker_no_more(
    bench: Bench, job: Job, kind: str
) -> None:
    trip(bench, job)
    before = load(bench, job).health.breakers["first"]
    bench.now += 1
    tell(bench, job, News("first", kind, "down"))
    assert load(bench, job).health.breakers["first"] == before


def test_a_breaker_that_nobody_probes_closes_in_time(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 30 + FORGOTTEN
    assert states(bench)["first"] == CLOSED
    fresh = asked(bench, BOB, "bob")
    assert load(bench, fresh).health.probes == {}
    tell(bench, fresh, News("first", FAILED, "down"))
    assert load(bench, fresh).health.breakers["first"].failures == 1


def test_each_region_has_its_route_and_breakers_are_shared(bench: Bench, job: Job) -> None:
    trip(bench, job, "second")
    french = asked(bench, BOB, "bob", region="FR")
    found = load(bench, french).health
    assert set(found.breakers) == {"second"}
    assert not found.allows("second", bench.now)
    bench.now += 30
    assert set(load(bench, french).health.probes) == {"second"}
    assert load(bench, job).health.probes == {}


def test_virtual_numbers_go_by_the_route_of_no_region(bench: Bench) -> None:
    begun = bench.begun(free=True, payload={**GB, "region": "FR"})
    assert begun.job is not None
    assert set(load(bench, begun.job).health.breakers) == {"first", "second"}


def test_what_is_over_takes_no_probe(bench: Bench, job: Job) -> None:
    trip(bench, job)
    bench.now += 30
    ended = asked(bench, BOB, "bob")
    bench.enter(ended.challenge_id, bench.code(ended.challenge_id), "bob")
    assert bench.store.load(ended, routes=ROUTES, now=bench.now) is None
    assert states(bench)["first"] == HALF_OPEN


def test_of_many_workers_at_once_one_probes(bench: Bench, job: Job) -> None:
    trip(bench, job)
    for _ in range(3):
        bench.now += LEASE + 30
        answers = crowd(12, lambda _: load(bench, job).health)
        won = [one for one in answers if isinstance(one, Health) and one.probes]
        assert len(won) == 1


def test_failures_told_at_once_are_all_counted(bench: Bench, job: Job) -> None:
    patience = replace(PATIENCE, failures=100)

    def fail(_: int) -> None:
        settlement = Settlement(
            "accepted", digest=bytes(32), news=(News("first", FAILED, "x"),), patience=patience
        )
        bench.store.settle(job, settlement, failures=(), cooldowns=(), now=bench.now)

    missed = crowd(8, fail).count("unavailable")
    assert load(bench, job).health.breakers["first"].failures == 8 - missed


# --- receipts ---------------------------------------------------------------------------------


def receipt(bench: Bench, job: Job, delivery: str, provider: str = "first") -> Any:
    """That provider's word."""
    return bench.store.advance(
        job.challenge_id, job.asked_at, delivery, "", tally=Tally(provider, 600), now=bench.now
    )


def rates(bench: Bench, region: str = "GB") -> dict[str, Rate]:
    """What receipts from that region say."""
    return dict(bench.store.health(ROUTES, [region], now=bench.now)[region].rates)


def test_receipts_count_for_provider_and_region(bench: Bench) -> None:
    for turn, delivery in enumerate(("delivered", "delivered", "failed", "sent")):
        job = asked(bench, f"+44740012340{turn}", f"w{turn}")
        tell(bench, job)
        receipt(bench, job, delivery)
    french = asked(bench, BOB, "bob", region="FR")
    tell(bench, french)
    receipt(bench, french, "delivered", "second")
    assert rates(bench) == {"first": Rate(2, 1)}
    assert rates(bench, "FR") == {"second": Rate(1, 0)}
    assert load(bench, asked(bench, "+447400123409", "w9")).health.rates == {"first": Rate(2, 1)}


def test_a_repeated_receipt_counts_once_and_one_out_of_order_not_at_all(bench: Bench) -> None:
    job = asked(bench)
    tell(bench, job)
    for delivery in ("delivered", "delivered", "failed", "sent"):
        receipt(bench, job, delivery)
    assert rates(bench) == {"first": Rate(1, 0)}


def test_receipts_of_virtual_numbers_count_for_nobody(bench: Bench) -> None:
    begun = bench.begun(free=True, payload=GB)
    assert begun.job is not None
    receipt(bench, begun.job, "delivered")
    assert rates(bench) == {}


def test_receipts_are_forgotten_with_their_window(bench: Bench) -> None:
    job = asked(bench)
    receipt(bench, job, "delivered")
    bench.now += 599
    assert rates(bench) == {"first": Rate(1, 0)}
    bench.now += 101
    assert rates(bench) == {}


def test_a_lost_message_counts_where_it_is_sent_anew_too(bench: Bench) -> None:
    job = asked(bench)
    tell(bench, job)
    price = replacement_price(bench.settings, phone_tag_of(job.challenge_id))
    told = bench.store.advance(
        job.challenge_id,
        job.asked_at,
        "failed",
        "",
        replacement=Replacement("first", price),
        tally=Tally("first", 600),
        now=bench.now,
    )
    assert told is not None
    assert told.job is not None
    assert rates(bench) == {"first": Rate(0, 1)}


# --- money ------------------------------------------------------------------------------------


@pytest.fixture
def paying(bench: Bench) -> Bench:
    """A tenth of a coin a message, one coin a day for each provider, for all ten."""
    bench.place = PLACE
    bench.configure(
        prices={"+": 100}, money_per_day=10, money_per_provider_per_day=1, known_share=1
    )
    return bench


def take(bench: Bench, job: Job, *taken: str) -> None:
    """These providers have the message."""
    tag = phone_tag_of(job.challenge_id)
    extra, unpaid = paid_otherwise(bench.settings, PLACE, tag, taken)
    tell(bench, job, extra=extra, unpaid=unpaid)


def room(bench: Bench, provider: str) -> int:
    """How many more messages that provider's money pays for."""
    bench.place = replace(PLACE, provider=provider)
    for turn in range(30):
        phone, who = f"+33612{bench.made:06d}", f"{provider}-{turn}"
        if not isinstance(bench.ask(phone, who, address=who), Issued):
            return turn
    return 30


def test_the_provider_that_took_it_is_paid_and_the_first_is_not(paying: Bench) -> None:
    for turn in range(4):
        take(paying, asked(paying, f"+44740012340{turn}", f"w{turn}"), "second")
    assert room(paying, "second") == 5
    assert room(paying, "first") == 9


def test_two_messages_are_both_paid(paying: Bench) -> None:
    paying.configure(total_sends_per_day=3)
    for turn in range(4):
        take(paying, asked(paying, f"+44740012340{turn}", f"w{turn}"), "first", "second")
    price = number_price(paying.settings, paying.keys.phone_tag("+447400123400"))
    rules = [charge.rule for charge in price.charges]
    spent = dict(zip(rules, paying.look("+447400123400").spent, strict=True))
    assert (spent["total"], spent["sends"]) == (2, 1)
    assert room(paying, "first") == 5
    assert room(paying, "second") == 5


def test_where_the_first_took_it_nothing_is_moved(paying: Bench) -> None:
    take(paying, asked(paying), "first")
    assert room(paying, "first") == 8
    assert room(paying, "second") == 9


def test_news_told_twice_move_the_first_ones_money_once(paying: Bench) -> None:
    first = asked(paying)
    asked(paying, BOB, "bob")
    take(paying, first, "second")
    take(paying, first, "second")
    assert room(paying, "first") == 8  # bob's alone


def test_a_known_failure_gives_all_money_back(paying: Bench) -> None:
    job = asked(paying)
    settlement = Settlement("failed", reason="down", patience=PATIENCE)
    paying.store.settle(job, settlement, failures=(), cooldowns=(), now=paying.now)
    assert room(paying, "first") == 9


def test_money_of_another_provider_is_kept_for_a_day(paying: Bench) -> None:
    take(paying, asked(paying), "second")
    paying.now += DAY - DAY // 6
    assert room(paying, "second") == 8
