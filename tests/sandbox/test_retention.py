"""How much is kept: by number, by age, by size."""

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import until

from sms_sandbox.app import Sandbox
from sms_sandbox.client import SandboxClient
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import SettingsError
from sms_sandbox.inbox import Inbox, retention
from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.waiters import Wish
from sms_sandbox.message import Message, Submission
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Filter, remains, schema, text
from sms_sandbox.storage.messages import OF_A_MESSAGE

Put = Callable[..., Message]


def prunes(stream: Any) -> list[tuple[str | None, int, str]]:
    found = []
    while events := stream.take(0):
        found += [
            (event.account, event.data["removed"], event.data["limit"])
            for event in events
            if event.kind == "prune"
        ]
    return found


def bodies(inbox: Inbox, account: str) -> list[str]:
    return [message.body for message in inbox.find(Filter(account=account), 50)][::-1]


def test_the_oldest_go_when_an_account_holds_too_many_bytes(inbox: Inbox, put: Put) -> None:
    stream = inbox.subscribe(None, None)
    inbox.put_account_settings("a", {"retention": {"bytes": 3000}})
    for letter in "abcde":
        put(letter * 1000, account="a")
        put(letter * 1000, account="b")
    assert bodies(inbox, "a") == [letter * 1000 for letter in "cde"]
    assert len(bodies(inbox, "b")) == 5
    assert inbox.stored_bytes("a") == 3000
    assert inbox.stored_bytes(None) == 8000
    assert prunes(stream) == [("a", 1, "bytes"), ("a", 1, "bytes")]


def test_requests_count_as_bytes_too(inbox: Inbox, put: Put) -> None:
    put("x" * 10, account="a", raw="y" * 90)
    assert inbox.stored_bytes("a") == 100
    inbox.clear(Filter(account="a"))
    assert inbox.stored_bytes("a") == 0


def test_a_limit_over_all_bounds_all_together(make_sandbox: Callable[..., Sandbox]) -> None:
    inbox = make_sandbox(retention_bytes=2500).inbox
    for number, account in enumerate("abab"):
        inbox.accept(_draft(account, str(number) * 1000))
    assert (bodies(inbox, "a"), bodies(inbox, "b")) == (["2" * 1000], ["3" * 1000])


