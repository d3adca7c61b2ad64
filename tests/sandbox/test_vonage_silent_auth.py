"""Silent authentication of Verify v2: the phone's way, what it ends with, what follows."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver
from sandbox.time_calls import move_on
from sandbox.verify_v2_calls import (
    NOWHERE,
    ask,
    body_of,
    check,
    go_on,
    problem,
    start,
    start_told,
)
from sandbox.vonage_calls import KEY, TO, basic, bearer, newest, settings

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock

EVEN, ODD, ERRS = "99012345678", "99012345677", "99011111199"


def silent(to: str = EVEN, **changes: Any) -> dict[str, Any]:
    return {"channel": "silent_auth", "to": to} | changes


def begin(web: FlaskClient, *more: dict[str, Any], to: str = EVEN, **changes: Any) -> Any:
    """The answer to a request that begins with silent authentication."""
    answer = ask(web, workflow=[silent(to, **changes), *more])
    assert answer.status_code == 202, answer.text
    return answer.json


def hop(web: FlaskClient, url: str) -> Any:
    parts = urlsplit(url)
    return web.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def follow(web: FlaskClient, url: str) -> tuple[Any, list[str]]:
    """The last answer of a phone's way within the sandbox, and the addresses on it."""
    seen = [url]
    answer = hop(web, url)
    while answer.status_code == 302 and "/silent-auth/" in answer.headers["Location"]:
        seen.append(answer.headers["Location"])
        answer = hop(web, seen[-1])
    return answer, seen


def test_phone_follows_redirects_to_a_code(web: FlaskClient) -> None:
    begun = begin(web)
    request_id = begun["request_id"]
    assert begun["check_url"] == (
        f"http://localhost/vonage/v2/verify/{request_id}/silent-auth/redirect"
    )
    answer, seen = follow(web, begun["check_url"])
    assert len(seen) == 3
    assert (answer.status_code, set(answer.json)) == (200, {"request_id", "code"})
    assert answer.json["request_id"] == request_id
    answer = check(web, request_id, answer.json["code"])
    assert (answer.status_code, answer.json["status"]) == (200, "completed")
    assert check(web, request_id, "1234").status_code == 404


def test_way_needs_neither_cookies_nor_credentials(web: FlaskClient) -> None:
    url = begin(web)["check_url"]
    for _ in range(2):
        answer = hop(web, url)
        assert answer.status_code == 302
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        url = answer.headers["Location"]


def test_redirect_url_gets_the_code_in_its_fragment(web: FlaskClient) -> None:
    begun = begin(web, redirect_url="https://app.example/done?x=1")
    answer, _ = follow(web, begun["check_url"])
    assert answer.status_code == 302
    target, _, fragment = answer.headers["Location"].partition("#")
    assert target == "https://app.example/done?x=1"
    found = parse_qs(fragment)
    assert found["request_id"] == [begun["request_id"]]
    assert check(web, begun["request_id"], found["code"][0]).status_code == 200


def test_advanced_mode_speaks_of_a_token(web: FlaskClient) -> None:
    begun = begin(web, mode="advanced")
    answer, _ = follow(web, begun["check_url"])
    assert set(answer.json) == {"request_id", "token"}
    path = f"/vonage/v2/verify/{begun['request_id']}"
    answer = web.post(path, json={"token": answer.json["token"]}, headers=basic())
    assert (answer.status_code, answer.json["status"]) == (200, "completed")


@pytest.mark.parametrize(
    ("number", "sandboxed", "outcome"),
    [
        (EVEN, False, "completed"),
        (ODD, False, "user_rejected"),
        (ERRS, False, "failed"),
        ("99011111100", False, "completed"),
        (TO, False, "completed"),
        ("447700900002", True, "completed"),
        ("447700900001", True, "user_rejected"),
        ("447700900000", True, "failed"),
        ("447700900099", True, "failed"),
    ],
)
def test_last_digits_say_how_it_ends(
    web: FlaskClient, receiver: Receiver, number: str, sandboxed: bool, outcome: str
) -> None:
    start_told(web, receiver, workflow=[silent(number, sandbox=sandboxed)])
    url = newest(web, number)["body"].rpartition(" ")[2]
    answer, _ = follow(web, url)
    if outcome == "completed":
        assert answer.status_code == 200
        request_id = answer.json["request_id"]
        assert check(web, request_id, answer.json["code"], bearer()).status_code == 200
    elif outcome == "failed":
        problem(answer, 409, "/verify#network-error", "Network error")
    else:
        problem(answer, 403, "/verify#user-rejected", "User rejected")
    assert [body_of(receiver, place)["status"] for place in (0, 1)] == [outcome, outcome]
    assert body_of(receiver, 1)["type"] == "summary"


