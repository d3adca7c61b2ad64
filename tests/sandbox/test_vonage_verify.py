"""Verify v2 by plain HTTP: workflows, codes, what ends a request, and the webhooks that tell."""

import hashlib
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver
from sandbox.time_calls import move_on
from sandbox.verify_v2_calls import (
    NOT_ITS_CODE,
    NOWHERE,
    OTHER,
    SMS,
    VOICE,
    ask,
    body_of,
    check,
    go_on,
    problem,
    start,
    start_told,
)
from sandbox.vonage_calls import (
    APPLICATION,
    KEY,
    SECRET,
    STRANGE,
    TO,
    basic,
    bearer,
    newest,
    settings,
)

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import Refused
from sms_sandbox.facades.vonage.verify import form, requests
from sms_sandbox.message import Draft, Message


def channels(web: FlaskClient, to: str = TO) -> list[str]:
    """What has reached a number, the oldest first: calls by what they speak."""
    found = web.get(f"/api/v1/messages?to=%2B{to}").json["messages"]
    calls = {one["message_id"] for one in web.get("/api/v1/calls").json["calls"]}
    return ["voice" if one["id"] in calls else "sms" for one in found][::-1]


def test_code_is_sent_and_compared(web: FlaskClient) -> None:
    request_id = start(web)
    message = newest(web)
    assert message["body"] == f"Acme code: {message['code']}. Valid for 3 minutes."
    assert len(message["code"]) == form.CODE_LENGTH
    assert message["provider"] == "vonage"
    found = problem(check(web, request_id, NOT_ITS_CODE), 400, "#bad-request", "Invalid Code")
    assert found["detail"] == "The code you provided does not match the expected value."
    answer = check(web, request_id, message["code"])
    assert (answer.status_code, answer.json) == (
        200,
        {"request_id": request_id, "status": "completed"},
    )
    found = problem(check(web, request_id, message["code"]), 404, "#not-found", "Not Found")
    assert found["detail"] == f"Request {request_id} was not found or it has been verified already."


def test_code_is_shown_to_the_handset_only(web: FlaskClient) -> None:
    answer = ask(web)
    code = newest(web)["code"]
    assert code not in answer.text
    assert code not in check(web, answer.json["request_id"], NOT_ITS_CODE).text


def test_third_wrong_code_ends_the_request(web: FlaskClient) -> None:
    request_id = start(web)
    for _ in range(requests.MAX_CHECKS - 1):
        assert check(web, request_id, NOT_ITS_CODE).status_code == 400
    found = problem(check(web, request_id, NOT_ITS_CODE), 410, "#gone", "Invalid Code")
    assert found["detail"].endswith("too many times. Workflow terminated.")
    assert check(web, request_id, newest(web)["code"]).status_code == 404


def test_number_has_one_request_at_a_time(web: FlaskClient) -> None:
    request_id = start(web)
    found = problem(ask(web), 409, "#conflict", "Conflict")
    assert found["request_id"] == request_id
    assert found["detail"] == "Concurrent verifications to the same number are not allowed"
    start(web, workflow=[{"channel": "sms", "to": OTHER}])
    # Another account knows nothing of it.
    start(web, basic("efgh5678"))
    assert check(web, request_id, newest(web)["code"], basic("efgh5678")).status_code == 404
    assert check(web, request_id, NOT_ITS_CODE).status_code == 400


def test_cancelled_request_takes_no_code_and_frees_its_number(web: FlaskClient) -> None:
    request_id = start(web)
    path = f"/vonage/v2/verify/{request_id}"
    answer = web.delete(path, headers=basic())
    assert (answer.status_code, answer.data) == (204, b"")
    assert check(web, request_id, newest(web)["code"]).status_code == 404
    assert web.delete(path, headers=basic()).status_code == 404
    assert start(web) != request_id


