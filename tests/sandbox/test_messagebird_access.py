from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import (
    KEY,
    NOTES,
    NOWHERE,
    OTHER,
    ROOT,
    TO,
    error,
    get,
    key,
    newest,
    send,
)
from sandbox.time_calls import move_on

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": "AccessKey"}, key("a b"), key("k" * 65)],
)
def test_stranger_is_told_so_in_messagebirds_words(
    web: FlaskClient, headers: dict[str, str]
) -> None:
    answer = web.get(f"{ROOT}/messages", headers=headers)
    assert answer.status_code == 401
    assert error(answer) == (2, "Request not allowed (incorrect access_key)", "access_key")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="REST API authentication"'


def test_each_key_has_messages_of_its_own(web: FlaskClient) -> None:
    mine = send(web)["id"]
    other = web.get(f"{ROOT}/messages/{mine}", headers=key("another"))
    assert other.status_code == 404
    assert web.get(f"{ROOT}/messages", headers=key("another")).json["totalCount"] == 0


def test_key_for_tests_sends_and_hears_no_more_of_it(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    test_key = "test_" + "k" * 25
    sent = {"originator": NOTES, "recipients": TO, "body": "x", "reference": "r"}
    made = web.post(f"{ROOT}/messages", json=sent, headers=key(test_key)).json
    move_on(sandbox, clock, 10)
    shown = web.get(f"{ROOT}/messages/{made['id']}", headers=key(test_key)).json
    assert shown == made
    assert newest(web)["status"] == "delivered"
    listed = web.get(f"{ROOT}/messages?status=sent", headers=key(test_key)).json
    assert listed["totalCount"] == 1


def test_first_secret_behind_a_key_is_its_secret(web: FlaskClient) -> None:
    shown = key(f"{KEY}:a secret")
    assert web.get(f"{ROOT}/balance", headers=shown).status_code == 200
    for other in (KEY, f"{KEY}:another", f"{KEY}:", f"{KEY}:{'x' * 257}"):
        assert web.get(f"{ROOT}/balance", headers=key(other)).status_code == 401
    assert web.get("/api/v1/accounts").json["accounts"] == []
    send_as = web.post(
        f"{ROOT}/messages",
        json={"originator": NOTES, "recipients": TO, "body": "x"},
        headers=shown,
    )
    assert send_as.status_code == 201
    assert [one["id"] for one in web.get("/api/v1/accounts").json["accounts"]] == [KEY]


def test_password_of_the_sandbox_stands_behind_the_key(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    web = create_app(make_sandbox(password="pass word")).test_client()
    assert web.get(f"{ROOT}/balance", headers=key()).status_code == 401
    assert web.get(f"{ROOT}/balance", headers=key(f"{KEY}:wrong")).status_code == 401
    assert web.get(f"{ROOT}/balance", headers=key(f"{KEY}:pass word")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/messages", 405, 21),
        ("DELETE", "/messages", 405, 21),
        ("PATCH", f"/messages/{NOWHERE}", 405, 21),
        ("OPTIONS", "/verify", 405, 21),
        ("GET", "/", 404, 98),
        ("POST", "/voicemessages", 404, 98),
        ("GET", "/messages/a/b", 404, 98),
        ("GET", f"/messages/{NOWHERE}", 404, 20),
        ("GET", "/messages/%00", 404, 20),
    ],
)
def test_paths_and_methods_that_are_not_there(
    web: FlaskClient, method: str, path: str, status: int, code: int
) -> None:
    answer = web.open(f"{ROOT}{path}", method=method, headers=key())
    assert (answer.status_code, error(answer)[0]) == (status, code)
    assert web.open(f"{ROOT}{path}", method=method).status_code == 401


def test_messagebirds_own_host_name_leads_here(web: FlaskClient) -> None:
    answer = web.get("/balance", headers={**key(), "Host": "rest.messagebird.com"})
    assert answer.json == {"payment": "prepaid", "type": "euros", "amount": 10_000.0}


def test_balance_falls_by_each_part_that_goes_out(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    send(web, recipients=[TO, OTHER], body="a" * 161)
    assert get(web, "/balance")["amount"] == 9999.8
    send(web, recipients="14045550100")
    send(web, scheduledDatetime="2027-02-01T00:00:00Z")
    move_on(sandbox, clock, 1)
    assert get(web, "/balance")["amount"] == 9999.8


def test_page_of_another_site_gets_messagebirds_form(web: FlaskClient) -> None:
    headers = {**key(), "Origin": "https://evil.example"}
    answer = web.post(f"{ROOT}/messages", json={}, headers=headers)
    assert answer.status_code == 403
    assert "Another site's page" in error(answer)[1]


def test_request_is_kept_without_its_key(web: FlaskClient) -> None:
    send(web)
    raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
    assert "POST /messagebird/messages" in raw
    assert KEY not in raw
