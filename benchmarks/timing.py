"""Whether an answer's time tells who has an account: asks for known and unknown numbers in turn.

Sign-up is off, where the two differ most. Printed is how often a known number's answer takes
longer than an unknown one's (AUC): one half says that time tells nothing (RULES 36).
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.ours import MANY
from benchmarks.slices import fresh
from flask_phoneauth import PhoneAuth
from flask_phoneauth.providers.console import ConsoleProvider
from flask_phoneauth.records import Accepted

WARM_UP = 100
"""Pairs that are not counted: connections are opened and caches filled by them."""


def measure_timing(folder: Path, pairs: int) -> None:
    """Print the AUC of `pairs` interleaved pairs, with the range that chance alone would give."""
    app = _app(folder)
    known, unknown = _timed(app, pairs)
    auc = area(known, unknown)
    spread = 1.96 * math.sqrt((2 * pairs + 1) / (12 * pairs * pairs))
    print(f"\nask for a code, sign-up off, {pairs} pairs of a known and an unknown number")
    print(f"AUC {auc:.3f}, by chance {0.5 - spread:.3f} to {0.5 + spread:.3f}")
    middle = [sorted(times)[pairs // 2] * 1e6 for times in (known, unknown)]
    print(f"median: known {middle[0]:.0f} us, unknown {middle[1]:.0f} us", flush=True)
    app.extensions["phoneauth"].close()


def area(first: list[float], second: list[float]) -> float:
    """The chance that a value of `first` is above one of `second`; ties count half."""
    ordered = sorted([(value, 1) for value in first] + [(value, 0) for value in second])
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        mean = (at + 1 + end) / 2
        ranks += mean * sum(mark for _, mark in ordered[at:end])
        at = end
    count = len(first)
    return (ranks - count * (count + 1) / 2) / (count * len(second))


def _timed(app: Flask, pairs: int) -> tuple[list[float], list[float]]:
    parts = app.extensions["phoneauth"].live.parts
    known, unknown = list(fresh(pairs + WARM_UP)), list(fresh(pairs + WARM_UP))
    for phone in known:
        parts.users.create(phone)
    times: dict[bool, list[float]] = {True: [], False: []}
    for at, pair in enumerate(_pairs(known, unknown)):
        for phone, has_account in pair:
            seconds = _ask(app, phone)
            assert parts.dispatch.drain(10)  # the next answer is not to wait for this one's job
            if at >= WARM_UP:
                times[has_account].append(seconds)
    return times[True], times[False]


def _pairs(known: list[str], unknown: list[str]) -> Iterator[list[tuple[str, bool]]]:
    """In turn, and in either order: what slows the machine down slows both."""
    for one, other in zip(known, unknown, strict=True):
        pair = [(one, True), (other, False)]
        random.shuffle(pair)
        yield pair


def _ask(app: Flask, phone: str) -> float:
    client = app.test_client(use_cookies=False)
    began = time.perf_counter()
    answer = client.post("/auth/login", json={"phone": phone})
    seconds = time.perf_counter() - began
    assert answer.status_code == 202, answer.text
    return seconds


def _app(folder: Path) -> Flask:
    app = Flask("timing", instance_path=str(folder))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the benchmark, long enough",
        PHONEAUTH_SIGNUP=False,
        PHONEAUTH_DISPATCH="thread",
        PHONEAUTH_PROVIDERS=["console"],
        PHONEAUTH_ROUTE_LIMIT=f"{MANY} per minute",
        # one address asks here for many numbers that lie side by side, and proves none
        PHONEAUTH_RECORD_ONLY=["address", "neighbours", "prefix", "country", "money"],
        PHONEAUTH_SPRAY_BUDGET=MANY,
    )
    PhoneAuth(app)
    ConsoleProvider.send = _take  # type: ignore[method-assign]
    return app


def _take(_: Any, outbound: Any) -> Accepted:
    return Accepted("console", outbound.reference)
