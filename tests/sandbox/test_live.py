import threading

import pytest

from sms_sandbox.errors import Busy
from sms_sandbox.live import Event, Live


def _event(cursor: int, account: str | None = "a") -> Event:
    return Event(cursor, "message", account, {"n": cursor})


def _cursors(events: tuple[Event, ...]) -> list[int]:
    return [event.cursor for event in events]


def test_watcher_gets_what_is_published_after_it_came() -> None:
    live = Live(0, limit=5)
    live.publish(_event(1))
    subscription = live.subscribe(None)
    live.publish(_event(2))
    assert _cursors(subscription.take(0)) == [2]


def test_stream_resumes_after_a_cursor() -> None:
    live = Live(0, limit=5)
    for cursor in (1, 2, 3):
        live.publish(_event(cursor))
    assert _cursors(live.subscribe(1).take(0)) == [2, 3]
    assert live.subscribe(3).take(0) == ()


@pytest.mark.parametrize("cursor", [-1, 5, 99])
def test_cursor_that_is_too_old_or_of_another_life_means_resync(cursor: int) -> None:
    live = Live(10, limit=5)
    live.publish(_event(11))
    assert [event.kind for event in live.subscribe(cursor).take(0)] == ["resync"]


def test_forgotten_history_means_resync() -> None:
    live = Live(0, history=3, limit=5)
    for cursor in range(1, 6):
        live.publish(_event(cursor))
    assert [event.kind for event in live.subscribe(1).take(0)] == ["resync"]
    assert _cursors(live.subscribe(2).take(0)) == [3, 4, 5]


def test_slow_watcher_overflows_to_one_resync_and_goes_on() -> None:
    live = Live(0, depth=3, limit=5)
    subscription = live.subscribe(None)
    for cursor in range(1, 6):
        live.publish(_event(cursor))
    events = subscription.take(0)
    assert [event.kind for event in events] == ["resync", "message"]
    assert _cursors(events) == [4, 5]


def test_watcher_of_one_account_sees_its_own_and_the_common_events() -> None:
    live = Live(0, limit=5)
    subscription = live.subscribe(None, "a")
    for number, account in enumerate(("a", "b", None), start=1):
        live.publish(_event(number, account))
    assert _cursors(subscription.take(0)) == [1, 3]


def test_streams_are_bounded_and_given_back() -> None:
    live = Live(0, limit=1)
    first = live.subscribe(None)
    with pytest.raises(Busy):
        live.subscribe(None)
    live.unsubscribe(first)
    assert live.subscribe(None) is not first
    assert live.watchers == 1


def test_close_wakes_a_sleeping_watcher() -> None:
    live = Live(0, limit=1)
    subscription = live.subscribe(None)
    woken = threading.Event()
    thread = threading.Thread(target=lambda: (subscription.take(30), woken.set()))
    thread.start()
    live.close()
    assert woken.wait(30)
    thread.join()
    assert subscription.closed
