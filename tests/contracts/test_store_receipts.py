"""What a vendor's receipt may change in any store: the newest message, forward, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from contracts.stores import Bench

from flask_phoneauth.records import Job
from flask_phoneauth.stores.base import Advanced, Issued


def advance(bench: Bench, job: Job, delivery: str, reason: str = "") -> bool:
    return bench.receipt(job, delivery, reason, lost_by="") == Advanced()


def shown(bench: Bench, job: Job) -> tuple[str, str]:
    challenge = bench.peek(job.challenge_id).challenge
    return challenge.delivery, challenge.reason


def sent(bench: Bench) -> Job:
    job = bench.begun().job
    assert job is not None
    bench.settle(job, "accepted")
    return job


def test_a_receipt_moves_the_delivery_and_a_repeated_one_does_not(bench: Bench) -> None:
    job = sent(bench)
    assert advance(bench, job, "delivered")
    assert shown(bench, job) == ("delivered", "")
    assert not advance(bench, job, "delivered")
    assert shown(bench, job) == ("delivered", "")


def test_a_lost_message_reads_failed_with_its_reason(bench: Bench) -> None:
    job = sent(bench)
    assert advance(bench, job, "failed", "undelivered")
    assert shown(bench, job) == ("failed", "undelivered")


def test_it_never_steps_back(bench: Bench) -> None:
    job = sent(bench)
    assert not advance(bench, job, "sent")
    assert advance(bench, job, "failed", "undelivered")
    assert not advance(bench, job, "sent")
    assert not advance(bench, job, "failed", "failed")
    assert advance(bench, job, "delivered")
    assert not advance(bench, job, "failed", "failed")
    assert shown(bench, job) == ("delivered", "")


@pytest.mark.parametrize("word", ["", "queued", "withheld", "of-tomorrow"])
def test_other_words_change_nothing(bench: Bench, word: str) -> None:
    job = sent(bench)
    assert not advance(bench, job, word)
    assert shown(bench, job) == ("sent", "")


@pytest.mark.parametrize(
    ("early", "reason", "after"),
    [
        ("sent", "", ("sent", "")),
        ("delivered", "", ("delivered", "")),
        ("failed", "undelivered", ("failed", "undelivered")),
    ],
)
def test_a_receipt_before_the_providers_answer_is_not_forgotten(
    bench: Bench, early: str, reason: str, after: tuple[str, str]
) -> None:
    job = bench.begun().job
    assert job is not None
    assert advance(bench, job, early, reason)
    bench.settle(job, "accepted")
    assert shown(bench, job) == after
    bench.enter(job.challenge_id, bench.code(job.challenge_id))


def test_a_receipt_before_the_answer_to_a_new_generation_counts_too(bench: Bench) -> None:
    first = sent(bench)
    bench.now += bench.settings.code_ttl - 30
    again = bench.resend(first.challenge_id)
    assert isinstance(again, Issued)
    assert again.job is not None
    assert again.job.generation == 1
    bench.now += 31
    assert advance(bench, again.job, "delivered")
    bench.settle(again.job, "accepted")
    assert shown(bench, again.job) == ("delivered", "")


def test_an_older_messages_receipt_says_nothing_of_the_newer_one(bench: Bench) -> None:
    first = sent(bench)
    bench.now += 60
    again = bench.resend(first.challenge_id)
    assert again.job.asked_at != first.asked_at
    assert not advance(bench, first, "delivered")
    assert shown(bench, first) == ("queued", "")
    assert advance(bench, again.job, "delivered")


def test_a_resend_begins_anew(bench: Bench) -> None:
    first = sent(bench)
    assert advance(bench, first, "failed", "undelivered")
    bench.now += 60
    again = bench.resend(first.challenge_id)
    assert shown(bench, first) == ("queued", "")
    bench.settle(again.job, "accepted")
    assert shown(bench, first) == ("sent", "")


def test_it_is_ignored_after_use_exhaustion_and_expiry(bench: Bench) -> None:
    used = sent(bench)
    bench.enter(used.challenge_id, bench.code(used.challenge_id))
    assert not advance(bench, used, "delivered")
    bench.now += 3600
    spent = sent(bench)
    for _ in range(bench.settings.max_tries):
        bench.enter(spent.challenge_id, bench.wrong(spent.challenge_id))
    assert not advance(bench, spent, "delivered")
    bench.now += 7200
    expired = sent(bench)
    bench.now += bench.settings.code_ttl
    assert not advance(bench, expired, "delivered")
    bench.now += 24 * 3600
    assert not advance(bench, expired, "delivered")


def test_a_withheld_message_stays_withheld(bench: Bench) -> None:
    job = bench.begun().job
    assert job is not None
    bench.settle(job, "withheld")
    assert not advance(bench, job, "delivered")
    assert shown(bench, job)[0] == "withheld"


def test_what_was_never_asked_for_is_nothing(bench: Bench) -> None:
    job = sent(bench)
    assert not advance(bench, Job("abcdefghij234567.x", 0, job.asked_at), "delivered")


def test_a_receipt_touches_neither_tries_nor_codes_nor_waits(bench: Bench) -> None:
    job = sent(bench)
    bench.enter(job.challenge_id, bench.wrong(job.challenge_id))
    before = bench.peek(job.challenge_id)
    advance(bench, job, "delivered")
    after = bench.peek(job.challenge_id)
    assert after.resend_in == before.resend_in
    assert (after.challenge.tries, after.challenge.spends) == (1, before.challenge.spends)
    assert after.challenge.generations == before.challenge.generations
    assert after.challenge.payload == before.challenge.payload


def test_of_many_at_once_one_moves_it(bench: Bench) -> None:
    job = sent(bench)
    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(lambda _: advance(bench, job, "delivered"), range(24)))
    assert moved.count(True) == 1
