"""Ten minutes of failing vendors, compressed: who still gets in, and what it costs.

`make bench-delivery`. Vendors fail in episodes that a seed draws; visitors ask, wait, look at the
page and at the handset, and ask again where the page tells them to. The clocks of the app and of
the sandbox are moved together by hand, so ten minutes take as long as their requests.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import logging
import random
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.delivery_world import World, opened

FLEETS = (("twilio",), ("twilio", "plivo"), ("twilio", "plivo", "sns"))
EFFECTS: Mapping[str, Mapping[str, Any]] = {
    "server error": {"type": "error", "status": 500},
    "unavailable": {"type": "error", "status": 503},
    "throttled": {"type": "error", "status": 429, "retry_after": 30},
    "credentials refused": {"type": "error", "status": 401},
    "connection dropped": {"type": "disconnect"},
    "answer cut short": {"type": "truncate"},
    "messages lost": {"type": "delivery", "status": "undelivered", "error_code": "unreachable"},
    "messages vanish": {"type": "delivery", "status": "sent"},
    "receipts twice": {"type": "webhook", "mutation": "duplicate"},
    "receipts out of order": {"type": "webhook", "mutation": "reorder"},
    "receipts forged": {"type": "webhook", "mutation": "bad_signature"},
    "receipts dropped": {"type": "webhook", "mutation": "drop"},
}
SILENCE: Mapping[str, Any] = {"type": "delay", "seconds": 6}
"""No answer within the time-out; each such message takes real seconds."""
ASKS = 8
"""Messages that a visitor asks for before giving up, unless told to come later before that."""
PATIENCE = 240
"""The longest wait, in seconds, that a visitor accepts where the page names one."""
LOOKS = (4, 4, 8, 16)
"""Seconds between a visitor's looks at page and handset, after each message."""
RETRIES = (5, 10, 20, 40, 60)
"""Seconds after which somebody asks again whom the page has told of a failure; then the last."""
NUMBERS = ("+44740{:05d}21", "+3361{:05d}21", "+49151{:05d}321")


@dataclass(frozen=True, slots=True)
class Episode:
    """One vendor fails in one way, for a share of its messages."""

    vendor: str
    name: str
    effect: Mapping[str, Any]
    begins: float
    ends: float
    chance: float


@dataclass
class Visit:
    """What became of one visitor; `how` is `in`, or what the last answer told."""

    phone: str
    began: float
    ended: float = 0.0
    how: str = ""
    asks: int = 0

    @property
    def seconds(self) -> float:
        """From the first ask to the end."""
        return self.ended - self.began


@dataclass
class Report:
    """One run; `faults` are broken promises, each a sentence."""

    visits: list[Visit]
    messages: int
    twice: int
    faults: list[str] = field(default_factory=list)

    @property
    def ends(self) -> Counter[str]:
        """How visits ended."""
        return Counter(visit.how for visit in self.visits)


def episodes(
    vendors: Sequence[str], seconds: float, chance: random.Random, *, silence: bool = True
) -> list[Episode]:
    """Of each vendor: well for a while, then failing for a while, to the end."""
    effects = [*EFFECTS.items(), *([("no answer", SILENCE)] if silence else [])]
    found = []
    for vendor in vendors:
        moment = chance.uniform(0, 60)
        while moment < seconds:
            lasts = chance.uniform(15, 90)
            name, effect = chance.choice(effects)
            share = chance.choice((1.0, 1.0, 0.5))
            found.append(Episode(vendor, name, effect, moment, moment + lasts, share))
            moment += lasts + chance.uniform(0, 60)
    return found


def visit(world: World, turn: int, found: Visit) -> Iterator[float]:
    """One visitor; yields the seconds until the next step, and fills `found`."""
    client = world.visitor(turn)
    asked: dict[str, Any] = {}
    while found.asks < ASKS:
        path, body = ("/auth/resend", _kept(asked)) if asked else ("/auth/login", _typed(found))
        answer = client.post(path, json=body)
        if answer.status_code != 202:
            told = answer.get_json()
            found.how = f"{answer.status_code} {told['code']}"
            wait = int(answer.headers.get("Retry-After", PATIENCE + 1))
            if answer.status_code not in (429, 503) or wait > PATIENCE:
                return
            yield wait
            continue
        asked = {**asked, **answer.get_json()}
        found.asks += 1
        for pause in LOOKS:
            yield pause
            if _entered(world, client, asked, found):
                return
            if _failed(client, asked, found):
                yield RETRIES[min(found.asks, len(RETRIES)) - 1]
                break


def _typed(found: Visit) -> dict[str, str]:
    return {"phone": found.phone}


def _kept(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("challenge_id", "challenge_secret")}


def _entered(world: World, client: Any, asked: Mapping[str, Any], found: Visit) -> bool:
    """Type the newest code that has arrived; nothing else than success may come of it."""
    arrived = world.arrived(found.phone)
    if not arrived:
        return False
    answer = client.post("/auth/verify", json={**_kept(asked), "code": arrived[0]["code"]})
    found.how = "in" if answer.status_code == 200 else f"code refused: {answer.text[:200]}"
    return True


