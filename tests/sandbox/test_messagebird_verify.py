from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import (
    KEY,
    NOWHERE,
    ROOT,
    STRANGE,
    TO,
    check,
    error,
    fetch,
    get,
    key,
    listed,
    newest,
    start,
    total,
)
from sandbox.time_calls import move_on

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

PARAMETERS = (
    "recipient", "originator", "reference", "type", "template", "datacoding", "reportUrl", "voice",
    "language", "timeout", "tokenLength", "subject", "maxAttempts",
)  # fmt: skip


def test_token_goes_out_and_is_asked_back(web: FlaskClient) -> None:
    made = start(web)
    message = made["messages"]["href"].rpartition("/")[2]
    assert made == {
        "id": made["id"],
        "href": f"https://rest.messagebird.com/verify/{made['id']}",
        "recipient": 31612345678,
        "reference": None,
        "messages": {"href": f"https://rest.messagebird.com/messages/{message}"},
        "status": "sent",
        "createdDatetime": "2027-01-15T08:00:00+00:00",
        "validUntilDatetime": "2027-01-15T08:00:30+00:00",
    }
    sent = newest(web)
    assert (sent["from"], len(sent["code"])) == ("Code", 6)
    assert sent["body"] == f"Your code is: {sent['code']}" == fetch(web, message)["body"]
    assert get(web, f"/verify/{made['id']}") == made
    assert check(web, made["id"], "wrong") == (422, "The token is invalid.")
    assert check(web, made["id"], sent["code"]) == (200, "verified")
    assert get(web, f"/verify/{made['id']}") == made | {"status": "verified"}
    assert check(web, made["id"], sent["code"]) == (422, "The token has already been verified.")


def test_every_parameter_has_its_effect(web: FlaskClient) -> None:
    made = start(
        web,
        originator="31610000001",
        reference="login",
        template="%token → Notes",
        datacoding="auto",
        type="flash",
        timeout=120,
        tokenLength=10,
        maxAttempts=1,
        voice="male",
        language="nl-nl",
        subject="x",
    )
    assert (made["reference"], made["validUntilDatetime"]) == ("login", "2027-01-15T08:02:00+00:00")
    sent = newest(web)
    assert sent["from"] == "+31610000001"
    assert (len(sent["code"]), sent["body"]) == (10, f"{sent['code']} → Notes")
    shown = fetch(web, made["messages"]["href"].rpartition("/")[2])
    assert (shown["type"], shown["mclass"], shown["datacoding"]) == ("flash", 0, "unicode")
    assert check(web, made["id"], "1")[0] == 422
    assert check(web, made["id"], sent["code"]) == (422, "The token has been tried too often.")
    assert get(web, f"/verify/{made['id']}")["status"] == "failed"


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"recipient": None}, 9, "recipient"),
        ({"recipient": "nobody"}, 9, "recipient"),
        ({"recipient": [TO]}, 9, "recipient"),
        ({"originator": "a name that is long"}, 10, "originator"),
        ({"type": "email", "recipient": "a@example.com"}, 10, "type"),
        ({"type": "fax"}, 10, "type"),
        ({"template": "no place"}, 10, "template"),
        ({"template": "%token" + "x" * 990, "datacoding": "unicode"}, 10, "template"),
        ({"timeout": 29}, 10, "timeout"),
        ({"timeout": 172_801}, 10, "timeout"),
        ({"tokenLength": 5}, 10, "tokenLength"),
        ({"tokenLength": 11}, 10, "tokenLength"),
        ({"maxAttempts": 0}, 10, "maxAttempts"),
        ({"maxAttempts": 11}, 10, "maxAttempts"),
        ({"voice": "robot"}, 10, "voice"),
        ({"reportUrl": "nowhere"}, 10, "reportUrl"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    web: FlaskClient, changes: dict[str, Any], code: int, parameter: str
) -> None:
    answer = web.post(f"{ROOT}/verify", json={"recipient": TO} | changes, headers=key())
    assert answer.status_code == 422, answer.text
    assert (error(answer)[0], error(answer)[2]) == (code, parameter)
    assert total(web) == 0


def test_no_value_of_a_parameter_makes_it_fail(web: FlaskClient) -> None:
    for name in PARAMETERS:
        for value in STRANGE:
            body = {"recipient": TO, name: value}
            answer = web.post(f"{ROOT}/verify", json=body, headers=key())
            assert answer.status_code in (201, 422), (name, value, answer.text)


