"""A hundred at once: one winner, exact counts, in one process and in four (RULES 5, 33)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts.racing import STORIES, TRIALS, crowd, prepared, told, trial_of, tripped
from contracts.stores import BACKENDS, Bench, opened

from flask_phoneauth.stores.base import Ended, Refusal

CROWD = 100
PROCESSES = 4
TESTS = Path(__file__).parent.parent
SHARED = sorted(name for name, backend in BACKENDS.items() if backend.processes)


def race(bench: Bench, story: str) -> Counter[str]:
    """A hundred threads of this process."""
    return Counter(told(a) for a in crowd(CROWD, lambda n: STORIES[story](bench, n, "here")))


class Racers:
    """Four processes; to start them takes longer than to race, so they serve the next one too."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def race(self, name: str, folder: Path, story: str, crowd_of: int = CROWD) -> Counter[str]:
        """25 threads in each process (or fewer), let go at the same moment."""
        try:
            return self._race(name, folder, story, crowd_of)
        except BaseException:  # the next race begins with others
            for racer in self._running:
                racer.kill()
                racer.communicate()
            self._running.clear()
            raise

    def _race(self, name: str, folder: Path, story: str, crowd_of: int) -> Counter[str]:
        self._running = self._running or [self._started() for _ in range(PROCESSES)]
        for number, racer in enumerate(self._running):
            place = (name, str(folder), story, f"process{number}", crowd_of // PROCESSES)
            self._tell(racer, json.dumps(place))
        assert [self._heard(racer) for racer in self._running] == ["ready"] * PROCESSES
        for racer in self._running:
            self._tell(racer, "go")
        answers: Counter[str] = Counter()
        for racer in self._running:
            answers.update(json.loads(self._heard(racer)))
        return answers

    def close(self) -> None:
        """They end with their input."""
        for racer in self._running:
            racer.communicate(timeout=60)
            assert racer.returncode == 0
        self._running.clear()

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "contracts.racing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS,
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))},
        )

    @staticmethod
    def _tell(racer: subprocess.Popen[str], line: str) -> None:
        assert racer.stdin is not None
        racer.stdin.write(f"{line}\n")
        racer.stdin.flush()

    @staticmethod
    def _heard(racer: subprocess.Popen[str]) -> str:
        assert racer.stdout is not None
        return racer.stdout.readline().strip()


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    """Those of this file."""
    racers = Racers()
    yield racers
    racers.close()


def at_most(limit: int, answers: Counter[str]) -> int:
    """How many a limit lets through of those that the store had time for."""
    return min(limit, CROWD - answers["unavailable"])


def assert_one_winner(bench: Bench, first: str, answers: Counter[str]) -> None:
    """One right code, everybody else came too late."""
    assert answers["Right"] == 1
    assert answers["used"] + answers["unavailable"] == CROWD - 1
    assert bench.enter(first, bench.code(first), "w0") == Ended("used")
    assert bench.peek(first, "w0").challenge.tries == 0


def assert_counted(bench: Bench, ids: list[str], answers: Counter[str]) -> None:
    """As many were looked at as were counted, and never more than the hour allows."""
    allowed = bench.settings.tries_per_hour
    assert set(answers) <= {"Wrong", "too_many_tries", "locked", "unavailable"}
    assert answers["Wrong"] == at_most(allowed, answers)
    tries = [bench.peek(c, f"w{n}").challenge.tries for n, c in enumerate(ids)]
    assert sum(tries) == answers["Wrong"]
    assert max(tries) <= bench.settings.max_tries
    for turn in range(answers["unavailable"]):  # whom the store had no time for come again, in turn
        STORIES["wrong_codes"](bench, turn, "later")
    for turn, challenge_id in enumerate(ids):  # the right codes are dead
        outcome = bench.enter(challenge_id, bench.code(challenge_id), f"w{turn}")
        assert isinstance(outcome, Ended | Refusal)


def assert_starts(bench: Bench, answers: Counter[str]) -> None:
    """Exactly as many as the hour's budget, none lost and none too many."""
    assert answers["Issued"] == at_most(bench.settings.sends_per_hour, answers)
    assert answers["budget_exhausted"] + answers["unavailable"] == CROWD - answers["Issued"]
    assert STORIES["starts"](bench, 0, "afterwards").code == "budget_exhausted"


def test_a_hundred_right_codes_at_once_have_one_winner(bench: Bench) -> None:
    first = prepared(bench)[0]
    assert_one_winner(bench, first, race(bench, "right_codes"))


def test_a_hundred_wrong_codes_at_once_are_counted_exactly(bench: Bench) -> None:
    ids = prepared(bench)
    assert_counted(bench, ids, race(bench, "wrong_codes"))


def test_a_hundred_wrong_codes_for_one_challenge_stop_at_its_tries(bench: Bench) -> None:
    first = prepared(bench)[0]
    wrong = bench.wrong(first)
    answers = Counter(told(a) for a in crowd(CROWD, lambda n: bench.enter(first, wrong, "w0")))
    assert answers["Wrong"] == at_most(5, answers)
    assert answers["too_many_tries"] + answers["unavailable"] == CROWD - answers["Wrong"]
    assert bench.enter(first, bench.code(first), "w0") == Ended("too_many_tries")


