"""Challenges and budgets in SQL, in short transactions of our own engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Double,
    Executable,
    Row,
    String,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)

from flask_phoneauth.budgets import CooldownState
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import budgets, challenges
from flask_phoneauth.health import Breaker
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import Challenge, Generation, Run, Spend
from flask_phoneauth.stores.charging import State
from flask_phoneauth.stores.facts import Facts
from flask_phoneauth.stores.transactional import TransactionalStore
from flask_phoneauth.stores.units import Unit

SWEEP_ROWS = 500
LOCK_BUDGETS = text(
    "INSERT INTO phoneauth_budgets (key, state, expires_at) "
    "SELECT given.key, '{}', 0 FROM unnest(:keys) AS given (key) "
    "ON CONFLICT (key) DO UPDATE SET state = phoneauth_budgets.state "
    "RETURNING key, state, expires_at"
).bindparams(bindparam("keys", type_=ARRAY(String)))
"""PostgreSQL: make what is missing, lock and read, row by row in the order of `keys`.

One statement, for a row that is only looked at could be swept before it is locked.
"""
WRITE_BUDGETS = text(
    "UPDATE phoneauth_budgets SET state = given.state, expires_at = given.expires_at "
    "FROM unnest(:keys, :states, :expires_ats) AS given (key, state, expires_at) "
    "WHERE phoneauth_budgets.key = given.key"
).bindparams(
    bindparam("keys", type_=ARRAY(String)),
    bindparam("states", type_=ARRAY(String)),
    bindparam("expires_ats", type_=ARRAY(Double)),
)
"""PostgreSQL: write locked rows back, all in one statement."""
_COLUMNS = ("id", "purpose", "phone", "binding", "seed", "created_at", "expires_at")
_NESTED = ("generations", "spends", "device", "runs")
_BREAKER = tuple(f.name for f in fields(Breaker))
_FACTS = tuple(f.name for f in fields(Facts))
_SPEND = tuple(f.name for f in fields(Spend))
_REST = tuple(f.name for f in fields(Challenge) if f.name not in (*_COLUMNS, *_NESTED))

# Built once: SQLAlchemy compiles a statement that it knows but once, and building costs more
# than running it.
_BUDGETS = select(budgets.c.key, budgets.c.state, budgets.c.expires_at).where(
    budgets.c.key.in_(bindparam("keys", expanding=True))
)
_CHALLENGE = select(challenges).where(challenges.c.id == bindparam("given"))
_CHALLENGE_WITH = (
    select(challenges, budgets.c.key, budgets.c.state, budgets.c.expires_at.label("kept_until"))
    .outerjoin(budgets, budgets.c.key.in_(bindparam("keys", expanding=True)))
    .where(challenges.c.id == bindparam("given"))
)
"""The challenge beside each of these rows; one statement, for every message begins with it."""
_CHALLENGES_OF = (
    select(challenges)
    .where(challenges.c.phone_tag == bindparam("given"))
    .order_by(challenges.c.created_at, challenges.c.id)
)
_LOCKED = {query: query.with_for_update() for query in (_CHALLENGE, _CHALLENGES_OF)}
_ADD = insert(challenges)
_CHANGING = ("purpose", "seed", "created_at", "expires_at", "forget_at", "data")
_UPDATE = (
    update(challenges)
    .where(challenges.c.id == bindparam("given"))
    .values({name: bindparam(name) for name in _CHANGING})
)


class SqlStore(TransactionalStore):
    """A `ChallengeStore` on any database that SQLAlchemy reaches (SQLite, PostgreSQL)."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._write_budgets = database.upsert(budgets, "key", ("state", "expires_at"))

    @contextmanager
    def _write(self) -> Iterator[Unit]:
        with self._database.write() as connection:
            yield _SqlUnit(connection, self._write_budgets, locks_rows=self._database.locks_rows)

    @contextmanager
    def _read(self) -> Iterator[Unit]:
        with self._database.read() as connection:
            yield _SqlUnit(connection, self._write_budgets, locks_rows=self._database.locks_rows)

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()


