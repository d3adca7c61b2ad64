from collections.abc import Callable
from pathlib import Path

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import Inbox, Match, Wish
from sms_sandbox.message import Draft, Message, Status
from sms_sandbox.storage import Filter

Put = Callable[..., Message]


def _wait(inbox: Inbox, status: Status) -> Message:
    wish = Wish(match=Match(), until_status=status, claim=False)
    return inbox.wait(wish, 60).messages[0]


def test_statuses_move_when_the_clock_does(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    message = put()
    clock.advance(0.3)
    assert _wait(inbox, "sent").status == "sent"
    assert inbox.get(message.id).status == "sent"
    clock.advance(1)
    assert _wait(inbox, "delivered").status == "delivered"


def test_frozen_clock_holds_statuses_still(sandbox: Sandbox, put: Put) -> None:
    message = put()
    assert sandbox.inbox.advance_due() is None  # No move will come by itself.
    assert sandbox.inbox.get(message.id).status == "queued"


def test_waves_larger_than_a_batch_all_move(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    for _ in range(150):
        put()
    clock.advance(10)
    found = inbox.wait(Wish(match=Match(), until_status="delivered", count=100, claim=False), 60)
    assert len(found.messages) == 100
    inbox.advance_due()
    assert inbox.count(Filter(status="delivered")) == 150


def test_planned_moves_survive_a_restart(
    make_sandbox: Callable[..., Sandbox], clock: FrozenClock, tmp_path: Path
) -> None:
    path = str(tmp_path / "sms.db")
    first = make_sandbox(db=path)
    message = first.inbox.accept(
        Draft(
            account="default",
            provider="sandbox",
            direction="outbound",
            sender="Notes",
            recipient="+9901234567",
            body="code 482913",
        )
    )
    first.close()
    clock.advance(10)
    second = make_sandbox(db=path)
    assert _wait(second.inbox, "delivered").id == message.id
    assert second.inbox.find(Filter(text="4829"), 5)[0].body == "code 482913"


def test_stop_ends_the_thread(sandbox: Sandbox) -> None:
    assert sandbox.timeline.running
    sandbox.timeline.stop()
    assert not sandbox.timeline.running
