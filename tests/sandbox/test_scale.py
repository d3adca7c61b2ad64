"""What reading and deleting cost, in steps of SQLite's machine and never in seconds."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from sms_sandbox.inbox import Inbox, move
from sms_sandbox.message import Message, Submission, TimelineEntry
from sms_sandbox.storage import (
    Database,
    Filter,
    counts,
    messages,
    schema,
    search,
    submissions,
    text,
)
from sms_sandbox.web.page import Place, build_page

Put = Callable[..., Message]
NUMBER = "+9901234567"


@pytest.fixture(autouse=True)
def indexed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message waits for others to be indexed with."""
    monkeypatch.setattr(text, "BEHIND", 1)


def fill(database: Database, number: int, **changes: object) -> list[Message]:
    """Delivered messages of four accounts, each to a number of its own but for every tenth."""
    with database.write() as connection:
        places = messages.next_places(connection, number)
        # places begin with the hour: what the texts hold must not hang on it
        (first,) = connection.execute("SELECT min(seq) FROM messages").fetchone()
        ages = {place: place - (first or places[0]) for place in places}
        figures = {place: age * 7919 % 10**6 for place, age in ages.items()}
        new = [
            Message(
                **{  # type: ignore[arg-type]
                    "seq": place,
                    "id": f"msg_{place}",
                    "account": f"account-{place % 4}",
                    "provider": "sandbox",
                    "direction": "outbound",
                    "sender": "Notes",
                    "recipient": NUMBER if place % 10 == 0 else f"+447400{figures[place]:06d}",
                    "body": f"Your code is {figures[place]:06d}. It is good for 5 minutes.",
                    "status": "delivered" if place % 10 else "failed",
                    "error_code": None,
                    "segments": 1,
                    "encoding": "GSM-7",
                    "code": f"{figures[place]:06d}",
                    "created_at": 1.8e9 + ages[place],
                    "updated_at": 1.8e9 + ages[place],
                    **changes,
                }
            )
            for place in places
        ]
        messages.insert(connection, [(message, "POST /") for message in new])
        messages.add_moves(
            connection, [(one.seq, TimelineEntry("queued", one.created_at)) for one in new]
        )
    return new


