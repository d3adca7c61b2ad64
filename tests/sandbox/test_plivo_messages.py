from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.plivo_calls import (
    AUTH_ID,
    DST,
    NOWHERE,
    ROOT,
    SRC,
    STRANGE,
    TOKEN,
    ask,
    basic,
    fetch,
    get,
    listed,
    newest,
    send,
)
from sandbox.time_calls import move_on

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.plivo.errors import FAILINGS, TEXTS
from sms_sandbox.reasons import FAILINGS as ALL_FAILINGS

KEYS = {
    "api_id", "error_code", "error_message", "from_number", "message_direction",
    "message_sent_time", "message_state", "message_time", "message_type", "message_updated_time",
    "message_uuid", "resource_uri", "to_number", "total_amount", "total_rate", "units",
}  # fmt: skip
PARAMETERS = (
    "src", "dst", "text", "type", "url", "method", "log", "trackable", "powerpack_uuid",
    "media_urls", "media_ids", "message_expiry", "dlt_entity_id", "template",
)  # fmt: skip
GSM_1601, UCS_738 = "a" * 1601, "ä→" * 369


def test_message_is_queued_sent_and_delivered_in_plivos_words(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    answer = ask(web)
    assert (answer.status_code, set(answer.json)) == (202, {"api_id", "message", "message_uuid"})
    assert answer.json["message"] == "message(s) queued"
    (message_uuid,) = answer.json["message_uuid"]
    shown = fetch(web, message_uuid)
    assert set(shown) == KEYS
    assert (shown["message_state"], shown["error_code"]) == ("queued", None)
    assert shown["message_time"] == "2027-01-15 08:00:00+00:00"
    assert (shown["from_number"], shown["to_number"], shown["units"]) == (SRC, DST, 1)
    assert (shown["total_rate"], shown["total_amount"]) == ("0.00350", "0.00350")
    assert shown["resource_uri"] == f"/v1/Account/{AUTH_ID}/Message/{message_uuid}/"
    move_on(sandbox, clock, 0.3)
    shown = fetch(web, message_uuid)
    assert (shown["message_state"], shown["error_code"]) == ("sent", None)
    move_on(sandbox, clock, 1)
    shown = fetch(web, message_uuid)
    assert (shown["message_state"], shown["error_code"], shown["error_message"]) == (
        "delivered",
        "000",
        "",
    )


def test_no_value_of_a_parameter_makes_it_fail(web: FlaskClient) -> None:
    for name in PARAMETERS:
        for value in STRANGE:
            for kind in ("sms", "mms"):
                answer = ask(web, **{"type": kind, name: value})
                assert answer.status_code in (202, 400), (name, value, answer.text)
                assert answer.json["api_id"]


def test_each_destination_gets_a_message_of_its_own(web: FlaskClient) -> None:
    answer = ask(web, dst="+1 (415) 000-0002<14150000003<+9901234567")
    assert answer.status_code == 202
    shown = [fetch(web, one)["to_number"] for one in answer.json["message_uuid"]]
    assert shown == [DST, "14150000003", "9901234567"]


def test_destinations_that_are_no_numbers_are_named_beside_those_that_are(
    web: FlaskClient,
) -> None:
    answer = ask(web, dst=f"{DST}<nobody<14065550100")
    assert answer.status_code == 207
    assert answer.json["invalid_number"] == ["nobody", "14065550100"]
    assert len(answer.json["message_uuid"]) == 1


@pytest.mark.parametrize("dst", ["nobody", "['14150000002', '14150000003']", "14065550100", "0123"])
def test_request_without_a_single_number_is_refused(web: FlaskClient, dst: str) -> None:
    answer = ask(web, dst=dst)
    assert (answer.status_code, set(answer.json)) == (400, {"api_id", "error"})
    assert "is not a valid number" in answer.json["error"]
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"src": None}, "Specify either powerpack_uuid or src"),
        ({"powerpack_uuid": NOWHERE}, "Both powerpack_uuid and src cannot be specified"),
        ({"src": None, "powerpack_uuid": "mine"}, "powerpack_uuid is not a UUID"),
        ({"src": "a sender that is too long"}, "src 'a sender that is too long' is not valid"),
        ({"src": 14150000001}, "src must be a string"),
        ({"dst": None}, "dst parameter not present"),
        ({"dst": ["14150000002"]}, "dst must be a string"),
        ({"dst": "<".join([DST] * 1001)}, "at most 1000 numbers"),
        ({"dst": SRC}, "destination number cannot be same as source number"),
        ({"text": None}, "text parameter not present"),
        ({"text": ""}, "text parameter not present"),
        ({"text": "a\x00b"}, "control character"),
        ({"type": "fax"}, "type must be one of sms, mms, whatsapp"),
        ({"type": "whatsapp"}, "whatsapp is not imitated"),
        ({"template": {"name": "x"}}, "template is not imitated"),
        ({"url": "ftp://example.com/"}, "url is not a valid http or https URL"),
        ({"url": "http://[::1/"}, "url is not a valid http or https URL"),
        ({"method": "PUT"}, "method must be one of GET, POST"),
        ({"log": "maybe"}, "log must be true, false"),
        ({"log": 3}, "log must be true, false"),
        ({"trackable": "yes"}, "trackable must be true or false"),
        ({"message_expiry": 4}, "message_expiry must be a whole number from 5 to 10800"),
        ({"message_expiry": True}, "message_expiry must be a whole number"),
        ({"media_urls": ["http://example.com/a.png"]}, "need type mms"),
        ({"type": "mms", "media_urls": "a.png"}, "media_urls must be a list of strings"),
        ({"type": "mms", "text": None}, "an mms needs"),
        ({"type": "mms", "media_urls": ["http://[::1"]}, "media_urls must be http or https URLs"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    web: FlaskClient, changes: dict[str, Any], error: str
) -> None:
    answer = ask(web, **changes)
    assert answer.status_code == 400, answer.text
    assert error in answer.json["error"]
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    ("body", "media", "error"),
    [
        (b"{", "application/json", "not valid JSON"),
        (b"[" * 100_000, "application/json", "not valid JSON"),
        (b"[]", "application/json", "must be a JSON object"),
        (b"\xff", "application/json", "not valid JSON"),
        (b"src=1", "application/x-www-form-urlencoded", "application/json only"),
        (b"{" + b" " * (1 << 20), "application/json", "larger than 1 MiB"),
    ],
)
def test_bodies_that_are_no_json_objects_are_refused(
    web: FlaskClient, body: bytes, media: str, error: str
) -> None:
    answer = web.post(f"{ROOT}/Message/", data=body, content_type=media, headers=basic())
    assert answer.status_code == 400, answer.text
    assert error in answer.json["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        basic("MA123"),
        basic("XX" + "A" * 18),
        basic(token=""),
        basic("MA" + "B" * 18),
    ],
)
def test_strangers_get_plain_text(web: FlaskClient, headers: dict[str, str]) -> None:
    answer = web.get(f"{ROOT}/Message/", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "text/plain")
    assert answer.text.startswith("Could not verify your access level for that URL.")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_first_token_of_an_auth_id_is_its_token(web: FlaskClient) -> None:
    send(web)
    wrong = web.get(f"{ROOT}/Message/", headers=basic(token="another"))
    assert wrong.status_code == 401
    other = "SA" + "B" * 18
    mine = web.get(f"/plivo/v1/Account/{other}/Message/", headers=basic(other, "another"))
    assert mine.json["meta"]["total_count"] == 0


