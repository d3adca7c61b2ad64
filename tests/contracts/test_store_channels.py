"""Channels: a call repeats the message's code, an e-mail has its own and proves no number."""

from __future__ import annotations

from contracts.stores import ALICE, Bench

from flask_phoneauth.budgets import STRANGER
from flask_phoneauth.records import EMAIL, SMS, VOICE
from flask_phoneauth.stores.base import Issued, Missing, Refusal, Right, Wrong

PAST_COOLDOWN = 40


def by_email(bench: Bench, who: str = "ann", **changes: str) -> Issued:
    begun = bench.begun(ALICE, who, channel=EMAIL, **changes)
    bench.settle(begun.job, "accepted")
    return begun


def test_a_resend_by_another_channel_keeps_the_challenge_and_its_code(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    bench.now += PAST_COOLDOWN
    again = bench.resend(begun.challenge.id, channel=VOICE)
    assert (again.challenge.id, again.challenge.channel) == (begun.challenge.id, VOICE)
    assert again.job.generation == 0
    assert bench.load(again.job).channel == VOICE
    assert bench.peek(begun.challenge.id).challenge.channel == VOICE


def test_a_resend_without_a_channel_takes_that_of_the_newest_message(bench: Bench) -> None:
    begun = bench.begun(channel=VOICE)
    bench.now += PAST_COOLDOWN
    assert bench.resend(begun.challenge.id).challenge.channel == VOICE


def test_a_refused_resend_changes_no_channel(bench: Bench) -> None:
    begun = bench.begun()
    assert isinstance(bench.resend(begun.challenge.id, channel=VOICE), Refusal)
    assert bench.peek(begun.challenge.id).challenge.channel == SMS


def test_a_start_in_the_cooldown_keeps_the_channel_and_a_later_one_changes_it(
    bench: Bench,
) -> None:
    begun = bench.begun()
    assert bench.ask(channel=VOICE).challenge.channel == SMS
    bench.now += PAST_COOLDOWN
    again = bench.ask(channel=VOICE)
    assert (again.challenge.id, again.challenge.channel) == (begun.challenge.id, VOICE)


def test_an_email_opens_another_challenge_with_another_code_beside_the_first(
    bench: Bench,
) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    bench.now += PAST_COOLDOWN
    mailed = by_email(bench)
    assert mailed.challenge.id != begun.challenge.id
    assert bench.code(mailed.challenge.id) != bench.code(begun.challenge.id)
    wrong = bench.enter(begun.challenge.id, bench.code(mailed.challenge.id))
    assert isinstance(wrong, Wrong)
    assert isinstance(bench.enter(begun.challenge.id, bench.code(begun.challenge.id)), Right)


def test_each_of_both_is_continued_by_its_own_channel(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += PAST_COOLDOWN
    mailed = by_email(bench)
    assert bench.ask(channel=EMAIL).challenge.id == mailed.challenge.id
    bench.now += 100
    assert bench.ask(channel=SMS).challenge.id == begun.challenge.id


def test_an_email_in_the_numbers_cooldown_is_refused(bench: Bench) -> None:
    bench.begun()
    assert bench.ask(channel=EMAIL).code == "cooldown"


def test_a_code_by_email_makes_no_number_known_and_remembers_no_browser(bench: Bench) -> None:
    mailed = by_email(bench)
    code = bench.code(mailed.challenge.id)
    right = bench.enter(mailed.challenge.id, code, enrol="phone")
    assert isinstance(right, Right)
    assert (right.enrolled, right.challenge.channel) == (False, EMAIL)
    assert (bench.look().known, bench.look().devices) == (False, 0)
    bench.now += PAST_COOLDOWN
    assert bench.begun(who="owner", device="phone").lane == STRANGER


def test_a_code_by_email_leaves_a_trusted_browser_as_it_is(bench: Bench) -> None:
    bench.enrolled("phone")
    bench.now += PAST_COOLDOWN
    mailed = by_email(bench, "owner", device="phone")
    right = bench.enter(
        mailed.challenge.id, bench.code(mailed.challenge.id), "owner", device="phone"
    )
    assert isinstance(right, Right)
    assert (bench.look().known, bench.look().devices) == (True, 1)


def test_wrong_codes_by_email_count_for_the_number(bench: Bench) -> None:
    bench.configure(tries_per_hour=3)
    begun = bench.begun()
    bench.now += PAST_COOLDOWN
    mailed = by_email(bench)
    for left in (4, 3, 2):
        wrong = bench.wrong(mailed.challenge.id)
        assert bench.enter(mailed.challenge.id, wrong) == Wrong(left)
    for challenge_id in (begun.challenge.id, mailed.challenge.id):
        assert bench.enter(challenge_id, bench.code(challenge_id)).code == "locked"


def test_a_code_by_email_is_no_other_browsers(bench: Bench) -> None:
    mailed = by_email(bench)
    assert bench.enter(mailed.challenge.id, bench.code(mailed.challenge.id), "eve") == Missing(
        foreign=True
    )
