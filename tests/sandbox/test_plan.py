"""The way of a message: scheduled, handed on, delivered, expired."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import NoCode, StatusConflict, WaitTimeout
from sms_sandbox.inbox import Inbox, Match, Wish
from sms_sandbox.inbox.plan import Ending, Way, plan
from sms_sandbox.message import Draft, Message, Status, can_move

Put = Callable[..., Message]
NOW = 1_800_000_000.0


def way(ending: Ending | None = None, **changes: Any) -> Way:
    values = {
        "account": "a",
        "provider": "sandbox",
        "direction": "outbound",
        "sender": "Notes",
        "recipient": "+9901234567",
        "body": "hello",
    }
    draft = Draft(**(values | changes))
    return plan(
        draft,
        NOW,
        ending or Ending(),
        sent_after=0.2,
        delivered_after=0.8,
        expired="expired",
    )


def steps(of: Way) -> list[tuple[float, str, Any]]:
    return [(round(one.at - NOW, 3), one.status, one.error_code) for one in of.moves]


def test_message_is_queued_at_once_then_sent_and_delivered() -> None:
    assert way().lived == ("accepted", "queued")
    assert steps(way()) == [(0.2, "sent", None), (0.8, "delivered", None)]


def test_vendor_that_chooses_a_sender_queues_it_later() -> None:
    assert way(starts="accepted").lived == ("accepted",)
    assert steps(way(starts="accepted"))[0] == (0.1, "queued", None)


def test_scheduled_message_begins_at_its_time() -> None:
    later = way(send_at=NOW + 600, starts="accepted")
    assert later.lived == ("scheduled",)
    assert steps(later) == [
        (600, "queued", None),
        (600.2, "sent", None),
        (600.8, "delivered", None),
    ]


def test_time_that_has_passed_is_now() -> None:
    assert way(send_at=NOW).lived == ("accepted", "queued")
    assert steps(way(send_at=NOW - 5)) == steps(way())


def test_message_that_is_not_delivered_in_time_expires() -> None:
    late = Ending(after=30)
    assert steps(way(late, validity=10)) == [(0.2, "sent", None), (10, "undelivered", "expired")]
    assert steps(way(late, validity=0.1)) == [(0.1, "failed", "expired")]
    assert steps(way(late, validity=30))[-1] == (30, "delivered", None)
    scheduled = way(late, validity=10, send_at=NOW + 100)
    assert steps(scheduled)[-1] == (110, "undelivered", "expired")


def test_delivery_that_may_have_to_wait_knows_until_when() -> None:
    assert way(validity=60).moves[-1].until == NOW + 60
    assert way().moves[-1].until is None


ENDS = st.sampled_from(["sent", "delivered", "undelivered", "failed"])


@given(
    status=ENDS,
    after=st.none() | st.floats(0, 1000),
    send_at=st.none() | st.floats(-10, 1000),
    validity=st.none() | st.floats(0.001, 1000),
    starts=st.sampled_from(["accepted", "queued"]),
)
def test_every_way_leads_forward_in_time_and_status(
    status: Status, after: float | None, send_at: float | None, validity: float | None, starts: str
) -> None:
    at = None if send_at is None else NOW + send_at
    found = way(Ending(status=status, after=after), send_at=at, validity=validity, starts=starts)
    present = found.lived[-1]
    for one in found.moves:
        assert one.status != "wake"
        assert can_move(present, one.status)
        present = one.status
    times = [one.at for one in found.moves]
    assert times == sorted(times)
    assert times[0] >= NOW
    if validity is not None and found.moves[-1].status != "sent":
        assert times[-1] <= max(NOW, at or NOW) + validity


def test_scheduled_message_waits_and_can_be_canceled(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    kept, canceled = (put(send_at=clock.now() + 600) for _ in range(2))
    assert kept.status == "scheduled"
    clock.advance(599)
    inbox.advance_due()
    assert inbox.move(canceled.id, "canceled").status == "canceled"
    clock.advance(10)
    inbox.advance_due()
    assert inbox.get(kept.id).status == "delivered"
    assert [one.status for one in inbox.timeline(kept.id)[1]] == [
        "scheduled",
        "queued",
        "sent",
        "delivered",
    ]
    assert inbox.get(canceled.id).status == "canceled"
    with pytest.raises(StatusConflict):
        inbox.move(kept.id, "canceled")
    with pytest.raises(StatusConflict):
        inbox.move(canceled.id, "queued")


def test_timings_of_the_account_hold(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    inbox.put_account_settings("slow", {"timings": {"delivered_after": 20.0}})
    slow, usual = put(account="slow"), put()
    clock.advance(1)
    inbox.advance_due()
    assert (inbox.get(slow.id).status, inbox.get(usual.id).status) == ("sent", "delivered")
    clock.advance(19)
    inbox.advance_due()
    assert inbox.get(slow.id).status == "delivered"


def test_wait_does_not_see_a_message_before_its_time(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    later = put("Your code is 111111", send_at=clock.now() + 600)
    canceled = put("Your code is 222222", send_at=clock.now() + 600)
    inbox.move(canceled.id, "canceled")
    wish = Wish(match=Match(recipient=later.recipient))
    with pytest.raises(WaitTimeout) as nothing:
        inbox.wait(wish, 0)
    assert {"unsent"} == {
        why for miss in nothing.value.members["arrived"] for why in miss["differs"]
    }
    with pytest.raises(NoCode):
        inbox.newest_code(later.recipient, None)
    clock.advance(600)
    inbox.advance_due()
    assert [one.id for one in inbox.wait(wish, 15).messages] == [later.id]
    assert inbox.newest_code(later.recipient, None).code == "111111"


def test_wait_for_the_status_of_a_scheduled_message_sees_it(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    later = put(send_at=clock.now() + 600)
    wish = Wish(match=Match(status="scheduled"))
    assert [one.id for one in inbox.wait(wish, 15).messages] == [later.id]
