import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from servers import until

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import Busy, InvalidRequest, UnwantedMessage, WaitTimeout
from sms_sandbox.inbox import Inbox, Match, Outcome, Wish
from sms_sandbox.message import Message

Put = Callable[..., Message]
ANY = Match()
PATIENT = 60.0


def _later(inbox: Inbox, wish: Wish, pool: ThreadPoolExecutor) -> Any:
    """Start a wait and return once it is really waiting."""
    already = inbox.waiting
    future = pool.submit(inbox.wait, wish, PATIENT)
    until(lambda: inbox.waiting > already or future.done())
    return future


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(24) as running:
        yield running


def _ids(outcome: Outcome) -> list[str]:
    return [message.id for message in outcome.messages]


def test_message_that_is_there_is_returned_at_once_and_claimed(inbox: Inbox, put: Put) -> None:
    message = put()
    assert _ids(inbox.wait(Wish(match=ANY), 0)) == [message.id]
    with pytest.raises(WaitTimeout):
        inbox.wait(Wish(match=ANY), 0)


def test_second_login_gets_the_second_code(inbox: Inbox, put: Put, pool: Any) -> None:
    put("code 111111")
    wish = Wish(match=Match(has_code=True))
    assert inbox.wait(wish, 0).messages[0].code == "111111"
    future = _later(inbox, wish, pool)
    put("code 222222")
    assert future.result(PATIENT).messages[0].code == "222222"


