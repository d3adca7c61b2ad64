"""Rows that are read in one statement with others: a user with the session (RULES 34)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement


@dataclass(frozen=True, slots=True)
class Beside:
    """What to read along: its columns, how its rows belong to a user's id, what they become.

    `read` is given the values of `columns`, all None where there is no such row.
    """

    columns: Sequence[Column[Any]]
    on: Callable[[ColumnElement[str]], ColumnElement[bool]]
    read: Callable[[Sequence[Any]], Any | None]
