"""The audit trail's rows in SQL: added, read and forgotten by age, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, case, delete, func, insert, select

from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import audit
from flask_phoneauth.records import AuditEntry

FORGET_ROWS = 1000
"""Rows that are forgotten in one step, so that no login waits long for it on SQLite."""
_FIELDS = tuple(AuditEntry.__dataclass_fields__)
_WIDTHS = {column.name: column.type.length for column in audit.c if isinstance(column.type, String)}
_ADD = insert(audit)
_NEXT = audit.alias("told")
_MASK_OF_TAG = (
    select(func.max(_NEXT.c.masked_phone))
    .where(_NEXT.c.phone_tag == audit.c.phone_tag, audit.c.phone_tag != "")
    .correlate(audit)
    .scalar_subquery()
)
# a try knows its number's tag only: the number is masked as another row of the tag has it
_MASK = case(
    (audit.c.masked_phone != "", audit.c.masked_phone), else_=func.coalesce(_MASK_OF_TAG, "")
)
_COLUMNS = [_MASK.label(name) if name == "masked_phone" else audit.c[name] for name in _FIELDS]
_OLD = (
    select(audit.c.id)
    .where(audit.c.at < bindparam("before"))
    .order_by(audit.c.at)
    .limit(FORGET_ROWS)
)
_OLD_OF_KIND = (
    select(audit.c.id)
    .where(audit.c.kind == bindparam("kind"), audit.c.at < bindparam("before"))
    .order_by(audit.c.at)
    .limit(FORGET_ROWS)
)


class SqlAudit:
    """Every method is one short transaction; raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Write them, in their order; a text that is too long is cut."""
        rows = [{name: _cut(name, getattr(entry, name)) for name in _FIELDS} for entry in entries]
        with self._database.write() as connection:
            connection.execute(_ADD, rows)

    def search(
        self, *, phone_tag: str = "", kind: str = "", since: float = 0.0, limit: int = 50
    ) -> list[AuditEntry]:
        """The newest entries that fit, newest first."""
        wanted: list[ColumnElement[bool]] = []
        if phone_tag:
            wanted.append(audit.c.phone_tag == phone_tag)
        if kind:
            wanted.append(audit.c.kind == kind)
        if since:
            wanted.append(audit.c.at >= since)
        query = select(*_COLUMNS).where(*wanted).order_by(audit.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [AuditEntry(*row) for row in connection.execute(query)]

    def forget(self, before: float, *, kinds: Sequence[str] = ()) -> bool:
        """Remove some that are older than `before`, of these kinds or of any; True if all are."""
        gone = []
        with self._database.write() as connection:
            for kind in kinds or ("",):
                old = _OLD_OF_KIND if kind else _OLD
                values = {"before": before} | ({"kind": kind} if kind else {})
                done = connection.execute(delete(audit).where(audit.c.id.in_(old)), values)
                gone.append(int(done.rowcount))
        return max(gone) < FORGET_ROWS


def _cut(name: str, value: Any) -> Any:
    if name not in _WIDTHS:
        return value
    # an id that no database takes must not hold up all entries behind it
    clean = value.encode("utf-8", "replace").decode().replace("\0", "")
    return clean[: _WIDTHS[name]]