def test_subaccount_is_a_further_name_of_its_main_account(web: FlaskClient) -> None:
    subaccount = "SA" + "B" * 18
    named = web.put(f"/api/v1/accounts/{AUTH_ID}/aliases", json={"aliases": [subaccount]})
    assert named.status_code == 200, named.text
    own = send(web)
    answer = web.post(
        f"/plivo/v1/Account/{subaccount}/Message/",
        json={"src": SRC, "dst": DST, "text": "x"},
        headers=basic(subaccount, "its own token"),
    )
    (sent,) = answer.json["message_uuid"]
    assert listed(web) == [sent, own]
    assert listed(web, subaccount=subaccount) == [sent]


def test_password_of_the_sandbox_is_the_token_of_all(make_sandbox: Any) -> None:
    web = create_app(make_sandbox(password="correct horse")).test_client()
    assert web.get(f"{ROOT}/Message/", headers=basic()).status_code == 401
    shown = web.get(f"{ROOT}/Message/", headers=basic(token="correct horse"))
    assert shown.status_code == 200


@pytest.mark.parametrize("path", ["/Message/", f"/Message/{NOWHERE}/", "/Verify/Session/"])
@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_methods_that_are_not_offered(web: FlaskClient, path: str, method: str) -> None:
    answer = web.open(ROOT + path, method=method, headers=basic())
    assert (answer.status_code, answer.json["error"]) == (405, "HTTP method is not allowed")


