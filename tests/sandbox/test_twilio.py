from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.time_calls import move_on
from sandbox.twilio_calls import ACCOUNT, FROM, ROOT, TO, TOKEN, ask, basic, create, fetch

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import Inbox

SERVICE = "MG" + "c" * 32
KEYS = {
    "sid",
    "account_sid",
    "api_version",
    "body",
    "from",
    "to",
    "messaging_service_sid",
    "status",
    "direction",
    "num_segments",
    "num_media",
    "price",
    "price_unit",
    "error_code",
    "error_message",
    "date_created",
    "date_updated",
    "date_sent",
    "subresource_uris",
    "uri",
}


def test_a_created_message_has_exactly_twilios_keys(web: FlaskClient) -> None:
    shown = create(web)
    assert set(shown) == KEYS
    sid = shown["sid"]
    assert sid.startswith("SM")
    assert len(sid) == 34
    assert shown["status"] == "queued"
    assert shown["direction"] == "outbound-api"
    assert (shown["num_segments"], shown["num_media"]) == ("1", "0")
    assert (shown["price"], shown["price_unit"], shown["date_sent"]) == (None, "USD", None)
    assert shown["date_created"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert shown["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"
    media = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"
    assert shown["subresource_uris"] == {"media": media}


def test_a_message_arrives_in_the_inbox_and_moves_with_its_timeline(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    shown = create(web)
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert (message["provider"], message["account"]) == ("twilio", ACCOUNT)
    assert (message["from"], message["to"], message["code"]) == (FROM, TO, "482913")
    move_on(sandbox, clock, 0.3)
    sent = fetch(web, shown)
    assert (sent["status"], sent["date_sent"]) == ("sent", "Fri, 15 Jan 2027 08:00:00 +0000")
    move_on(sandbox, clock, 1)
    assert fetch(web, shown)["status"] == "delivered"
    assert fetch(web, shown)["price"] == "-0.00750"
    assert set(fetch(web, shown)) == KEYS
    assert "feedback" in fetch(web, shown)["subresource_uris"]


def test_a_messaging_service_accepts_first_and_chooses_its_sender_later(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    shown = create(web, From=None, MessagingServiceSid=SERVICE)
    assert (shown["status"], shown["from"], shown["num_segments"]) == ("accepted", None, "0")
    assert shown["messaging_service_sid"] == SERVICE
    move_on(sandbox, clock, 0.1)
    chosen = fetch(web, shown)
    assert (chosen["status"], chosen["num_segments"]) == ("queued", "1")
    assert chosen["from"].startswith("+12015550")
    move_on(sandbox, clock, 1)
    assert fetch(web, shown)["status"] == "delivered"


@pytest.mark.parametrize(
    ("changes", "status", "code", "text"),
    [
        ({"To": None}, 400, 21604, "A 'To' phone number is required."),
        ({"To": "+1555"}, 400, 21211, "Invalid 'To' Phone Number: +XXXX"),
        ({"To": "5558675310"}, 400, 21211, "Invalid 'To' Phone Number: 555867XXXX"),
        ({"To": "12345"}, 400, 21265, "'To' number cannot be a Short Code: 12345"),
        ({"From": None}, 400, 21603, "A 'From' phone number is required."),
        (
            {"From": "much too long a name"},
            400,
            21212,
            "The 'From' number much too long a name is not a valid phone number, shortcode, or "
            "alphanumeric sender ID.",
        ),
        (
            {"From": TO},
            400,
            21266,
            "'To' and 'From' number cannot be the same: +1555867XXXX",
        ),
        ({"Body": None}, 400, 21619, "A text message body or media urls must be specified."),
        ({"Body": ""}, 400, 21602, "Message body is required."),
        (
            {"Body": "a" * 1601},
            400,
            21617,
            "The concatenated message body exceeds the 1600 character limit.",
        ),
        (
            {"From": None, "MessagingServiceSid": "MG1"},
            400,
            21705,
            "The Messaging Service is invalid",
        ),
        (
            {"StatusCallback": "http://my_host/x"},
            400,
            21609,
            "The 'StatusCallback' URL http://my_host/x is not a valid URL.",
        ),
        (
            {"ContentSid": "HX" + "c" * 32},
            400,
            20001,
            "Unknown parameters: ContentSid is not imitated by this sandbox.",
        ),
        ({"To": "+15005550001"}, 400, 21211, "Invalid 'To' Phone Number: +1500555XXXX"),
        (
            {"To": "+15005550002"},
            400,
            21612,
            "The 'To' phone number: +15005550002, is not currently reachable using the 'From' "
            f"phone number: {FROM} via SMS.",
        ),
        (
            {"To": "+15005550003"},
            400,
            21408,
            "Permission to send an SMS has not been enabled for the region indicated by the "
            "'To' number: +1500555XXXX",
        ),
        ({"To": "+15005550004"}, 400, 21610, "Attempt to send to unsubscribed recipient"),
        ({"To": "+15005550009"}, 400, 21614, "To number: +15005550009, is not a mobile number"),
        (
            {"From": "+15005550007"},
            400,
            21606,
            "The From phone number +15005550007 is not a valid, SMS-capable inbound phone number "
            "or short code for your account.",
        ),
        ({"From": "+15005550008"}, 429, 21611, "SMS queue is full."),
    ],
)
def test_a_refusal_has_twilios_code_and_words(
    web: FlaskClient, changes: dict[str, str | None], status: int, code: int, text: str
) -> None:
    answer = ask(web, **changes)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.json == {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "//host/x",
        "http://",
        "http://host:99999/",
        "http://a b/",
        "http://user:secret@host/x",
        "http://[::1/",
        "http://host/" + "x" * 4000,
        "http://höst/",
    ],
)
def test_a_strange_callback_address_is_refused(web: FlaskClient, url: str) -> None:
    assert ask(web, StatusCallback=url).json["code"] == 21609


def test_the_longest_body_and_every_kind_of_sender_are_taken(web: FlaskClient) -> None:
    assert create(web, Body="a" * 1600)["num_segments"] == "11"
    for sender in ("Notes App", "12345", "+15005550006"):
        assert create(web, From=sender)["from"] == sender


def test_a_plus_that_was_not_escaped_is_still_one(web: FlaskClient) -> None:
    assert create(web, To=" 15558675310")["to"] == TO


def test_control_characters_in_a_body_are_refused_in_twilios_form(web: FlaskClient) -> None:
    answer = ask(web, Body="a\0b")
    assert (answer.status_code, answer.json["code"]) == (400, 20001)


def test_a_form_of_a_mebibyte_is_refused_in_twilios_form(web: FlaskClient) -> None:
    answer = ask(web, Body="a" * (2 << 20))
    assert (answer.status_code, answer.json["code"]) == (400, 21617)


def test_the_first_token_is_the_account_s_token(web: FlaskClient) -> None:
    create(web)
    wrong = web.get(f"{ROOT}/Messages.json", headers=basic(secret="another"))
    assert wrong.status_code == 401
    assert wrong.json == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    web.post(f"/api/v1/reset?account={ACCOUNT}", json={})
    assert web.get(f"{ROOT}/Messages.json", headers=basic(secret="another")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, basic(secret="")])
def test_without_a_token_nothing_is_answered(web: FlaskClient, headers: dict[str, str]) -> None:
    answer = web.get(f"{ROOT}/Messages.json", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, 20003)


def test_a_malformed_user_name_is_named(web: FlaskClient) -> None:
    answer = web.get(f"{ROOT}/Messages.json", headers=basic(name="me"))
    assert answer.json["message"] == "Authentication Error - invalid username"


def test_an_account_does_not_see_another(web: FlaskClient) -> None:
    shown = create(web)
    other = "AC" + "d" * 32
    headers = basic(name=other, secret="theirs")
    assert web.get("/twilio" + shown["uri"], headers=headers).status_code == 404
    root = f"/twilio/2010-04-01/Accounts/{other}/Messages"
    assert web.get(f"{root}/{shown['sid']}.json", headers=headers).status_code == 404
    assert web.get(f"{root}.json", headers=headers).json["messages"] == []


def test_an_api_key_opens_the_account_that_it_first_came_with(web: FlaskClient) -> None:
    shown = create(web)
    key = basic(name="SK" + "e" * 32, secret="key secret")
    assert web.get("/twilio" + shown["uri"], headers=key).status_code == 200
    other = f"/twilio/2010-04-01/Accounts/AC{'d' * 32}/Messages.json"
    assert web.get(other, headers=key).json["code"] == 20003
    wrong = basic(name="SK" + "e" * 32, secret="wrong")
    assert web.get("/twilio" + shown["uri"], headers=wrong).json["code"] == 20003


def test_with_a_password_the_token_must_be_the_password(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    web = create_app(make_sandbox(password="open sesame")).test_client()
    assert ask(web).json["code"] == 20003
    right = web.get(f"{ROOT}.json", headers=basic(secret="open sesame"))
    assert right.status_code == 200


def test_tokens_are_never_shown(web: FlaskClient, sandbox: Sandbox) -> None:
    create(web)
    (message,) = web.get("/api/v1/messages").json["messages"]
    raw = web.get(f"/api/v1/messages/{message['id']}/raw").text
    assert "Authorization: (hidden)" in raw
    assert "Body=Your code is 482913" in raw
    assert TOKEN not in raw
    assert web.get(f"{ROOT}.json", headers=basic()).json["auth_token"] is None


def test_an_unknown_path_is_answered_as_twilio_answers_it(web: FlaskClient) -> None:
    for path in ("/2010-04-01/Nothing.json", "/v9/Things"):
        answer = web.get("/twilio" + path)
        assert answer.status_code == 404
        assert answer.json["code"] == 20404
        assert answer.json["message"] == f"The requested resource {path} was not found"
        assert answer.headers["Twilio-Request-Id"].startswith("RQ")


def test_requests_to_twilios_own_host_reach_the_facade(web: FlaskClient) -> None:
    host = {"Host": "api.twilio.com"}
    answer = web.get(ROOT.removeprefix("/twilio") + ".json", headers=basic() | host)
    assert answer.json["sid"] == ACCOUNT
    assert web.get("/api/v1/messages", headers=host).json["code"] == 20404


def test_a_redacted_message_loses_its_body_for_the_vendor_only(
    web: FlaskClient, inbox: Inbox
) -> None:
    shown = create(web)
    answer = web.post("/twilio" + shown["uri"], data={"Body": ""}, headers=basic())
    assert (answer.status_code, answer.json["body"]) == (200, "")
    assert fetch(web, shown)["body"] == ""
    assert web.get(f"/api/v1/codes/{TO}").json["code"] == "482913"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Status": "canceled"}, 30409),
        ({"Status": "sent"}, 30400),
        ({"Body": "new"}, 30400),
        ({}, 30400),
        ({"Body": "", "Status": "canceled"}, 30400),
    ],
)
def test_other_updates_are_refused(web: FlaskClient, form: dict[str, str], code: int) -> None:
    shown = create(web)
    answer = web.post("/twilio" + shown["uri"], data=form, headers=basic())
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_a_message_is_deleted_once_it_is_final(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    shown = create(web)
    path = "/twilio" + shown["uri"]
    early = web.delete(path, headers=basic())
    assert (early.status_code, early.json["code"]) == (409, 20009)
    move_on(sandbox, clock, 1)
    gone = web.delete(path, headers=basic())
    assert (gone.status_code, gone.data) == (204, b"")
    assert web.get(path, headers=basic()).json["code"] == 20404
    assert web.get(f"{ROOT}/Messages.json", headers=basic()).json["messages"] == []
    assert web.get("/api/v1/messages").json["total"] == 1


def test_a_failed_delivery_says_why(web: FlaskClient) -> None:
    shown = create(web)
    (message,) = web.get("/api/v1/messages").json["messages"]
    body = {"status": "undelivered", "error_code": "30003"}
    web.post(f"/api/v1/messages/{message['id']}/status", json=body)
    failed = fetch(web, shown)
    assert (failed["status"], failed["error_code"]) == ("undelivered", 30003)
    assert failed["error_message"] == "Unreachable destination handset"


def bodies(page: dict[str, Any]) -> list[str]:
    return [one["body"] for one in page["messages"]]


def test_a_list_goes_from_page_to_page_and_back(web: FlaskClient) -> None:
    for number in range(5):
        create(web, Body=f"text {number}")
    first = web.get(f"{ROOT}/Messages.json?PageSize=2", headers=basic()).json
    assert bodies(first) == ["text 4", "text 3"]
    assert (first["start"], first["end"], first["page"], first["page_size"]) == (0, 1, 0, 2)
    assert first["previous_page_uri"] is None
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=2&Page=0"
    assert (first["first_page_uri"], first["uri"]) == (uri, uri)
    assert set(first) == {
        "end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri",
        "messages", "start", "uri",
    }  # fmt: skip
    create(web, Body="arrived in between")
    second = web.get("/twilio" + first["next_page_uri"], headers=basic()).json
    assert bodies(second) == ["text 2", "text 1"]
    last = web.get("/twilio" + second["next_page_uri"], headers=basic()).json
    assert (bodies(last), last["next_page_uri"]) == (["text 0"], None)
    assert (last["start"], last["end"]) == (4, 4)
    back = web.get("/twilio" + last["previous_page_uri"], headers=basic()).json
    assert bodies(back) == ["text 2", "text 1"]


def test_an_empty_list_is_a_page_too(web: FlaskClient) -> None:
    page = web.get(f"{ROOT}/Messages.json", headers=basic()).json
    assert (page["messages"], page["start"], page["end"]) == ([], 0, 0)
    assert page["page_size"] == 50
    assert page["next_page_uri"] is None


def test_a_list_is_filtered_by_numbers_and_by_day(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    create(web, Body="on the 15th")
    move_on(sandbox, clock, 86_400)
    create(web, Body="on the 16th", To="+447700900123")
    move_on(sandbox, clock, 1)
    create(web, Body="not sent yet", From="Notes")

    def found(**asked: str) -> list[str]:
        return bodies(web.get(f"{ROOT}/Messages.json", query_string=asked, headers=basic()).json)

    assert found(To="+447700900123") == ["on the 16th"]
    assert found(From="Notes") == ["not sent yet"]
    assert found(DateSent="2027-01-15") == ["on the 15th"]
    assert found(**{"DateSent>": "2027-01-16"}) == ["on the 16th"]
    assert found(**{"DateSent<": "2027-01-15"}) == ["on the 15th"]
    assert found(**{"DateSent>": "2027-01-15T09:00:00Z"}) == ["on the 16th"]
    page = web.get(f"{ROOT}/Messages.json?DateSent%3E=2027-01-15&PageSize=1", headers=basic()).json
    assert "DateSent%3E=2027-01-15&PageSize=1&Page=1" in page["next_page_uri"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=0", 20001),
        ("PageSize=x", 20001),
        ("PageSize=1001", 20007),
        ("Page=-1", 20001),
        ("Page=99999999999999", 20001),
        ("Page=" + "0" * 12 + "9" * 30, 20001),
        ("PageSize=" + "0" * 11 + "1" + "9" * 30, 20001),
        ("PageToken=x", 20001),
        ("DateSent=yesterday", 20001),
    ],
)
def test_a_strange_page_is_refused(web: FlaskClient, query: str, code: int) -> None:
    answer = web.get(f"{ROOT}/Messages.json?{query}", headers=basic())
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_a_text_message_has_no_media(web: FlaskClient) -> None:
    shown = create(web)
    page = web.get("/twilio" + shown["subresource_uris"]["media"], headers=basic()).json
    assert page["media_list"] == []


def test_feedback_is_taken(web: FlaskClient) -> None:
    shown = create(web)
    path = f"{ROOT}/Messages/{shown['sid']}/Feedback.json"
    answer = web.post(path, data={"Outcome": "confirmed"}, headers=basic())
    assert (answer.status_code, answer.json["outcome"]) == (200, "confirmed")
    assert answer.json["message_sid"] == shown["sid"]
    assert web.post(path, data={"Outcome": "x"}, headers=basic()).status_code == 400
