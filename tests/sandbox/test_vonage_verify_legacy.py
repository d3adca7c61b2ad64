"""Verify v1 by plain HTTP: requests, checks, control, search."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.time_calls import move_on
from sandbox.vonage_calls import KEY, SECRET, STRANGE, TO, basic, newest

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

NOWHERE = "0" * 32
NOT_ITS_CODE = "0000000"


def ask(web: FlaskClient, path: str = "/verify/json", **values: Any) -> Any:
    """The answer to a form; ``None`` leaves a parameter out."""
    given = {name: value for name, value in values.items() if value is not None}
    answer = web.post(f"/vonage{path}", data=given, headers=basic())
    assert answer.status_code == 200, answer.text
    return answer.json


def start(web: FlaskClient, **changes: Any) -> str:
    """The id of a request that has begun."""
    found = ask(web, **{"number": TO, "brand": "Acme"} | changes)
    assert set(found) == {"request_id", "status"}, found
    assert found["status"] == "0"
    assert len(found["request_id"]) == 32
    return str(found["request_id"])


def test_request_of_one_version_is_none_of_the_others(web: FlaskClient) -> None:
    request_id = start(web)
    code = newest(web)["code"]
    path = f"/vonage/v2/verify/{request_id}"
    assert web.post(path, json={"code": code}, headers=basic()).status_code == 404
    asked = {"brand": "Acme", "workflow": [{"channel": "sms", "to": "447700900009"}]}
    newer = web.post("/vonage/v2/verify", json=asked, headers=basic()).json["request_id"]
    assert check(web, newer, newest(web)["code"])["status"] in ("6", "101")
    assert check(web, request_id, code)["status"] == "0"


def check(web: FlaskClient, request_id: str, code: Any) -> Any:
    return ask(web, "/verify/check/json", request_id=request_id, code=code)


def control(web: FlaskClient, request_id: str, cmd: Any) -> Any:
    return ask(web, "/verify/control/json", request_id=request_id, cmd=cmd)


def search(web: FlaskClient, *request_ids: str) -> Any:
    several = {"request_ids": list(request_ids)}
    query = several if len(request_ids) > 1 else {"request_id": request_ids[0]}
    return web.get("/vonage/verify/search/json", query_string=query, headers=basic()).json


def test_code_is_sent_and_compared(web: FlaskClient) -> None:
    request_id = start(web)
    message = newest(web)
    assert message["body"] == f"Acme code: {message['code']}. Valid for 5 minutes."
    assert check(web, request_id, NOT_ITS_CODE) == {
        "request_id": request_id,
        "status": "16",
        "error_text": "The code provided does not match the expected value",
    }
    found = check(web, request_id, message["code"])
    assert found.pop("event_id")
    assert found == {
        "request_id": request_id,
        "status": "0",
        "price": "0.05000000",
        "currency": "EUR",
        "estimated_price_messages_sent": "0.03330",
    }
    found = check(web, request_id, message["code"])
    assert found["status"] == "6"
    assert found["error_text"].endswith("does not exist or its no longer active.")


def test_third_wrong_code_ends_the_request(web: FlaskClient) -> None:
    request_id = start(web)
    code = newest(web)["code"]
    assert [check(web, request_id, NOT_ITS_CODE)["status"] for _ in range(3)] == ["16", "16", "17"]
    assert check(web, request_id, code)["status"] == "6"
    assert search(web, request_id)["status"] == "FAILED"


def test_number_has_one_request_at_a_time(web: FlaskClient) -> None:
    request_id = start(web)
    assert ask(web, number=TO, brand="Acme") == {
        "request_id": request_id,
        "network": "00101",
        "status": "10",
        "error_text": "Concurrent verifications to the same number are not allowed",
    }


def test_events_follow_in_their_order(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web, next_event_wait=60, pin_expiry=180)
    code = newest(web)["code"]
    move_on(sandbox, clock, 60)
    move_on(sandbox, clock, 1)
    assert newest(web)["body"] == f"Acme code: {code}. Valid for 2 minutes."
    found = search(web, request_id)
    assert [one["type"] for one in found["events"]] == ["sms", "tts"]
    assert found["status"] == "IN PROGRESS"
    assert found["first_event_date"] == "2027-01-15 08:00:00"
    assert found["last_event_date"] == "2027-01-15 08:01:00"
    assert check(web, request_id, NOT_ITS_CODE)["status"] == "16"
    assert control(web, request_id, "trigger_next_event") == {
        "status": "0",
        "command": "trigger_next_event",
    }
    assert control(web, request_id, "trigger_next_event") == {
        "status": "19",
        "error_text": f"No more events are left to execute for the request ['{request_id}']",
    }
    move_on(sandbox, clock, 120)
    assert check(web, request_id, code)["status"] == "6"
    found = search(web, request_id)
    assert found["status"] == "EXPIRED"
    assert found["checks"] == [
        {
            "date_received": "2027-01-15 08:01:01",
            "code": NOT_ITS_CODE,
            "status": "INVALID",
            "ip_address": "",
        }
    ]
    assert found["estimated_price_messages_sent"] == "0.09990"


def test_request_is_cancelled_between_its_thirtieth_second_and_its_last_event(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    request_id = start(web)
    found = control(web, request_id, "cancel")
    assert (found["status"], "first 30 seconds" in found["error_text"]) == ("19", True)
    move_on(sandbox, clock, 30)
    assert control(web, request_id, "cancel") == {"status": "0", "command": "cancel"}
    assert control(web, request_id, "cancel")["status"] == "6"
    assert search(web, request_id)["status"] == "CANCELLED"
    request_id = start(web)
    move_on(sandbox, clock, 30)
    for _ in range(2):
        control(web, request_id, "trigger_next_event")
    assert control(web, request_id, "cancel")["status"] == "19"


def test_search_finds_one_or_several(web: FlaskClient) -> None:
    one, other = start(web), start(web, number="447700900001", sender_id="Notes")
    found = search(web, one, other, NOWHERE)["verification_requests"]
    assert [(each["request_id"], each["number"], each["sender_id"]) for each in found] == [
        (one, TO, "verify"),
        (other, "447700900001", "Notes"),
    ]
    assert search(web, NOWHERE) == {"status": "101", "error_text": "No response found"}
    assert search(web, *([NOWHERE] * 11))["status"] == "3"
    answer = web.get("/vonage/verify/search/json", headers=basic())
    assert answer.json["status"] == "2"


def test_payment_is_named(web: FlaskClient) -> None:
    found = ask(web, "/verify/psd2/json", number=TO, payee="Acme", amount="11.50")
    message = newest(web)
    assert message["body"].startswith(f"Code to pay 11.50 EUR to Acme: {message['code']}.")
    assert check(web, found["request_id"], message["code"])["status"] == "0"


@pytest.mark.parametrize("workflow_id", [3, 7])
def test_workflow_may_begin_with_a_call(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, workflow_id: int
) -> None:
    request_id = start(web, workflow_id=workflow_id, code_length=6)
    move_on(sandbox, clock, 1)
    assert len(newest(web)["code"]) == 6
    assert check(web, request_id, newest(web)["code"])["status"] == "0"


def test_parameters_that_cannot_be_used_are_named(web: FlaskClient) -> None:
    base = {"number": TO, "brand": "Acme"}
    for changes, status, name in (
        ({"number": None}, "2", "number"),
        ({"brand": None}, "2", "brand"),
        ({"number": "12"}, "3", "number"),
        ({"brand": "x" * 19}, "3", "brand"),
        ({"code_length": 5}, "3", "code_length"),
        ({"workflow_id": 8}, "3", "workflow_id"),
        ({"pin_expiry": 59}, "3", "pin_expiry"),
        ({"code_length": "000004999"}, "3", "code_length"),
        ({"workflow_id": "0000015"}, "3", "workflow_id"),
        ({"pin_expiry": "000060" + "9" * 4400}, "3", "pin_expiry"),
        ({"next_event_wait": "soon"}, "3", "next_event_wait"),
        ({"pin_code": "abc"}, "3", "pin_code"),
        ({"lg": "?"}, "3", "lg"),
        ({"sender_id": "a name too long"}, "3", "sender_id"),
    ):
        found = ask(web, **base | changes)
        assert (found["status"], name in found["error_text"]) == (status, True), changes
    assert ask(web, "/verify/psd2/json", **base, payee="Acme")["status"] == "2"
    found = ask(web, "/verify/psd2/json", number=TO, payee="Acme", amount="1e9")
    assert found["status"] == "3"
    assert control(web, NOWHERE, "dance")["status"] == "3"
    assert control(web, NOWHERE, "cancel")["status"] == "6"
    assert ask(web, "/verify/check/json", request_id=NOWHERE)["status"] == "2"


def test_strange_values_are_never_an_error_of_the_server(web: FlaskClient) -> None:
    paths = {"json": ("number", "brand", "workflow_id", "pin_expiry", "pin_code", "lg"),
             "psd2/json": ("number", "payee", "amount"),
             "check/json": ("request_id", "code"),
             "control/json": ("request_id", "cmd"),
             "search/json": ("request_id",)}  # fmt: skip
    for path, names in paths.items():
        for value in STRANGE:
            body = dict.fromkeys(names, value)
            answer = web.post(f"/vonage/verify/{path}", json=body, headers=basic())
            assert answer.status_code == 200, (path, value, answer.text)
            assert answer.json["status"] != "0"


def test_credentials_come_in_header_body_or_query(web: FlaskClient) -> None:
    login = {"api_key": KEY, "api_secret": SECRET}
    asked = {"number": TO, "brand": "Acme"}
    answer = web.post("/vonage/verify/json", json=login | asked)
    assert answer.json["status"] == "0"
    answer = web.get("/vonage/verify/json", query_string=login | asked)
    assert answer.json["status"] == "10"
    answer = web.post("/vonage/verify/json", data=asked | login | {"api_secret": "wrong"})
    assert answer.json == {"status": "4", "error_text": "Bad Credentials"}
    assert web.post("/vonage/verify/json", data=asked).json["status"] == "4"
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = web.get("/vonage/verify/json", query_string=login | asked, headers=foreign)
    assert answer.status_code == 403


def test_virtual_numbers_end_as_their_last_digits_say(web: FlaskClient) -> None:
    for number, status in (("99012345678", "0"), ("99012345677", "16")):
        request_id = start(web, number=number)
        assert check(web, request_id, number[-4:])["status"] == status
    answer = ask(web, number="99011111199", brand="Acme")
    assert answer == {"status": "5", "error_text": "Internal Error"}


def test_faults_come_in_the_form_of_the_api(web: FlaskClient) -> None:
    for effect, http, status in (
        ({"status": 429, "retry_after": 3}, 429, "1"),
        ({"status": 500}, 500, "5"),
        ({"status": 400, "code": 15}, 200, "15"),
    ):
        fault = {"match": {"provider": "vonage"}, "times": 1, "effect": {"type": "error"} | effect}
        assert web.post("/api/v1/faults", json=fault).status_code == 201
        asked = {"number": TO, "brand": "Acme"}
        answer = web.post("/vonage/verify/json", data=asked, headers=basic())
        assert (answer.status_code, answer.json["status"]) == (http, status)
    start(web)