@contextmanager
def steps(connection: sqlite3.Connection) -> Iterator[list[int]]:
    """Counts the steps of SQLite's machine, in tens."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    connection.set_progress_handler(count, 10)
    try:
        yield taken
    finally:
        connection.set_progress_handler(None, 0)


def cost(database: Database, read: Callable[[sqlite3.Connection], object]) -> int:
    """The steps of the second of two readings: the first one prepares its statements."""
    with database.read() as connection:
        read(connection)
        with steps(connection) as taken:
            read(connection)
    return taken[0]


def page(**wanted: object) -> Callable[[sqlite3.Connection], list[Message]]:
    """Reads one page."""
    asked = Filter(**wanted)  # type: ignore[arg-type]
    return lambda connection: list(messages.select(connection, asked, limit=21))


@pytest.fixture
def database() -> Iterator[Database]:
    one = Database(":memory:")
    yield one
    one.close()


READINGS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "first page": page(),
    "account": page(account="account-1"),
    "status": page(status="failed"),
    "no such status": page(status="sent"),
    "provider": page(provider="sandbox"),
    "direction": page(direction="outbound"),
    "no replies": page(direction="inbound"),
    "codes": page(has_code=True),
    "no codes": page(has_code=False),
    "sender": page(sender="Notes"),
    "account and status": page(account="account-2", status="failed"),
    "latest code of a number": page(recipient=NUMBER, has_code=True),
    "unclaimed of a number": page(recipient=NUMBER, claimed=False),
    "common word": page(text="code"),
    "two words": page(text="code minutes"),
    "word that is nowhere": page(text="nowhere"),
    "phrase": page(text='"code is"'),
    "rare and common word": page(text="minutes nowhere"),
    "word and status": page(text="code", status="failed"),
    "word and no such status": page(text="code", status="sent"),
    "how many": lambda connection: search.count(connection, Filter()),
    "how many of an account": lambda connection: search.count(
        connection, Filter(account="account-1")
    ),
    "accounts": counts.by_account,
}


@pytest.mark.parametrize("name", READINGS)
def test_reading_costs_the_same_however_many_are_stored(
    database: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", 50)
    monkeypatch.setattr(search, "_MANY", 100)
    read = READINGS[name]
    fill(database, 1200)
    few = cost(database, read)
    fill(database, 3600)
    assert cost(database, read) <= few * 1.1 + 20


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"account": "account-1"},
        {"status": "failed"},
        {"recipient": NUMBER},
        {"text": "code"},
        {"text": "42"},
    ],
    ids=str,
)
def test_a_deep_page_costs_what_the_first_one_does(
    database: Database, wanted: dict[str, str]
) -> None:
    stored = fill(database, 3000)
    first = cost(database, page(**wanted))
    deep = cost(database, page(before=stored[750].seq, **wanted))
    assert deep <= first * 1.3 + 20


def test_no_way_of_reading_sorts_or_looks_at_every_message(database: Database) -> None:
    stored = fill(database, 50)
    asked = [page(before=stored[-1].seq), *READINGS.values(), *vendors_lists(stored[-1].seq)]
    with database.read() as connection:
        ran: list[str] = []
        connection.set_trace_callback(ran.append)
        for read in asked:
            read(connection)
        connection.set_trace_callback(None)
        for statement in {one for one in ran if one.startswith("SELECT")}:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            told = " / ".join(row["detail"] for row in rows)
            assert "TEMP B-TREE" not in told, statement
            # In the order of arrival and up to a limit: that reads one page.
            if "SCAN messages" in told:
                assert "NOT INDEXED" in statement
                assert "ORDER BY seq DESC LIMIT 21" in statement


def spoken(database: Database, read: Callable[[sqlite3.Connection], object]) -> list[str]:
    """The statements of one reading."""
    with database.read() as connection:
        ran: list[str] = []
        connection.set_trace_callback(ran.append)
        read(connection)
        connection.set_trace_callback(None)
    return ran


def test_the_rarer_of_words_and_filter_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", 5)
    for _ in range(30):
        fill(database, 30)
        fill(database, 20, body="Hello", code=None)
    fill(database, 1, body="A zebra", status="failed")

    def asked(**wanted: str) -> str:
        return [one for one in spoken(database, page(**wanted)) if one.startswith("SELECT")][-1]

    assert "messages_by_status" in asked(text="code", status="failed")
    assert "MATCH" in asked(text="code", status="delivered")
    assert "MATCH" in asked(text="zebra", status="failed")
    assert "messages_by_recipient" in asked(text="code", recipient=NUMBER, status="delivered")
    assert "messages_by_status" in asked(account="account-1", status="failed")


def test_a_search_that_finds_little_compares_little(database: Database) -> None:
    rare = "7QX9ZW"
    fill(database, 700)
    fill(database, 1, body=f"Your code is {rare}. It is good for 5 minutes.", code=rare)
    fill(database, 800)

    def compared(wanted: str) -> int:
        with database.read() as connection:
            seen: list[str] = []
            connection.create_function("instr", 2, lambda *texts: seen.append(texts[1]))
            connection.create_function("like", 3, lambda *texts: seen.append(texts[0]))
            list(messages.select(connection, Filter(text=wanted)))
            return len(seen)

    assert 0 < compared(f'"Your code is {rare}. It is"') < 100
    assert 0 < compared(f"minutes code {rare}") < 100
    assert compared("minutes code nowhere") == 0


def test_a_search_is_counted_by_the_reading_that_lists_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "SHARD", 100)
    stored = [one for _ in range(3) for one in fill(database, 100)]
    found: list[object] = []

    def read(connection: sqlite3.Connection) -> None:
        found.append(messages.page(connection, Filter(text="code"), 21))

    joins = [one for one in spoken(database, read) if "CROSS JOIN" in one]
    assert len(joins) == 2
    assert found == [(list(reversed(stored))[:21], search.COUNTED_TEXT)]


def test_a_full_shard_becomes_one_part_while_the_next_one_fills(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "SHARD", 50)

    def parts() -> int:
        with database.read() as connection:
            row = connection.execute("SELECT count(DISTINCT segid) FROM text_1_idx").fetchone()
        return int(row[0])

    stored = [fill(database, 1)[0] for _ in range(50)]
    assert parts() > 1
    for _ in range(10):
        fill(database, 1)
    assert parts() == 1
    with database.read() as connection:
        for one in (stored[0], stored[-1]):
            found = list(messages.select(connection, Filter(text=one.code)))
            assert [match.id for match in found] == [one.id]


def vendors_lists(place: int) -> list[Callable[[sqlite3.Connection], object]]:
    """A vendor's lists: first page, later pages both ways, of a number, of a sender."""
    wishes = (
        {},
        {"older_than": place},
        {"newer_than": 1},
        {"recipient": NUMBER},
        {"recipient": NUMBER, "older_than": place},
        {"sender": "Notes"},
    )
    queries = [
        submissions.Query(provider="sandbox", account="account-1", **wish)  # type: ignore[arg-type]
        for wish in wishes
    ]
    return [
        lambda connection, query=query: submissions.select(connection, query, limit=21)  # type: ignore[misc]
        for query in queries
    ]


