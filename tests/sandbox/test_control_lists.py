"""What was set, in lists: clocks that were moved, handsets, and calls that wait for keys."""

from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sandbox.aws_calls import perform
from sandbox.control_calls import problem, send
from sandbox.twilio_calls import ACCOUNT, FROM, ROOT, TO, basic
from sandbox.verify_calls import service, start

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import named
from sms_sandbox.message import rfc3339

GATHER = "<Response><Gather><Say>Press a key.</Say></Gather></Response>"


def listed(web: FlaskClient, path: str) -> Any:
    answer = web.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json.values()
    return found


def put(web: FlaskClient, path: str, body: dict[str, Any], method: str = "PUT") -> None:
    answer = web.open(f"/api/v1{path}", method=method, json=body)
    assert answer.status_code == 200, answer.text


def test_only_clocks_that_were_moved_are_listed_with_their_distance(
    web: FlaskClient, clock: FrozenClock
) -> None:
    assert listed(web, "/clocks") == []
    put(web, "/clock?account=shop", {"frozen": True})
    put(web, "/clock/advance", {"seconds": 60}, "POST")
    clock.advance(10)
    sandbox, shop = listed(web, "/clocks")
    assert (sandbox["account"], sandbox["frozen"], sandbox["ahead"]) == (None, False, 60)
    assert (shop["account"], shop["frozen"], shop["ahead"]) == ("shop", True, -10)
    assert shop["now"] == listed_now(web)
    web.post("/api/v1/reset?all=true", json={})
    assert listed(web, "/clocks") == []


def test_clock_that_is_behind_is_given_the_real_time_and_what_is_due_happens(
    web: FlaskClient, clock: FrozenClock
) -> None:
    put(web, "/clock?account=shop", {"frozen": True})
    sent = send(web, account="shop")
    clock.advance(3600)
    assert web.get(f"/api/v1/messages/{sent['id']}").json["status"] == "queued"
    put(web, "/clock?account=shop", {}, "DELETE")
    assert web.get(f"/api/v1/messages/{sent['id']}").json["status"] == "delivered"
    (shop,) = listed(web, "/clocks")
    assert (shop["frozen"], shop["ahead"]) == (False, 0)
    put(web, "/clock?account=shop", {}, "DELETE")
    put(web, "/clock?account=never-moved", {}, "DELETE")
    assert listed_now(web) == web.get("/api/v1/clock").json["now"]


def test_clock_that_is_ahead_goes_back_only_where_there_are_no_messages(web: FlaskClient) -> None:
    put(web, "/clock/advance?account=shop", {"seconds": 60}, "POST")
    put(web, "/clock?account=shop", {}, "DELETE")
    assert [one["ahead"] for one in listed(web, "/clocks")] == [0]
    put(web, "/clock/advance?account=shop", {"seconds": 60}, "POST")
    send(web, account="shop")
    refused = problem(web.delete("/api/v1/clock?account=shop"), 400, "invalid_request")
    assert "forward only" in refused["detail"]
    assert [one["ahead"] for one in listed(web, "/clocks")] == [60]


def listed_now(web: FlaskClient) -> str:
    now: str = web.get("/api/v1/clock?account=shop").json["now"]
    return now


def test_only_handsets_that_something_was_set_for_are_listed(web: FlaskClient) -> None:
    send(web)
    assert listed(web, "/handsets") == []
    number = "+9901234567"
    put(web, f"/handsets/{quote(number)}", {"state": "off"})
    put(web, f"/handsets/{quote(number)}?account=shop", {"nickname": "Anna"})
    put(web, "/handsets/+9907777777?account=shop", {"state": "full"})
    found = [(one["account"], one["number"], one["state"]) for one in listed(web, "/handsets")]
    newer, older = ("shop", "+9907777777", "full"), ("shop", number, "on")
    assert found == [("default", number, "off"), newer, older]
    assert [one["number"] for one in listed(web, "/handsets?account=shop")] == [newer[1], number]
    problem(web.get("/api/v1/handsets?number=1"), 400, "unknown_parameter")


