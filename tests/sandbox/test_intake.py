import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sms_sandbox.app import Sandbox
from sms_sandbox.client import SandboxClient, SandboxUnreachable
from sms_sandbox.errors import StorageUnavailable
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Draft, Message, Submission
from sms_sandbox.storage import Database, Filter, messages

SENDERS = 8
ENOUGH = 100
LONGEST = 90


@pytest.fixture
def inbox(sandbox: Sandbox) -> Inbox:
    """One that only senders write to: the clock hand's first look, which may come late, is over."""
    sandbox.timeline.stop()
    return sandbox.inbox


def draft(number: int, vendor_id: str = "") -> Draft:
    return Draft(
        account="default",
        provider="sandbox",
        direction="outbound",
        sender="Notes",
        recipient=f"+990{number:07d}",
        body=f"Your code is {number:06d}",
        submission=Submission(vendor_id=vendor_id) if vendor_id else None,
    )


def meanwhile(inbox: Inbox, drafts: list[Draft]) -> list[Callable[[], Message]]:
    """The outcomes of drafts that all come while the inbox is busy with something else."""
    waiting = inbox._intake._waiting
    with ThreadPoolExecutor(len(drafts)) as pool, inbox._parts.lock:
        first = pool.submit(inbox.accept, drafts[0])
        # in this order: whoever makes it busy waits already, and then takes itself off the queue
        while not inbox._intake._busy or waiting:
            assert not first.done()
        rest = []
        for number, one in enumerate(drafts[1:], 1):
            rest.append(pool.submit(inbox.accept, one))
            while len(waiting) < number:
                assert not rest[-1].done()
    return [outcome.result for outcome in (first, *rest)]


def commits(inbox: Inbox) -> list[str]:
    """Every commit of the writer from now on."""
    made: list[str] = []
    inbox._parts.database._writer.set_trace_callback(
        lambda statement: made.append(statement) if statement.startswith("COMMIT") else None
    )
    return made


def test_messages_that_come_at_once_share_a_transaction_and_are_told_in_order(
    inbox: Inbox,
) -> None:
    stream = inbox.subscribe(None, None)
    made = commits(inbox)
    outcomes = meanwhile(inbox, [draft(number) for number in range(12)])
    stored = [outcome() for outcome in outcomes]
    assert [one.body for one in stored] == [f"Your code is {number:06d}" for number in range(12)]
    assert len(made) == 2
    told = [event.data["id"] for event in stream.take(0)]
    assert told == [one.id for one in sorted(stored, key=lambda one: one.seq)]
    assert inbox.get(stored[5].id) == stored[5]


def test_one_that_cannot_be_stored_fails_alone(inbox: Inbox) -> None:
    inbox.accept(draft(1, "taken"))
    drafts = [draft(2), draft(3, "new"), draft(4, "taken"), draft(5)]
    outcomes = meanwhile(inbox, drafts)
    failed = [outcome for outcome in outcomes if _fails(outcome)]
    assert [outcomes.index(one) for one in failed] == [2]
    assert inbox.count(Filter()) == 4


def _fails(outcome: Callable[[], Message]) -> bool:
    try:
        outcome()
    except StorageUnavailable:
        return True
    return False


def test_a_send_needs_a_fixed_number_of_statements(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = make_sandbox(db=str(tmp_path / "sms.db"))
    sandbox.timeline.stop()
    inbox = sandbox.inbox
    inbox.accept(draft(0))
    ran: list[str] = []
    inbox._parts.database._writer.set_trace_callback(ran.append)
    outcomes = meanwhile(inbox, [draft(number) for number in range(1, 34)])
    assert all(outcome() for outcome in outcomes)
    inbox._parts.database._writer.set_trace_callback(None)
    # What is left for each: its row, its words, two lines of its timeline, two planned moves.
    shared = [one for one in ran if "INSERT INTO" not in one or "counts" in one]
    own = [one for one in ran if one not in shared and not one.startswith("--")]
    assert len(own) <= 33 * 6
    assert len(shared) <= 2 * 14


def test_killed_in_a_burst_it_has_every_message_that_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "sms.db"
    running = subprocess.Popen(
        [sys.executable, "-m", "sms_sandbox.cli", "serve", "--port", "0", "--db", str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        url = running.stdout.readline().strip().removeprefix("SMS sandbox: ")
        acknowledged = _burst(url, lambda: os.kill(running.pid, signal.SIGKILL))
    finally:
        running.kill()
        running.communicate()
    assert len(acknowledged) >= ENOUGH
    database = Database(str(path))
    with database.read() as connection:
        stored = [messages.by_id(connection, one) for one in acknowledged]
        timelines = [messages.timeline(connection, one.seq) for one in stored if one is not None]
    database.close()
    assert None not in stored
    assert all(timelines)
    with sqlite3.connect(path) as checking:
        assert checking.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    checking.close()


def _burst(url: str, kill: Callable[[], None]) -> list[str]:
    """Send from many threads until enough is acknowledged, kill, and go on until all notice."""
    acknowledged: list[str] = []
    enough = threading.Event()

    def send(sender: int) -> None:
        with SandboxClient(url) as client:
            for number in range(100_000):
                try:
                    sent = client.send(
                        to=f"+990{sender}{number:06d}", body=f"code {number:06d}", sender="Notes"
                    )
                except (SandboxUnreachable, OSError):
                    return
                acknowledged.append(sent["id"])
                if len(acknowledged) >= ENOUGH:
                    enough.set()

    with ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send, number) for number in range(SENDERS)]
        assert enough.wait(LONGEST)
        kill()
        for one in sending:
            one.result(LONGEST)
    return acknowledged