def test_a_vendors_list_of_a_number_costs_the_same_in_a_large_account(database: Database) -> None:
    asked = submissions.Query(provider="sandbox", account="big", recipient="+4915112345678")

    def read(connection: sqlite3.Connection) -> object:
        return submissions.select(connection, asked, limit=21)

    def submit(number: int, **changes: str) -> None:
        for one in fill(database, number, account="big", **changes):
            with database.write() as connection:
                submissions.insert(connection, one, Submission(vendor_id=one.id))

    submit(5, recipient="+4915112345678")
    few = cost(database, read)
    submit(500)
    assert cost(database, read) <= few * 1.1 + 20


def test_all_is_deleted_at_once_and_not_row_by_row(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "SHARD", 10_000)

    def delete(number: int) -> int:
        fill(database, number)
        with database.write() as connection, steps(connection) as taken:
            assert messages.delete_all(connection) == number
        return taken[0]

    few = delete(2000)
    assert delete(6000) <= few * 1.1 + 20
    with database.read() as connection:
        for table in ("messages", "moves", "counts"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_the_newest_match_is_found_first_in_whatever_shard(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "SHARD", 10)
    stored = [fill(database, 10) for _ in range(12)]
    rare = stored[2][4]
    with database.read() as connection:
        assert len(text.shards(connection)) == 12
        found = list(messages.select(connection, Filter(text="code"), limit=35))
        assert [one.seq for one in found] == [
            one.seq for batch in reversed(stored) for one in reversed(batch)
        ][:35]
        assert [one.id for one in messages.select(connection, Filter(text=rare.code))] == [rare.id]
        between = Filter(text="code", after=stored[3][3].seq, before=stored[5][2].seq)
        places = [one.seq for one in messages.select(connection, between)]
        assert places == list(range(stored[5][2].seq - 1, stored[3][3].seq, -1))


def test_shards_go_with_their_last_message(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "SHARD", 10)
    stored = [fill(database, 10) for _ in range(5)]
    with database.write() as connection:
        messages.delete_places(connection, [one.seq for one in (*stored[0], *stored[1][:-1])])
        left = text.shards(connection)
        assert [shard.number for shard in left] == [5, 4, 3, 2]
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE name GLOB 'text_[0-9]*' AND sql LIKE '%VIRTUAL%'"
        ).fetchall()
        assert {row[0] for row in tables} == {"text_2", "text_3", "text_4", "text_5"}
        found = list(messages.select(connection, Filter(text="code")))
        assert [one.seq for one in found][-2:] == [stored[2][0].seq, stored[1][-1].seq]
        messages.delete_all(connection)
        assert [shard.number for shard in text.shards(connection)] == [1]
    again = fill(database, 3)
    with database.read() as connection:
        found = list(messages.select(connection, Filter(text="code")))
    assert [one.seq for one in found] == [one.seq for one in reversed(again)]


def indexed(database: Database) -> int:
    """How many messages the index was given."""
    with database.read() as connection:
        return sum(shard.messages for shard in text.shards(connection))


def test_the_newest_messages_are_found_before_they_are_indexed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", 5)
    stored = fill(database, 30)
    monkeypatch.setattr(text, "BEHIND", 40)
    stored += fill(database, 39)
    assert indexed(database) == 30
    newest_first = [one.seq for one in reversed(stored)]
    rare, reworded = stored[50], stored[60]
    with database.write() as connection:
        messages.set_body(connection, reworded, "Nothing to see", None, _cut())
        messages.delete_places(connection, [stored[40].seq])
    with database.read() as connection:

        def found(limit: int = -1, **wanted: object) -> list[int]:
            read = messages.select(connection, Filter(**wanted), limit=limit)  # type: ignore[arg-type]
            return [one.seq for one in read]

        left = [seq for seq in newest_first if seq not in (reworded.seq, stored[40].seq)]
        assert found(text="code minutes") == left
        assert found(45, text="code minutes") == left[:45]
        within = [seq for seq in left if stored[20].seq < seq < stored[55].seq]
        assert found(text="code", after=stored[20].seq, before=stored[55].seq) == within
        assert found(text=rare.code) == [rare.seq]
        assert found(text="nothing see") == [reworded.seq]


