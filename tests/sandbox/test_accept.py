from collections.abc import Callable

import pytest

from sms_sandbox.app import Sandbox
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Draft, Message
from sms_sandbox.storage import Filter

Put = Callable[..., Message]


def test_message_is_stored_with_its_code_and_segments(inbox: Inbox, put: Put) -> None:
    message = put("Your code is 482913")
    assert inbox.get(message.id) == message
    assert (message.code, message.segments, message.encoding) == ("482913", 1, "GSM-7")
    assert message.status == "queued"


def test_inbound_text_is_received_and_has_no_code(inbox: Inbox, put: Put) -> None:
    message = put("482913", direction="inbound", sender="+9901234567", recipient="Notes")
    assert (message.status, message.code) == ("received", None)


@pytest.mark.parametrize("body", ["", "a\0b", "\x1b[2J", "\ud83d", "a" * 39_016])
def test_text_that_no_network_carries_is_refused_and_not_stored(
    inbox: Inbox, put: Put, body: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        put(body)
    assert refused.value.hint
    assert inbox.count(Filter()) == 0


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script>", "\u202ereversed", "'; DROP TABLE messages; --", "a\tb\nc"]
)
def test_hostile_text_is_kept_as_it_came(inbox: Inbox, put: Put, body: str) -> None:
    assert inbox.get(put(body).id).body == body


def test_reply_comes_from_the_handset_in_the_same_account(inbox: Inbox, put: Put) -> None:
    sent = put(account="a", provider="twilio")
    reply = inbox.reply(sent.id, "STOP")
    assert (reply.sender, reply.recipient) == ("+9901234567", "Notes")
    assert (reply.account, reply.provider, reply.direction) == ("a", "twilio", "inbound")
    again = inbox.reply(reply.id, "really")
    assert (again.sender, again.recipient) == ("+9901234567", "Notes")


def test_watchers_get_messages_in_arrival_order(inbox: Inbox, put: Put) -> None:
    subscription = inbox.subscribe(None, None)
    sent = [put() for _ in range(3)]
    events = subscription.take(1)
    assert [event.data["id"] for event in events] == [message.id for message in sent]
    assert [event.cursor for event in events] == [message.seq for message in sent]


def test_oldest_messages_go_when_retention_is_exceeded(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    inbox = make_sandbox(retention=5).inbox
    subscription = inbox.subscribe(None, None)
    sent = [inbox.accept(_draft(f"code {1000 + n}")) for n in range(8)]
    kept = [message.id for message in inbox.find(Filter(), 20)]
    assert kept == [message.id for message in sent[3:]][::-1]
    prunes = [event.data for event in subscription.take(1) if event.kind == "prune"]
    assert sum(data["removed"] for data in prunes) == 3
    assert inbox.counters["pruned_messages"] == 3


def test_pruned_messages_leave_the_text_index_too(make_sandbox: Callable[..., Sandbox]) -> None:
    inbox = make_sandbox(retention=2).inbox
    for number in range(4):
        inbox.accept(_draft(f"code {7000 + number}"))
    assert inbox.find(Filter(text="7000"), 5) == []
    assert len(inbox.find(Filter(text="7003"), 5)) == 1


def test_account_with_a_limit_of_its_own_is_pruned_alone(inbox: Inbox, put: Put) -> None:
    inbox.put_account_settings("small", {"retention": {"messages": 2}})
    for _ in range(4):
        put(account="small")
        put(account="large")
    assert inbox.count(Filter(account="small")) == 2
    assert inbox.count(Filter(account="large")) == 4
    inbox.reset("small")
    assert inbox.retention("small") == inbox.retention(None)


def test_lower_retention_prunes_at_once(inbox: Inbox, put: Put) -> None:
    for _ in range(6):
        put()
    inbox.put_account_settings(None, {"retention": {"messages": 4}})
    assert inbox.count(Filter()) == 4


def _draft(body: str) -> Draft:
    return Draft(
        account="default",
        provider="sandbox",
        direction="outbound",
        sender="Notes",
        recipient="+9901234567",
        body=body,
    )
