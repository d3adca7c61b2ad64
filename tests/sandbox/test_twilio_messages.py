from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import receiving
from sandbox.time_calls import move_on
from sandbox.twilio_calls import ACCOUNT, FROM, ROOT, TO, ask, basic, create, fetch

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.segments import segment

SERVICE = "MG" + "c" * 32
NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z, as the fixtures' clock has it
IN_AN_HOUR = "2027-01-15T09:00:00Z"


def schedule(web: FlaskClient, **changes: str | None) -> Any:
    asked = {"From": None, "MessagingServiceSid": SERVICE, "ScheduleType": "fixed"}
    return ask(web, **(asked | {"SendAt": IN_AN_HOUR} | changes))


def test_a_scheduled_message_is_sent_at_its_time(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    answer = schedule(web)
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert (shown["status"], shown["from"], shown["num_segments"]) == ("scheduled", None, "0")
    move_on(sandbox, clock, 3599)
    assert fetch(web, shown)["status"] == "scheduled"
    move_on(sandbox, clock, 1)
    assert fetch(web, shown)["status"] == "queued"
    move_on(sandbox, clock, 1)
    assert fetch(web, shown)["status"] == "delivered"


def test_a_scheduled_message_can_be_canceled_and_is_never_sent(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    shown = schedule(web).json
    path = "/twilio" + shown["uri"]
    answer = web.post(path, data={"Status": "canceled"}, headers=basic())
    assert (answer.status_code, answer.json["status"]) == (200, "canceled")
    again = web.post(path, data={"Status": "canceled"}, headers=basic())
    assert (again.status_code, again.json["code"]) == (400, 30409)
    move_on(sandbox, clock, 7200)
    assert fetch(web, shown)["status"] == "canceled"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SendAt": None}, 35111),
        ({"SendAt": "2027-01-15T08:14:59Z"}, 35114),
        ({"SendAt": "2027-02-19T08:00:01Z"}, 35114),
        ({"SendAt": "tomorrow"}, 35114),
        ({"MessagingServiceSid": None, "From": FROM}, 35118),
        ({"ScheduleType": "soon"}, 20001),
        ({"ScheduleType": None}, 20001),
    ],
)
def test_a_schedule_that_twilio_would_refuse_is_refused(
    web: FlaskClient, changes: dict[str, str | None], code: int
) -> None:
    answer = schedule(web, **changes)
    assert (answer.status_code, answer.json["code"]) == (400, code)


@pytest.mark.parametrize("moment", ["2027-01-15T08:15:00Z", "2027-02-19T08:00:00Z"])
def test_the_limits_of_the_schedule_are_within_it(web: FlaskClient, moment: str) -> None:
    assert schedule(web, SendAt=moment).status_code == 201


def test_media_are_listed_and_never_fetched(web: FlaskClient) -> None:
    form = [("To", TO), ("From", FROM), ("MediaUrl", "http://127.0.0.1:9/cat.png?x=1")]
    form += [("MediaUrl", "https://media.example/thing")]
    answer = web.post(f"{ROOT}/Messages.json", data=_multi(form), headers=basic())
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert shown["sid"].startswith("MM")
    assert (shown["num_media"], shown["num_segments"], shown["body"]) == ("2", "1", "")
    page = web.get("/twilio" + shown["subresource_uris"]["media"], headers=basic()).json
    assert [one["content_type"] for one in page["media_list"]] == [
        "image/png",
        "application/octet-stream",
    ]
    first = page["media_list"][0]
    assert set(first) == {
        "account_sid", "content_type", "date_created", "date_updated", "parent_sid", "sid", "uri",
    }  # fmt: skip
    assert (first["parent_sid"], first["sid"][:2]) == (shown["sid"], "ME")
    assert web.get("/twilio" + first["uri"], headers=basic()).json == first
    assert web.delete("/twilio" + first["uri"], headers=basic()).status_code == 204
    assert web.get("/twilio" + first["uri"], headers=basic()).json["code"] == 20404
    assert fetch(web, shown)["num_media"] == "1"


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


