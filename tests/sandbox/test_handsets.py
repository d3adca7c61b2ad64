"""Handsets that are off, full, blocked, or have opted out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import SEND, problem, send

from sms_sandbox.app import Sandbox
from sms_sandbox.client import SandboxClient
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import Refused
from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox import handsets as inbox_handsets
from sms_sandbox.inbox.handsets import MAX_OPTED_OUT
from sms_sandbox.message import Message
from sms_sandbox.storage import handsets as table

Put = Callable[..., Message]
NUMBER = "+9901234567"


def pass_time(inbox: Inbox, clock: FrozenClock, seconds: float) -> None:
    clock.advance(seconds)
    inbox.advance_due()


def lived(inbox: Inbox, message: Message) -> list[str]:
    return [entry.status for entry in inbox.timeline(message.id)[1]]


def test_handset_is_on_and_its_sim_is_500_hours_old(inbox: Inbox, clock: FrozenClock) -> None:
    handset = inbox.handset("default", NUMBER)
    assert (handset.state, handset.opted_out, handset.nickname) == ("on", frozenset(), None)
    assert handset.sim_swapped_at == clock.now() - 500 * 3600


def test_sim_of_the_scenario_is_swapped_this_moment(inbox: Inbox, clock: FrozenClock) -> None:
    assert inbox.handset("default", "+13015550100").sim_swapped_at == clock.now()
    inbox.put_handset("default", "+13015550100", {"sim_swapped_at": 5.0})
    assert inbox.handset("default", "+13015550100").sim_swapped_at == 5.0


def test_message_waits_for_a_handset_that_is_off(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_handset("default", "990 123 45 67", {"state": "off"})
    first, second = put("first"), put("second")
    pass_time(inbox, clock, 10_000)
    assert inbox.get(first.id).status == inbox.get(second.id).status == "sent"
    inbox.put_handset("default", NUMBER, {"state": "on"})
    inbox.advance_due()
    subscription = [inbox.get(one.id) for one in (first, second)]
    assert [one.status for one in subscription] == ["delivered", "delivered"]
    assert subscription[0].updated_at == clock.now()


def test_waiting_messages_arrive_in_the_order_of_their_sending(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_handset("default", NUMBER, {"state": "off"})
    sent = [put(f"number {place}") for place in range(3)]
    pass_time(inbox, clock, 1)
    watch = inbox.subscribe(None, None)
    inbox.put_handset("default", NUMBER, {"state": "on"})
    inbox.advance_due()
    arrived = [event.data["id"] for event in watch.take(15) if event.kind == "status"]
    assert arrived == [one.id for one in sent]


def test_message_expires_while_the_handset_is_off(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_handset("default", NUMBER, {"state": "off"})
    message = put(validity=60)
    pass_time(inbox, clock, 59)
    assert inbox.get(message.id).status == "sent"
    pass_time(inbox, clock, 1)
    expired = inbox.get(message.id)
    assert (expired.status, expired.error_code) == ("undelivered", "expired")
    inbox.put_handset("default", NUMBER, {"state": "on"})
    inbox.advance_due()
    assert lived(inbox, message)[-1] == "undelivered"


def test_message_with_time_left_is_delivered_once_the_handset_is_on(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_handset("default", NUMBER, {"state": "off"})
    message = put(validity=60)
    pass_time(inbox, clock, 30)
    inbox.put_handset("default", NUMBER, {"state": "on"})
    pass_time(inbox, clock, 100)
    assert lived(inbox, message) == ["accepted", "queued", "sent", "delivered"]


@pytest.mark.parametrize(("state", "reason"), [("full", "handset_full"), ("blocked", "blocked")])
def test_handset_that_takes_nothing_fails_the_delivery(
    inbox: Inbox, put: Put, clock: FrozenClock, state: str, reason: str
) -> None:
    inbox.put_handset("default", NUMBER, {"state": state})
    message = put()
    pass_time(inbox, clock, 1)
    ended = inbox.get(message.id)
    assert (ended.status, ended.error_code) == ("undelivered", reason)


def test_what_waits_fails_when_the_handset_turns_out_full(
    inbox: Inbox, put: Put, clock: FrozenClock
) -> None:
    inbox.put_handset("default", NUMBER, {"state": "off"})
    message = put()
    pass_time(inbox, clock, 1)
    inbox.put_handset("default", NUMBER, {"state": "full"})
    inbox.advance_due()
    assert inbox.get(message.id).error_code == "handset_full"


def test_opt_out_is_of_one_sender_or_of_all(inbox: Inbox, put: Put) -> None:
    inbox.opt("default", NUMBER, "Notes", out=True)
    with pytest.raises(Refused) as refused:
        put()
    assert refused.value.reason == "opted_out"
    put(sender="Bank")
    put(account="other")
    inbox.opt("default", NUMBER, "*", out=True)
    with pytest.raises(Refused):
        put(sender="Bank")
    inbox.opt("default", NUMBER, "*", out=False)
    put(sender="Bank")
    inbox.opt("default", NUMBER, "notes", out=False)
    put()


def test_opt_outs_of_one_handset_are_bounded(inbox: Inbox) -> None:
    for number in range(MAX_OPTED_OUT + 3):
        inbox.opt("default", NUMBER, f"sender {number}", out=True)
    opted_out = inbox.handset("default", NUMBER).opted_out
    assert len(opted_out) == MAX_OPTED_OUT
    assert "sender 0" not in opted_out


def test_handsets_of_an_account_are_bounded(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "KEPT", 3)
    for number in range(5):
        inbox.put_handset("a", f"+990123450{number}", {"nickname": f"phone {number}"})
    inbox.put_handset("b", "+9901234500", {"nickname": "another"})
    names = [inbox.handset("a", f"+990123450{number}").nickname for number in range(5)]
    assert names == [None, None, "phone 2", "phone 3", "phone 4"]
    assert inbox.handset("b", "+9901234500").nickname == "another"


def test_handsets_of_all_accounts_are_bounded(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_handsets, "MAX_HANDSETS", 2)
    for account in ("a", "b", "c"):
        inbox.put_handset(account, NUMBER, {"nickname": account})
    names = [inbox.handset(account, NUMBER).nickname for account in ("a", "b", "c")]
    assert names == [None, "b", "c"]


def test_handsets_and_what_waits_outlive_a_restart(
    make_sandbox: Callable[..., Sandbox], put: Put, tmp_path: Path, clock: FrozenClock
) -> None:
    file = str(tmp_path / "sms.sqlite")
    before = make_sandbox(db=file)
    changes = {"state": "off", "opted_out": ("bank",), "nickname": "mine"}
    before.inbox.put_handset("default", NUMBER, changes)
    message = before.inbox.accept(_draft())
    pass_time(before.inbox, clock, 1)
    before.close()
    inbox = make_sandbox(db=file).inbox
    handset = inbox.handset("default", NUMBER)
    assert (handset.state, handset.opted_out, handset.nickname) == ("off", {"bank"}, "mine")
    inbox.put_handset("default", NUMBER, {"state": "on"})
    inbox.advance_due()
    assert inbox.get(message.id).status == "delivered"


def test_reset_forgets_handsets_and_what_waits(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    inbox.put_handset("default", NUMBER, {"state": "off"})
    inbox.put_handset("other", NUMBER, {"state": "off"})
    put()
    pass_time(inbox, clock, 1)
    inbox.reset("default")
    assert inbox.handset("default", NUMBER).state == "on"
    assert inbox.handset("other", NUMBER).state == "off"
    inbox.reset(None)
    assert inbox.handset("other", NUMBER).state == "on"


def test_handset_is_read_and_changed_over_http(web: FlaskClient) -> None:
    url = f"/api/v1/handsets/{NUMBER}"
    before = web.get(url).json
    assert {name: before[name] for name in ("account", "number", "state", "opted_out")} == {
        "account": "default",
        "number": NUMBER,
        "state": "on",
        "opted_out": [],
    }
    wish = {
        "state": "off",
        "opted_out": ["Notes", "+12015550100"],
        "sim_swapped_at": "2027-01-15T08:00:00Z",
        "nickname": "Work",
    }
    after = web.put(f"{url}?account=a", json=wish).json
    assert after == {
        "account": "a",
        "number": NUMBER,
        "state": "off",
        "opted_out": ["12015550100", "notes"],
        "sim_swapped_at": "2027-01-15T08:00:00.000Z",
        "nickname": "Work",
    }
    assert web.get(f"{url}?account=a").json == after
    assert web.put(f"{url}?account=a", json={"state": "on"}).json["nickname"] == "Work"
    assert web.get(url).json["state"] == "on"


def test_opting_out_of_everything_over_http(web: FlaskClient) -> None:
    url = f"/api/v1/handsets/{NUMBER}"
    assert web.put(url, json={"opted_out": True}).json["opted_out"] == ["*"]
    assert web.post("/api/v1/messages", json=SEND).status_code == 422
    assert web.put(url, json={"opted_out": False}).json["opted_out"] == []
    send(web)


def test_client_reads_and_changes_a_handset(client: SandboxClient) -> None:
    client.put_handset(NUMBER, "a", state="off", nickname="mine")
    assert client.handset(NUMBER, "a")["state"] == "off"
    assert client.handset(NUMBER)["state"] == "on"


@pytest.mark.parametrize(
    "body",
    [
        {"state": "broken"},
        {"state": 1},
        {"opted_out": "Notes"},
        {"opted_out": ["a\nb"]},
        {"opted_out": ["x"] * (MAX_OPTED_OUT + 1)},
        {"sim_swapped_at": "yesterday"},
        {"nickname": "x" * 65},
        {"colour": "red"},
    ],
)
def test_bad_handset_is_400(web: FlaskClient, body: dict[str, Any]) -> None:
    problem(web.put(f"/api/v1/handsets/{NUMBER}", json=body), 400, "invalid_request")


def test_what_is_no_number_has_no_handset(web: FlaskClient) -> None:
    problem(web.get("/api/v1/handsets/Notes"), 400, "invalid_request")


def _draft() -> Any:
    from sms_sandbox.message import Draft

    return Draft(
        account="default",
        provider="sandbox",
        direction="outbound",
        sender="Notes",
        recipient=NUMBER,
        body="hello",
    )
