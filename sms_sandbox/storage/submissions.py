"""What vendors keep of messages; every function works inside the caller's transaction."""

import json
import sqlite3
from dataclasses import dataclass, field

from sms_sandbox.message import Direction, Message, Status, Submission
from sms_sandbox.numbers import comparison_key
from sms_sandbox.storage import messages


@dataclass(frozen=True, slots=True)
class Submitted:
    """A message with what its vendor keeps of it; ``sent_at`` is when it was handed on."""

    message: Message
    submission: Submission
    sent_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which of an account's submissions are meant; ``None`` or nothing asks nothing.

    ``prefixes`` are the first two letters of the vendor's ids, ``codes`` the error codes of a
    delivery (with ``other_codes``: any but these), ``facts`` names and values of the vendor's own.
    ``states`` are statuses in the vendor's words where its facts have a ``state``, else ours.
    ``text`` is part of a message's text, in any case of letters. ``older_than`` and
    ``newer_than`` are places (exclusive); the moments are seconds since 1970
    (both inclusive)."""

    provider: str
    account: str
    prefixes: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    codes: tuple[str | int | None, ...] = ()
    other_codes: bool = False
    states: tuple[str, ...] = ()
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    direction: Direction | None = None
    recipient: str | None = field(default=None, repr=False)
    sender: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    sent_from: float | None = None
    sent_until: float | None = None
    created_from: float | None = None
    created_until: float | None = None
    older_than: int | None = None
    newer_than: int | None = None

    def where(self) -> tuple[str, list[object]]:
        """The SQL condition and its values."""
        wanted: list[tuple[str, object | None]] = [
            ("submissions.provider = ?", self.provider),
            ("submissions.account = ?", self.account),
            ("recipient_key = ?", self.recipient and comparison_key(self.recipient)),
            ("sender_key = ?", self.sender and comparison_key(self.sender)),
            ("instr(lower(body), lower(?)) > 0", self.text),
            ("sent_at >= ?", self.sent_from),
            ("sent_at <= ?", self.sent_until),
            ("created_at >= ?", self.created_from),
            ("created_at <= ?", self.created_until),
            ("direction = ?", self.direction),
            ("seq < ?", self.older_than),
            ("seq > ?", self.newer_than),
        ]
        asked = [(condition, [value]) for condition, value in wanted if value is not None]
        asked += self._sets()
        return " AND ".join(one for one, _ in asked), [
            value for _, values in asked for value in values
        ]

    def _sets(self) -> list[tuple[str, list[object]]]:
        codes = [json.dumps(code) for code in self.codes]
        wanted: list[tuple[str, tuple[object, ...]]] = [
            ("substr(vendor_id, 1, 2) IN", self.prefixes),
            ("messages.status IN", self.statuses),
            (f"coalesce(error_code, '') {'NOT ' * self.other_codes}IN", tuple(codes)),
            ("coalesce(json_extract(facts, '$.state'), messages.status) IN", self.states),
            *((f"json_extract(facts, '$.{name}') IN", values) for name, values in self.facts),
        ]
        return [
            (f"{condition} ({', '.join('?' * len(values))})", list(values))
            for condition, values in wanted
            if values
        ]


_SENT_AT = "(SELECT min(at) FROM moves WHERE message_seq = seq AND moves.status = 'sent')"
_COLUMNS = f"seq, vendor_id, callback_url, facts, {_SENT_AT} AS sent_at"
_JOIN = "submissions JOIN messages ON seq = message_seq"
# A number has few messages, its account may have a million.
_JOIN_OF_A_NUMBER = (
    "messages INDEXED BY messages_by_recipient CROSS JOIN submissions ON message_seq = seq"
)
_SELECT = f"SELECT {_COLUMNS} FROM {_JOIN}"  # noqa: S608
_OF_A_NUMBER = f"SELECT {_COLUMNS} FROM {_JOIN_OF_A_NUMBER}"  # noqa: S608


def insert(connection: sqlite3.Connection, message: Message, submission: Submission) -> None:
    """Store what the vendor keeps of a new message."""
    connection.execute(
        "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?)",
        (
            message.seq,
            message.provider,
            message.account,
            submission.vendor_id,
            submission.callback_url,
            json.dumps(dict(submission.facts)),
        ),
    )


def put(connection: sqlite3.Connection, message: Message, submission: Submission) -> None:
    """Store what the vendor keeps of a message, in the place of what it kept before."""
    delete(connection, message.seq)
    insert(connection, message, submission)


def of_message(connection: sqlite3.Connection, seq: int) -> Submission | None:
    """What the vendor keeps of the message at this place."""
    row = connection.execute(
        "SELECT vendor_id, callback_url, facts FROM submissions WHERE message_seq = ?", (seq,)
    ).fetchone()
    return None if row is None else _submission(row)


def by_vendor_id(
    connection: sqlite3.Connection, provider: str, account: str, vendor_id: str
) -> Submitted | None:
    """One submission of one account."""
    row = connection.execute(
        f"{_SELECT} WHERE submissions.provider = ? AND submissions.account = ? AND vendor_id = ?",
        (provider, account, vendor_id),
    ).fetchone()
    return None if row is None else _submitted(connection, row)


def select(
    connection: sqlite3.Connection, query: Query, *, limit: int, skip: int = 0
) -> list[Submitted]:
    """The newest of what ``query`` means, newest first; with ``newer_than`` the ones that follow
    that place most closely."""
    where, values = query.where()
    order = "DESC" if query.newer_than is None else "ASC"
    of_number = query.recipient is not None
    source, place = (_OF_A_NUMBER, "seq") if of_number else (_SELECT, "message_seq")
    rows = connection.execute(
        f"{source} WHERE {where} ORDER BY {place} {order} LIMIT ? OFFSET ?",
        [*values, limit, skip],
    ).fetchall()
    found = [_submitted(connection, row) for row in rows]
    return found if query.newer_than is None else found[::-1]


def count(connection: sqlite3.Connection, query: Query, *, most: int) -> int:
    """How many submissions ``query`` means, counted up to ``most``."""
    where, values = query.where()
    source = _SELECT if query.recipient is None else _OF_A_NUMBER
    row = connection.execute(
        f"SELECT count(*) FROM ({source} WHERE {where} LIMIT ?)",  # noqa: S608
        [*values, most],
    ).fetchone()
    return int(row[0])


def groups(
    connection: sqlite3.Connection, query: Query, *, limit: int, skip: int, most: int
) -> list[str]:
    """The newest groups with a submission that ``query`` means, newest first, found among its
    newest ``most``. What a vendor keeps under one id of its own is a group: its submissions have
    that id, a stroke and a place for their ids. (When one was handed on cannot be asked here.)"""
    source, values = _heads(query, most)
    rows = connection.execute(
        f"SELECT head FROM ({source}) GROUP BY head ORDER BY max(seq) DESC LIMIT ? OFFSET ?",  # noqa: S608
        [*values, limit, skip],
    ).fetchall()
    return [str(row["head"]) for row in rows]


def count_groups(connection: sqlite3.Connection, query: Query, *, most: int) -> int:
    """How many groups ``groups`` finds without a limit."""
    source, values = _heads(query, most)
    row = connection.execute(f"SELECT count(DISTINCT head) FROM ({source})", values).fetchone()  # noqa: S608
    return int(row[0])


def of_group(
    connection: sqlite3.Connection, provider: str, account: str, head: str
) -> list[Submitted]:
    """The submissions of a group, in the order of their ids."""
    rows = connection.execute(
        f"{_SELECT} WHERE submissions.provider = ? AND vendor_id > ? AND vendor_id < ?"
        " AND submissions.account = ? ORDER BY vendor_id",
        (provider, f"{head}/", f"{head}0", account),
    ).fetchall()
    return [_submitted(connection, row) for row in rows]


def parts_sent(connection: sqlite3.Connection, provider: str, account: str) -> int:
    """How many parts an account's kept messages have that went out."""
    row = connection.execute(
        "SELECT coalesce(sum(segments), 0) FROM submissions JOIN messages ON seq = message_seq"
        " WHERE submissions.provider = ? AND submissions.account = ? AND direction = 'outbound'"
        " AND messages.status NOT IN ('scheduled', 'canceled', 'failed')",
        (provider, account),
    ).fetchone()
    return int(row[0])