def test_next_channel_comes_when_the_time_of_the_one_before_is_over(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web, workflow=[SMS, VOICE], channel_timeout=60)
    move_on(sandbox, clock, 59)
    assert channels(web) == ["sms"]
    move_on(sandbox, clock, 1)
    assert channels(web) == ["sms", "voice"]
    move_on(sandbox, clock, 1)
    code = newest(web)["code"]
    assert newest(web)["body"] == f"Acme code: {code}. Valid for 1 minute."
    assert newest(web)["status"] == "delivered"
    assert check(web, request_id, code).status_code == 200


def test_request_expires_with_its_last_channel(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web, workflow=[SMS, VOICE], channel_timeout=60)
    code = newest(web)["code"]
    move_on(sandbox, clock, 60)
    move_on(sandbox, clock, 59)
    assert check(web, request_id, NOT_ITS_CODE).status_code == 400
    move_on(sandbox, clock, 1)
    assert check(web, request_id, code).status_code == 404
    assert start(web) != request_id


def test_finished_request_sends_nothing_more(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web, workflow=[SMS, VOICE], channel_timeout=60)
    move_on(sandbox, clock, 1)
    assert check(web, request_id, newest(web)["code"]).status_code == 200
    move_on(sandbox, clock, 600)
    assert channels(web) == ["sms"]


def test_channel_that_fails_gives_way_at_once(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    web.put(f"/api/v1/handsets/+{TO}?account={KEY}", json={"state": "full"})
    request_id = start(web, workflow=[SMS, VOICE])
    move_on(sandbox, clock, 2)
    # A call needs no room for texts.
    assert channels(web) == ["sms", "voice"]
    move_on(sandbox, clock, 1)
    assert check(web, request_id, newest(web)["code"]).status_code == 200


def test_scenarios_act_on_the_channels_that_follow(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    no_route, breaks = "15025550101", "15015550101"
    numbers = (TO, no_route, TO)
    workflow = [{"channel": "sms", "to": number} for number in numbers]
    request_id = start(web, workflow=workflow, channel_timeout=60)
    move_on(sandbox, clock, 60)
    move_on(sandbox, clock, 1)
    # refused to nobody's face: the channel fails, and its successor begins
    assert newest(web, no_route)["status"] == "failed"
    assert channels(web) == ["sms", "sms"]
    assert check(web, request_id, newest(web)["code"]).status_code == 200
    workflow = [SMS, {"channel": "sms", "to": breaks}]
    request_id = start(web, workflow=workflow, channel_timeout=60)
    move_on(sandbox, clock, 60)
    assert "sms_sandbox_refused_follow_ups_total 1" in web.get("/metrics").text
    move_on(sandbox, clock, 60)
    assert check(web, request_id, newest(web)["code"]).status_code == 404
    start(web)


def test_status_that_is_set_by_hand_keeps_the_time_of_the_channel(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, workflow=[SMS, VOICE], channel_timeout=60)
    path = f"/api/v1/messages/{newest(web)['id']}/status"
    assert web.post(path, json={"status": "delivered"}).status_code == 200
    move_on(sandbox, clock, 60)
    assert channels(web) == ["sms", "voice"]


def test_next_workflow_brings_the_next_channel_at_once(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web, workflow=[SMS, VOICE], channel_timeout=60)
    move_on(sandbox, clock, 1)
    answer = go_on(web, request_id)
    assert (answer.status_code, answer.data) == (200, b"")
    assert channels(web) == ["sms", "voice"]
    found = problem(go_on(web, request_id), 409, "#conflict", "Conflict")
    assert found["detail"] == "There are no more events left to trigger."
    # The time of the first channel has gone with it.
    move_on(sandbox, clock, 59)
    assert check(web, request_id, newest(web)["code"]).status_code == 200
    assert go_on(web, request_id).status_code == 404


def test_next_workflow_that_a_fault_breaks_changes_nothing(web: FlaskClient) -> None:
    request_id = start(web, workflow=[SMS, VOICE])
    fault = {
        "match": {"provider": "vonage"},
        "times": 1,
        "effect": {"type": "error", "status": 500},
    }
    assert web.post("/api/v1/faults", json=fault).status_code == 201
    problem(go_on(web, request_id), 500, "#internal-error", "Internal Error")
    assert channels(web) == ["sms"]
    assert go_on(web, request_id).status_code == 200
    assert channels(web) == ["sms", "voice"]


def test_refused_channel_takes_back_nothing_that_came_meanwhile(
    web: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = start(web, workflow=[SMS, VOICE])
    code = newest(web)["code"]

    def accept(_: Draft) -> Message:
        assert check(web, request_id, code).status_code == 200
        raise Refused("unavailable", "The network is away.")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sandbox.inbox, "accept", accept)
        problem(go_on(web, request_id), 503, "#unavailable", "Service Unavailable")
    assert check(web, request_id, code).status_code == 404


def test_start_that_a_fault_breaks_leaves_the_number_free(web: FlaskClient) -> None:
    fault = {"match": {"to": f"+{TO}"}, "times": 1, "effect": {"type": "error", "status": 429}}
    assert web.post("/api/v1/faults", json=fault).status_code == 201
    problem(ask(web), 429, "#throttled", "Rate Limit Hit")
    start(web)


def test_check_meets_the_faults_of_its_number(web: FlaskClient) -> None:
    request_id = start(web)
    fault = {"match": {"to": f"+{TO}"}, "times": 1, "effect": {"type": "error", "status": 503}}
    assert web.post("/api/v1/faults", json=fault).status_code == 201
    code = newest(web)["code"]
    assert check(web, request_id, code).status_code == 503
    assert check(web, request_id, code).status_code == 200


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"code": "e4dR1Qz"}, "Acme code: e4dR1Qz. Valid for 3 minutes."),
        ({"channel_timeout": 900, "code": "123456"}, "Acme code: 123456. Valid for 15 minutes."),
        (
            {"workflow": [{**SMS, "app_hash": "ABC123def45"}], "code": "1234"},
            "Acme code: 1234. Valid for 3 minutes.\n\nABC123def45",
        ),
    ],
)
def test_request_says_what_is_sent(web: FlaskClient, changes: dict[str, Any], body: str) -> None:
    request_id = start(web, **changes)
    assert newest(web)["body"] == body
    assert check(web, request_id, changes["code"]).status_code == 200