@pytest.mark.parametrize(
    ("urls", "code"),
    [(["http://example.com/a.png"] * 11, 21623), (["ftp://example.com/a.png"], 21620)],
)
def test_media_that_twilio_would_refuse_are_refused(
    web: FlaskClient, urls: list[str], code: int
) -> None:
    form = {"To": TO, "From": FROM, "MediaUrl": urls}
    answer = web.post(f"{ROOT}/Messages.json", data=form, headers=basic())
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_a_magic_number_that_is_not_reached_says_by_which_way(web: FlaskClient) -> None:
    media = "http://example.com/a.png"
    assert ask(web, To="+15005550002", MediaUrl=media).json["message"].endswith("via MMS.")


def test_feedback_is_kept(web: FlaskClient, clock: FrozenClock) -> None:
    shown = create(web)
    path = f"{ROOT}/Messages/{shown['sid']}/Feedback.json"
    first = web.post(path, data={"Outcome": "unconfirmed"}, headers=basic()).json
    clock.advance(60)
    second = web.post(path, data={}, headers=basic()).json
    assert (first["outcome"], second["outcome"]) == ("unconfirmed", "confirmed")
    assert second["date_created"] == first["date_created"] != second["date_updated"]


def test_a_discarded_text_is_gone_once_the_message_is_final(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    shown = create(web, ContentRetention="discard")
    assert fetch(web, shown)["body"] == "Your code is 482913"
    move_on(sandbox, clock, 1)
    assert fetch(web, shown)["body"] == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"ContentRetention": "x"},
        {"AddressRetention": "x"},
        {"RiskCheck": "x"},
        {"ValidityPeriod": "0"},
        {"ValidityPeriod": "36001"},
        {"ValidityPeriod": "soon"},
        {"ApplicationSid": "AP" + "1" * 32},
    ],
)
def test_a_parameter_with_a_strange_value_is_refused(
    web: FlaskClient, changes: dict[str, str]
) -> None:
    answer = ask(web, **changes)
    assert (answer.status_code, answer.json["code"]) == (400, 20001)


def test_a_message_that_waits_beyond_its_validity_expires(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    sandbox.inbox.put_handset(ACCOUNT, TO, {"state": "off"})
    shown = create(web, ValidityPeriod="60")
    move_on(sandbox, clock, 59)
    assert fetch(web, shown)["status"] == "sent"
    move_on(sandbox, clock, 2)
    expired = fetch(web, shown)
    assert (expired["error_code"], expired["error_message"]) == (30036, "Validity Period Expired")


def test_smart_encoding_saves_parts(web: FlaskClient) -> None:
    text = "it’s “here” – " + "a" * 100
    assert create(web, Body=text)["num_segments"] == "2"
    shown = create(web, Body=text, SmartEncoded="true")
    assert shown["num_segments"] == "1"
    assert shown["body"].startswith('it\'s "here" - aaa')


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "ж", 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_parts_are_counted_as_twilios_calculator_counts_them(
    web: FlaskClient, text: str, parts: int
) -> None:
    assert segment(text).count == parts
    assert create(web, Body=text)["num_segments"] == str(parts)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"To": "+1555"}, "The 'To' number +1555 is not a valid phone number."),
        ({"To": "+15005550004"}, "The message From/To pair violates a blacklist rule."),
        (
            {"To": "+15005550003"},
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
            "number: +15005550003.",
        ),
        ({"From": TO}, f"'To' and 'From' number cannot be the same: {TO}"),
    ],
)
def test_the_former_error_texts_are_there_by_a_switch(
    make_sandbox: Callable[..., Sandbox], changes: dict[str, str], text: str
) -> None:
    web = create_app(make_sandbox(error_texts="former")).test_client()
    assert ask(web, **changes).json["message"] == text
    wrong = web.get(f"{ROOT}.json", headers=basic(name="AC1"))
    assert wrong.json["message"] == "Authentication Error - invalid username"
    assert wrong.json["detail"] == "Your AccountSid or AuthToken was incorrect."


