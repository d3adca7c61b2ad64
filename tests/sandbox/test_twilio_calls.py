from typing import Any

import pytest
from sandbox.receiver import Receiver
from sandbox.twilio_calls import (
    ACCOUNT,
    ROOT,
    SAYS_CODE,
    TO,
    TOKEN,
    Phone,
    await_message,
    basic,
    create,
    says,
)

from sms_sandbox.app import create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.inbox import Inbox

KEYS = {
    "sid", "date_created", "date_updated", "parent_call_sid", "account_sid", "to",
    "to_formatted", "from", "from_formatted", "phone_number_sid", "status", "start_time",
    "end_time", "duration", "price", "price_unit", "direction", "answered_by", "api_version",
    "forwarded_from", "group_sid", "caller_name", "queue_time", "trunk_sid", "uri",
    "subresource_uris",
}  # fmt: skip


def test_a_created_call_has_twilios_keys_and_waits_in_the_queue(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    assert set(shown) == KEYS
    assert (shown["sid"][:2], len(shown["sid"]), shown["status"]) == ("CA", 34, "queued")
    assert (shown["direction"], shown["duration"], shown["start_time"]) == (
        "outbound-api",
        None,
        None,
    )
    assert shown["to_formatted"] == "(555) 867-5310"
    assert shown["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{shown['sid']}.json"
    message = phone.message()
    assert (message["provider"], message["body"], message["status"]) == ("twilio", "", "accepted")


def test_a_spoken_code_is_found_in_the_call(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    phone.wait(0.1)
    assert phone.fetch(shown)["status"] == "ringing"
    phone.wait(0.2)
    done = phone.fetch(shown)
    assert (done["status"], done["duration"]) == ("completed", "0")
    assert done["start_time"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    message = phone.message()
    assert (message["body"], message["code"]) == ("Your code is 4 8 2 9 1 3.", "482913")
    claimed = phone.web.post(f"/api/v1/codes/{TO}/claim", json={"timeout": 1}).json
    assert claimed["code"] == "482913"
    found = phone.web.get("/api/v1/messages?q=482913").json["messages"]
    assert [one["id"] for one in found] in ([], [message["id"]])
    assert phone.web.get("/api/v1/messages?q=%22Your+code%22").json["total"] == 1


def test_status_callbacks_tell_every_event_that_was_asked_for(
    phone: Phone, receiver: Receiver
) -> None:
    events = ["initiated", "ringing", "answered", "completed"]
    url = f"{receiver.url}/status"
    phone.call(Twiml=SAYS_CODE, StatusCallback=url, StatusCallbackEvent=events)
    phone.wait(0.3)
    posts = receiver.await_posts(4)
    assert [post.form["CallStatus"] for post in posts] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [post.form["SequenceNumber"] for post in posts] == ["0", "1", "2", "3"]
    last = posts[-1].form
    assert (last["CallDuration"], last["CallbackSource"]) == ("0", "call-progress-events")
    for post in posts:
        assert post.headers["X-Twilio-Signature"] == sign(TOKEN, url, post.form.items())


def test_only_the_end_is_told_where_no_event_is_named(phone: Phone, receiver: Receiver) -> None:
    phone.call(
        Twiml="<Response><Pause length='7'/></Response>", StatusCallback=f"{receiver.url}/status"
    )
    phone.wait(0.3)
    phone.wait(7)
    (post,) = receiver.await_posts(1)
    assert (post.form["CallStatus"], post.form["CallDuration"]) == ("completed", "7")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21201),
        ({"From": None}, 21213),
        ({"Twiml": None}, 21205),
        ({"Twiml": None, "Url": "ftp://x/y"}, 21205),
        ({"Twiml": "<Response>"}, 20001),
        ({"Twiml": "<Response/>" + " " * 4000}, 20001),
        ({"To": "+1"}, 21217),
        ({"From": "Notes"}, 21212),
        ({"StatusCallback": "http://a_b/"}, 21609),
        ({"StatusCallbackEvent": "never"}, 20001),
        ({"StatusCallbackMethod": "PUT"}, 20001),
        ({"ApplicationSid": "AP" + "1" * 32}, 20001),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21210),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
    ],
)
def test_a_call_that_twilio_would_refuse_is_refused(
    phone: Phone, changes: dict[str, str | None], code: int
) -> None:
    answer = phone.ask(**({"Twiml": SAYS_CODE} | changes))
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert phone.web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(("state", "lost"), [("off", "no-answer"), ("blocked", "busy")])
def test_a_handset_that_is_not_there_loses_the_call(
    phone: Phone, inbox: Inbox, receiver: Receiver, state: str, lost: str
) -> None:
    inbox.put_handset(ACCOUNT, TO, {"state": state})
    shown = phone.call(Twiml=SAYS_CODE, StatusCallback=f"{receiver.url}/status")
    phone.wait(1)
    assert phone.fetch(shown)["status"] == lost
    assert phone.message()["body"] == ""
    assert receiver.await_posts(1)[0].form["CallStatus"] == lost