class _SqlUnit:
    def __init__(
        self, connection: Connection, write_budgets: Executable, *, locks_rows: bool
    ) -> None:
        self._connection, self._write_budgets = connection, write_budgets
        self._locks_rows = locks_rows
        self._read: dict[str, Challenge] = {}

    def lock(self, keys: Iterable[str]) -> dict[str, State]:
        if not self._locks_rows:  # the transaction has the whole file to itself
            return self.look(keys)
        ordered = sorted(keys)
        return self._states(ordered, LOCK_BUDGETS, {"keys": ordered}) if ordered else {}

    def look(self, keys: Iterable[str]) -> dict[str, State]:
        ordered = sorted(keys)
        return self._states(ordered, _BUDGETS, {"keys": ordered}) if ordered else {}

    def _states(
        self, keys: list[str], query: Executable, values: Mapping[str, Any]
    ) -> dict[str, State]:
        rows: Any = self._connection.execute(query, values)
        found = {key: _state(data, expires_at) for key, data, expires_at in rows}
        return {key: found.get(key, State()) for key in keys}

    def write(self, states: Mapping[str, State]) -> None:
        if not states:
            return
        rows = [
            {"key": key, "state": _dump_state(states[key]), "expires_at": states[key].expires_at}
            for key in sorted(states)
        ]
        if self._locks_rows:
            columns = {f"{name}s": [row[name] for row in rows] for name in rows[0]}
            self._connection.execute(WRITE_BUDGETS, columns)
            return
        self._connection.execute(self._write_budgets, rows)

    def challenge(self, challenge_id: str, *, lock: bool = False) -> Challenge | None:
        if challenge_id in self._read and not self._locks_rows:
            return self._read[challenge_id]  # nobody else writes while this transaction is open
        query = _LOCKED[_CHALLENGE] if lock else _CHALLENGE
        row = self._connection.execute(query, {"given": challenge_id}).first()
        if row is None:
            return None
        found = self._read[challenge_id] = _challenge(row)
        return found

    def challenge_with(
        self, challenge_id: str, keys: Iterable[str]
    ) -> tuple[Challenge | None, dict[str, State]]:
        given = {"given": challenge_id, "keys": sorted(keys)}
        rows = self._connection.execute(_CHALLENGE_WITH, given).all()
        found = _challenge(rows[0]) if rows else None
        beside = {row.key: _state(row.state, row.kept_until) for row in rows if row.key}
        return found, {key: beside.get(key, State()) for key in given["keys"]}

    def challenges_of(self, phone_tag: str, *, lock: bool = False) -> list[Challenge]:
        query = _LOCKED[_CHALLENGES_OF] if lock else _CHALLENGES_OF
        rows = self._connection.execute(query, {"given": phone_tag})
        return [_challenge(row) for row in rows]

    def add(self, challenge: Challenge) -> None:
        self._connection.execute(_ADD, _row(challenge))

    def update(self, challenge: Challenge) -> None:
        row = _row(challenge)
        values = {name: row[name] for name in _CHANGING}
        self._connection.execute(_UPDATE, {**values, "given": challenge.id})
        self._read[challenge.id] = challenge

    def sweep(self, now: float) -> bool:
        spent = budgets.c.expires_at <= now
        over = challenges.c.forget_at <= now
        # by the index on `forget_at`: one that has just expired is forgotten so much later
        expired = challenges.c.forget_at <= now + life.REMEMBERED
        sown = expired & challenges.c.seed.is_not(None)
        counts = (
            self._some(delete(budgets), budgets.c.key, spent),
            self._some(delete(challenges), challenges.c.id, over),
            self._some(update(challenges).values(seed=None), challenges.c.id, sown),
        )
        return max(counts) >= SWEEP_ROWS

    def _some(self, statement: Any, key: Column[str], condition: ColumnElement[bool]) -> int:
        chosen = select(key).where(condition).limit(SWEEP_ROWS).with_for_update(skip_locked=True)
        # the condition once more: a row that was renewed meanwhile must stay
        done = self._connection.execute(statement.where(key.in_(chosen), condition))
        return int(done.rowcount)


def _state(text: str, expires_at: float) -> State:
    data = json.loads(text)
    counts, cooldown, facts = data.get("counts"), data.get("cooldown"), data.get("facts")
    breaker = data.get("breaker")
    return State(
        counts=None if counts is None else {int(key): n for key, n in counts.items()},
        cooldown=None if cooldown is None else CooldownState(*cooldown),
        facts=None if facts is None else Facts(**facts),
        breaker=None if breaker is None else Breaker(**breaker),
        expires_at=expires_at,
    )


def _dump_state(state: State) -> str:
    data: dict[str, Any] = {}
    if state.counts is not None:
        data["counts"] = {str(key): n for key, n in state.counts.items()}
    if state.cooldown is not None:
        data["cooldown"] = (state.cooldown.step, state.cooldown.until, state.cooldown.at)
    if state.facts is not None:
        data["facts"] = {name: getattr(state.facts, name) for name in _FACTS}
    if state.breaker is not None:
        data["breaker"] = {name: getattr(state.breaker, name) for name in _BREAKER}
    return json.dumps(data)


def _row(challenge: Challenge) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(challenge, name) for name in _COLUMNS}
    rest = {name: getattr(challenge, name) for name in _REST}
    rest["generations"] = [
        {
            "number": g.number,
            "expires_at": g.expires_at,
            "digest": None if g.digest is None else g.digest.hex(),
        }
        for g in challenge.generations
    ]
    rest["spends"] = [{name: getattr(spend, name) for name in _SPEND} for spend in challenge.spends]
    rest["device"] = challenge.device.hex()
    rest["runs"] = [(run.asked_at, run.begun, run.over) for run in challenge.runs]
    over_at = challenge.ended_at if challenge.ended else challenge.expires_at
    row["phone_tag"] = life.phone_tag_of(challenge.id)
    row["forget_at"] = over_at + life.REMEMBERED
    row["data"] = json.dumps(rest)
    return row


def _challenge(row: Row[Any]) -> Challenge:
    rest = json.loads(row.data)
    generations = tuple(
        Generation(
            g["number"], g["expires_at"], bytes.fromhex(g["digest"]) if g["digest"] else None
        )
        for g in rest.pop("generations")
    )
    spends = tuple(Spend(**spend) for spend in rest.pop("spends"))
    device = bytes.fromhex(rest.pop("device", ""))  # rows of an older release have none
    runs = tuple(Run(*run) for run in rest.pop("runs", ()))
    named = {name: getattr(row, name) for name in _COLUMNS}
    return Challenge(
        **named, generations=generations, spends=spends, device=device, runs=runs, **rest
    )
