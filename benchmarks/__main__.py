"""`make bench`: what a whole login costs, as ratios to a floor measured in the same run.

One login = ask for a code, submit it, load a signed-in page. Slices of the floor stand before and
after each slice of ours; a ratio is taken per round, and the median is printed with its quartiles.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.floor import create_floor
from benchmarks.gunicorn import Server, serve
from benchmarks.ours import create_ours
from benchmarks.visitors import Login, Visitor, in_process

NUMBERS = itertools.count(447400000000)
VISITORS = 4
IMPORTS = {
    "floor": "import flask, flask_login, flask_limiter, phonenumbers",
    "ours": "import flask_phoneauth; flask_phoneauth.PhoneAuth",
}


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--logins", type=int, default=200, help="in one slice")
    parser.add_argument("--redis", default="", help="address of a Redis that may be filled")
    parser.add_argument("--only", choices=["process", "served", "import"])
    given = parser.parse_args()
    if given.only in (None, "import"):
        measure_imports(given.rounds)
    if given.only in (None, "process"):
        measure_in_process(given.rounds, given.logins)
    if given.only in (None, "served"):
        for store in filter(None, ("sqlite", given.redis)):
            measure_served(store, given.rounds, given.logins)


def measure_in_process(rounds: int, logins: int) -> None:
    """CPU time of this process, without any server."""
    print(f"\nin process, {logins} logins a slice, {rounds} rounds")
    floor = in_process(*create_floor(), "/json", "/me")
    with tempfile.TemporaryDirectory() as folder:
        for name, url in (("memory", "memory://"), ("SQLite", "")):
            ours = create_ours(Path(folder, name), url, "inline")
            login = in_process(*ours, "/auth", "/me")
            compare(
                f"challenges in {name}",
                lambda ours=login: clocked(ours, logins),  # type: ignore[misc]
                lambda: clocked(floor, logins),
                rounds,
            )


def clocked(login: Login, logins: int) -> float:
    """CPU microseconds a login."""
    began = time.process_time()
    for phone in fresh(logins):
        login(phone)
    return (time.process_time() - began) / logins * 1e6


def measure_served(store: str, rounds: int, logins: int) -> None:
    """CPU time of gunicorn's process tree, four visitors at a time."""
    url = store if store.startswith("redis") else ""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        with (
            serve("floor", url, base / "floor") as floor,
            serve("ours", url, base / "ours") as ours,
        ):
            kind = "Redis" if url else "SQLite (the floor's hashes in memory)"
            print(f"\ngunicorn, {kind}, {logins} logins a slice, {rounds} rounds")
            for name, form in (("JSON / floor", False), ("HTML / floor_form", True)):
                compare(
                    name,
                    lambda form=form: visited(ours, "/auth", form, logins),  # type: ignore[misc]
                    lambda form=form: visited(  # type: ignore[misc]
                        floor, "/form" if form else "/json", form, logins
                    ),
                    rounds,
                )
            print(f"memory: {ours.megabytes():.0f} MB, floor {floor.megabytes():.0f} MB")


def visited(server: Server, prefix: str, form: bool, logins: int) -> float:
    """CPU microseconds a login of the whole server."""
    visitors = [Visitor(server.address) for _ in range(VISITORS)]
    paths = [v.by_form(prefix) if form else v.by_json(prefix) for v in visitors]
    began = server.cpu_seconds()
    with ThreadPoolExecutor(VISITORS) as pool:
        shares = [list(fresh(logins // VISITORS)) for _ in paths]
        list(pool.map(_all, paths, shares))
    return (server.cpu_seconds() - began) / (logins // VISITORS * VISITORS) * 1e6


def _all(login: Login, phones: Iterable[str]) -> None:
    for phone in phones:
        login(phone)


def measure_imports(rounds: int) -> None:
    """CPU seconds of a fresh interpreter that only imports."""
    print(f"\nimport, {rounds} rounds")
    compare("ours / its parts", lambda: _import("ours"), lambda: _import("floor"), rounds)


def _import(name: str) -> float:
    program = f"import time; {IMPORTS[name]}; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return float(done.stdout) * 1e6


def fresh(count: int) -> Iterable[str]:
    """Numbers that nobody has used in this run."""
    return (f"+{number}" for number in itertools.islice(NUMBERS, count))


def compare(name: str, ours: Callable[[], float], floor: Callable[[], float], rounds: int) -> None:
    """Print the median ratio, its quartiles and the best costs."""
    ours(), floor()
    ratios, costs, floors = [], [], []
    before = floor()
    for _ in range(rounds):
        cost, after = ours(), floor()
        ratios.append(cost / ((before + after) / 2))
        costs.append(cost)
        floors.append(after)
        before = after
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{name:<24} {middle:5.2f} x floor   quartiles {low:.2f} to {high:.2f}"
        f"   best {min(costs):6.0f} us, floor {min(floors):6.0f} us",
        flush=True,
    )


if __name__ == "__main__":
    main()