@pytest.mark.parametrize(
    ("area_code", "ends"),
    [("503", "no-answer"), ("404", "failed"), ("405", "completed"), ("410", "completed")],
)
def test_a_scenario_says_how_a_call_ends(phone: Phone, area_code: str, ends: str) -> None:
    shown = phone.call(To=f"+1{area_code}5550100", Twiml=SAYS_CODE)
    phone.wait(1)
    assert phone.fetch(shown)["status"] == ends


@pytest.mark.parametrize(("area_code", "code"), [("406", 21217), ("502", 21215), ("509", 20429)])
def test_a_scenario_refuses_a_call_in_twilios_words(
    phone: Phone, area_code: str, code: int
) -> None:
    assert phone.ask(To=f"+1{area_code}5550100", Twiml=SAYS_CODE).json["code"] == code


def test_a_fault_rule_loses_a_call(phone: Phone) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "delivery", "status": "undelivered"}}
    phone.web.post("/api/v1/faults", json=rule)
    shown = phone.call(Twiml=SAYS_CODE)
    phone.wait(1)
    assert (phone.fetch(shown)["status"], phone.message()["body"]) == ("failed", "")


def test_a_call_is_canceled_before_it_is_answered(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    answer = phone.update(shown, Status="canceled")
    assert (answer.status_code, answer.json["status"]) == (200, "canceled")
    phone.wait(1)
    assert phone.fetch(shown)["status"] == "canceled"
    assert phone.message()["body"] == ""


def test_a_live_call_is_ended_but_not_canceled(phone: Phone) -> None:
    shown = phone.call(Twiml="<Response><Pause length='60'/><Say>Late</Say></Response>")
    phone.wait(0.3)
    assert phone.update(shown, Status="canceled").json["status"] == "in-progress"
    phone.wait(10)
    done = phone.update(shown, Status="completed").json
    assert (done["status"], done["duration"]) == ("completed", "10")
    phone.wait(60)
    assert phone.message()["body"] == ""


def test_a_live_call_is_sent_elsewhere(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says(SAYS_CODE))
    shown = phone.call(Twiml="<Response><Pause length='60'/></Response>")
    too_early = phone.update(shown, Url=f"{receiver.url}/other")
    assert (too_early.status_code, too_early.json["code"]) == (400, 21220)
    phone.wait(0.3)
    assert phone.update(shown, Url=f"{receiver.url}/other").status_code == 200
    phone.heard("4 8 2 9 1 3")
    await_message(phone.web, status="delivered")
    assert phone.update(shown, Twiml=SAYS_CODE).json["code"] == 21220
    assert phone.update(shown).json["code"] == 20001


def test_calls_are_listed_apart_from_messages(phone: Phone) -> None:
    first = phone.call(Twiml=SAYS_CODE)
    phone.wait(1)
    lost = phone.call(To="+15035550100", Twiml=SAYS_CODE)
    phone.wait(1)
    create(phone.web)

    def listed(**asked: str) -> list[str]:
        page = phone.web.get(f"{ROOT}/Calls.json", query_string=asked, headers=basic()).json
        return [one["sid"] for one in page["calls"]]

    assert listed() == [lost["sid"], first["sid"]]
    assert listed(Status="completed") == [first["sid"]]
    assert listed(Status="no-answer") == [lost["sid"]]
    assert listed(Status="busy") == listed(Status="failed") == []
    assert listed(To=TO) == [first["sid"]]
    assert listed(**{"StartTime>": "2027-01-15"}) == [first["sid"]]
    odd = phone.web.get(f"{ROOT}/Calls.json?Status=odd", headers=basic())
    assert odd.json["code"] == 20001
    page = phone.web.get(f"{ROOT}/Messages.json", headers=basic()).json
    assert len(page["messages"]) == 1
    path = f"{ROOT}/Messages/{first['sid']}.json"
    assert phone.web.get(path, headers=basic()).json["code"] == 20404


def test_a_call_is_forgotten_once_it_is_over(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    path = "/twilio" + shown["uri"]
    assert phone.web.delete(path, headers=basic()).json["code"] == 20009
    phone.wait(1)
    assert phone.web.delete(path, headers=basic()).status_code == 204
    assert phone.web.get(path, headers=basic()).json["code"] == 20404


def test_a_restart_goes_on_with_a_call(
    make_sandbox: Any, clock: FrozenClock, tmp_path: Any
) -> None:
    db = str(tmp_path / "calls.sqlite")
    before = make_sandbox(db=db)
    phone = Phone(create_app(before).test_client(), before, clock)
    phone.call(Twiml="<Response><Say>One.</Say><Pause length='5'/><Say>Two.</Say></Response>")
    phone.wait(0.3)
    before.close()
    after = make_sandbox(db=db)
    phone = Phone(create_app(after).test_client(), after, clock)
    assert phone.message()["body"] == "One."
    phone.wait(5)
    assert phone.message()["body"] == "One. Two."
