"""Fault rules and what they have seen; every function works inside the caller's transaction."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stored:
    """One rule and its state as JSON values; ``account`` is its owner, '' for all accounts."""

    id: str
    account: str
    rule: Mapping[str, Any]
    state: Mapping[str, Any]


def load(connection: sqlite3.Connection) -> list[Stored]:
    """Every rule, in their order."""
    rows = connection.execute("SELECT id, account, rule, state FROM faults ORDER BY place")
    return [Stored(row[0], row[1], json.loads(row[2]), json.loads(row[3])) for row in rows]


def insert(connection: sqlite3.Connection, one: Stored, created_at: float) -> None:
    """Store a new rule behind the others."""
    connection.execute(
        "INSERT INTO faults (id, account, place, rule, state, hits, created_at) VALUES"
        " (?, ?, (SELECT coalesce(max(place), 0) + 1 FROM faults), ?, ?, 0, ?)",
        (one.id, one.account, json.dumps(one.rule), json.dumps(one.state), created_at),
    )


def put_state(
    connection: sqlite3.Connection, fault_id: str, state: Mapping[str, Any], hits: int
) -> None:
    """Write what a rule has seen."""
    connection.execute(
        "UPDATE faults SET state = ?, hits = ? WHERE id = ?", (json.dumps(state), hits, fault_id)
    )


def delete(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Forget rules."""
    connection.executemany("DELETE FROM faults WHERE id = ?", [(one,) for one in ids])