def test_code_has_the_length_that_is_asked_for(web: FlaskClient) -> None:
    start(web, code_length=10)
    assert len(newest(web)["code"]) == 10


def test_sender_is_the_one_that_is_asked_for(web: FlaskClient) -> None:
    workflow = [{**SMS, "from": "Notes"}, {"channel": "whatsapp", "to": TO, "from": OTHER}]
    request_id = start(web, workflow=workflow)
    assert newest(web)["from"] == "Notes"
    go_on(web, request_id)
    assert newest(web)["from"] == f"+{OTHER}"


UNUSABLE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"brand": None}, "brand"),
    ({"brand": "x" * 19}, "brand"),
    ({"brand": "Acme: {code}"}, "brand"),
    ({"workflow": None}, "workflow"),
    ({"workflow": []}, "workflow"),
    ({"workflow": [SMS] * 4}, "workflow"),
    ({"workflow": ["sms"]}, "workflow[0]"),
    ({"workflow": [{"channel": "pigeon", "to": TO}]}, "workflow[0].channel"),
    ({"workflow": [{"channel": "email", "to": "a@b.example"}]}, "workflow[0].channel"),
    ({"workflow": [{"channel": "sms", "to": "123"}]}, "workflow[0].to"),
    ({"workflow": [{"channel": "sms"}]}, "workflow[0].to"),
    ({"workflow": [{**SMS, "from": "a name too long"}]}, "workflow[0].from"),
    ({"workflow": [{**SMS, "app_hash": "short"}]}, "workflow[0].app_hash"),
    ({"workflow": [{"channel": "whatsapp", "to": TO}]}, "workflow[0].from"),
    ({"workflow": [SMS, {"channel": "silent_auth", "to": TO}]}, "workflow[1].channel"),
    ({"channel_timeout": 14}, "channel_timeout"),
    ({"channel_timeout": 901}, "channel_timeout"),
    ({"code_length": 3}, "code_length"),
    ({"code_length": 11}, "code_length"),
    ({"code": "abc"}, "code"),
    ({"client_ref": "x" * 41}, "client_ref"),
    ({"locale": "?"}, "locale"),
    ({"fraud_check": "yes"}, "fraud_check"),
    ({"template_id": NOWHERE}, "template_id"),
)


