"""`make bench`: CPU of one whole login in process, floor and ours interleaved.

One login = ask for a code, submit it, load a signed-in page. The figure is the process's CPU time,
floor slices stand before and after each of ours, and the ratio is taken round by round.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.floor import create_floor
from flask_phoneauth import PhoneAuth
from flask_phoneauth.delivery import failover
from flask_phoneauth.providers import console
from flask_phoneauth.records import Accepted

LOGINS = 100
ROUNDS = 9
FIRST_NUMBER = 447400000000
Login = Callable[[str], None]


class Codes:
    """What was sent, by number."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def __call__(self, outbound: Any) -> None:
        self.of[outbound.to] = outbound.body[:6]


def create_ours(folder: Path, store_url: str) -> Flask:
    """The extension with all protections; address limits are raised, as one address asks all."""
    app = Flask("ours", instance_path=str(folder))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the benchmark, long enough",
        RATELIMIT_ENABLED=True,
        PHONEAUTH_STORE_URL=store_url,
        PHONEAUTH_ROUTE_LIMIT="1000000 per minute",
        PHONEAUTH_ADDRESS_ASKS_PER_HOUR=10**6,
        PHONEAUTH_ADDRESS_TOTAL_ASKS_PER_HOUR=10**6,
    )
    PhoneAuth(app)
    return app


def login_with(app: Flask, code_of: Callable[[str], str]) -> Login:
    """One login of one number by the app's test client."""

    def login(phone: str) -> None:
        client = app.test_client()
        asked = client.post("/auth/login", json={"phone": phone}).get_json()
        entry = {"challenge_id": asked["challenge_id"], "code": code_of(phone)}
        if "challenge_secret" in asked:
            entry["challenge_secret"] = asked["challenge_secret"]
        assert client.post("/auth/verify", json=entry).status_code == 200
        assert client.get("/auth/me").status_code == 200

    return login


def cpu(login: Login, start: int) -> float:
    """CPU microseconds per login over a slice of fresh numbers."""
    began = time.process_time()
    for offset in range(LOGINS):
        login(f"+{FIRST_NUMBER + start + offset}")
    return (time.process_time() - began) / LOGINS * 1e6


def measure(name: str, ours: Login, floor: Login) -> None:
    """Print the median ratio with its quartiles."""
    cpu(ours, 0)
    cpu(floor, 0)
    ratios, costs = [], []
    for turn in range(1, ROUNDS + 1):
        before = cpu(floor, turn * LOGINS)
        cost = cpu(ours, turn * LOGINS)
        after = cpu(floor, turn * LOGINS)
        ratios.append(cost / ((before + after) / 2))
        costs.append(cost)
    low, middle, high = statistics.quantiles(ratios, n=4)
    best = min(costs)
    print(f"{name:<28} {middle:5.2f} x floor   quartiles {low:.2f} to {high:.2f}   {best:6.0f} us")


def main() -> None:
    """Measure the stores that need no server."""
    codes = Codes()
    failover.watchers.append(codes)
    console.ConsoleProvider.send = _swallow  # type: ignore[method-assign]
    floor_app, sent = create_floor()
    floor = login_with(floor_app, sent.__getitem__)
    print(f"one login in process, {LOGINS} a slice, {ROUNDS} rounds, CPU time")
    with tempfile.TemporaryDirectory() as folder:
        for name, url in (("challenges in memory", "memory://"), ("challenges in SQLite", "")):
            app = create_ours(Path(folder, name.replace(" ", "_")), url)
            measure(name, login_with(app, codes.of.__getitem__), floor)


def _swallow(_: Any, outbound: Any) -> Any:
    """Sending costs nothing here: the floor sends nothing either."""
    return Accepted("console", outbound.reference)


if __name__ == "__main__":
    main()
