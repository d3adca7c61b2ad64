"""What a model must have to hold the users of a phone login, and how an id becomes its key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Table, UniqueConstraint, inspect
from sqlalchemy.orm import InstrumentedAttribute, Mapper

COLUMNS = ("phone", "phone_verified_at", "blocked_at")
EMAIL_COLUMNS = ("email", "email_verified_at")
"""What a model may have besides, so that its users can be sent codes by e-mail."""
LONGEST_KEY = 19
"""Digits that a 64-bit key cannot have."""
WIDEST_INTEGER = 2**31 - 1


def check_model(model: Any) -> None:
    """Raise `TypeError`, with the cure, for a class that cannot hold users."""
    mapper: Any = inspect(model, raiseerr=False)
    name = getattr(model, "__name__", type(model).__name__)
    if not isinstance(mapper, Mapper):
        raise TypeError(
            f"users={name}: it is no mapped model; pass a model with PhoneUserMixin, "
            "SQLAlchemyUsers(Model, session=Session), CallableUsers(...) or a store's instance"
        )
    missing = [column for column in COLUMNS if column not in mapper.columns]
    if missing:
        raise TypeError(
            f"{name} has no {', '.join(missing)}: write class {name}(PhoneUserMixin, ...)"
        )
    if not _is_unique(mapper.columns["phone"]):
        raise TypeError(f"{name}.phone must be unique, or two log-ins at once make two users")


def key_attribute(model: type[Any], name: str | None) -> InstrumentedAttribute[Any]:
    """The attribute that ids are of: `name`, or the primary key, which must be one column."""
    mapper: Mapper[Any] = inspect(model)
    if name is None:
        if len(mapper.primary_key) != 1:
            raise TypeError(
                f"{model.__name__} has a primary key of several columns: say key='attribute', "
                "the one that its get_id() gives"
            )
        name = mapper.get_property_by_column(mapper.primary_key[0]).key
    attribute: InstrumentedAttribute[Any] = getattr(model, name)
    return attribute


def key_of(attribute: InstrumentedAttribute[Any], user_id: str, dialect: str) -> Any | None:
    """An id as that attribute's own kind; None for what no user can have in that dialect."""
    kind = _kind(attribute)
    if issubclass(kind, int):
        return _whole_number(attribute, user_id, dialect)
    if issubclass(kind, UUID):
        try:
            return UUID(user_id)
        except ValueError:
            return None
    return user_id


def _whole_number(attribute: InstrumentedAttribute[Any], user_id: str, dialect: str) -> int | None:
    if not (user_id.isascii() and user_id.isdigit() and len(user_id) < LONGEST_KEY):
        return None
    number = int(user_id)
    # a key of SQLite has 64 bits, whatever its column is called; others refuse what is too wide
    wide = dialect == "sqlite" or isinstance(attribute.type, BigInteger)
    return number if wide or number <= WIDEST_INTEGER else None


def _kind(attribute: InstrumentedAttribute[Any]) -> type[Any]:
    try:
        kind: type[Any] = attribute.type.python_type
    except NotImplementedError:  # a type of the app's own that does not say: it takes text
        return str
    return kind


def _is_unique(column: ColumnElement[Any]) -> bool:
    if getattr(column, "unique", False):
        return True
    table = getattr(column, "table", None)
    if not isinstance(table, Table):
        return False
    sets = [set(item.columns) for item in table.indexes if item.unique]
    sets += [set(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    return {column} in sets
