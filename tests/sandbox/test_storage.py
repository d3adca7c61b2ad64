import os
import sqlite3
import threading
from pathlib import Path

import pytest

from sms_sandbox.errors import SettingsError, StorageUnavailable
from sms_sandbox.storage import Database, Filter, records
from sms_sandbox.storage.records import Record
from sms_sandbox.storage.words import split_words


def test_memory_database_is_a_private_file_that_goes_with_it() -> None:
    database = Database(":memory:")
    path = database._path
    assert path.exists()
    assert path.parent.stat().st_mode & 0o077 == 0
    database.close()
    assert not path.parent.exists()


def test_lasting_file_is_its_owners_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Database(str(tmp_path / "sms.db")).close()
    finally:
        os.umask(before)
    assert (tmp_path / "sms.db").stat().st_mode & 0o077 == 0


def test_failed_transaction_leaves_nothing() -> None:
    database = Database(":memory:")

    def spoil() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO aliases VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spoil()
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM aliases").fetchone()[0] == 0
    database.close()


def test_locked_file_is_said_in_time_and_works_again_after(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "sms.db"))
    other = sqlite3.connect(tmp_path / "sms.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked"), database.write():
        pass
    other.execute("ROLLBACK")
    other.close()
    with database.write() as connection:
        connection.execute("INSERT INTO aliases VALUES ('a', 'b')")
    database.close()


def test_reading_goes_on_beside_a_writer() -> None:
    database = Database(":memory:")
    with database.write() as writer:
        writer.execute("INSERT INTO aliases VALUES ('a', 'b')")
        counted: list[int] = []

        def read() -> None:
            with database.read() as reader:
                counted.append(reader.execute("SELECT count(*) FROM aliases").fetchone()[0])

        thread = threading.Thread(target=read)
        thread.start()
        thread.join(60)
    assert counted == [0]
    database.close()


def test_file_of_another_program_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(SettingsError, match="another program"):
        Database(str(path))
    with sqlite3.connect(path) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    other.close()
    assert tables == [("theirs",)]


@pytest.mark.parametrize("content", [b"not a database at all, just text " * 10])
def test_file_that_is_no_database_is_refused_with_a_cure(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=":memory:"):
        Database(str(path))


def test_missing_folder_is_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="folder"):
        Database(str(tmp_path / "no" / "such.db"))


def test_closed_database_says_that_the_sandbox_stops() -> None:
    database = Database(":memory:")
    database.close()
    with pytest.raises(StorageUnavailable), database.read():
        pass
    with pytest.raises(StorageUnavailable), database.write():
        pass


def test_of_each_kind_of_record_the_oldest_go_beyond_the_bound() -> None:
    database = Database(":memory:")
    with database.write() as connection:
        for number in range(5):
            for account, kind in (("a", "token"), ("a", "service"), ("b", "token")):
                record = Record(
                    provider="vonage",
                    account=account,
                    kind=kind,
                    id=str(number),
                    created_at=number,
                    updated_at=number,
                )
                records.insert(connection, record, keep=3 if kind == "token" else 10)
    with database.read() as connection:
        kept = {
            (account, kind): [one.id for one in records.find(connection, "vonage", account, kind)]
            for account, kind in (("a", "token"), ("a", "service"), ("b", "token"))
        }
    database.close()
    assert kept[("a", "token")] == kept[("b", "token")] == ["4", "3", "2"]
    assert len(kept[("a", "service")]) == 5


def test_cursors_of_a_later_life_are_greater(tmp_path: Path) -> None:
    def start(path: str) -> int:
        database = Database(path)
        with database.read() as connection:
            value = connection.execute("SELECT value FROM sequence").fetchone()[0]
        database.close()
        return int(value)

    first, again = start(str(tmp_path / "a.db")), start(str(tmp_path / "a.db"))
    assert first == again > 1_700_000_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("one two", ["one", "two"]),
        ('"two words" x', ["two words", "x"]),
        ("+990-123-4567", ["+9901234567"]),
        ('"', ['"']),
    ],
)
def test_search_text_is_split_into_words_and_phrases(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_open_filter_means_everything() -> None:
    assert Filter().is_open()
    assert not Filter(has_code=False).is_open()