def test_tries_are_counted_and_time_runs_out(web: FlaskClient, clock: FrozenClock) -> None:
    spent, late = start(web)["id"], start(web)["id"]
    code = newest(web)["code"]
    for _ in range(3):
        assert check(web, spent, "000")[0] == 422
    assert check(web, spent, "000") == (422, "The token has been tried too often.")
    clock.advance(29.9)
    assert get(web, f"/verify/{late}")["status"] == "sent"
    clock.advance(0.1)
    assert check(web, late, code) == (422, "The token has expired.")
    assert get(web, f"/verify/{late}")["status"] == "expired"


def test_deleted_verification_is_gone(web: FlaskClient) -> None:
    made = start(web)["id"]
    assert web.delete(f"{ROOT}/verify/{made}", headers=key()).status_code == 204
    for one in (made, NOWHERE, "%00"):
        for method in ("GET", "DELETE"):
            answer = web.open(f"{ROOT}/verify/{one}", method=method, headers=key())
            assert (answer.status_code, error(answer)) == (
                404,
                (20, "verification id not found", None),
            )
    assert check(web, made, "1") == (404, "verification id not found")


def test_call_speaks_its_token(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
    made = start(web, type="tts")
    assert "/voicemessages/" in made["messages"]["href"]
    move_on(sandbox, clock, 1)
    call = newest(web)
    assert (call["status"], call["body"]) == ("delivered", f"Your code is: {call['code']}")
    assert listed(web) == []
    assert check(web, made["id"], call["code"]) == (200, "verified")


@pytest.mark.parametrize(
    ("number", "outcome"),
    [("9901234568", (200, "verified")), ("9901234567", (422, "The token is invalid."))],
)
def test_virtual_numbers_are_verified_or_refused(
    web: FlaskClient, number: str, outcome: tuple[int, str]
) -> None:
    made = start(web, recipient=f"+{number}", tokenLength=10)["id"]
    assert newest(web, number)["code"] == number
    assert check(web, made, number) == outcome


def test_virtual_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    answer = web.post(f"{ROOT}/verify", json={"recipient": "+9901234599"}, headers=key())
    assert (answer.status_code, error(answer)) == (500, (99, "internal error", None))
    assert total(web) == 0


def test_refusal_leaves_no_verification_behind(web: FlaskClient, sandbox: Sandbox) -> None:
    answer = web.post(f"{ROOT}/verify", json={"recipient": "15095550100"}, headers=key())
    assert answer.status_code == 429
    invalid = web.post(f"{ROOT}/verify", json={"recipient": "14065550100"}, headers=key())
    assert (invalid.status_code, error(invalid)[0]) == (422, 10)
    with sandbox.database.read() as connection:
        kept = connection.execute("SELECT count(*) FROM records WHERE kind = 'verification'")
        assert kept.fetchone()[0] == 0


def test_fault_strikes_a_try_of_its_number(web: FlaskClient) -> None:
    made = start(web)["id"]
    rule = {"match": {"to": f"+{TO}"}, "effect": {"type": "error", "status": 429}}
    web.post("/api/v1/faults", json=rule)
    assert check(web, made, newest(web)["code"])[0] == 429
    web.delete("/api/v1/faults?all=true")
    assert check(web, made, newest(web)["code"]) == (200, "verified")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_link_on_another_sites_page_tries_nothing(web: FlaskClient, site: str) -> None:
    made = start(web, maxAttempts=1)["id"]
    headers = {**key(), "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    answer = web.get(f"{ROOT}/verify/{made}?token=1", headers=headers)
    assert answer.status_code == 403
    assert "Another site's page" in error(answer)[1]
    assert check(web, made, newest(web)["code"]) == (200, "verified")


def test_somebody_who_only_looks_tries_nothing(web: FlaskClient) -> None:
    made = start(web, maxAttempts=1)["id"]
    assert web.head(f"{ROOT}/verify/{made}?token=1", headers=key()).status_code == 405
    assert web.head(f"{ROOT}/verify/{made}", headers=key()).status_code == 200
    assert check(web, made, newest(web)["code"]) == (200, "verified")


def test_token_is_seen_nowhere_but_in_its_message(web: FlaskClient) -> None:
    made = start(web)
    code = newest(web)["code"]
    assert code not in str(made)
    assert code not in web.get(f"{ROOT}/verify/{made['id']}", headers=key()).text
    assert KEY not in web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