@pytest.mark.parametrize("path", [f"/Message/{NOWHERE}/", "/Call/", f"/Message/{NOWHERE}/Media/"])
def test_what_is_not_there_is_not_found(web: FlaskClient, path: str) -> None:
    assert get(web, path, 404)["error"] == "not found"


def test_slash_at_the_end_may_be_left_out(web: FlaskClient) -> None:
    message_uuid = send(web)
    assert get(web, f"/Message/{message_uuid}")["message_uuid"] == message_uuid
    answer = web.post(
        f"{ROOT}/Message", json={"src": SRC, "dst": DST, "text": "x"}, headers=basic()
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("dst", "state", "code"),
    [
        ("15035550100", "undelivered", "80"),
        ("14045550100", "failed", "70"),
        ("14055550100", "undelivered", "50"),
        ("14235550100", "undelivered", "30"),
        ("14105550100", "failed", "200"),
        ("15025550100", "failed", "90"),
        ("14155550100", "failed", "50"),
        ("12025550100", "sent", None),
    ],
)
def test_scenarios_end_with_plivos_codes(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, dst: str, state: str, code: str | None
) -> None:
    message_uuid = send(web, dst=dst)
    move_on(sandbox, clock, 10)
    shown = fetch(web, message_uuid)
    assert (shown["message_state"], shown["error_code"]) == (state, code)
    assert shown["error_message"] == TEXTS.get(code or "", "")
    assert shown["total_amount"] == ("0.00000" if state == "failed" else "0.00350")


def test_every_failing_has_a_code_with_a_text() -> None:
    assert set(FAILINGS) == set(ALL_FAILINGS)
    assert {str(code) for code in FAILINGS.values()} <= set(TEXTS)


@pytest.mark.parametrize(
    ("dst", "status", "error"),
    [
        ("15075550100", 429, "too many requests"),
        ("15095550100", 429, "too many requests"),
        ("15015550100", 500, "internal server error"),
    ],
)
def test_scenarios_that_refuse_the_request(
    web: FlaskClient, dst: str, status: int, error: str
) -> None:
    answer = ask(web, dst=dst)
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert ("Retry-After" in answer.headers) == (status == 429)


@pytest.mark.parametrize("text", [GSM_1601, UCS_738])
def test_text_that_is_too_long_is_taken_and_fails(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, text: str
) -> None:
    fits, fails = send(web, text=text[:-1]), send(web, text=text)
    move_on(sandbox, clock, 10)
    assert fetch(web, fits)["message_state"] == "delivered"
    shown = fetch(web, fails)
    assert (shown["message_state"], shown["error_code"]) == ("failed", "110")


@pytest.mark.parametrize(("state", "code"), [("full", "80"), ("blocked", "100")])
def test_handset_that_takes_nothing_is_named_by_a_code(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, state: str, code: str
) -> None:
    sandbox.inbox.put_handset(AUTH_ID, f"+{DST}", {"state": state})
    message_uuid = send(web)
    move_on(sandbox, clock, 10)
    shown = fetch(web, message_uuid)
    assert (shown["message_state"], shown["error_code"]) == ("undelivered", code)