def test_the_index_catches_up_with_many_messages_at_once_and_at_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "BEHIND", 40)
    monkeypatch.setattr(search, "_FEW", 5)
    database = Database(str(tmp_path / "sandbox.db"))
    first = fill(database, 1)[0]
    later = [one for _ in range(39) for one in fill(database, 1)]
    assert indexed(database) == 1
    with database.write() as connection:
        messages.set_body(connection, later[-1], "Nothing to see", None, _cut())
    later += fill(database, 1)
    assert indexed(database) == 41
    later += fill(database, 5)
    assert indexed(database) == 41
    database.close()
    database = Database(str(tmp_path / "sandbox.db"))
    assert indexed(database) == 46
    with database.read() as connection:
        found = [one.seq for one in messages.select(connection, Filter(text="code minutes"))]
        seen = [one.seq for one in messages.select(connection, Filter(text="nothing"))]
    assert found == [one.seq for one in reversed([first, *later]) if one != later[38]]
    assert seen == [later[38].seq]
    database.close()


def test_a_message_with_another_text_is_found_by_that_alone(database: Database) -> None:
    old = fill(database, 1)[0]
    with database.write() as connection:
        messages.set_body(connection, old, "Nothing to see", None, _cut())
    with database.read() as connection:
        assert not list(messages.select(connection, Filter(text="minutes")))
        assert [one.seq for one in messages.select(connection, Filter(text="NOTHING"))] == [old.seq]


def _cut() -> object:
    from sms_sandbox.segments import segment

    return segment("Nothing to see")


@pytest.mark.parametrize(
    ("word", "holds"),
    [
        ("+447400123456", True),
        ("447400123456", True),
        ("+44 7400", True),
        ("+447400923456", False),
        ("reference 4482913", True),
        ('"reference 4482913"', True),
        ('"reference 9482913"', False),
        ("ÄRZTE-4482913", True),
    ],
)
def test_long_words_with_digits_are_compared_whole(
    database: Database, word: str, *, holds: bool
) -> None:
    fill(database, 1, recipient="+447400123456", body="Your reference 4482913 (Ärzte-4482913)")
    fill(database, 1, recipient="+447400823456", body="Your number 482913")
    with database.read() as connection:
        found = list(messages.select(connection, Filter(text=word, status="delivered")))
        found += list(messages.select(connection, Filter(text=word, status="failed")))
    assert {one.recipient for one in found} & {"+447400123456"} == (
        {"+447400123456"} if holds else set()
    )