def test_a_hundred_starts_at_once_keep_the_budget_exactly(bench: Bench) -> None:
    bench.configure(max_live_challenges=500)
    assert_starts(bench, race(bench, "starts"))


def test_a_hundred_starts_at_once_keep_the_number_of_open_challenges(bench: Bench) -> None:
    bench.configure(sends_per_hour=50, max_live_challenges=3)
    answers = race(bench, "starts")
    assert answers["Issued"] == at_most(3, answers)


def test_a_hundred_starts_at_once_send_one_message_while_it_cools_down(bench: Bench) -> None:
    # each from an address of its own: a Cluster holds an address's budget while it judges
    asks = crowd(CROWD, lambda n: bench.ask(who=f"w{n}", address=f"a{n}"))
    answers = Counter(told(answer) for answer in asks)
    assert answers["Issued"] == 1
    assert answers["cooldown"] + answers["unavailable"] == CROWD - 1


def test_right_and_wrong_codes_at_once_have_one_winner_at_most(bench: Bench) -> None:
    first = prepared(bench)[0]
    codes = (bench.code(first), bench.wrong(first))
    both = crowd(CROWD, lambda n: bench.enter(first, codes[n % 2], "w0"))
    answers = Counter(told(answer) for answer in both)
    assert answers["Right"] <= 1
    assert answers["Wrong"] <= 5
    assert answers["Right"] or answers["Wrong"] == 5
    assert bench.peek(first, "w0").challenge.tries == answers["Wrong"]


@pytest.mark.parametrize("name", SHARED)
def test_right_codes_in_four_processes_have_one_winner(
    name: str, tmp_path: Path, racers: Racers
) -> None:
    with opened(name, tmp_path) as bench:
        first = prepared(bench)[0]
        assert_one_winner(bench, first, racers.race(name, tmp_path, "right_codes"))


@pytest.mark.parametrize("name", SHARED)
def test_wrong_codes_in_four_processes_are_counted_exactly(
    name: str, tmp_path: Path, racers: Racers
) -> None:
    with opened(name, tmp_path) as bench:
        ids = prepared(bench)
        assert_counted(bench, ids, racers.race(name, tmp_path, "wrong_codes"))


@pytest.mark.parametrize("name", SHARED)
def test_starts_in_four_processes_keep_the_budget_exactly(
    name: str, tmp_path: Path, racers: Racers
) -> None:
    with opened(name, tmp_path) as bench:
        bench.now += 8
        bench.configure(max_live_challenges=500)
        assert_starts(bench, racers.race(name, tmp_path, "starts"))


@pytest.mark.parametrize("name", ["postgres", "redis", "sqlite"])
def test_of_four_processes_one_job_probes_a_provider(
    name: str, tmp_path: Path, racers: Racers
) -> None:
    with opened(name, tmp_path) as bench:
        prepared(bench)
        tripped(bench)
        answers = racers.race(name, tmp_path, "probes")
        assert answers["probe"] == 1
        assert answers["none"] + answers["unavailable"] == CROWD - 1


REDIS = pytest.mark.parametrize("name", ["redis", "redis_cluster"])


def begin_trials(bench: Bench) -> None:
    """An open challenge of a number of its own for each trial."""
    for trial in range(TRIALS):
        challenge_id = trial_of(bench, trial)
        bench.begun(f"+4474{trial:08d}", f"w{trial}", id=challenge_id, address=f"a{trial}")


def wins(answers: Counter[str]) -> int:
    """How many of all the tries won."""
    return sum(int(won) * count for won, count in answers.items())


@REDIS
def test_fifty_right_codes_at_once_have_one_winner_in_each_of_a_hundred_trials(
    name: str, tmp_path: Path
) -> None:
    with opened(name, tmp_path) as bench:
        begin_trials(bench)
        for trial in range(TRIALS):
            first = trial_of(bench, trial)
            code, who = bench.code(first), f"w{trial}"
            entries = crowd(50, lambda _, entry=(first, code, who): bench.enter(*entry))
            answers = Counter(told(entry) for entry in entries)
            assert answers == {"Right": 1, "used": 49}


@REDIS
def test_a_hundred_trials_have_one_winner_each_in_four_processes(
    name: str, tmp_path: Path, racers: Racers
) -> None:
    with opened(name, tmp_path) as bench:
        begin_trials(bench)
        assert wins(racers.race(name, tmp_path, "trials", crowd_of=52)) == TRIALS


def test_two_hundred_wrong_codes_at_once_are_never_looked_at_more_than_five_times(
    bench: Bench,
) -> None:
    first = prepared(bench)[0]
    wrong = bench.wrong(first)
    answers = Counter(told(a) for a in crowd(200, lambda n: bench.enter(first, wrong, "w0")))
    assert answers["Wrong"] == min(5, 200 - answers["unavailable"])
    assert bench.peek(first, "w0").challenge.tries == answers["Wrong"]
    assert bench.enter(first, bench.code(first), "w0") == Ended("too_many_tries")
