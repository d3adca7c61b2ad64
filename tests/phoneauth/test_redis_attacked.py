"""Strangers guess and ask without pause while Redis is killed, silent, or fails over: no fault of
the server buys them a guess, a message or a login, and the owner's own browser gets in.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis_replicas
import servers
from flask import Flask
from flask.testing import FlaskClient
from web_steps import OTHER_PHONE, PHONE, entry

from flask_phoneauth.delivery import failover
from flask_phoneauth.records import Outbound

STRANGERS = 4
ROUNDS = 4
"""How often the fault strikes."""
BEFORE_EACH = 6
"""Answers of the strangers between two faults, so that each strikes amid their work."""
LONGEST = 60.0
SCRIPT = {"Sec-Fetch-Mode": "cors"}
ALLOWED = {200, 202, 400, 410, 429, 503}
"""What anybody may be told: never a 500."""
PATIENT = {
    "ADDRESS_ASKS_PER_HOUR": 100_000,
    "ADDRESS_TOTAL_ASKS_PER_HOUR": 100_000,
    "NEIGHBOUR_ASKS_PER_HOUR": 100_000,
    "COOLDOWN": [1],
}
"""Strangers have addresses without end, and the wait between messages does not slow them down."""


@dataclass
class Siege:
    """What the strangers were told, and the messages that their asks have caused."""

    app: Flask
    seen: Counter[int] = field(default_factory=Counter)
    looked_at: int = 0
    let_in: int = 0
    sent: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def watch(self, outbound: Outbound) -> None:
        """A message leaves."""
        with self.changed:
            self.sent.append(outbound.to)
            self.codes[outbound.to] = outbound.body.partition(" ")[0]

    def guess_on(self) -> None:
        """One stranger: ask, guess until the challenge is over, ask again."""
        while not self.over.is_set():
            client = self.app.test_client(use_cookies=False)
            answer = client.post("/auth/login", json={"phone": PHONE})
            self.note(answer.status_code)
            if answer.status_code != 202:
                self.over.wait(0.05)
                continue
            asked = answer.get_json()
            while not self.over.is_set() and self.guess(client, asked):
                pass

    def guess(self, client: FlaskClient, asked: dict[str, Any]) -> bool:
        """One wrong code, never the right one; whether another may be looked at."""
        right = self.codes.get(PHONE, "000000")
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        answer = client.post("/auth/verify", json=entry(asked, wrong))
        code = answer.get_json().get("code")
        # the try that spends the last one was compared as well, and ends the challenge
        compared = "tries_left" in answer.get_json() or code == "too_many_tries"
        with self.changed:
            self.looked_at += compared
            self.let_in += answer.status_code == 200
        self.note(answer.status_code)
        return code in ("invalid_code", "store_unavailable")

    def note(self, status: int) -> None:
        """An answer came."""
        with self.changed:
            self.seen[status] += 1
            self.changed.notify_all()

    def feel(self) -> None:
        """Wait until one of them was told that the store is away."""
        with self.changed:
            until = self.seen[503] + 1
            assert self.changed.wait_for(lambda: self.seen[503] >= until, LONGEST)

    def go_on(self) -> None:
        """Wait until the strangers have done some more."""
        with self.changed:
            until = sum(self.seen.values()) + BEFORE_EACH
            assert self.changed.wait_for(lambda: sum(self.seen.values()) >= until, LONGEST)


def sign_in(client: FlaskClient, siege: Siege) -> int:
    """The owner's way in, as the page's script goes it."""
    answer = client.post("/auth/login", json={"phone": PHONE}, headers=SCRIPT)
    if answer.status_code != 202:
        return int(answer.status_code)
    right = entry(answer.get_json(), siege.codes[PHONE])
    return int(client.post("/auth/verify", json=right, headers=SCRIPT).status_code)


@pytest.fixture
def besieged(make_app: Callable[..., Flask]) -> Iterator[Callable[..., tuple[Siege, FlaskClient]]]:
    """`besieged(url)`: the owner has signed in and out; then the strangers come."""
    sieges: list[tuple[Siege, list[threading.Thread]]] = []

    def begun(url: str, **settings: Any) -> tuple[Siege, FlaskClient]:
        app = make_app(STORE_URL=url, **PATIENT, **settings)
        app.config["RATELIMIT_ENABLED"] = False
        siege = Siege(app)
        failover.watchers.append(siege.watch)
        owner = app.test_client()
        assert sign_in(owner, siege) == 200
        assert owner.post("/auth/logout", json={}).status_code == 204
        siege.sent.clear()
        crowd = [threading.Thread(target=siege.guess_on) for _ in range(STRANGERS)]
        sieges.append((siege, crowd))
        for stranger in crowd:
            stranger.start()
        return siege, owner

    yield begun
    for siege, crowd in sieges:
        siege.over.set()
        for stranger in crowd:
            stranger.join(LONGEST)
        failover.watchers.remove(siege.watch)
        siege.app.extensions["phoneauth"].close()


def ended(siege: Siege) -> None:
    """The strangers leave."""
    siege.go_on()
    siege.over.set()


def assert_held(siege: Siege, owner: FlaskClient) -> None:
    """All that is published, whatever has happened to the server."""
    settings = siege.app.extensions["phoneauth"].settings
    assert set(siege.seen) <= ALLOWED, siege.seen
    assert siege.seen[503], "no fault was felt"
    assert siege.let_in == 0
    assert 0 < siege.looked_at <= settings.tries_per_hour
    # each unproven ask may be paid once; a crash may lose what was not sent, never give it back
    assert siege.sent.count(PHONE) <= settings.sends_per_hour
    assert sign_in(owner, siege) == 200, "the owner's browser has a lane of its own"
    stranger = siege.app.test_client(use_cookies=False)
    other = stranger.post("/auth/login", json={"phone": OTHER_PHONE})
    assert other.status_code == 202, "other numbers are served"


def kill(server: servers.RedisServer, siege: Siege) -> None:
    """It dies and is started again by whoever watches it, with its file."""
    server.stop()
    siege.feel()
    server.start()


def silence(server: servers.RedisServer, siege: Siege) -> None:
    """It hangs for longer than somebody waits, then goes on."""
    server.silence()
    siege.feel()
    server.wake()
    servers.until(server.answers)


def pause(server: servers.RedisServer, _: Siege) -> None:
    """It holds every answer back for a while, as in a failover by hand."""
    server.client.client_pause(1300)
    servers.until(server.answers)


@pytest.mark.parametrize("fault", [kill, silence, pause])
def test_strangers_get_no_more_from_a_redis_that_fails_again_and_again(
    besieged: Callable[..., tuple[Siege, FlaskClient]],
    fault: Callable[[servers.RedisServer, Siege], None],
) -> None:
    server = servers.RedisServer(None, "--save", "", "--appendonly", "yes")
    siege, owner = besieged(server.url)
    for _ in range(ROUNDS):
        siege.go_on()
        fault(server, siege)
    ended(siege)
    assert_held(siege, owner)
    server.end()


def test_strangers_get_no_more_from_a_primary_that_is_lost(
    besieged: Callable[..., tuple[Siege, FlaskClient]],
) -> None:
    house = redis_replicas.watched(2)
    siege, owner = besieged(house.url, REDIS_WAIT=1)
    siege.go_on()
    house.family.primary.stop()
    servers.until(lambda: house.primary_port() != house.family.primary.port)

    def serves() -> bool:
        stranger = siege.app.test_client(use_cookies=False)
        return stranger.post("/auth/login", json={"phone": "+447400123499"}).status_code == 202

    servers.until(serves)
    ended(siege)
    assert_held(siege, owner)
    house.end()