def _failed(client: Any, asked: Mapping[str, Any], found: Visit) -> bool:
    """Whether the page tells that the message did not get through."""
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    status = client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers).get_json()
    found.how = f"told: {status['delivery']}"
    return bool(status["delivery"] == "failed")


def run(
    fleet: Sequence[str],
    *,
    seed: int,
    seconds: float = 600,
    visitors: int = 300,
    silence: bool = True,
    store: str = "memory://",
) -> Report:
    """One run of that fleet; the same seed brings the same episodes and visitors to each."""
    chance = random.Random(seed)
    plan = episodes(FLEETS[-1], seconds, chance, silence=silence)
    # over many prefixes, as people's numbers are
    phones = [chance.choice(NUMBERS).format(turn * 331 % 10**5) for turn in range(visitors)]
    begins = sorted(chance.uniform(0, seconds) for _ in phones)
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(tuple(fleet), Path(folder), store) as world,
    ):
        visits = [Visit(phone, at) for phone, at in zip(phones, begins, strict=True)]
        _play(world, [one for one in plan if one.vendor in fleet], visits, seed)
        return _report(world, visits)


def _play(world: World, plan: Sequence[Episode], visits: Sequence[Visit], seed: int) -> None:
    """Everything in the order of its moment."""
    order = itertools.count()
    due: list[tuple[float, int, Any]] = []

    def at(moment: float, what: Any) -> None:
        heapq.heappush(due, (moment, next(order), what))

    for turn, found in enumerate(visits):
        at(found.began, (visit(world, turn, found), found))
    for turn, one in enumerate(plan):
        at(one.begins, _strike(world, at, one, seed + turn))
    while due:
        moment, _, what = heapq.heappop(due)
        world.move_to(moment)
        if callable(what):
            what()
            continue
        steps, found = what
        pause = next(steps, None)
        if pause is None:
            found.ended = world.now
        else:
            at(world.now + pause, what)


def _strike(world: World, at: Any, one: Episode, seed: int) -> Any:
    def begin() -> None:
        rule: dict[str, Any] = {"match": {"provider": one.vendor}, "effect": dict(one.effect)}
        if one.chance < 1:
            rule |= {"chance": one.chance, "seed": seed}
        fault = world.inbox.add_fault(rule)["id"]
        at(one.ends, lambda: world.inbox.remove_fault(fault))

    return begin


def _report(world: World, visits: list[Visit]) -> Report:
    messages = world.every_message()
    together = defaultdict(list)
    for one in messages:
        together[one["to"], one["created_at"]].append(one)
    report = Report(visits, len(messages), sum(len(group) > 1 for group in together.values()))
    for (phone, moment), group in together.items():
        if len(group) > 2 or len({one["code"] for one in group}) > 1:
            report.faults.append(f"{phone} has {len(group)} messages of {moment}: {group}")
    for found in visits:
        if found.how != "in" and not found.how.startswith(("429 ", "503 ", "told: failed")):
            report.faults.append(f"{found.phone} was left with {found.how!r}")
    taken, charged = world.taken(), world.charged()
    for name in world.providers:
        most = taken[name] + world.uncertain.counts[name]
        if not taken[name] <= charged[name] <= most:
            report.faults.append(
                f"{name} took {taken[name]} to {most} messages and was paid {charged[name]}"
            )
    return report


def table(seed: int, **given: Any) -> bool:
    """Print a row for each fleet; whether no promise was broken."""
    whole = True
    for fleet in FLEETS:
        report = run(fleet, seed=seed, **given)
        inside = [one for one in report.visits if one.how == "in"]
        told = len(report.visits) - len(inside)
        asks = sum(one.asks for one in inside) / max(1, len(inside))
        cuts = _cuts([one.seconds for one in inside])
        print(
            f"| {seed} | {', '.join(fleet)} | {len(inside)} | {told} | {asks:.2f} | "
            f"{report.messages / max(1, len(inside)):.2f} | {report.twice} | "
            f"{cuts[9]:.0f} s | {cuts[18]:.0f} s |",
            flush=True,
        )
        print("  " + ", ".join(f"{how}: {n}" for how, n in report.ends.most_common()))
        for fault in report.faults[:10]:
            print("  BROKEN:", fault)
        whole &= not report.faults
    return whole


def _cuts(seconds: Sequence[float]) -> Sequence[float]:
    return statistics.quantiles(seconds, n=20) if len(seconds) > 1 else [0.0] * 19


def main() -> None:
    """Run what the arguments name; the exit code tells whether a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--seeds", default="1,2,3", help="one run of each fleet for each")
    parser.add_argument("--seconds", type=float, default=600, help="of the virtual clocks")
    parser.add_argument("--visitors", type=int, default=300)
    parser.add_argument("--store", default="memory://")
    parser.add_argument("--no-silence", action="store_true", help="without vendors that hang")
    given = parser.parse_args()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    print("| Seed | Fleet | In | Told | Asks a login | Messages a login | Twice | p50 | p95 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    how: dict[str, Any] = {
        "seconds": given.seconds,
        "visitors": given.visitors,
        "silence": not given.no_silence,
        "store": given.store,
    }
    whole = [table(int(seed), **how) for seed in given.seeds.split(",")]
    sys.exit(0 if all(whole) else 1)


if __name__ == "__main__":
    main()
