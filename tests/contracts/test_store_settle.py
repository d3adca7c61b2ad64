"""What a job writes down of its message: accepted, failed or withheld (RULES 6, 28)."""

from __future__ import annotations

from unittest.mock import ANY

import pytest
from contracts.steps import NEXT_HOUR, late_resend, use
from contracts.stores import ALICE, BOB, Bench, binding_of

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Entry, phone_tag_of
from flask_phoneauth.prices import try_price
from flask_phoneauth.records import LOGIN
from flask_phoneauth.stores.base import Ended, Refusal, Right, Wrong


def test_a_new_generation_is_pending_until_a_provider_accepts_it(bench: Bench) -> None:
    again = late_resend(bench)
    challenge_id = again.challenge.id
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)
    bench.settle(again.job, "accepted")
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 1)), Right)


def test_a_known_failure_discards_the_pending_code_and_leaves_the_former_one(bench: Bench) -> None:
    again = late_resend(bench)
    challenge_id = again.challenge.id
    bench.settle(again.job, "failed", reason="unreachable")
    peek = bench.peek(challenge_id)
    assert (peek.challenge.delivery, peek.challenge.reason) == ("failed", "unreachable")
    assert peek.challenge.expires_at == again.challenge.created_at + 300
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 0)), Right)


def test_a_pending_code_is_not_lost_when_the_former_one_ends_first(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += 299.5
    again = bench.resend(begun.challenge.id)
    bench.now += 1
    assert bench.enter(begun.challenge.id, bench.code(begun.challenge.id)) == Ended("expired")
    assert bench.load(again.job) is not None
    bench.settle(again.job, "accepted")
    code = bench.code(begun.challenge.id, 1)
    assert isinstance(bench.enter(begun.challenge.id, code), Right)


def test_a_slow_acceptance_counts_though_a_newer_message_is_under_way(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    slow = late_resend(bench)
    bench.now += 1
    quick = bench.resend(slow.challenge.id)
    assert quick.job.generation == slow.job.generation  # it repeats the pending code
    bench.settle(slow.job, "accepted")
    assert bench.peek(slow.challenge.id).challenge.delivery == "queued"  # the newer one's news
    bench.settle(quick.job, "failed", reason="unreachable")
    assert isinstance(bench.enter(slow.challenge.id, bench.code(slow.challenge.id, 1)), Right)


def test_a_slow_failure_leaves_a_newer_message_alone(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    slow = late_resend(bench)
    bench.now += 1
    quick = bench.resend(slow.challenge.id)
    bench.settle(slow.job, "failed", reason="unreachable")
    assert bench.peek(slow.challenge.id).challenge.delivery == "queued"
    bench.settle(quick.job, "accepted")
    assert isinstance(bench.enter(slow.challenge.id, bench.code(slow.challenge.id, 1)), Right)


@pytest.mark.parametrize("then", ["told again", "code typed"])
def test_what_a_failed_message_cost_is_given_back_once(bench: Bench, then: str) -> None:
    bench.configure(sends_per_hour=2)
    begun = bench.begun(who="ann")
    bench.settle(begun.job, "failed", reason="unreachable")
    bench.settle(bench.begun(who="bea").job, "accepted")
    if then == "told again":
        bench.settle(begun.job, "failed", reason="unreachable")
    else:
        use(bench, begun.challenge.id)
    bench.now += 60
    bench.settle(bench.begun(who="cyd").job, "accepted")
    bench.now += 120
    assert bench.ask(who="dan") == Refusal("budget_exhausted", ANY)


def test_news_of_a_message_reach_a_living_challenge_only(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    assert bench.peek(begun.challenge.id).challenge.delivery == "sent"
    use(bench, begun.challenge.id)
    bench.settle(begun.job, "failed", reason="unreachable")
    assert bench.peek(begun.challenge.id).challenge.delivery == "sent"
    bench.now += 700
    bench.begun(BOB, "sweeper")
    bench.begun(ALICE, "another")
    for outcome in ("accepted", "failed", "withheld"):
        bench.settle(begun.job, outcome)  # long gone: no error


def test_what_is_withheld_looks_like_a_lost_message(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "withheld")
    challenge = bench.peek(begun.challenge.id).challenge
    assert life.delivery_shown(challenge, bench.now + 29.9) == "sent"
    assert life.delivery_shown(challenge, bench.now + 30) == "failed"
    assert bench.peek(begun.challenge.id).resend_in == 30


def test_what_is_withheld_lives_exactly_as_long_as_what_is_sent(bench: Bench) -> None:
    lives = []
    for phone, outcome in ((ALICE, "accepted"), (BOB, "withheld")):
        bench.now += NEXT_HOUR
        begun = bench.begun(phone)
        bench.settle(begun.job, outcome)
        bench.now += 200
        again = bench.resend(begun.challenge.id)
        bench.settle(again.job, outcome)
        challenge = bench.peek(begun.challenge.id).challenge
        lives.append(challenge.expires_at - challenge.created_at)
    assert lives == [500, 500]


def test_no_code_fits_a_withheld_generation(bench: Bench) -> None:
    again = late_resend(bench)
    bench.settle(again.job, "withheld")
    challenge_id = again.challenge.id
    bench.now += 100
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)


def test_an_empty_digest_fits_no_pending_generation(bench: Bench) -> None:
    challenge_id = late_resend(bench).challenge.id
    keyring, tag = bench.keys, phone_tag_of(challenge_id)
    for digests in ({keyring.current.id: b""}, {}):
        entry = Entry(LOGIN, binding_of("ann"), digests)
        price = try_price(bench.settings, tag)
        told = bench.store.spend_try(
            challenge_id, entry, price, device=b"", enrol=b"", cooldowns=(), now=bench.now
        )
        assert isinstance(told, Wrong)


def test_a_late_word_on_the_former_code_says_nothing_of_the_pending_one(bench: Bench) -> None:
    begun = bench.begun()
    challenge_id = begun.challenge.id
    bench.now += 200
    again = bench.resend(challenge_id)
    bench.settle(begun.job, "accepted")
    assert bench.peek(challenge_id).challenge.expires_at == begun.challenge.expires_at
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)
    bench.now += 100
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Ended("expired")
    bench.settle(again.job, "accepted")
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 1)), Right)
