"""`make bench`: what a whole login costs, as ratios to a floor measured in the same run.

One login = ask for a code, submit it, load a signed-in page. JSON is three requests and stands
beside `floor`; HTML is five, with both pages and their forms, and stands beside `floor_form`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.counts import counted
from benchmarks.floor import create_floor
from benchmarks.gunicorn import Server, serve
from benchmarks.ours import create_ours
from benchmarks.redis_server import redis_address
from benchmarks.slices import compare, fresh
from benchmarks.timing import measure_timing
from benchmarks.variants import Variant, variants
from benchmarks.visitors import InProcess, Login, OverHttp, Visitor

VISITORS = 4
FORMS = (("JSON / floor", False, False), ("HTML / floor_form", True, True))
"""What is compared: its name, whether we are asked by forms, whether the floor is."""
CROSSED = ("JSON / floor_form", False, True)
IMPORTS = {
    "floor": "import flask, flask_login, flask_limiter, phonenumbers",
    "ours": "from flask_phoneauth import PhoneAuth, CallableUsers",
    "started": """
import flask; from flask_phoneauth import PhoneAuth, CallableUsers
app = flask.Flask("app"); app.testing, app.secret_key = True, "long enough for a benchmark"
app.config.update(PHONEAUTH_STORE_URL="memory://", PHONEAUTH_SESSION_STORE_URL="memory://")
PhoneAuth(app, users=CallableUsers(get={}.get, by_phone={}.get, create=str))
app.extensions["phoneauth"].live
""",
}
COST = """
import json, os, time
spent, pages = time.process_time() * 1e6, int(open("/proc/self/statm").read().split()[1])
print(json.dumps([spent, pages * os.sysconf("SC_PAGE_SIZE") / 2**20]))
"""


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--logins", type=int, default=200, help="in one slice")
    parser.add_argument("--pairs", type=int, default=4000, help="of known and unknown numbers")
    parser.add_argument(
        "--redis",
        default="",
        help="address of a Redis that may be filled, in place of one of its own",
    )
    parser.add_argument("--only", choices=["counts", "timing", "process", "served", "import"])
    given = parser.parse_args()
    with redis_address(given.redis) as redis:
        measures: dict[str, Callable[[], None]] = {
            "import": lambda: measure_imports(given.rounds),
            "counts": lambda: count(redis),
            "timing": lambda: time_answers(given.pairs),
            "process": lambda: measure_in_process(redis, given.rounds, given.logins),
            "served": lambda: measure_served(redis, given.rounds, given.logins),
        }
        for name, measure in measures.items():
            if given.only in (None, name):
                measure()


def count(redis: str) -> None:
    """How many commands and statements a login needs."""
    print("\nfor each login, by JSON", flush=True)
    for name, variant in variants(redis).items():
        with tempfile.TemporaryDirectory() as folder:
            app, codes = create_ours(Path(folder), variant, "inline")
            _, login = in_process(app, codes, "/auth", form=False)
            login(*fresh(1))  # connects and loads its scripts
            with counted() as seen:
                login(*fresh(1))
            app.extensions["phoneauth"].close()
        told = ", ".join(f"{number} {what}" for what, number in sorted(seen.items()))
        print(f"{name:<46} {told or 'none'}", flush=True)


def time_answers(pairs: int) -> None:
    """Whether time tells known numbers from unknown ones."""
    with tempfile.TemporaryDirectory() as folder:
        measure_timing(Path(folder), pairs)


def measure_in_process(redis: str, rounds: int, logins: int) -> None:
    """CPU time inside of the application, without any server."""
    print(f"\nin process, {logins} logins a slice, {rounds} rounds", flush=True)
    for name, variant in variants(redis).items():
        for told, form, floor_form in (*FORMS, CROSSED):
            with tempfile.TemporaryDirectory() as folder:
                app, codes = create_ours(Path(folder), variant, "inline")
                ours = in_process(app, codes, "/auth", form=form)
                prefix = "/form" if floor_form else "/json"
                floor = in_process(*create_floor(variant.store), prefix, form=floor_form)
                compare(f"{name}, {told}", clocked(ours, logins), clocked(floor, logins), rounds)
                app.extensions["phoneauth"].close()


def in_process(app: Any, codes: Any, prefix: str, *, form: bool) -> tuple[InProcess, Login]:
    """A way into the app and a login that goes it."""
    way = InProcess(app)
    visitor = Visitor(way, codes.take)
    return way, visitor.by_form(prefix) if form else visitor.by_json(prefix)


def clocked(entry: tuple[InProcess, Login], logins: int) -> Callable[[], float]:
    """CPU microseconds a login."""
    way, login = entry

    def measure() -> float:
        began = way.seconds
        _all(login, fresh(logins))
        return (way.seconds - began) / logins * 1e6

    return measure


def measure_served(redis: str, rounds: int, logins: int) -> None:
    """CPU time of gunicorn's process tree, four visitors at a time."""
    for name, variant in variants(redis).items():
        if variant.store != "memory://":
            with tempfile.TemporaryDirectory() as folder:
                _measure_served(name, redis, Path(folder), rounds, logins)


def _measure_served(name: str, redis: str, base: Path, rounds: int, logins: int) -> None:
    prepare(base / "ours", variants(redis)[name])
    with (
        serve("floor", name, redis, base / "floor") as floor,
        serve("ours", name, redis, base / "ours") as ours,
    ):
        print(f"\ngunicorn, {logins} logins a slice, {rounds} rounds", flush=True)
        for told, form, _ in FORMS:
            prefix = "/form" if form else "/json"
            compare(
                f"{name}, {told}",
                visited(ours, "/auth", logins, form=form),
                visited(floor, prefix, logins, form=form),
                rounds,
            )
        print(f"memory: {ours.megabytes():.0f} MB, floor {floor.megabytes():.0f} MB", flush=True)


def prepare(folder: Path, variant: Variant) -> None:
    """Make the tables, as `init-db` does before an app is served."""
    app, _ = create_ours(folder, variant, "inline")
    done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
    assert not done.exit_code, done.output


def visited(server: Server, prefix: str, logins: int, *, form: bool) -> Callable[[], float]:
    """CPU microseconds a login of the whole server."""

    def measure() -> float:
        visitors = [Visitor(OverHttp(server.address)) for _ in range(VISITORS)]
        paths = [v.by_form(prefix) if form else v.by_json(prefix) for v in visitors]
        began = server.cpu_seconds()
        with ThreadPoolExecutor(VISITORS) as pool:
            shares = [list(fresh(logins // VISITORS)) for _ in paths]
            list(pool.map(_all, paths, shares))
        return (server.cpu_seconds() - began) / (logins // VISITORS * VISITORS) * 1e6

    return measure


def _all(login: Login, phones: Iterable[str]) -> None:
    for phone in phones:
        login(phone)


def measure_imports(rounds: int) -> None:
    """CPU time and memory of a fresh interpreter that only imports, or that starts an app."""
    print(f"\nimport, {rounds} rounds", flush=True)
    for name, entry in (
        ("import / its parts", "ours"),
        ("import and start / its parts", "started"),
    ):
        compare(name, lambda e=entry: _import(e)[0], lambda: _import("floor")[0], rounds)  # type: ignore[misc]
    sizes = {entry: _import(entry)[1] for entry in IMPORTS}
    print("memory: " + ", ".join(f"{entry} {size:.0f} MB" for entry, size in sizes.items()))


def _import(name: str) -> tuple[float, float]:
    program = IMPORTS[name] + COST
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    spent, megabytes = json.loads(done.stdout)
    return spent, megabytes


if __name__ == "__main__":
    main()
