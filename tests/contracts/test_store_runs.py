"""A queue may bring a job twice: one run gets the challenge, a second one only after a loss."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from contracts.steps import late_resend
from contracts.stores import Bench

from flask_phoneauth.otp.challenge import phone_tag_of, run_of
from flask_phoneauth.records import Job
from flask_phoneauth.stores.base import Issued, Right, Settlement


def brought(job: Job | None, times: int = 1) -> Job:
    """The job as a broker hands it out for that time."""
    assert job is not None
    return replace(job, delivered=times)


def test_a_job_that_is_brought_twice_at_once_is_run_once(bench: Bench) -> None:
    job = brought(bench.begun().job)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: bench.load(job), range(8)))
    taken = [one for one in found if one is not None]
    assert len(taken) == 1
    assert taken[0].seed is not None
    assert taken[0].phone


@pytest.mark.parametrize("outcome", ["accepted", "failed", "withheld"])
def test_a_job_whose_message_is_settled_is_never_run_again(bench: Bench, outcome: str) -> None:
    begun = bench.begun()
    job = brought(begun.job)
    assert bench.load(job) is not None
    bench.settle(job, outcome)
    for times in (1, 2, 3):
        assert bench.load(brought(job, times)) is None


def test_a_job_whose_worker_was_lost_is_run_once_more_and_no_third_time(bench: Bench) -> None:
    begun = bench.begun()
    first = bench.load(brought(begun.job))
    again = bench.load(brought(begun.job, 2))
    assert first is not None
    assert again is not None
    run = run_of(again, brought(begun.job))
    assert run is not None
    assert (run.begun, run.over) == (2, False)
    assert again.seed == first.seed
    assert bench.load(brought(begun.job, 3)) is None
    bench.settle(brought(begun.job, 2), "accepted")
    code = bench.code(begun.challenge.id)
    assert isinstance(bench.enter(begun.challenge.id, code), Right)


def test_of_many_that_take_a_lost_job_over_one_does(bench: Bench) -> None:
    job = bench.begun().job
    assert bench.load(brought(job)) is not None
    with ThreadPoolExecutor(8) as pool:
        again = brought(job, 2)
        found = list(pool.map(lambda _: bench.load(again), range(8)))
    assert sum(one is not None for one in found) == 1


def test_a_job_that_was_lost_before_its_first_run_is_run(bench: Bench) -> None:
    begun = bench.begun()
    assert bench.load(brought(begun.job, 2)) is not None


def test_each_message_of_a_challenge_has_runs_of_its_own(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    begun = bench.begun()
    assert bench.load(brought(begun.job)) is not None
    bench.settle(begun.job, "accepted")
    bench.now += 1.25
    again = bench.resend(begun.challenge.id)
    assert isinstance(again, Issued)
    assert bench.load(brought(again.job)) is not None
    assert bench.load(brought(begun.job, 2)) is None
    assert bench.load(brought(again.job)) is None


def test_a_job_that_never_left_its_process_is_not_counted(bench: Bench) -> None:
    begun = bench.begun()
    for _ in range(3):
        found = bench.load(brought(begun.job, 0))
        assert found is not None
        assert found.runs == ()


def test_a_run_of_a_late_generation_keeps_it_pending_until_it_is_accepted(bench: Bench) -> None:
    again = late_resend(bench)
    job = brought(again.job)
    assert bench.load(job) is not None
    bench.settle(job, "accepted")
    code = bench.code(again.challenge.id, 1)
    assert isinstance(bench.enter(again.challenge.id, code), Right)


def test_no_challenge_remembers_more_runs_than_it_must(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50, sends_per_day=50, code_ttl=600)
    begun = bench.begun()
    found = None
    for _ in range(12):
        bench.now += 2
        again = bench.resend(begun.challenge.id)
        assert isinstance(again, Issued), again
        found = bench.load(brought(again.job))
    assert found is not None
    assert len(found.runs) == 8


def unqueued(bench: Bench, job: Job | None, who: str = "ann") -> None:
    """What a request writes down where the queue had no room."""
    assert job is not None
    told = Settlement("failed", reason="busy")
    waits = bench._cooldowns(phone_tag_of(job.challenge_id), who, "")
    bench.store.settle(job, told, failures=(), cooldowns=waits, now=bench.now)


def test_a_first_message_that_was_never_queued_leaves_no_open_challenge(bench: Bench) -> None:
    for number in range(7):  # more than may be open, and more than an hour has messages
        begun = bench.begun(who=f"browser-{number}")
        unqueued(bench, begun.job, f"browser-{number}")
        assert bench.load(brought(begun.job)) is None
    assert bench.look().alive == 0


def test_a_resend_that_was_never_queued_leaves_the_code_that_was_sent(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    bench.now += 40
    again = bench.resend(begun.challenge.id)
    assert isinstance(again, Issued)
    unqueued(bench, again.job)
    code = bench.code(begun.challenge.id)
    assert isinstance(bench.enter(begun.challenge.id, code), Right)