def test_parameter_that_cannot_be_used_is_named(web: FlaskClient) -> None:
    for changes, name in UNUSABLE:
        found = problem(ask(web, **changes), 422, "#invalid-params", "Invalid params")
        (parameter,) = found["invalid_parameters"]
        assert parameter["name"] == name
        assert parameter["reason"]
    assert web.get("/api/v1/messages").json["total"] == 0


def test_strange_values_are_refused_and_never_an_error_of_the_server(web: FlaskClient) -> None:
    for value in STRANGE:
        try_strange(web, value)


def try_strange(web: FlaskClient, value: Any) -> None:
    names = ("brand", "workflow", "channel_timeout", "code", "code_length", "client_ref", "locale")
    for name in (*names, "fraud_check", "template_id"):
        assert ask(web, **{name: value}).status_code in (202, 409, 422), name
    for name in ("channel", "to", "from", "app_hash", "entity_id", "redirect_url", "mode"):
        for channel in ("sms", "silent_auth"):
            step = {"channel": channel, "to": TO, name: value}
            assert ask(web, workflow=[step]).status_code in (202, 409, 422), name
    request_id = ask(web, workflow=[{"channel": "sms", "to": OTHER}]).json["request_id"]
    assert check(web, request_id, value).status_code in (400, 410, 422)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"brand":' + b"[" * 5000, b"\xff\xfe"])
def test_body_that_is_no_object_is_refused(web: FlaskClient, body: bytes) -> None:
    for path in ("/vonage/v2/verify", f"/vonage/v2/verify/{NOWHERE}"):
        answer = web.post(path, data=body, headers=basic(), content_type="application/json")
        assert answer.status_code in (400, 422)
        assert answer.content_type == "application/problem+json"


def test_whoever_shows_no_credentials_is_refused_in_the_form_of_verify(web: FlaskClient) -> None:
    start(web)
    for headers in ({}, basic(KEY, "wrong"), {"Authorization": "Bearer nonsense"}):
        answer = web.post("/vonage/v2/verify", json={}, headers=headers)
        problem(answer, 401, "#unauthorized", "Unauthorized")
        assert check(web, NOWHERE, "1", headers or {"X": "y"}).status_code == 401
    answer = web.put("/vonage/v2/verify", headers=basic())
    problem(answer, 405, "#method-not-allowed", "Method Not Allowed")


@pytest.mark.parametrize(
    ("number", "status"), [("99012345678", 200), ("99012345677", 400), ("99012345679", 400)]
)
def test_virtual_number_is_verified_by_its_last_digit(
    web: FlaskClient, number: str, status: int
) -> None:
    request_id = start(web, workflow=[{"channel": "sms", "to": number}], code_length=6)
    assert newest(web, number)["code"] == number[-6:]
    assert check(web, request_id, number[-6:]).status_code == status