def set_facts(connection: sqlite3.Connection, seq: int, facts: dict[str, object]) -> None:
    """Replace the vendor's own facts of a message."""
    connection.execute(
        "UPDATE submissions SET facts = ? WHERE message_seq = ?", (json.dumps(facts), seq)
    )


def delete(connection: sqlite3.Connection, seq: int) -> None:
    """The vendor forgets a message; its handset does not."""
    connection.execute("DELETE FROM submissions WHERE message_seq = ?", (seq,))


def _heads(query: Query, most: int) -> tuple[str, list[object]]:
    where, values = query.where()
    tables = _JOIN if query.recipient is None else _JOIN_OF_A_NUMBER
    order = "message_seq" if query.recipient is None else "seq"
    head = "substr(vendor_id, 1, instr(vendor_id, '/') - 1)"
    return (
        f"SELECT {head} AS head, seq FROM {tables} WHERE {where} ORDER BY {order} DESC LIMIT ?",  # noqa: S608
        [*values, most],
    )


def _submission(row: sqlite3.Row) -> Submission:
    return Submission(
        vendor_id=row["vendor_id"],
        callback_url=row["callback_url"],
        facts=json.loads(row["facts"]),
    )


def _submitted(connection: sqlite3.Connection, row: sqlite3.Row) -> Submitted:
    message = messages.by_place(connection, row["seq"])
    assert message is not None, "The join has just found it."
    return Submitted(message, _submission(row), row["sent_at"])
