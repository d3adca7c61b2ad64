"""A crowd at one door: many threads at once, in this process or in one that a test starts.

As a program: `python -m contracts.racing` reads a race a line, `[store, folder, story, who,
threads]`. It says `ready`, waits for one more line, lets its threads go, and prints what they were
answered. It ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from contracts.stores import ALICE, BACKENDS, Bench

from flask_phoneauth.budgets import AskPrice
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.health import FAILED, News, Patience, Routes
from flask_phoneauth.records import Job
from flask_phoneauth.stores.base import Right, Settlement

TRIALS = 100


def crowd(count: int, one: Callable[[int], Any]) -> list[Any]:
    """What each of `count` threads was answered that called `one` at the same moment."""
    gate = threading.Barrier(count)

    def run(turn: int) -> Any:
        gate.wait()
        try:
            return one(turn)
        except StoreUnavailable:  # a store may be too busy, it may not be wrong
            return "unavailable"

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # a lock that is missing must show
    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(run, range(count)))
    finally:
        sys.setswitchinterval(interval)


def prepared(bench: Bench) -> list[str]:
    """Four open challenges of one number, the same in every process."""
    bench.configure(cooldown=(1,), sends_per_hour=50)
    ids = []
    for turn in range(4):
        ids.append(bench.begun(who=f"w{turn}").challenge.id)
        bench.now += 2
    return ids


def remembered(bench: Bench) -> list[str]:
    """The ids of `prepared`, for a process that did not make them."""
    tag = bench.keys.phone_tag(ALICE)
    ids = [bench.draft(id=f"{tag}.{turn + 1:022d}").id for turn in range(4)]
    bench.now += 8
    return ids


def right_codes(bench: Bench, turn: int, who: str) -> Any:
    """The right code of the first challenge."""
    first = remembered_id(bench, 0)
    return bench.enter(first, bench.code(first), "w0")


def wrong_codes(bench: Bench, turn: int, who: str) -> Any:
    """A wrong code for each challenge in turn."""
    challenge_id = remembered_id(bench, turn % 4)
    return bench.enter(challenge_id, bench.wrong(challenge_id), f"w{turn % 4}")


def starts(bench: Bench, turn: int, who: str) -> Any:
    """A start of the same number from a browser of its own, without the cooldown."""
    name = f"{who}-{turn}"
    tag = bench.keys.phone_tag(ALICE)
    challenge_id = f"{tag}.{name}"
    price = AskPrice(bench.price(tag, name, address=name).charges, ())
    return bench.ask(who=name, id=challenge_id, price=price)


def remembered_id(bench: Bench, turn: int) -> str:
    """The id of the challenge that `prepared` made at that turn."""
    return f"{bench.keys.phone_tag(ALICE)}.{turn + 1:022d}"


def trial_of(bench: Bench, turn: int) -> str:
    """The id of the challenge of that trial, known to the bench; each is another number's."""
    phone = f"+4474{turn:08d}"
    challenge_id = f"{bench.keys.phone_tag(phone)}.{turn + 1:022d}"
    bench.draft(phone, f"w{turn}", id=challenge_id)
    return challenge_id


def trials(bench: Bench, turn: int, who: str) -> Any:
    """The right code in every trial; how often it won."""
    ids = [trial_of(bench, trial) for trial in range(TRIALS)]
    answers = [bench.enter(id_, bench.code(id_), f"w{n}") for n, id_ in enumerate(ids)]
    assert {told(answer) for answer in answers} <= {"Right", "used"}
    return str(sum(isinstance(answer, Right) for answer in answers))


def tripped(bench: Bench) -> None:
    """The breaker of `first` has opened, and its pause is over."""
    patience = Patience(failures=1, pauses=(1,))
    news = (News("first", FAILED, "down"),)
    told = Settlement("accepted", digest=bytes(32), news=news, patience=patience)
    job = Job(remembered_id(bench, 0), 0, 0.0)
    bench.store.settle(job, told, failures=(), cooldowns=(), now=bench.now - 2)


def probes(bench: Bench, turn: int, who: str) -> Any:
    """A job takes its challenge; whether it is the one that tries `first` again."""
    job = Job(remembered_id(bench, 0), 0, 0.0)
    loaded = bench.store.load(job, routes=Routes({"*": ("first", "second")}), now=bench.now)
    assert loaded is not None
    return "probe" if loaded.health.probes else "none"


STORIES: Mapping[str, Callable[[Bench, int, str], Any]] = {
    "right_codes": right_codes,
    "wrong_codes": wrong_codes,
    "starts": starts,
    "trials": trials,
    "probes": probes,
}


def told(answer: Any) -> str:
    """An answer as one word: its type, for a refusal its code."""
    return str(getattr(answer, "code", None) or getattr(answer, "how", None) or name_of(answer))


def name_of(answer: Any) -> str:
    """`Right`, `Wrong`, `Issued` ..."""
    return answer if isinstance(answer, str) else type(answer).__name__


def take_part(name: str, folder: str, story: str, who: str, threads: int) -> None:
    """One process of a race, with a store that it opens anew."""
    bench = Bench(BACKENDS[name].open(Path(folder)))
    remembered(bench)
    bench.configure(sends_per_hour=5, max_live_challenges=500)
    print("ready", flush=True)
    sys.stdin.readline()
    answers = crowd(threads, lambda turn: STORIES[story](bench, turn, who))
    print(json.dumps([told(answer) for answer in answers]), flush=True)
    bench.store.close()


if __name__ == "__main__":
    for line in iter(sys.stdin.readline, ""):
        take_part(*json.loads(line))