def test_a_short_word_is_looked_for_among_the_newest_but_deleted_everywhere(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SHORT_WORDS", 3)
    for number in range(5):
        put(f"no {number} zz")
    assert len(inbox.find(Filter(text="zz"), 10)) == 3
    assert inbox.count(Filter(text="zz")) == 3
    assert inbox.clear(Filter(text="zz")) == 5


def test_a_filter_is_counted_to_a_bound_and_everything_exactly(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNTED", 3)
    monkeypatch.setattr(search, "COUNTED_TEXT", 2)
    for number in range(5):
        put(f"code {1000 + number}", account=f"a{number % 2}")
    assert inbox.page(Filter(), 2).total == 5
    assert inbox.page(Filter(account="a0"), 2).total == 3
    assert inbox.page(Filter(recipient=NUMBER), 2).total == 3
    assert inbox.page(Filter(text="code"), 1).total == 2
    # A list that ends on its first page has been counted by reading it.
    assert inbox.page(Filter(text="code"), 5).total == 5


def test_the_page_says_where_it_has_not_counted_to_the_end(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNTED_TEXT", 60)
    for number in range(61):
        put(f"code {1000 + number}")

    def summary(**place: str) -> str:
        return build_page(inbox, Place(**place), base="", ways=())[0].summary

    assert summary(q="code") == "50 of 60 or more"
    assert summary() == "50 of 61"
    assert summary(q="1001") == "1 message"


def test_the_numbers_by_account_are_true_after_everything(inbox: Inbox, put: Put) -> None:
    stored = [put(f"code {1000 + n}", account=f"a{n % 3}") for n in range(12)]
    inbox.delete(stored[0].id)
    inbox.clear(Filter(account="a1"))
    inbox.clear(Filter(text="1011"))
    put("another", account="a1")
    kept = inbox.find(Filter(), 100)
    by_account = {name: number for name, number, _ in inbox.account_summaries()}
    assert by_account == {
        name: sum(one.account == name for one in kept) for name in ("a0", "a1", "a2")
    }
    assert inbox.count(Filter()) == len(kept) == 7
    assert inbox.clear(Filter()) == 7
    assert (inbox.count(Filter()), inbox.account_summaries()) == (0, [])


def test_many_are_deleted_in_batches_and_told_of_once(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move, "_CLEARED", 4)
    for number in range(10):
        put(f"code {1000 + number}", account="mine")
    other = put("code 9999", account="other")
    stream = inbox.subscribe(None, None)
    assert inbox.clear(Filter(account="mine")) == 10
    told = [event.data for event in stream.take(0) if event.kind == "prune"]
    assert told == [{"removed": 10, "reason": "deleted"}]
    assert inbox.find(Filter(), 10) == [other]


def test_moves_that_are_due_together_are_made_in_their_order(inbox: Inbox, put: Put) -> None:
    stored = [put(f"code {1000 + number}") for number in range(5)]
    stream = inbox.subscribe(None, None)
    inbox._parts.clock.put("", inbox._parts.clock.set_to(1_900_000_000.0, frozen=True))
    inbox.advance_due()
    told = [(event.data["id"], event.data["status"]) for event in stream.take(0)]
    assert told == [(one.id, status) for status in ("sent", "delivered") for one in stored]
    _, entries = inbox.timeline(stored[0].id)
    assert [entry.status for entry in entries] == ["accepted", "queued", "sent", "delivered"]


def test_cursors_of_events_only_grow(inbox: Inbox, put: Put) -> None:
    stream = inbox.subscribe(None, None)
    for number in range(5):
        put(f"code {1000 + number}")
    inbox._parts.clock.put("", inbox._parts.clock.set_to(1_900_000_000.0, frozen=True))
    inbox.advance_due()
    cursors = [event.cursor for event in stream.take(0)]
    assert len(cursors) == 15
    assert all(one < other for one, other in pairwise(cursors))


def test_an_older_file_keeps_its_messages_and_its_search(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            f"{schema._MESSAGES} {schema._VENDORS} INSERT INTO sequence VALUES (7);"
            "CREATE VIRTUAL TABLE message_text USING fts5(body, recipient, sender, code,"
            " content='messages', content_rowid='seq', tokenize='trigram');"
            "CREATE TRIGGER message_text_insert AFTER INSERT ON messages BEGIN"
            " INSERT INTO message_text (rowid, body, recipient, sender, code)"
            " VALUES (new.seq, new.body, new.recipient, new.sender, new.code); END;"
            "INSERT INTO messages (seq, id, account, provider, direction, sender, sender_key,"
            " recipient, recipient_key, body, status, segments, encoding, code, raw, created_at,"
            " updated_at) VALUES (5, 'msg_5', 'a', 'sandbox', 'outbound', 'Notes', 'notes',"
            " '+9901234567', '9901234567', 'Your code is 482913', 'delivered', 1, 'GSM-7',"
            " '482913', '', 1.0, 1.0);"
            "PRAGMA user_version = 2;"
        )
    connection.close()
    database = Database(str(path))
    new = fill(database, 1, body="Your code is 111111")[0]
    with database.read() as reader:
        found = [one.id for one in messages.select(reader, Filter(text="code"))]
        assert found == [new.id, "msg_5"]
        assert counts.of(reader, "a") == 1
        assert counts.of(reader, None) == 2
    database.close()


def test_a_file_with_places_of_words_is_read_and_goes_on_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.sqlite"
    database = Database(str(path))
    old = fill(database, 30)
    database.close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE text_1; CREATE VIRTUAL TABLE text_1 USING fts5(in_body, in_recipient,"
            " in_sender, in_code, content='', columnsize=0, tokenize='trigram');"
            "INSERT INTO text_1 (rowid, in_body, in_recipient, in_sender, in_code)"
            " SELECT seq, body, recipient, sender, code FROM messages; PRAGMA user_version = 3;"
        )
    connection.close()
    monkeypatch.setattr(text, "SHARD", 30)
    database = Database(str(path))
    new = fill(database, 5)
    with database.write() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == schema.SCHEMA_VERSION > 3
        messages.set_body(connection, old[3], "Nothing to see", None, _cut())
        found = list(messages.select(connection, Filter(text='"code is" minutes')))
        kept = [one for one in old if one.id != old[3].id]
        assert [one.id for one in found] == [one.id for one in reversed([*kept, *new])]
        assert [one.id for one in messages.select(connection, Filter(text="see"))] == [old[3].id]
        made = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'text_2'")
        assert "detail=none" in made.fetchone()[0]
    database.close()