def test_virtual_number_that_ends_in_99_errs(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    number = "99011111199"
    answer = ask(web, workflow=[{"channel": "sms", "to": number}])
    problem(answer, 500, "#internal-error", "Internal Error")
    assert web.get("/api/v1/messages").json["total"] == 0
    # Where another number's channel came first, it is a channel that fails.
    request_id = start(web, workflow=[SMS, {"channel": "sms", "to": number}], channel_timeout=60)
    move_on(sandbox, clock, 60)
    move_on(sandbox, clock, 1)
    assert newest(web, number)["status"] == "failed"
    assert check(web, request_id, NOT_ITS_CODE).status_code == 404


def test_webhooks_tell_of_channel_and_request(web: FlaskClient, receiver: Receiver) -> None:
    request_id = start_told(web, receiver)
    code = newest(web)["code"]
    assert check(web, request_id, code, bearer()).status_code == 200
    event, summary = body_of(receiver, 0), body_of(receiver, 1)
    begun = "2027-01-15T08:00:00.000Z"
    assert event == {
        "request_id": request_id,
        "triggered_at": begun,
        "type": "event",
        "channel": "sms",
        "status": "completed",
        "finalized_at": begun,
        "client_ref": "my-ref",
    }
    assert summary == {
        "request_id": request_id,
        "submitted_at": begun,
        "status": "completed",
        "type": "summary",
        "channel_timeout": 180,
        "workflow": [{"channel": "sms", "status": "completed", "initiated_at": begun}],
        "price": "0.05000000",
        "client_ref": "my-ref",
    }
    assert code not in receiver.posts[0].body + receiver.posts[1].body


def test_webhooks_are_signed_over_their_body(web: FlaskClient, receiver: Receiver) -> None:
    request_id = start_told(web, receiver)
    web.delete(f"/vonage/v2/verify/{request_id}", headers=bearer())
    for post in receiver.await_posts(2):
        shown = post.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(shown, SECRET, algorithms=["HS256"])
        assert claims["application_id"] == APPLICATION
        assert claims["payload_hash"] == hashlib.sha256(post.body.encode()).hexdigest()


def test_summary_says_what_each_channel_came_to(
    web: FlaskClient, receiver: Receiver, sandbox: Sandbox, clock: FrozenClock
) -> None:
    text = {"channel": "whatsapp", "to": TO, "from": OTHER}
    request_id = start_told(web, receiver, workflow=[SMS, VOICE, text], channel_timeout=60)
    move_on(sandbox, clock, 60)
    assert body_of(receiver, 0)["status"] == "expired"
    move_on(sandbox, clock, 1)
    for _ in range(requests.MAX_CHECKS):
        check(web, request_id, NOT_ITS_CODE, bearer())
    assert (body_of(receiver, 1)["channel"], body_of(receiver, 1)["status"]) == ("voice", "failed")
    summary = body_of(receiver, 2)
    assert (summary["status"], summary["price"]) == ("failed", "0.00000000")
    assert [one["status"] for one in summary["workflow"]] == ["expired", "failed", "unused"]
    assert "initiated_at" not in summary["workflow"][2]


def test_cancelled_request_is_told_of(web: FlaskClient, receiver: Receiver) -> None:
    request_id = start_told(web, receiver)
    web.delete(f"/vonage/v2/verify/{request_id}", headers=bearer())
    assert [body_of(receiver, place)["status"] for place in (0, 1)] == ["cancelled", "cancelled"]


def test_request_by_key_and_secret_tells_nobody(
    web: FlaskClient, receiver: Receiver, sandbox: Sandbox
) -> None:
    settings(web, KEY, status_url=receiver.url)
    request_id = start(web)
    assert check(web, request_id, newest(web)["code"]).status_code == 200
    assert sandbox.inbox.attempts(newest(web)["id"]) == []


def test_alias_joins_an_application_with_its_key(web: FlaskClient) -> None:
    web.put(f"/api/v1/accounts/{KEY}/aliases", json={"aliases": [APPLICATION]})
    request_id = start(web, bearer())
    assert newest(web)["account"] == KEY
    assert check(web, request_id, newest(web)["code"], basic()).status_code == 200


def test_forgotten_message_leaves_its_request_alive(web: FlaskClient) -> None:
    request_id = start(web)
    code = newest(web)["code"]
    web.delete("/api/v1/messages?all=true")
    assert check(web, request_id, code).status_code == 200