def test_old_messages_go_by_themselves(
    sandbox: Sandbox, inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_account_settings("a", {"retention": {"seconds": 60}})
    put("first", account="a")
    put("other", account="b")
    clock.advance(40)
    put("second", account="a")
    clock.advance(21)
    inbox.advance_due()
    assert bodies(inbox, "a") == ["second"]
    clock.advance(3600)
    inbox.advance_due()
    assert (bodies(inbox, "a"), bodies(inbox, "b")) == ([], ["other"])


def test_age_is_by_the_accounts_own_clock(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    inbox.put_account_settings(None, {"retention": {"seconds": 60}})
    inbox.set_clock("frozen", frozen=True)
    put("still", account="frozen")
    put("passing", account="b")
    clock.advance(100)
    inbox.advance_due()
    assert (bodies(inbox, "frozen"), bodies(inbox, "b")) == (["still"], [])
    inbox.advance_clock("frozen", 100)
    assert bodies(inbox, "frozen") == []


def test_the_timeline_wakes_when_the_next_message_grows_old(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_account_settings("a", {"retention": {"seconds": 60}})
    put("first", account="a")
    clock.advance(61)
    stream = inbox.subscribe(None, None)
    clock.advance(0)
    for _ in range(150):
        if not bodies(inbox, "a"):
            break
        stream.take(0.1)
    assert bodies(inbox, "a") == []


def test_an_inbound_message_goes_by_itself_in_real_time(
    server: SandboxServer, client: SandboxClient
) -> None:
    client.put_settings("a", retention={"seconds": 1})
    stream = server.sandbox.inbox.subscribe(None, "a")
    client.receive(sender="+9901234567", to="Notes", body="hello", account="a")
    for _ in range(150):
        if any(event.kind == "prune" for event in stream.take(0.1)):
            break
    assert client.messages(account="a") == []


def test_limits_of_the_start_hold_after_a_restart(
    make_sandbox: Callable[..., Sandbox], clock: FrozenClock, tmp_path: Path
) -> None:
    file = str(tmp_path / "sms.sqlite")
    first = make_sandbox(db=file)
    for number in range(5):
        first.inbox.accept(_draft("a", f"text {number}"))
    first.close()
    assert bodies(make_sandbox(db=file, retention=3).inbox, "a") == ["text 2", "text 3", "text 4"]


def test_limits_of_an_older_file_are_taken_over(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    file = tmp_path / "old.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            f"{schema._MESSAGES} {schema._VENDORS} INSERT INTO sequence VALUES (7);"
            "INSERT INTO retention VALUES ('', 50), ('a', 2); PRAGMA user_version = 2;"
        )
    connection.close()
    inbox = make_sandbox(db=str(file)).inbox
    assert (inbox.retention(None).messages, inbox.retention("a").messages) == (50, 2)


@pytest.mark.parametrize("values", [{"retention_bytes": 0}, {"retention_seconds": 0}], ids=str)
def test_a_limit_that_keeps_nothing_is_refused_at_start(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Settings(**values)


def _draft(account: str, body: str) -> Any:
    from sms_sandbox.message import Draft

    return Draft(
        account=account,
        provider="sandbox",
        direction="outbound",
        sender="Notes",
        recipient="+9901234567",
        body=body,
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two messages are few, and four are many."""
    monkeypatch.setattr(remains, "FEW", 2)
    monkeypatch.setattr(remains, "MANY", 4)


def everything(sandbox: Sandbox) -> dict[str, list[tuple[Any, ...]]]:
    """What every table of messages holds, in its order, without its own numbers of rows."""
    with sandbox.database.read() as connection:
        return {
            table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")]
            for table in ("messages", *OF_A_MESSAGE, "counts")
        }


def post_for_each(sandbox: Sandbox) -> None:
    """A callback that is not due yet, and an attempt that was made, for every message."""
    request = json.dumps({"kind": "status", "url": "http://127.0.0.1:9", "headers": {}, "body": ""})
    with sandbox.database.write() as connection:
        connection.execute(
            "INSERT INTO callbacks (id, message_seq, attempt, due_at, origin, request)"
            " SELECT 'next ' || seq, seq, 2, 9e9, 'http://127.0.0.1:9', ? FROM messages",
            (request,),
        )
        connection.execute(
            "INSERT INTO attempts (id, message_seq, attempt, at, milliseconds, request)"
            " SELECT 'made ' || seq, seq, 1, created_at, 5, ? FROM messages",
            (request,),
        )


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("account", [None, "b"])
def test_few_that_stay_of_many_are_what_they_were(
    sandbox: Sandbox, put: Put, clock: FrozenClock, account: str | None
) -> None:
    inbox = sandbox.inbox
    first = put("of another account", account="a")
    for number in range(9):
        put(f"text {number}", account="b")
        clock.advance(0.3)
        inbox.advance_due()
    newest = put("the newest", account="b", submission=Submission(vendor_id="x", callback_url="u"))
    post_for_each(sandbox)
    before = everything(sandbox)
    left = {newest.seq, first.seq} if account else {newest.seq}
    stream = inbox.subscribe(None, None)
    inbox.put_account_settings(account, {"retention": {"messages": 1}})
    after = everything(sandbox)
    for table in OF_A_MESSAGE:
        place = 1 if table in ("callbacks", "attempts") else 0
        assert after[table] == [row for row in before[table] if row[place] in left]
        assert after[table]
    assert after["messages"] == [row for row in before["messages"] if row[0] in left]
    weights = {row[2]: row[-1] for row in after["messages"]}
    assert set(after["counts"]) == {
        *((name, 1, size) for name, size in weights.items()),
        ("", len(left), sum(weights.values())),
    }
    removed = 11 - len(left)
    assert prunes(stream) == [(account, removed, "messages")]
    assert inbox.counters["pruned_messages"] == removed
    assert [one.body for one in inbox.find(Filter(text="newest"), 5)] == ["the newest"]
    clock.advance(60)
    inbox.advance_due()
    assert inbox.get(newest.id).status == "delivered"


@pytest.mark.usefixtures("few")
def test_the_index_of_what_went_goes_with_it(
    sandbox: Sandbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "BEHIND", 1)
    monkeypatch.setattr(text, "SHARD", 3)
    for number in range(8):
        put(f"text {number}")
    sandbox.inbox.put_account_settings(None, {"retention": {"messages": 1}})
    with sandbox.database.read() as connection:
        (shard,) = text.shards(connection)
        tables = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'text\\__' ESCAPE '\\'"
        assert connection.execute(tables).fetchone()[0] == 1
    assert shard.number == 3
    assert [one.body for one in sandbox.inbox.find(Filter(text="text"), 5)] == ["text 7"]


@pytest.mark.usefixtures("few")
def test_a_wait_forgets_what_went_and_keeps_what_stayed(inbox: Inbox, put: Put) -> None:
    found: list[str] = []
    wish = Wish(match=Match(account="a"), count=2)
    waiting = threading.Thread(
        target=lambda: found.extend(one.body for one in inbox.wait(wish, 60).messages)
    )
    waiting.start()
    until(lambda: inbox.waiting == 1)
    put("goes", account="a")
    for number in range(4):
        put(f"text {number}", account="b")
    inbox.put_account_settings(None, {"retention": {"messages": 1}})
    inbox.put_account_settings(None, {"retention": {"messages": 100}})
    put("first", account="a")
    put("second", account="a")
    waiting.join(60)
    assert found == ["first", "second"]


def test_messages_come_between_two_batches_of_a_lower_limit(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_TOGETHER", 2)
    ways: list[int] = []
    monkeypatch.setattr(retention, "give_way", lambda: ways.append(inbox.count(Filter())))
    for number in range(7):
        put(f"text {number}", account="a")
    inbox.put_account_settings("a", {"retention": {"messages": 2}})
    assert ways == [5, 3]
    assert bodies(inbox, "a") == ["text 5", "text 6"]