@pytest.mark.parametrize("network", ["off", "unsupported"])
def test_operator_that_recognises_nobody_fails(web: FlaskClient, network: str) -> None:
    settings(web, KEY, operator={"network": network})
    answer, _ = follow(web, begin(web)["check_url"])
    problem(answer, 409, "/verify#network-error", "Network error")


def test_fault_of_the_next_channel_is_none_of_the_phones_request(web: FlaskClient) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "disconnect"}}
    assert web.post("/api/v1/faults", json=rule).status_code == 201
    answer, _ = follow(web, begin(web, {"channel": "sms", "to": TO}, to=ODD)["check_url"])
    problem(answer, 403, "/verify#user-rejected", "User rejected")
    assert newest(web, TO)["code"] is not None


def test_failure_is_told_to_the_redirect_url(web: FlaskClient) -> None:
    begun = begin(web, to=ODD, redirect_url="http://app.example/done")
    assert begun["check_url"]
    answer, _ = follow(web, begun["check_url"])
    fragment = parse_qs(urlsplit(answer.headers["Location"]).fragment)
    assert fragment["error_code"] == ["user_rejected"]
    assert fragment["request_id"] == [begun["request_id"]]
    assert "code" not in fragment


@pytest.mark.parametrize("number", [ODD, ERRS])
def test_next_channel_begins_where_silent_authentication_fails(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, number: str
) -> None:
    begun = begin(web, {"channel": "sms", "to": TO}, to=number)
    move_on(sandbox, clock, 1)
    follow(web, begun["check_url"])
    code = newest(web)["code"]
    assert code
    assert check(web, begun["request_id"], code).status_code == 200


def test_faults_of_answers_do_not_act_on_the_message_that_follows(web: FlaskClient) -> None:
    fault = {"match": {"to": f"+{TO}"}, "times": 1, "effect": {"type": "disconnect"}}
    assert web.post("/api/v1/faults", json=fault).status_code == 201
    begun = begin(web, {"channel": "sms", "to": TO}, to=ODD)
    answer, _ = follow(web, begun["check_url"])
    problem(answer, 403, "/verify#user-rejected", "User rejected")
    assert newest(web)["code"]
    assert [one["hits"] for one in web.get("/api/v1/faults").json["faults"]] == [0]


