"""The handsets of which something is known; every function works inside the caller's
transaction. ``number`` is in the form in which two spellings are equal."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from sms_sandbox.handset import HandsetState

KEPT = 10_000
"""How many handsets an account keeps; the one that was put longest ago goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is known of a handset; ``None``: the number's own default holds."""

    state: HandsetState = "on"
    opted_out: tuple[str, ...] = ()
    sim_swapped_at: float | None = None
    nickname: str | None = None


def load(connection: sqlite3.Connection) -> Iterator[tuple[str, str, Stored]]:
    """Account, number and what is known, the one put longest ago first."""
    for row in connection.execute("SELECT * FROM handsets ORDER BY rowid"):
        known = Stored(
            state=row["state"],
            opted_out=tuple(json.loads(row["opted_out"])),
            sim_swapped_at=row["sim_swapped_at"],
            nickname=row["nickname"],
        )
        yield row["account"], row["number"], known


def put(connection: sqlite3.Connection, account: str, number: str, known: Stored) -> None:
    """Write what is known of a handset."""
    connection.execute(
        "INSERT OR REPLACE INTO handsets (account, number, state, opted_out, sim_swapped_at,"
        " nickname) VALUES (?, ?, ?, ?, ?, ?)",
        (
            account,
            number,
            known.state,
            json.dumps(known.opted_out),
            known.sim_swapped_at,
            known.nickname,
        ),
    )


def delete(connection: sqlite3.Connection, account: str, number: str) -> None:
    """Forget one handset."""
    connection.execute("DELETE FROM handsets WHERE account = ? AND number = ?", (account, number))


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Forget the handsets of one account, or all of them with ``None``."""
    if account is None:
        connection.execute("DELETE FROM handsets")
    else:
        connection.execute("DELETE FROM handsets WHERE account = ?", (account,))
