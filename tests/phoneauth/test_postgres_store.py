"""Challenges and budgets on PostgreSQL: short transactions, rows locked in order (RULES 33)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from contracts.racing import crowd
from contracts.stores import ALICE, BOB, Bench
from in_time import in_time
from postgres_server import shared_server, unhurried
from sqlalchemy import event

from flask_phoneauth.database import postgres
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.stores.base import Issued, Right, Wrong
from flask_phoneauth.stores.sqlalchemy import SqlStore

DAY = 86400


@pytest.fixture
def url() -> str:
    """An empty database."""
    return shared_server().clean_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Our engine on it."""
    with unhurried():
        database = Database(url)
        yield database
        database.close()


@pytest.fixture
def store(database: Database) -> SqlStore:
    """A store in it."""
    return SqlStore(database)


@pytest.fixture
def bench(store: SqlStore) -> Bench:
    """Asked as the flows ask it; its first sweep is over."""
    bench = Bench(store)
    bench.begun(BOB, "bea", address="b")
    return bench


@pytest.fixture
def other(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another program's connection."""
    with psycopg.connect(url) as other:
        yield other
        other.rollback()
    other.close()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The first words of what is sent, each transaction opened by `BEGIN`."""
    seen: list[str] = []

    def began(_connection: Any) -> None:
        seen.append("BEGIN")

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "begin", began)
    event.listen(database.engine, "before_cursor_execute", sent)
    yield seen
    event.remove(database.engine, "begin", began)
    event.remove(database.engine, "before_cursor_execute", sent)


def test_every_verb_is_one_transaction_of_few_statements(bench: Bench, database: Database) -> None:
    with statements(database) as ask:
        begun = bench.begun()
    challenge_id = begun.challenge.id
    with statements(database) as settle:
        bench.settle(begun.job, "accepted")
    with statements(database) as missed:
        assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(4)
    with statements(database) as looked:
        bench.peek(challenge_id)
    with statements(database) as hit:
        assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)
    # lock and read the budgets, read the challenges, then write
    assert ask == ["BEGIN", "INSERT", "SELECT", "INSERT", "UPDATE"]
    assert settle == ["BEGIN", "SELECT", "SELECT", "UPDATE"]
    # which budgets is told by the challenge: it is read before and once more when they are locked
    assert missed == ["BEGIN", "SELECT", "INSERT", "SELECT", "UPDATE", "UPDATE"]
    assert hit == missed
    assert looked == ["BEGIN", "SELECT", "SELECT"]


def test_a_sweep_is_a_transaction_of_its_own(bench: Bench, database: Database) -> None:
    bench.now += 31
    with statements(database) as ask:
        bench.begun()
    assert ask[:4] == ["BEGIN", "DELETE", "DELETE", "UPDATE"]
    assert ask.count("BEGIN") == 2


def test_a_sweep_passes_by_rows_that_somebody_holds(
    bench: Bench, other: psycopg.Connection[Any]
) -> None:
    for number in range(3):
        bench.begun(f"+44740012340{number}", f"w{number}", address=f"a{number}")
    held = "SELECT key FROM phoneauth_budgets WHERE key LIKE 'address:a1:%' FOR UPDATE"
    names = {row[0] for row in other.execute(held)}
    assert names
    bench.now += 2 * DAY
    assert isinstance(bench.ask(), Issued)
    left = {row[0] for row in other.execute("SELECT key FROM phoneauth_budgets")}
    assert {name for name in left if name.startswith("address:a")} == names


def refused(call: Callable[[], Any]) -> None:
    """It waits for a lock, no longer than half a second and a little."""
    began = time.monotonic()
    with in_time(), pytest.raises(StoreUnavailable):
        call()
    assert time.monotonic() - began > 0.4


def test_a_budget_that_nobody_has_spent_yet_can_be_held_too(
    bench: Bench, store: SqlStore, database: Database
) -> None:
    with store._write() as unit:
        price = bench.price(bench.keys.phone_tag(ALICE), "ann")
        unit.lock([price.charges[0].key])
        refused(bench.ask)
    assert isinstance(bench.ask(), Issued)


def test_a_try_waits_for_the_numbers_budget_and_then_for_its_challenge(
    bench: Bench, other: psycopg.Connection[Any]
) -> None:
    challenge_id = bench.begun().challenge.id
    for held in ("phoneauth_budgets", "phoneauth_challenges"):
        other.execute(f"SELECT 1 FROM {held} FOR UPDATE")
        refused(lambda: bench.enter(challenge_id, bench.wrong(challenge_id)))
        other.rollback()
    assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(4)


def test_news_of_a_message_are_not_lost_in_a_start_at_the_same_moment(
    bench: Bench, database: Database
) -> None:
    begun = bench.begun()
    news = threading.Thread(target=bench.settle, args=[begun.job, "accepted"])

    def between(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE phoneauth_challenges") and news.ident is None:
            news.start()
            news.join(0.2)  # it must not come through between the reading and the writing

    event.listen(database.engine, "before_cursor_execute", between)
    bench.now += 1
    bench.ask(payload={"next": "/elsewhere"})  # writes the whole challenge
    news.join(30)
    event.remove(database.engine, "before_cursor_execute", between)
    found = bench.peek(begun.challenge.id).challenge
    assert found.delivery == "sent"
    assert found.payload == {"next": "/elsewhere"}


def test_numbers_that_share_an_address_do_not_wait_for_each_other_in_a_circle(
    bench: Bench, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a line that is only slow may take its time; a circle is told by the server after a second
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 30)
    database.close()
    bench.configure(cooldown=(1,))
    people = [(f"+44740012340{number % 4}", f"w{number}") for number in range(12)]

    def ask(turn: int) -> Any:
        phone, who = people[turn]
        return bench.ask(phone, who, address=f"a{turn % 2}")

    assert "unavailable" not in crowd(len(people), ask)
