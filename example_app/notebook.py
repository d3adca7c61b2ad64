"""Everybody's notes, in a SQLite file of their own; what a note may be is decided here."""

from __future__ import annotations

import secrets
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Insert,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

MOST_CHARACTERS = 2000
MOST_NOTES = 200
DOUBLE_CLICK_SECONDS = 5.0
BUSY_SECONDS = 1.0

metadata = MetaData()
notes = Table(
    "notes",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("body", String(MOST_CHARACTERS), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("notes_of_user", "user_id", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Note:
    """One note as its owner sees it; `created_at` is an aware UTC time."""

    id: str
    body: str = field(repr=False)
    created_at: datetime


class NoteRefused(Exception):
    """The note cannot be added; the text says why, `kept` is what the writer gets back."""

    def __init__(self, sentence: str, kept: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.kept = kept
        self.status = status


class NotesUnavailable(Exception):
    """The file cannot be read or written at the moment."""


class Notebook:
    """The notes in the file at `path`, at most `MOST_NOTES` a user."""

    def __init__(self, path: Path) -> None:
        """Make the file (mode 0600) and its table if missing; raises `NotesUnavailable`."""
        path.touch(mode=0o600, exist_ok=True)
        self._engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(path),
            poolclass=NullPool,
            hide_parameters=True,
        )
        with self._transaction() as connection:
            metadata.create_all(connection)

    def of_user(self, user_id: str) -> list[Note]:
        """A user's notes, newest first; raises `NotesUnavailable`."""
        query = select(notes.c.id, notes.c.body, notes.c.created_at)
        query = query.where(notes.c.user_id == user_id)
        query = query.order_by(notes.c.created_at.desc(), notes.c.id)
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [Note(row.id, row.body, datetime.fromtimestamp(row.created_at, UTC)) for row in rows]

    def add(self, user_id: str, text: str) -> None:
        """Keep a note; raises `NoteRefused`, `NotesUnavailable`.

        The same text twice within `DOUBLE_CLICK_SECONDS` is a double click, and one note.
        """
        body = _judged(text)
        with self._transaction() as connection:
            if connection.execute(_insertion(user_id, body)).rowcount:
                return
            counted = connection.execute(_count(user_id)).scalar_one()
        if counted >= MOST_NOTES:
            raise NoteRefused(
                f"You have {MOST_NOTES} notes, which is the most. "
                "Delete one, then add this one again.",
                body,
                409,
            )

    def delete(self, user_id: str, note_id: str) -> bool:
        """Remove a user's note; False where the user has none of that id."""
        statement = delete(notes).where(notes.c.user_id == user_id, notes.c.id == note_id)
        with self._transaction() as connection:
            return connection.execute(statement).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError:
            raise NotesUnavailable(
                "Your notes cannot be reached at the moment. Try again in a few seconds."
            ) from None


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a file that is gone is told, not replaced by a fresh and empty one
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)


def _insertion(user_id: str, body: str) -> Insert:
    """One statement, so that two requests at once cannot pass the limit or the double click."""
    now = time.time()
    recent = now - DOUBLE_CLICK_SECONDS
    mine = notes.c.user_id == user_id
    doubled = exists().where(mine, notes.c.body == body, notes.c.created_at > recent)
    row = select(literal(secrets.token_hex(8)), literal(user_id), literal(body), literal(now))
    row = row.where(_count(user_id).scalar_subquery() < MOST_NOTES, ~doubled)
    return insert(notes).from_select(["id", "user_id", "body", "created_at"], row)


def _count(user_id: str) -> Select[Any]:
    """How many notes a user has."""
    return select(func.count()).select_from(notes).where(notes.c.user_id == user_id)


def _judged(text: str) -> str:
    """The text as it is kept: plain line ends, no space around it; raises `NoteRefused`."""
    body = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    clean = "".join(char for char in body if char in "\n\t" or unicodedata.category(char) != "Cc")
    if clean != body:
        raise NoteRefused(
            "The note held control characters, which cannot be shown. "
            "They are taken out below: read it over, then add it again.",
            clean,
        )
    if not body:
        raise NoteRefused("The note is empty. Write something, then add it.", "")
    if len(body) > MOST_CHARACTERS:
        raise NoteRefused(
            f"The note has {len(body):,} characters; {MOST_CHARACTERS:,} are the most. "
            "Shorten it, then add it again.",
            body,
        )
    return body
