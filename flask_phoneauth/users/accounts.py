"""The accounts that come with the extension, for apps without users of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from flask_phoneauth.clock import Clock
from flask_phoneauth.database.beside import Beside
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import users
from flask_phoneauth.errors import NumberTaken

LONGEST_ID = 19
"""Digits that a 64-bit key cannot have."""
# Built once: SQLAlchemy compiles a statement that it knows but once.
_COLUMNS = (users.c.id, users.c.phone, users.c.phone_verified_at, users.c.blocked_at)
_ACCOUNTS = select(*_COLUMNS)
_BY_ID = _ACCOUNTS.where(users.c.id == bindparam("given"))
_BY_PHONE = _ACCOUNTS.where(users.c.phone == bindparam("given"))
_MAKE = insert(users)


@dataclass(frozen=True, slots=True)
class Account:
    """A user with nothing but a number; it has what Flask-Login asks of one."""

    id: int
    phone: str | None = field(repr=False)
    phone_verified_at: float | None
    blocked_at: float | None

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """False once blocked."""
        return self.blocked_at is None

    def get_id(self) -> str:
        """The id as text."""
        return str(self.id)


class Accounts:
    """A `UserStore` on our own table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def get(self, user_id: str) -> Account | None:
        """The account of that id, or None."""
        return self._one(_BY_ID, _number(user_id))

    def beside(self) -> Beside:
        """How an account is read along with a row that names its id."""
        return Beside(
            _COLUMNS, self._belongs, lambda row: None if row[0] is None else Account(*row)
        )

    def _belongs(self, user_id: ColumnElement[str]) -> ColumnElement[bool]:
        if self._database.locks_rows:  # PostgreSQL would err on a text that is no number
            sound = user_id.regexp_match(f"^[0-9]{{1,{LONGEST_ID - 1}}}$")
            return users.c.id == case((sound, cast(user_id, BigInteger)))
        # SQLite reads "12abc" as 12
        same = cast(users.c.id, String) == user_id
        return and_(users.c.id == cast(user_id, BigInteger), same)

    def by_phone(self, e164: str) -> Account | None:
        """The account with that number, or None."""
        return self._one(_BY_PHONE, e164)

    def search(self, text: str, limit: int, after: str | None) -> Sequence[Account]:
        """Accounts whose number holds `text`, by id, from behind the id `after`."""
        query = _ACCOUNTS.where(users.c.phone.contains(text, autoescape=True))
        query = query.where(users.c.id > _number(after or "0")).order_by(users.c.id).limit(limit)
        with self._database.read() as connection:
            return [Account(*row) for row in connection.execute(query)]

    def create(self, e164: str, **fields: Any) -> Account:
        """Make the account of a proven number; raises `NumberTaken`, `TypeError` for fields."""
        if fields:
            raise TypeError(
                f"an account has no {', '.join(fields)}: bring a user store of your own"
            )
        now = self._clock.now()
        row = {"phone": e164, "phone_verified_at": now, "created_at": now}
        try:
            with self._database.write() as connection:
                made = connection.execute(_MAKE, row).inserted_primary_key
        except IntegrityError:
            raise NumberTaken from None
        assert made is not None
        return Account(made[0], e164, now, None)

    def set_phone(self, user_id: str, e164: str) -> None:
        """Give an account another proven number; raises `NumberTaken`."""
        values = {"phone": e164, "phone_verified_at": self._clock.now()}
        try:
            self._change(user_id, values)
        except IntegrityError:
            raise NumberTaken from None

    def set_blocked(self, user_id: str, blocked: bool) -> None:
        """Block or unblock an account."""
        self._change(user_id, {"blocked_at": self._clock.now() if blocked else None})

    def delete(self, user_id: str) -> None:
        """Remove an account; its id is never given again."""
        with self._database.write() as connection:
            connection.execute(delete(users).where(users.c.id == _number(user_id)))

    def _change(self, user_id: str, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            connection.execute(update(users).where(users.c.id == _number(user_id)).values(**values))

    def _one(self, query: Select[Any], given: int | str) -> Account | None:
        with self._database.read() as connection:
            row = connection.execute(query, {"given": given}).first()
        return None if row is None else Account(*row)


def _number(user_id: str) -> int:
    """The key behind an id; 0, which no account has, for what is none."""
    sound = user_id.isascii() and user_id.isdigit() and len(user_id) < LONGEST_ID
    return int(user_id) if sound else 0