def test_next_channel_begins_when_no_phone_comes(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    begun = begin(web, {"channel": "sms", "to": TO})
    move_on(sandbox, clock, 59)
    assert web.get(f"/api/v1/messages?to=%2B{TO}").json["total"] == 0
    move_on(sandbox, clock, 1)
    move_on(sandbox, clock, 1)
    assert check(web, begun["request_id"], newest(web)["code"]).status_code == 200
    assert newest(web, EVEN)["status"] == "undelivered"


def test_application_may_give_up_on_the_phone(web: FlaskClient) -> None:
    begun = begin(web, {"channel": "sms", "to": TO})
    assert go_on(web, begun["request_id"]).status_code == 200
    # The phone that comes now is too late.
    answer, _ = follow(web, begun["check_url"])
    problem(answer, 409, "#conflict", "Conflict")
    assert check(web, begun["request_id"], newest(web)["code"]).status_code == 200


def test_code_cannot_be_checked_before_the_phone_has_it(web: FlaskClient) -> None:
    begun = begin(web)
    found = problem(check(web, begun["request_id"], "1234"), 409, "#conflict", "Conflict")
    assert found["detail"] == "The current Verify workflow step does not support a code."
    answer, _ = follow(web, begun["check_url"])
    problem(check(web, begun["request_id"], "1234"), 400, "#bad-request", "Invalid Code")
    assert check(web, begun["request_id"], answer.json["code"]).status_code == 200


def test_no_redirect_can_be_followed_twice_or_out_of_order(web: FlaskClient) -> None:
    begun = begin(web)
    first = hop(web, begun["check_url"]).headers["Location"]
    confirm = first.replace("/operator?", "/confirm?")
    problem(hop(web, confirm), 409, "#conflict", "Conflict")
    second = hop(web, first).headers["Location"]
    problem(hop(web, first), 409, "#conflict", "Conflict")
    assert hop(web, second).status_code == 200
    problem(hop(web, second), 409, "#conflict", "Conflict")
    problem(hop(web, begun["check_url"]), 409, "#conflict", "Conflict")


def test_look_without_a_get_uses_nothing_up(web: FlaskClient) -> None:
    begun = begin(web)
    first = hop(web, begun["check_url"]).headers["Location"]
    parts = urlsplit(first)
    assert web.head(f"{parts.path}?{parts.query}").status_code == 405
    assert hop(web, first).status_code == 302


@pytest.mark.parametrize("step", ["redirect", "operator", "confirm"])
def test_unknown_request_has_no_way(web: FlaskClient, step: str) -> None:
    for request_id in (NOWHERE, "x", "%00", "%F0%9F%98%80", start(web)):
        answer = web.get(f"/vonage/v2/verify/{request_id}/silent-auth/{step}?token=%00")
        assert answer.status_code in (404, 409)
        assert answer.content_type == "application/problem+json"


def test_application_is_told_what_the_phone_is_to_open(
    web: FlaskClient, receiver: Receiver, sandbox: Sandbox, clock: FrozenClock
) -> None:
    settings_of = start_told(web, receiver, workflow=[silent()])
    move_on(sandbox, clock, 1)
    event = body_of(receiver, 0)
    assert event == {
        "request_id": settings_of,
        "triggered_at": event["triggered_at"],
        "type": "event",
        "channel": "silent_auth",
        "status": "action_pending",
        "action": {
            "type": "check",
            "check_url": f"http://localhost/vonage/v2/verify/{settings_of}/silent-auth/redirect",
        },
        "client_ref": "my-ref",
    }


def test_handset_that_is_off_cannot_be_authenticated(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    web.put(f"/api/v1/handsets/+{EVEN}?account={KEY}", json={"state": "off"})
    begun = begin(web, {"channel": "sms", "to": TO})
    move_on(sandbox, clock, 1)
    assert newest(web)["code"]
    answer, _ = follow(web, begun["check_url"])
    problem(answer, 409, "#conflict", "Conflict")


def test_address_that_a_handset_opens_which_is_off_ends_in_an_error(web: FlaskClient) -> None:
    web.put(f"/api/v1/handsets/+{EVEN}?account={KEY}", json={"state": "off"})
    answer, _ = follow(web, begin(web)["check_url"])
    problem(answer, 409, "/verify#network-error", "Network error")


def test_code_is_kept_as_a_hash(web: FlaskClient, sandbox: Sandbox) -> None:
    begun = begin(web)
    code = follow(web, begun["check_url"])[0].json["code"]

    def rows() -> str:
        with sandbox.database.read() as connection:
            return str([tuple(row) for row in connection.execute("SELECT * FROM records")])

    assert begun["request_id"] in rows()
    assert code not in rows()
    assert check(web, begun["request_id"], code).status_code == 200
    assert code not in rows()


def test_reset_account_begins_anew_with_the_same_ids(make_sandbox: Callable[..., Sandbox]) -> None:
    web = create_app(make_sandbox(seed=7)).test_client()
    first = begin(web)
    assert web.post(f"/api/v1/reset?account={KEY}", json={}).status_code == 200
    assert hop(web, first["check_url"]).status_code == 404
    assert begin(web) == first
    answer, _ = follow(web, first["check_url"])
    assert check(web, first["request_id"], answer.json["code"]).status_code == 200


def test_address_has_the_name_that_the_request_used(web: FlaskClient) -> None:
    body = {"brand": "Acme", "workflow": [silent()]}
    answer = web.post(
        "/v2/verify", json=body, headers=basic() | {"Host": "api.nexmo.com"}, base_url=None
    )
    request_id = answer.json["request_id"]
    path = f"/v2/verify/{request_id}/silent-auth/redirect"
    assert answer.json["check_url"] == f"http://api.nexmo.com{path}"


@pytest.mark.parametrize(
    "url", ["nowhere", "/relative", "javascript:alert(1)", "http://", 7, "x y"]
)
def test_redirect_url_is_an_address(web: FlaskClient, url: Any) -> None:
    found = problem(
        ask(web, workflow=[silent(redirect_url=url)]), 422, "#invalid-params", "Invalid params"
    )
    assert found["invalid_parameters"][0]["name"] == "workflow[0].redirect_url"
