from collections.abc import Callable

import pytest

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import StatusConflict, UnknownMessage
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Message
from sms_sandbox.storage import Filter, due

Put = Callable[..., Message]


def test_status_is_moved_by_hand_with_the_vendors_reason(inbox: Inbox, put: Put) -> None:
    moved = inbox.move(put().id, "failed", 30003)
    assert (moved.status, moved.error_code) == ("failed", 30003)
    assert inbox.get(moved.id) == moved
    assert inbox.move(put().id, "undelivered", "TTL").error_code == "TTL"


def test_final_message_cannot_be_moved_nor_moves_by_itself(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    message = inbox.move(put().id, "failed")
    with pytest.raises(StatusConflict):
        inbox.move(message.id, "delivered")
    assert inbox.advance_due() is None
    clock.advance(60)
    inbox.advance_due()
    assert inbox.get(message.id).status == "failed"


def test_final_message_has_nothing_planned_any_more(
    sandbox: Sandbox, inbox: Inbox, put: Put
) -> None:
    message = put()
    with sandbox.database.read() as connection:
        assert due.heads(connection) != []
    inbox.move(message.id, "delivered")
    with sandbox.database.read() as connection:
        assert due.heads(connection) == []


def test_inbound_message_cannot_be_moved(inbox: Inbox, put: Put) -> None:
    with pytest.raises(StatusConflict):
        inbox.move(inbox.reply(put().id, "hi").id, "delivered")


def test_unknown_message_cannot_be_moved(inbox: Inbox) -> None:
    with pytest.raises(UnknownMessage):
        inbox.move("msg_none", "sent")


def test_timeline_lists_each_status_once_in_order(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    message = put()
    clock.advance(1)
    inbox.advance_due()
    _, entries = inbox.timeline(message.id)
    assert [entry.status for entry in entries] == ["accepted", "queued", "sent", "delivered"]
    assert [round(entry.at - message.created_at, 3) for entry in entries] == [0, 0, 0.2, 0.8]


def test_watchers_see_each_move(inbox: Inbox, put: Put) -> None:
    message = put()
    subscription = inbox.subscribe(None, None)
    inbox.move(message.id, "sent")
    (event,) = subscription.take(1)
    assert (event.kind, event.data["status"]) == ("status", "sent")


def test_clear_deletes_what_the_filter_means_and_says_so(inbox: Inbox, put: Put) -> None:
    put(account="a")
    kept = put(account="b")
    subscription = inbox.subscribe(None, None)
    assert inbox.clear(Filter(account="a")) == 1
    assert [message.id for message in inbox.find(Filter(), 5)] == [kept.id]
    assert [event.kind for event in subscription.take(1)] == ["prune"]


def test_deleted_message_is_gone_with_its_planned_moves(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    message = put()
    inbox.delete(message.id)
    clock.advance(5)
    assert inbox.advance_due() is None
    assert inbox.find(Filter(text="482913"), 5) == []