def call(web: FlaskClient, **form: str) -> str:
    asked = {"To": TO, "From": FROM} | form
    assert web.post(f"{ROOT}/Calls.json", data=asked, headers=basic()).status_code == 201
    newest: str = web.get("/api/v1/messages?limit=1").json["messages"][0]["id"]
    return newest


def test_calls_are_told_from_messages_and_say_whether_they_wait_for_keys(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    send(web)
    perform(web, "Publish", PhoneNumber=TO, Message="Hello")
    asks = call(web, Twiml=GATHER)
    speaks = call(web, Twiml="<Response><Say>Hello</Say></Response>", To="+12015550144")
    ids = {asks: False, speaks: False}
    assert {one["message_id"]: one["hears"] for one in listed(web, "/calls")} == ids
    clock.advance(1)
    sandbox.inbox.advance_due()
    ids[asks] = True
    assert {one["message_id"]: one["hears"] for one in listed(web, "/calls")} == ids
    assert [one["message_id"] for one in listed(web, f"/calls?to={quote(TO)}")] == [asks]
    assert listed(web, "/calls?account=other") == []
    assert len(listed(web, f"/calls?account={ACCOUNT}")) == 2
    put(web, f"/messages/{asks}/status", {"status": "failed"}, "POST")
    ids[asks] = False
    assert {one["message_id"]: one["hears"] for one in listed(web, "/calls")} == ids


def test_calls_and_scheduled_messages_are_asked_for_by_their_ids(
    web: FlaskClient, clock: FrozenClock
) -> None:
    old = call(web, Twiml=GATHER)
    other = call(web, Twiml=GATHER, To="+12015550144")
    text = send(web)["id"]
    asked = f"/calls?messages={text},{old},none,{other}"
    assert [one["message_id"] for one in listed(web, asked)] == [old, other]
    assert [one["message_id"] for one in listed(web, f"{asked}&to={quote(TO)}")] == [old]
    assert listed(web, f"/calls?messages={text}") == []
    assert listed(web, "/scheduled") == []
    later = {"SendAt": rfc3339(clock.now() + 3600), "ScheduleType": "fixed", "Body": "later"}
    form = {"To": TO, "MessagingServiceSid": "MG" + "a" * 32} | later
    assert web.post(f"{ROOT}/Messages.json", data=form, headers=basic()).status_code == 201
    (waits,) = listed(web, "/scheduled")
    assert waits == {
        "message_id": web.get("/api/v1/messages?limit=1").json["messages"][0]["id"],
        "due_at": rfc3339(clock.now() + 3600),
    }
    assert listed(web, f"/scheduled?messages={text},{waits['message_id']}") == [waits]
    assert listed(web, f"/scheduled?messages={text}") == []
    put(web, f"/messages/{waits['message_id']}/status", {"status": "canceled"}, "POST")
    assert listed(web, "/scheduled") == []
    refused = problem(
        web.get(f"/api/v1/calls?messages={','.join('x' * 201)}"), 400, "invalid_request"
    )
    assert "200" in refused["hint"]


def test_without_ids_only_the_newest_are_looked_at(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "NEWEST", 2)
    calls = [call(web, Twiml=GATHER) for _ in range(3)]
    assert [one["message_id"] for one in listed(web, "/calls")] == [calls[2], calls[1]]
    assert [one["message_id"] for one in listed(web, f"/calls?messages={calls[0]}")] == [calls[0]]


def test_verification_call_waits_for_the_key_that_its_service_asks_for(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, service(web, DtmfInputRequired="true"), Channel="call")
    start(web, service(web, DtmfInputRequired="false"), to="+12015550144", Channel="call")
    start(web, service(web), to="+12015550155")
    assert [one["hears"] for one in listed(web, "/calls")] == [False, False]
    clock.advance(1)
    sandbox.inbox.advance_due()
    assert [one["hears"] for one in listed(web, "/calls")] == [False, True]
    waits = listed(web, "/calls")[1]["message_id"]
    put(web, f"/messages/{waits}/press", {"digits": "1"}, "POST")
    assert [one["hears"] for one in listed(web, "/calls")] == [False, False]