def test_arrival_wakes_a_wait_without_polling(
    inbox: Inbox, put: Put, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.inbox.wait._LOOK_FOR_HANGUP", 60.0)
    future = _later(inbox, Wish(match=ANY), pool)
    message = put()
    assert _ids(future.result(PATIENT)) == [message.id]


def test_twenty_waits_and_twenty_messages_meet_one_to_one(
    inbox: Inbox, put: Put, pool: Any
) -> None:
    start = threading.Barrier(21)

    def one() -> str:
        start.wait()
        return inbox.wait(Wish(match=ANY), PATIENT).messages[0].id

    futures = [pool.submit(one) for _ in range(20)]
    start.wait()
    sent = {put(f"code {1000 + number}").id for number in range(20)}
    taken = [future.result(PATIENT) for future in futures]
    assert sorted(taken) == sorted(sent)


def test_no_wake_up_is_lost_between_check_and_sleep(inbox: Inbox, put: Put, pool: Any) -> None:
    for _ in range(60):
        gate = threading.Barrier(2)

        def one(gate: threading.Barrier = gate) -> Outcome:
            gate.wait()
            return inbox.wait(Wish(match=ANY), PATIENT)

        future = pool.submit(one)
        gate.wait()
        message = put()
        assert _ids(future.result(PATIENT)) == [message.id]


def test_waits_are_served_in_the_order_in_which_they_came(
    inbox: Inbox, put: Put, pool: Any
) -> None:
    first = _later(inbox, Wish(match=ANY), pool)
    second = _later(inbox, Wish(match=ANY), pool)
    sent = [put().id, put().id]
    assert [_ids(first.result(PATIENT))[0], _ids(second.result(PATIENT))[0]] == sent


def test_messages_that_retention_has_removed_serve_no_wait(
    inbox: Inbox, put: Put, pool: Any
) -> None:
    inbox.put_account_settings(None, {"retention": {"messages": 2}})
    future = _later(inbox, Wish(match=Match(body_contains="code"), count=2), pool)
    put("code 1111")
    for _ in range(2):
        put("nothing of the kind")
    wanted = [put("code 2222").id, put("code 3333").id]
    assert _ids(future.result(PATIENT)) == wanted


def test_older_message_that_moves_serves_no_wait_for_later_ones(
    inbox: Inbox, put: Put, pool: Any, clock: FrozenClock
) -> None:
    old = put()
    wishes = [
        Wish(match=ANY, after=old.seq, claim=False),
        Wish(match=ANY, since=clock.now() + 1),
    ]
    futures = [_later(inbox, wish, pool) for wish in wishes]
    clock.advance(5)
    inbox.advance_due()
    new = put()
    assert [_ids(future.result(PATIENT)) for future in futures] == [[new.id], [new.id]]


def test_peek_claims_nothing(inbox: Inbox, put: Put) -> None:
    message = put()
    wish = Wish(match=ANY, claim=False)
    assert _ids(inbox.wait(wish, 0)) == _ids(inbox.wait(wish, 0)) == [message.id]
    assert _ids(inbox.wait(Wish(match=ANY), 0)) == [message.id]


def test_cursor_wins_over_claims(inbox: Inbox, put: Put) -> None:
    put("code 111111")
    cursor = put("code 222222").seq
    third = put("code 333333")
    inbox.wait(Wish(match=ANY, count=3), 0)
    assert _ids(inbox.wait(Wish(match=ANY, after=cursor), 0)) == [third.id]


def test_count_returns_that_many_in_order_and_claims_none_in_vain(
    inbox: Inbox, put: Put, pool: Any
) -> None:
    sent = [put().id, put().id]
    with pytest.raises(WaitTimeout) as refused:
        inbox.wait(Wish(match=ANY, count=3), 0.05)
    assert "2 of 3" in refused.value.detail
    future = _later(inbox, Wish(match=ANY, count=3), pool)
    sent.append(put().id)
    assert _ids(future.result(PATIENT)) == sent


def test_newest_first_takes_the_last(inbox: Inbox, put: Put) -> None:
    put("code 111111")
    assert put("code 222222").id in _ids(inbox.wait(Wish(match=ANY, newest_first=True), 0))


def test_until_status_waits_for_the_state(
    inbox: Inbox, put: Put, clock: FrozenClock, pool: Any
) -> None:
    message = put()
    future = _later(inbox, Wish(match=ANY, until_status="delivered"), pool)
    clock.advance(0.3)
    assert inbox.wait(Wish(match=ANY, until_status="sent", claim=False), 5).messages
    assert not future.done()
    clock.advance(1)
    assert _ids(future.result(PATIENT)) == [message.id]


def test_absence_is_confirmed_after_the_window(inbox: Inbox, put: Put) -> None:
    put(account="other")
    outcome = inbox.wait(Wish(match=Match(account="quiet"), absent=True), 0.05)
    assert outcome.messages == ()
    assert outcome.waited >= 0.05


def test_absence_ends_at_once_when_a_message_comes(inbox: Inbox, put: Put, pool: Any) -> None:
    future = _later(inbox, Wish(match=ANY, absent=True), pool)
    message = put()
    with pytest.raises(UnwantedMessage) as refused:
        future.result(PATIENT)
    assert refused.value.members["message"]["id"] == message.id
    assert not inbox.get(message.id).claimed


def test_absence_counts_unclaimed_messages_that_are_there(inbox: Inbox, put: Put) -> None:
    put()
    with pytest.raises(UnwantedMessage):
        inbox.wait(Wish(match=ANY, absent=True), 0)
    inbox.wait(Wish(match=ANY), 0)
    assert inbox.wait(Wish(match=ANY, absent=True), 0).messages == ()


@pytest.mark.parametrize(
    ("match", "meets"),
    [
        ({"recipient": "990 1234567"}, True),
        ({"recipient": "+9901234568"}, False),
        ({"sender": "NOTES"}, True),
        ({"provider": "twilio"}, False),
        ({"direction": "inbound"}, False),
        ({"status": "queued"}, True),
        ({"status": "sent"}, False),
        ({"has_code": False}, False),
        ({"body_contains": "code is"}, True),
        ({"body_contains": "Code"}, False),
        ({"body_regex": r"\b\d{6}\b"}, True),
        ({"body_regex": r"^\d"}, False),
    ],
    ids=str,
)
def test_match_conditions(inbox: Inbox, put: Put, match: dict, meets: bool) -> None:
    put()
    wish = Wish(match=Match(**match))
    if meets:
        assert inbox.wait(wish, 0).messages
    else:
        with pytest.raises(WaitTimeout) as refused:
            inbox.wait(wish, 0)
        assert len(refused.value.members["arrived"][0]["differs"]) == 1


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a" * 1001, "(a{1000}){1000}"])
def test_unusable_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Match(body_regex=pattern)
    assert refused.value.pointer == "/match/body_regex"


def test_pattern_that_would_explode_elsewhere_runs_in_linear_time(inbox: Inbox, put: Put) -> None:
    put("a" * 30_000 + "b")
    started = time.process_time()
    with pytest.raises(WaitTimeout):
        inbox.wait(Wish(match=Match(body_regex="(a+)+$")), 0)
    assert time.process_time() - started < 2


def test_time_out_names_the_near_misses(inbox: Inbox, put: Put) -> None:
    for _ in range(7):
        put(account="ACw2")
    with pytest.raises(WaitTimeout) as refused:
        inbox.wait(Wish(match=Match(recipient="+9901234567", account="ACw3")), 0)
    arrived = refused.value.members["arrived"]
    assert len(arrived) == 5
    assert arrived[0]["differs"] == ["account"]
    assert "it has ACw2, you asked ACw3" in (refused.value.hint or "")


def test_time_out_in_an_empty_sandbox_says_so(inbox: Inbox) -> None:
    with pytest.raises(WaitTimeout, match=r"0 of 1") as refused:
        inbox.wait(Wish(match=ANY), 0)
    assert "No message has arrived" in (refused.value.hint or "")


def test_waits_are_bounded(make_sandbox: Callable[..., Sandbox], pool: Any) -> None:
    inbox = make_sandbox(max_waits=1).inbox
    future = _later(inbox, Wish(match=ANY), pool)
    with pytest.raises(Busy):
        inbox.wait(Wish(match=ANY), 1)
    inbox.close()
    with pytest.raises(Busy):
        future.result(PATIENT)
    assert inbox.waiting == 0


def test_asker_who_hung_up_frees_the_wait_and_claims_nothing(inbox: Inbox, put: Put) -> None:
    with pytest.raises(WaitTimeout):
        inbox.wait(Wish(match=ANY), PATIENT, gone=lambda: True)
    assert inbox.waiting == 0
    message = put()
    assert not inbox.get(message.id).claimed


def test_claim_that_came_while_the_asker_hung_up_is_given_back(inbox: Inbox, put: Put) -> None:
    sent: list[Message] = []

    def gone() -> bool:
        sent.append(put())
        return True

    inbox.wait(Wish(match=ANY), PATIENT, gone)
    assert not inbox.get(sent[0].id).claimed


def test_claimed_message_no_longer_counts_for_other_waits(
    inbox: Inbox, put: Put, pool: Any
) -> None:
    first = _later(inbox, Wish(match=ANY, count=2), pool)
    second = _later(inbox, Wish(match=ANY, count=2), pool)
    sent = [put().id for _ in range(4)]
    assert _ids(first.result(PATIENT)) == sent[:2]
    assert _ids(second.result(PATIENT)) == sent[2:]


def test_deleted_message_no_longer_counts_for_a_wait(inbox: Inbox, put: Put, pool: Any) -> None:
    gone = put()
    future = _later(inbox, Wish(match=ANY, count=2), pool)
    inbox.delete(gone.id)
    kept = [put().id, put().id]
    assert _ids(future.result(PATIENT)) == kept


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_long_look_back_finds_in_its_order_whatever_the_batches(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch, *, newest_first: bool
) -> None:
    monkeypatch.setattr("sms_sandbox.inbox.wait._LOOK_AT_ONCE", 2)
    stored = [put("wanted" if number in (3, 4, 9) else "other") for number in range(12)]
    wish = Wish(match=Match(body_contains="wanted"), count=2, newest_first=newest_first)
    wanted = (9, 4) if newest_first else (3, 4)
    assert _ids(inbox.wait(wish, 0)) == [stored[number].id for number in wanted]
    with pytest.raises(WaitTimeout):
        inbox.wait(wish, 0)
    assert inbox.waiting == 0


def test_between_two_batches_others_write_and_what_they_take_is_not_taken_again(
    inbox: Inbox, put: Put, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.inbox.wait._LOOK_AT_ONCE", 2)
    first = put("wanted")
    for _ in range(5):
        put("other")
    paused, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        paused.set()
        assert go_on.wait(PATIENT)

    monkeypatch.setattr("sms_sandbox.inbox.wait.give_way", pause)
    both = pool.submit(inbox.wait, Wish(match=Match(body_contains="wanted"), count=2), PATIENT)
    assert paused.wait(PATIENT)
    late = [put("wanted late"), put("wanted later")]
    taken = inbox.wait(Wish(match=Match(body_contains="wanted"), after=0), 0)
    assert _ids(taken) == [first.id]
    go_on.set()
    assert _ids(both.result(PATIENT)) == [one.id for one in late]