def test_message_expires_while_its_handset_is_off(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    sandbox.inbox.put_handset(AUTH_ID, f"+{DST}", {"state": "off"})
    message_uuid = send(web, message_expiry=60)
    move_on(sandbox, clock, 59)
    assert fetch(web, message_uuid)["message_state"] == "sent"
    move_on(sandbox, clock, 2)
    shown = fetch(web, message_uuid)
    assert (shown["message_state"], shown["error_code"]) == ("undelivered", "420")


def test_sender_is_stripped_as_plivo_does_it(web: FlaskClient) -> None:
    assert fetch(web, send(web, src="+1 (415) 000-0001"))["from_number"] == SRC
    assert fetch(web, send(web, src="My Notes"))["from_number"] == "MyNotes"
    assert fetch(web, send(web, src="12345"))["from_number"] == "12345"
    pooled = send(web, src=None, powerpack_uuid=NOWHERE)
    assert fetch(web, pooled)["from_number"].startswith("120155501")


@pytest.mark.parametrize(
    ("log", "shown"),
    [("true", DST), (True, DST), ("number_only", DST), (False, "141XXXXX002"),
     ("content_only", "141XXXXX002")],
)  # fmt: skip
def test_number_that_is_not_to_be_logged_is_masked(
    web: FlaskClient, log: object, shown: str
) -> None:
    assert fetch(web, send(web, log=log))["to_number"] == shown
    assert newest(web)["to"] == f"+{DST}"


def test_media_are_listed_and_never_fetched(web: FlaskClient) -> None:
    urls = ["http://127.0.0.1:9/cat.png?x=1", "https://media.example/thing"]
    message_uuid = send(web, type="mms", text=None, media_urls=urls, media_ids=["stored"])
    shown = fetch(web, message_uuid)
    assert (shown["message_type"], shown["units"]) == ("mms", 1)
    page = get(web, f"/Message/{message_uuid}/Media/")
    assert page["meta"]["total_count"] == 3
    kinds = [one["content_type"] for one in page["objects"]]
    assert kinds == ["image/png", "application/octet-stream", "application/octet-stream"]


def test_list_has_pages(web: FlaskClient) -> None:
    sent = [send(web, text=f"text {number}") for number in range(5)][::-1]
    first = get(web, "/Message/", limit=2, message_type="sms")
    assert first["meta"] == {
        "limit": 2,
        "next": f"/v1/Account/{AUTH_ID}/Message/?message_type=sms&limit=2&offset=2",
        "offset": 0,
        "previous": None,
        "total_count": 5,
    }
    assert set(first["objects"][0]) == KEYS - {"api_id"}
    last = get(web, "/Message/", limit=2, offset=4)["meta"]
    assert (last["next"], last["offset"]) == (None, 4)
    assert last["previous"] == f"/v1/Account/{AUTH_ID}/Message/?limit=2&offset=2"
    pages = [listed(web, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [one for page in pages for one in page] == sent


def test_list_is_filtered_by_everything_that_a_message_has(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    lost = send(web, dst="15035550100")
    move_on(sandbox, clock, 10)
    pooled = send(web, src=None, powerpack_uuid=NOWHERE, dst="4915112345678")
    move_on(sandbox, clock, 10)
    media = send(web, type="mms", dst="9901234567")
    inbound = {"account": AUTH_ID, "provider": "plivo", "from": f"+{DST}", "to": f"+{SRC}"}
    assert web.post("/api/v1/inbound", json={**inbound, "body": "Hi"}).status_code == 201
    (received,) = listed(web, message_direction="inbound")
    assert listed(web, message_direction="outbound") == [media, pooled, lost]
    assert listed(web, message_state="queued") == [media]
    assert listed(web, message_state="received") == [received]
    assert listed(web, message_state="delivered") == [pooled]
    assert listed(web, message_state="read") == []
    assert listed(web, error_code="000") == [pooled]
    assert listed(web, error_code="000", message_state="failed") == []
    assert listed(web, error_code="80") == [lost]
    assert listed(web, message_type="mms") == [media]
    assert listed(web, message_type="whatsapp") == []
    assert listed(web, powerpack_id=NOWHERE) == [pooled]
    assert listed(web, destination_country_iso2="DE") == [pooled]
    assert listed(web, to_number="+9901234567") == [media]
    assert listed(web, from_number=SRC) == [media, lost]
    assert listed(web, subaccount=AUTH_ID) == [media, pooled, lost]
    assert listed(web, subaccount="SA" + "C" * 18) == []
    assert listed(web, tendlc_campaign_id="x") == []
    assert listed(web, message_time="2027-01-15 08:00:10") == [pooled]
    assert listed(web, message_time="2027-01-15 08:00") == [received, media, pooled, lost]
    assert listed(web, message_time__gt="2027-01-15 08:00:10") == [received, media]
    assert listed(web, message_time__gte="2027-01-15 08:00:10") == [received, media, pooled]
    assert listed(web, message_time__lt="2027-01-15 08:00:10.000000") == [lost]
    assert listed(web, message_time__lte="2027-01-15 08:00:10") == [pooled, lost]


def test_list_goes_back_a_day_unless_it_names_a_time(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    old = send(web)
    move_on(sandbox, clock, 86_401)
    new = send(web)
    assert listed(web) == [new]
    assert listed(web, message_time__gt="2027-01-01 00:00") == [new, old]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "21"}, {"limit": "0"}, {"limit": "x"}, {"offset": "-1"}, {"offset": "9" * 30},
        {"limit": "0" * 11 + "1" + "9" * 30}, {"offset": "0" * 12 + "9" * 30},
        {"message_state": "lost"}, {"message_direction": "up"}, {"message_type": "fax"},
        {"message_time": "yesterday"}, {"message_time__gt": "9999-99-99"}, {"form_number": "1"},
    ],
)  # fmt: skip
def test_list_refuses_what_it_does_not_know(web: FlaskClient, query: dict[str, str]) -> None:
    assert get(web, "/Message/", 400, **query)["error"]


def test_fault_rule_answers_in_plivos_form(web: FlaskClient) -> None:
    effect = {"type": "error", "status": 402, "retry_after": 7}
    web.post("/api/v1/faults", json={"match": {}, "effect": effect, "times": 1})
    answer = ask(web)
    assert (answer.status_code, answer.json["error"]) == (402, "Insufficient Credit")
    assert answer.headers["Retry-After"] == "7"
    effect = {"type": "error", "status": 401}
    web.post("/api/v1/faults", json={"match": {}, "effect": effect, "times": 1})
    assert ask(web).mimetype == "text/plain"
    effect = {"type": "delivery", "status": "undelivered", "error_code": "filtered"}
    web.post("/api/v1/faults", json={"match": {"provider": "plivo"}, "effect": effect})
    send(web)
    assert web.get("/api/v1/faults").json["faults"][-1]["hits"] == 1


def test_vendors_own_host_name_leads_here(web: FlaskClient) -> None:
    path = f"/v1/Account/{AUTH_ID}/Message/"
    answer = web.get(path, headers={**basic(), "Host": "api.plivo.com"})
    assert answer.json["meta"]["total_count"] == 0


def test_host_that_is_not_served_is_refused_in_plivos_form(web: FlaskClient) -> None:
    answer = web.get(f"{ROOT}/Message/", headers={**basic(), "Host": "evil.example"})
    assert (answer.status_code, set(answer.json)) == (421, {"api_id", "error"})


def test_request_is_shown_without_its_token(web: FlaskClient) -> None:
    send(web)
    raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
    assert "Your code is 482913" in raw
    assert "Authorization: (hidden)" in raw
    assert TOKEN not in raw


def test_seed_gives_the_same_ids_again(make_sandbox: Any) -> None:
    ids = [send(create_app(make_sandbox(seed=7)).test_client()) for _ in range(2)]
    assert ids[0] == ids[1]
