"""Writes that replicas must have: `REDIS_WAIT` on one server and on a Cluster (RULES 33)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import servers
from contracts.stores import ALICE, BOB, Bench
from ports import free_ports
from redis_replicas import Family, family, replicated_cluster

from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores import open_sessions, open_store
from flask_phoneauth.stores.base import Ended, Right, Wrong


@pytest.fixture(scope="module")
def running() -> Iterator[Family]:
    """A primary and its replica."""
    made = family()
    yield made
    made.end()


@pytest.fixture
def pair(running: Family) -> Family:
    """The same, empty."""
    running.primary.client.flushall()
    return running


@pytest.fixture
def bench(pair: Family) -> Iterator[Bench]:
    """A store of which one replica must have each write."""
    with waiting(pair.primary.url, 1) as bench:
        yield bench


def no_database(url: str) -> Any:
    """Redis needs none."""
    raise AssertionError(url)


@contextmanager
def waiting(url: str, replicas: int) -> Iterator[Bench]:
    """A bench whose writes wait for so many replicas."""
    store = open_store(url, no_database, replicas=replicas)
    try:
        yield Bench(store)
    finally:
        store.close()


@contextmanager
def detached(pair: Family) -> Iterator[None]:
    """The replica gets nothing inside, and has caught up afterwards."""
    pair.detach()
    try:
        yield
    finally:
        pair.attach()


def verbs(bench: Bench) -> dict[str, Callable[[], Any]]:
    """Everything that a store is asked, ready to be called once each."""
    free = bench.begun(BOB, "bea")
    bench.settle(free.job, "accepted")
    first = bench.begun()
    bench.now += 40
    challenge_id = first.challenge.id
    assert first.job is not None
    assert free.job is not None
    job, lost = first.job, free.job
    return {
        "issue": lambda: bench.ask("+447400123458", "cat"),
        "load": lambda: bench.store.load(job, routes=bench.routes, now=bench.now),
        "settle": lambda: bench.settle(job, "accepted"),
        "peek": lambda: bench.peek(challenge_id),
        "resend": lambda: bench.resend(challenge_id),
        "advance": lambda: bench.receipt(lost, "failed"),
        "wrong": lambda: bench.enter(challenge_id, bench.wrong(challenge_id)),
        "right": lambda: bench.enter(challenge_id, bench.code(challenge_id)),
        "reopen": lambda: bench.store.reopen(challenge_id, now=bench.now),
    }


READING = {"load", "peek"}


def test_a_write_waits_for_its_replica_and_a_look_does_not(bench: Bench, pair: Family) -> None:
    for verb, act in verbs(bench).items():
        with pair.primary.client.monitor() as monitor:
            act()
            pair.primary.client.echo("over")
            seen: list[str] = []
            while not (told := monitor.next_command())["command"].startswith("ECHO"):
                if told["client_type"] != "lua":
                    seen.append(told["command"])
        commands = [command.partition(" ")[0] for command in seen]
        waits = [command for command in seen if command.startswith("WAIT")]
        assert commands[0] in ("EVALSHA", "EVAL"), verb
        assert set(waits) == (set() if verb in READING else {"WAIT 1 500"}), verb


def test_what_no_replica_has_in_time_is_no_answer(
    bench: Bench, pair: Family, caplog: pytest.LogCaptureFixture
) -> None:
    acts = verbs(bench)
    with detached(pair), caplog.at_level(logging.ERROR):
        for verb, act in acts.items():
            if verb in READING:
                act()
                continue
            with pytest.raises(StoreUnavailable):
                act()
    assert "Redis: 0 replicas have a write in time, REDIS_WAIT is 1" in caplog.text


def test_a_right_code_that_no_replica_has_lets_nobody_in_and_is_used_up(
    bench: Bench, pair: Family
) -> None:
    challenge_id = bench.begun().challenge.id
    code = bench.code(challenge_id)
    with detached(pair), pytest.raises(StoreUnavailable):
        bench.enter(challenge_id, code)
    assert bench.enter(challenge_id, code) == Ended("used")
    begun = bench.begun()
    assert isinstance(bench.enter(begun.challenge.id, bench.code(begun.challenge.id)), Right)


def test_a_wrong_code_that_no_replica_has_is_counted_all_the_same(
    bench: Bench, pair: Family
) -> None:
    challenge_id = bench.begun().challenge.id
    with detached(pair), pytest.raises(StoreUnavailable):
        bench.enter(challenge_id, bench.wrong(challenge_id))
    assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(3)


def test_more_replicas_than_there_are_is_no_answer_either(pair: Family) -> None:
    with waiting(pair.primary.url, 2) as bench, pytest.raises(StoreUnavailable):
        bench.ask(ALICE)


def test_without_the_setting_nobody_waits(pair: Family) -> None:
    with waiting(pair.primary.url, 0) as bench, detached(pair):
        challenge_id = bench.begun().challenge.id
        assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)


def test_scripts_that_the_server_has_lost_are_sent_again(bench: Bench, pair: Family) -> None:
    challenge_id = bench.begun().challenge.id
    pair.primary.client.script_flush()
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)


def test_a_session_that_no_replica_has_does_not_begin_and_no_end_is_told(pair: Family) -> None:
    sessions = open_sessions(pair.primary.url, no_database, replicas=1)
    first = SessionRecord("one", "ann", 1e9, 1e9, 1e9, 2e9, 10**6, "", "")
    sessions.add(first, b"first")
    with detached(pair):
        with pytest.raises(StoreUnavailable):
            sessions.add(replace(first, id="two"), b"second")
        assert sessions.find(b"first", now=1e9 + 3600) is not None  # though it has been seen
        with pytest.raises(StoreUnavailable):
            sessions.remove("ann", "one")
        assert sessions.find(b"first", now=1e9 + 3600) is None
    sessions.close()


def test_a_server_that_is_gone_is_told_as_ever(bench: Bench) -> None:
    (port,) = free_ports(1)
    with pytest.raises(StoreUnavailable), waiting(f"redis://127.0.0.1:{port}/0", 1) as lost:
        lost.ask()


def test_a_cluster_waits_at_the_place_of_the_number_and_outlives_a_primary() -> None:
    url, families = replicated_cluster()
    with waiting(url, 1) as bench:
        client = bench.store._server.client()  # type: ignore[attr-defined]
        places = {pair.primary.port: pair for pair in families}
        numbers: dict[int, str] = {}
        for n in range(100):
            phone = f"+4474001234{n:02d}"
            key = "{" + bench.keys.phone_tag(phone) + "}"
            numbers.setdefault(client.get_node_from_key(key).port, phone)
        shared = client.get_node_from_key("{shared}").port
        for turn, (port, phone) in enumerate(sorted(numbers.items())):
            first = bench.begun(phone, f"w{turn}", address=f"a{turn}").challenge.id
            places[port].detach()
            with pytest.raises(StoreUnavailable):
                bench.enter(first, bench.code(first), f"w{turn}")
            places[port].attach()
            assert bench.enter(first, bench.code(first), f"w{turn}") == Ended("used")
        away, phone = next((port, n) for port, n in numbers.items() if port != shared)
        _mislead(client, bench.keys.phone_tag(phone), shared)
        bench.now += 4000
        kept = bench.begun(phone, "kept", address="kept").challenge.id
        places[away].primary.stop()
        outlive(bench, kept, phone)
    for pair in families:
        pair.end()


def _mislead(client: Any, tag: str, port: int) -> None:
    """The client believes that the number's slot has moved there."""
    slots = client.nodes_manager.slots_cache
    slots[client.keyslot("{" + tag + "}")] = [client.get_node(host="127.0.0.1", port=port)]


def outlive(bench: Bench, kept: str, phone: str) -> None:
    """The replica takes over with all that was answered, and has no replica of its own then."""
    told: list[Any] = []

    def answered() -> bool:
        try:
            told.append(bench.peek(kept, "kept"))
        except StoreUnavailable:
            return False
        return True

    servers.until(answered)
    assert told[0].challenge.phone == phone
    with pytest.raises(StoreUnavailable):
        bench.enter(kept, bench.code(kept), "kept")