@pytest.mark.parametrize(
    ("area_code", "status", "code"),
    [("410", 400, 21610), ("406", 400, 21211), ("502", 400, 21612), ("507", 429, 21611)],
)
def test_a_scenario_that_refuses_does_so_in_twilios_words(
    web: FlaskClient, area_code: str, status: int, code: int
) -> None:
    answer = ask(web, To=f"+1{area_code}5550101")
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_throttled_scenario_tells_when_to_try_again(web: FlaskClient) -> None:
    answer = ask(web, To="+15095550101")
    assert (answer.status_code, answer.json["code"]) == (429, 20429)
    assert int(answer.headers["Retry-After"]) >= 1
    assert ask(web, To="+15095550101").status_code == 201


@pytest.mark.parametrize(
    ("effect", "status", "code", "text"),
    [
        ({"status": 400, "code": 21408, "message": "Not there"}, 400, 21408, "Not there"),
        ({"status": 503}, 503, 20503, "Service is unavailable"),
        ({"status": 500}, 500, 20500, "An internal server error has occurred"),
        ({"status": 429, "retry_after": 7}, 429, 20429, "Too Many Requests"),
    ],
)
def test_a_fault_rule_answers_in_twilios_form(
    web: FlaskClient, effect: dict[str, Any], status: int, code: int, text: str
) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "error"} | effect}
    assert web.post("/api/v1/faults", json=rule).status_code == 201
    answer = ask(web)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["message"] == text
    assert answer.headers.get("Retry-After") == ("7" if "retry_after" in effect else None)


def test_the_accounts_status_address_is_told_where_the_message_names_none(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    with receiving() as receiver:
        settings = {"status_url": f"{receiver.url}/everything"}
        sandbox.inbox.put_account_settings(ACCOUNT, settings)
        create(web)
        create(web, StatusCallback=f"{receiver.url}/this")
        move_on(sandbox, clock, 0.3)
        paths = {post.path for post in receiver.await_posts(2)}
    assert paths == {"/everything", "/this"}


def test_another_key_and_algorithm_may_sign(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    with receiving() as receiver:
        settings = {"signing_key": "shared key", "signature_method": "HMAC_SHA256"}
        sandbox.inbox.put_account_settings(ACCOUNT, settings)
        url = f"{receiver.url}/this"
        create(web, StatusCallback=url)
        move_on(sandbox, clock, 0.3)
        (post,) = receiver.await_posts(1)
    assert post.headers["X-Twilio-Webhooks-Signature-Settings"].endswith("algorithm=HMAC_SHA256")
    signature = sign("shared key", url, post.form.items(), "HMAC_SHA256")
    assert post.headers["X-Twilio-Signature"] == signature


def test_a_body_of_ten_megabytes_and_strange_methods_get_twilios_error(web: FlaskClient) -> None:
    huge = web.post(f"{ROOT}/Messages.json", data="Body=" + "a" * (10 << 20), headers=basic())
    assert (huge.status_code, huge.mimetype) == (400, "application/json")
    assert huge.json["code"] in (20001, 21604, 21617)
    for method in ("PUT", "PATCH", "OPTIONS", "TRACE"):
        odd = web.open(f"{ROOT}/Messages.json", method=method, headers=basic())
        assert (odd.status_code, odd.json["code"]) == (404, 20404)
    for body in (b"\xff\xfe=%", b"&&&==", b"To=%zz&From=%00"):
        answer = web.post(
            f"{ROOT}/Messages.json",
            data=body,
            headers=basic() | {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 400
        assert answer.json["code"] >= 20000


def test_the_inbox_page_shows_messages_of_every_kind(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    canceled = schedule(web).json
    web.post("/twilio" + canceled["uri"], data={"Status": "canceled"}, headers=basic())
    schedule(web, Body="Later")
    ask(web, Body=None, MediaUrl="http://example.com/a.png")
    call = {"To": TO, "From": FROM, "Twiml": "<Response><Say>Spoken words</Say></Response>"}
    assert web.post(f"{ROOT}/Calls.json", data=call, headers=basic()).status_code == 201
    assert web.get("/").status_code == 200
    move_on(sandbox, clock, 1)
    page = web.get("/")
    assert page.status_code == 200
    for shown in ("Spoken words", "Canceled", "Scheduled"):
        assert shown in page.text
