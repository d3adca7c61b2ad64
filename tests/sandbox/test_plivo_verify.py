from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.plivo_calls import (
    AUTH_ID,
    DST,
    NOWHERE,
    ROOT,
    STRANGE,
    basic,
    get,
    listed,
    newest,
    start,
    validate,
)
from sandbox.receiver import Receiver
from sandbox.time_calls import move_on

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.plivo.verify import sessions

SESSION_KEYS = {
    "session_uuid", "app_uuid", "alias", "recipient", "channel", "status", "count",
    "requestor_ip", "destination_country_iso2", "destination_network", "attempt_details",
    "charges", "created_at", "updated_at",
}  # fmt: skip
PARAMETERS = (
    "recipient", "app_uuid", "channel", "otp", "code_length", "url", "method", "locale",
    "brand_name", "app_hash", "dtmf", "fraud_check",
)  # fmt: skip
NOT_ITS_CODE = "not a code"


def show(web: FlaskClient, session_uuid: str) -> dict[str, Any]:
    return get(web, f"/Verify/Session/{session_uuid}/")


def found(web: FlaskClient, **query: Any) -> list[str]:
    return [one["session_uuid"] for one in get(web, "/Verify/Session/", **query)["sessions"]]


def test_code_is_sent_and_compared(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
    session_uuid = start(web)
    message = newest(web)
    assert message["body"] == f"Your Sandbox verification code is: {message['code']}"
    assert len(message["code"]) == 6
    shown = show(web, session_uuid)
    assert set(shown) == SESSION_KEYS | {"api_id"}
    assert (shown["status"], shown["count"], shown["channel"]) == ("in-progress", 1, "sms")
    assert (shown["recipient"], shown["created_at"]) == (DST, "2027-01-15T08:00:00.000000Z")
    (attempt,) = shown["attempt_details"]
    assert (attempt["channel"], attempt["status"]) == ("sms", "queued")
    assert shown["charges"] == {
        "total_charge": "0.00350",
        "validation_charge": "0.0000",
        "attempt_charges": [
            {"attempt_uuid": attempt["attempt_uuid"], "channel": "sms", "charge": "0.00350"}
        ],
    }
    move_on(sandbox, clock, 1)
    assert show(web, session_uuid)["attempt_details"][0]["status"] == "delivered"
    assert validate(web, session_uuid, NOT_ITS_CODE) == (400, "otp is incorrect")
    assert validate(web, session_uuid, message["code"]) == (200, "session validated successfully.")
    assert show(web, session_uuid)["status"] == "verified"
    assert validate(web, session_uuid, message["code"]) == (409, "session is already verified")


def test_code_is_in_no_answer_and_no_message_list(web: FlaskClient) -> None:
    session_uuid = start(web)
    code = newest(web)["code"]
    assert code not in web.get(f"{ROOT}/Verify/Session/{session_uuid}/", headers=basic()).text
    assert listed(web) == []
    attempt = show(web, session_uuid)["attempt_details"][0]["attempt_uuid"]
    get(web, f"/Message/{attempt}/", 404)


def test_session_expires_by_the_accounts_clock(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    session_uuid = start(web)
    code = newest(web)["code"]
    move_on(sandbox, clock, sessions.LIFE)
    assert show(web, session_uuid)["status"] == "expired"
    assert validate(web, session_uuid, code) == (400, "session has expired")
    assert start(web) != session_uuid


def test_tries_are_counted_before_they_are_compared(web: FlaskClient) -> None:
    session_uuid = start(web)
    for _ in range(sessions.MAX_CHECKS):
        assert validate(web, session_uuid, "000")[0] == 400
    assert validate(web, session_uuid, newest(web)["code"]) == (429, "too many requests")


def test_second_start_sends_the_same_code_in_the_same_session(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    session_uuid = start(web)
    code = newest(web)["code"]
    move_on(sandbox, clock, 30)
    assert start(web, channel="voice") == session_uuid
    move_on(sandbox, clock, 1)
    shown = show(web, session_uuid)
    assert (shown["count"], shown["channel"]) == (2, "voice")
    assert newest(web)["code"] == code
    assert shown["attempt_details"][1]["status"] == "completed"
    assert shown["charges"]["total_charge"] == "0.01350"
    for _ in range(sessions.MAX_ATTEMPTS - 2):
        start(web)
    answer = web.post(f"{ROOT}/Verify/Session/", json={"recipient": DST}, headers=basic())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "569")


def test_brand_hash_length_and_code_of_ones_own(web: FlaskClient) -> None:
    session_uuid = start(web, brand_name="Notes", app_hash="FA+9qCX9VSu", code_length=8)
    message = newest(web)
    assert message["body"] == (f"Your Notes verification code is: {message['code']}\n\nFA+9qCX9VSu")
    assert len(message["code"]) == 8
    assert start(web, otp="4711") == session_uuid
    assert newest(web)["code"] == "4711"
    assert validate(web, session_uuid, "4711")[0] == 200


def test_call_speaks_the_code_after_a_key_where_one_is_asked_for(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    session_uuid = start(web, channel="voice", dtmf=1)
    move_on(sandbox, clock, 1)
    message = newest(web)
    assert message["code"] is None
    assert show(web, session_uuid)["attempt_details"][0]["status"] == "in-progress"
    pressed = web.post(f"/api/v1/messages/{message['id']}/press", json={"digits": "1"})
    assert pressed.status_code == 200, pressed.text
    assert validate(web, session_uuid, newest(web)["code"])[0] == 200


def test_call_that_nobody_presses_a_key_in_ends(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, channel="voice", dtmf=True)
    move_on(sandbox, clock, 1)
    move_on(sandbox, clock, 60)
    assert (newest(web)["status"], newest(web)["code"]) == ("delivered", None)


def test_text_has_no_keys_to_press(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
    start(web)
    move_on(sandbox, clock, 1)
    pressed = web.post(f"/api/v1/messages/{newest(web)['id']}/press", json={"digits": "1"})
    assert pressed.status_code == 409


@pytest.mark.parametrize(("recipient", "status"), [("9901234568", 200), ("9901234567", 400)])
def test_virtual_number_is_verified_by_its_last_digit(
    web: FlaskClient, recipient: str, status: int
) -> None:
    session_uuid = start(web, recipient=f"+{recipient}")
    assert newest(web, recipient)["code"] == recipient[-6:]
    assert validate(web, session_uuid, recipient[-6:])[0] == status


def test_virtual_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    answer = web.post(f"{ROOT}/Verify/Session/", json={"recipient": "+9901234599"}, headers=basic())
    assert (answer.status_code, answer.json["error"]) == (500, "internal server error")


def test_sent_nothing_leaves_nothing(web: FlaskClient) -> None:
    path = f"{ROOT}/Verify/Session/"
    refused = web.post(path, json={"recipient": "15095550100"}, headers=basic())
    assert refused.status_code == 429
    assert found(web) == []
    session_uuid = start(web, recipient="15095550100")
    effect = {"type": "error", "status": 503}
    web.post("/api/v1/faults", json={"match": {}, "effect": effect, "times": 1})
    again = web.post(path, json={"recipient": "15095550100"}, headers=basic())
    assert (again.status_code, again.json["error"]) == (503, "service unavailable")
    assert show(web, session_uuid)["count"] == 1


@pytest.mark.parametrize(
    ("recipient", "channel", "status"),
    [("14065550100", "sms", 400), ("15025550100", "voice", 403), ("14065550100", "voice", 400)],
)
def test_number_that_the_network_refuses(
    web: FlaskClient, recipient: str, channel: str, status: int
) -> None:
    asked = {"recipient": recipient, "channel": channel}
    answer = web.post(f"{ROOT}/Verify/Session/", json=asked, headers=basic())
    assert answer.status_code == status
    assert found(web) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"recipient": None}, "recipient parameter not present"),
        ({"recipient": "nobody"}, "recipient 'nobody' is not a valid number"),
        ({"recipient": 14150000002}, "recipient must be a string"),
        ({"app_uuid": "mine"}, "app_uuid is not a UUID"),
        ({"channel": "email"}, "channel must be one of sms, voice"),
        ({"code_length": 3}, "code_length must be a whole number from 4 to 8"),
        ({"code_length": "many"}, "code_length must be a whole number"),
        ({"otp": "123"}, "otp must be 4 to 8 digits"),
        ({"otp": "١٢٣٤"}, "otp must be 4 to 8 digits"),
        ({"app_hash": "short"}, "app_hash must be 11"),
        ({"url": "example.com"}, "url is not a valid http or https URL"),
        ({"method": "PUT"}, "method must be one of GET, POST"),
        ({"dtmf": "sometimes"}, "dtmf must be true or false"),
        ({"fraud_check": "perhaps"}, "fraud_check must be one of"),
        ({"brand_name": "a" * 65}, "brand_name must have at most 64 characters"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    web: FlaskClient, changes: dict[str, Any], error: str
) -> None:
    asked = {"recipient": DST} | changes
    answer = web.post(f"{ROOT}/Verify/Session/", json=asked, headers=basic())
    assert answer.status_code == 400, answer.text
    assert error in answer.json["error"]
    assert found(web) == []


def test_no_value_of_a_parameter_makes_it_fail(web: FlaskClient) -> None:
    for name in PARAMETERS:
        for value in STRANGE:
            asked = {"recipient": DST, name: value}
            answer = web.post(f"{ROOT}/Verify/Session/", json=asked, headers=basic())
            assert answer.status_code in (202, 400, 429), (name, value, answer.text)


@pytest.mark.parametrize("otp", [None, "", 482913, ["482913"]])
def test_validation_needs_a_text(web: FlaskClient, otp: object) -> None:
    assert validate(web, start(web), otp)[0] == 400


def test_sessions_that_are_not_there(web: FlaskClient) -> None:
    assert validate(web, NOWHERE, "482913") == (404, "not found")
    get(web, f"/Verify/Session/{NOWHERE}/", 404)
    other, session_uuid = "MA" + "B" * 18, start(web)
    path = f"/plivo/v1/Account/{other}/Verify/Session/{session_uuid}/"
    assert web.get(path, headers=basic(other)).status_code == 404


def test_fault_strikes_a_validation_of_its_number(web: FlaskClient) -> None:
    session_uuid = start(web)
    rule = {"match": {"to": f"+{DST}"}, "effect": {"type": "error", "status": 500}, "times": 1}
    web.post("/api/v1/faults", json=rule)
    assert validate(web, session_uuid, newest(web)["code"])[0] == 500
    assert validate(web, session_uuid, newest(web)["code"])[0] == 200


def test_sessions_are_listed_by_everything_that_they_have(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    first = start(web, recipient="4915112345678", brand_name="Notes", app_hash="FA+9qCX9VSu")
    move_on(sandbox, clock, 600)
    second = start(web, app_uuid=NOWHERE)
    third = start(web, recipient="9901234568")
    assert validate(web, third, "234568")[0] == 200
    page = get(web, "/Verify/Session/", limit=2)
    assert page["meta"] == {
        "limit": 2,
        "next": f"/v1/Account/{AUTH_ID}/Verify/Session/?limit=2&offset=2",
        "offset": 0,
        "previous": None,
    }
    assert set(page["sessions"][0]) == SESSION_KEYS
    assert found(web, limit=2, offset=2) == [first]
    assert found(web) == [third, second, first]
    assert found(web, status="verified") == [third]
    assert found(web, status="in-progress") == [second]
    assert found(web, status="expired") == [first]
    assert found(web, app_uuid=NOWHERE) == [second]
    assert found(web, recipient=f"+{DST}") == [second]
    assert found(web, country="de") == [first]
    assert found(web, alias="Notes") == found(web, brand_name="Notes") == [first]
    assert found(web, app_hash="FA+9qCX9VSu") == [first]
    assert found(web, subaccount="SA" + "C" * 18) == []
    assert found(web, session_time__gte="2027-01-15 08:10") == [third, second]
    assert found(web, session_time__lt="2027-01-15 08:10") == [first]
    get(web, "/Verify/Session/", 400, status="done")


def test_each_state_of_an_attempt_is_told(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    session_uuid = start(web, url=f"{receiver.url}/verify", recipient="15035550100")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(3)
    assert [post.form["ChannelStatus"] for post in posts] == ["queued", "sent", "undelivered"]
    form = posts[-1].form
    assert form == {
        "SessionUUID": session_uuid,
        "SessionStatus": "in-progress",
        "Recipient": "15035550100",
        "AttemptUUID": show(web, session_uuid)["attempt_details"][0]["attempt_uuid"],
        "AttemptSequence": "1",
        "Channel": "sms",
        "ChannelStatus": "undelivered",
        "ChannelErrorCode": "80",
        "RequestTime": "2027-01-15 08:00:00.000000",
    }
    assert posts[-1].headers["X-Plivo-Signature-V3"]


def test_call_is_told_of_by_get(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    start(web, url=f"{receiver.url}/verify", method="GET", channel="voice")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(3)
    assert all(post.method == "GET" for post in posts)
    seen = [post.path.split("ChannelStatus=")[1].split("&")[0] for post in posts]
    assert seen == ["ringing", "in-progress", "completed"]
