"""Challenges and budgets in SQL, in short transactions of our own engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, delete, insert, select, update

from flask_phoneauth.budgets import CooldownState
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import budgets, challenges
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import Challenge, Generation, Spend
from flask_phoneauth.stores.charging import State
from flask_phoneauth.stores.transactional import TransactionalStore, Unit

SWEEP_ROWS = 500
_COLUMNS = ("id", "purpose", "phone", "binding", "seed", "created_at", "expires_at")


class SqlStore(TransactionalStore):
    """A `ChallengeStore` on any database that SQLAlchemy reaches (SQLite, PostgreSQL)."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @contextmanager
    def _write(self) -> Iterator[Unit]:
        with self._database.write() as connection:
            yield _SqlUnit(connection, self._database)

    @contextmanager
    def _read(self) -> Iterator[Unit]:
        with self._database.read() as connection:
            yield _SqlUnit(connection, self._database)

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()


class _SqlUnit:
    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection, self._database = connection, database

    def lock(self, keys: Iterable[str]) -> dict[str, State]:
        ordered = sorted(keys)
        if not ordered:
            return {}
        if self._database.locks_rows:
            rows = [{"key": key, "state": "{}", "expires_at": 0.0} for key in ordered]
            self._connection.execute(self._database.insert_ignore(budgets, "key"), rows)
        return self._states(ordered, lock=True)

    def look(self, keys: Iterable[str]) -> dict[str, State]:
        return self._states(sorted(keys), lock=False)

    def _states(self, keys: list[str], *, lock: bool) -> dict[str, State]:
        query = select(budgets.c.key, budgets.c.state, budgets.c.expires_at)
        query = query.where(budgets.c.key.in_(keys)).order_by(budgets.c.key)
        if lock and self._database.locks_rows:
            query = query.with_for_update()
        rows: Any = self._connection.execute(query)
        found = {key: _state(data, expires_at) for key, data, expires_at in rows}
        return {key: found.get(key, State()) for key in keys}

    def write(self, states: Mapping[str, State]) -> None:
        if not states:
            return
        rows = [
            {"key": key, "state": _dump_state(states[key]), "expires_at": states[key].expires_at}
            for key in sorted(states)
        ]
        self._connection.execute(
            self._database.upsert(budgets, "key", ("state", "expires_at")), rows
        )

    def challenge(self, challenge_id: str, *, lock: bool = False) -> Challenge | None:
        query = select(challenges).where(challenges.c.id == challenge_id)
        if lock and self._database.locks_rows:
            query = query.with_for_update()
        row = self._connection.execute(query).first()
        return None if row is None else _challenge(row)

    def challenges_of(self, phone_tag: str) -> list[Challenge]:
        query = select(challenges).where(challenges.c.phone_tag == phone_tag)
        rows = self._connection.execute(query.order_by(challenges.c.created_at))
        return [_challenge(row) for row in rows]

    def add(self, challenge: Challenge) -> None:
        self._connection.execute(insert(challenges).values(**_row(challenge)))

    def update(self, challenge: Challenge) -> None:
        row = _row(challenge)
        del row["phone"], row["phone_tag"], row["binding"]
        self._connection.execute(
            update(challenges).where(challenges.c.id == row.pop("id")).values(**row)
        )

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
        chosen = select(key).where(condition).limit(SWEEP_ROWS)
        # the condition once more: a row that was renewed meanwhile must stay
        done = self._connection.execute(statement.where(key.in_(chosen), condition))
        return int(done.rowcount)


def _state(text: str, expires_at: float) -> State:
    data = json.loads(text)
    counts, cooldown = data.get("counts"), data.get("cooldown")
    return State(
        counts=None if counts is None else {int(key): n for key, n in counts.items()},
        cooldown=None if cooldown is None else CooldownState(*cooldown),
        expires_at=expires_at,
    )


def _dump_state(state: State) -> str:
    data: dict[str, Any] = {}
    if state.counts is not None:
        data["counts"] = {str(key): n for key, n in state.counts.items()}
    if state.cooldown is not None:
        data["cooldown"] = (state.cooldown.step, state.cooldown.until, state.cooldown.at)
    return json.dumps(data)


def _row(challenge: Challenge) -> dict[str, Any]:
    rest = asdict(challenge)
    row = {name: rest.pop(name) for name in _COLUMNS}
    for generation in rest["generations"]:
        digest = generation["digest"]
        generation["digest"] = None if digest is None else digest.hex()
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
    named = {name: getattr(row, name) for name in _COLUMNS}
    return Challenge(**named, generations=generations, spends=spends, **rest)
