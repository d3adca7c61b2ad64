"""The SMS API by plain HTTP: what it takes, what it refuses, and in whose words."""

import json
import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.vonage_calls import (
    FROM,
    KEY,
    SECRET,
    STRANGE,
    TO,
    ask_sms,
    basic,
    failure,
    newest,
    problem,
    send_sms,
    settings,
    to_scenario,
)

from sms_sandbox.app import Sandbox
from sms_sandbox.facades.vonage.signature import METHODS, canonical, sign

PATH = "/vonage/sms/json"
VALUES = {"from": FROM, "to": TO, "text": "Your code is 482913"}

UNUSABLE: list[tuple[dict[str, Any], str, str]] = [
    ({"to": None}, "2", "Missing to param"),
    ({"to": ""}, "2", "Missing to param"),
    ({"from_": None}, "2", "Missing from param"),
    ({"text": None}, "2", "Missing text param"),
    ({"to": "123"}, "3", "Invalid value for parameter: to"),
    ({"to": "0123456789"}, "3", "Invalid value for parameter: to"),
    ({"to": "nobody"}, "3", "Invalid value for parameter: to"),
    ({"from_": "twelve letter"}, "15", "Invalid sender address"),
    ({"from_": "<b>"}, "15", "Invalid sender address"),
    ({"type": "wappush"}, "3", "Invalid value for parameter: type"),
    ({"type": "binary"}, "2", "Missing body param"),
    ({"type": "binary", "body": "0"}, "3", "Invalid value for parameter: body"),
    ({"type": "binary", "body": "00", "udh": "g0"}, "3", "Invalid value for parameter: udh"),
    ({"type": "binary", "body": "00" * 141}, "12", "Message too long"),
    ({"text": "x" * 3201}, "12", "Message too long"),
    ({"text": "\x01"}, "3", "Invalid value for parameter: body"),
    ({"ttl": "19999"}, "3", "Invalid value for parameter: ttl"),
    ({"ttl": "604800001"}, "3", "Invalid value for parameter: ttl"),
    ({"ttl": "soon"}, "3", "Invalid value for parameter: ttl"),
    ({"message_class": "4"}, "3", "Invalid value for parameter: message-class"),
    ({"protocol_id": "256"}, "3", "Invalid value for parameter: protocol-id"),
    ({"trusted_number": "maybe"}, "3", "Invalid value for parameter: trusted-number"),
    ({"status_report_req": "2"}, "3", "Invalid value for parameter: status-report-req"),
    ({"client_ref": "x" * 101}, "3", "Invalid value for parameter: client-ref"),
    ({"callback": "ftp://x.test"}, "23", "Invalid callback URL"),
    ({"callback": "http://x.test/" + "x" * 90}, "23", "Invalid callback URL"),
]
USABLE: list[dict[str, Any]] = [
    {"to": f"+{TO}"},
    {"from_": "Acme & Co"},
    {"from_": "50505"},
    {"type": "unicode", "text": "код 482913"},
    {"ttl": "20000", "message_class": "0", "protocol_id": "127"},
    {"trusted_number": "True", "status_report_req": "False"},
    {"entity_id": "1", "content_id": "2", "account_ref": "a", "callback": "http://x.test/"},
    {"type": "binary", "body": "00ff", "udh": "06050415811581", "text": None},
]
SAID = {
    "delivered": "0",
    "landline": "0",
    "invalid": "3",
    "no_route": "0",
    "opted_out": "7",
    "queue_full": "1",
    "throttled_once": "1",
    "error_once": "5",
}
FAULTS: list[tuple[dict[str, Any], int, str]] = [
    ({"status": 429, "retry_after": 7}, 429, "1"),
    ({"status": 500}, 500, "5"),
    ({"status": 503, "message": "Away"}, 503, "5"),
    ({"status": 401}, 401, "4"),
    ({"status": 402}, 402, "9"),
    ({"status": 400}, 400, "3"),
    ({"status": 400, "code": 9}, 200, "9"),
    ({"status": 400, "code": "29", "message": "Not listed"}, 200, "29"),
]


def signed(secret: str = SECRET, method: str = "sha256", **changes: str) -> dict[str, str]:
    values = VALUES | {"api_key": KEY, "timestamp": str(int(time.time()))} | changes
    return values | {"sig": sign(method, secret, canonical(values))}


def test_a_message_is_taken_with_every_key_of_the_answer(web: FlaskClient) -> None:
    answer = ask_sms(web, client_ref="order 7", account_ref="shop")
    assert answer.status_code == 200
    assert answer.json["message-count"] == "1"
    (one,) = answer.json["messages"]
    assert re.fullmatch("0A[0-9A-F]{14}", one.pop("message-id"))
    assert one == {
        "to": TO,
        "status": "0",
        "remaining-balance": "10.00000000",
        "message-price": "0.03330000",
        "network": "00101",
        "client-ref": "order 7",
        "account-ref": "shop",
    }
    message = newest(web)
    assert (message["from"], message["body"]) == (f"+{FROM}", VALUES["text"])
    assert (message["provider"], message["account"]) == ("vonage", KEY)


def test_a_long_text_has_an_id_for_each_of_its_parts(web: FlaskClient) -> None:
    parts = send_sms(web, text="x" * 400)
    assert len(set(parts)) == 3
    assert newest(web)["segments"] == 3


def test_a_body_is_read_by_what_it_is(web: FlaskClient) -> None:
    form = "&".join(f"{name}={value}" for name, value in VALUES.items()).replace(" ", "+")
    for label in ("application/json", "application/x-www-form-urlencoded", ""):
        for body in (json.dumps(VALUES), form):
            answer = web.post(PATH, data=body, content_type=label, headers=basic())
            assert answer.json["messages"][0]["status"] == "0", answer.text
            assert newest(web)["body"] == VALUES["text"]
    assert web.get("/api/v1/messages").json["total"] == 6


def test_everything_may_come_in_the_address(web: FlaskClient) -> None:
    query = VALUES | {"api_key": KEY, "api_secret": SECRET}
    for method in ("GET", "POST"):
        answer = web.open(PATH, method=method, query_string=query)
        assert answer.json["messages"][0]["status"] == "0", answer.text
        raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
        assert SECRET not in raw
        assert "api_secret=(hidden)" in raw


def test_a_secret_in_the_body_is_not_shown(web: FlaskClient) -> None:
    secret = 'my "secret" & mine'
    values = VALUES | {"api_secret": secret, "api_key": KEY}
    for given in ({"json": values}, {"data": values}, {"data": json.dumps(values, indent=1)}):
        answer = web.post(PATH, **given)  # type: ignore[arg-type]
        assert answer.json["messages"][0]["status"] == "0"
        raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
        assert "mine" not in raw
        assert "my" not in raw
        assert KEY in raw
        assert "Your code is" in raw.replace("+", " ")


def test_a_secret_is_not_shown_however_it_is_written(web: FlaskClient) -> None:
    values = VALUES | {"api_key": KEY, "api_secret": 998877665}
    written = json.dumps(values)
    form = "&".join(f"{name}={value}" for name, value in values.items())
    for given in (
        {"data": written},
        {"data": written.replace("api_secret", "api\\u005fsecret")},
        {"data": written.encode("utf-16")[2:]},
        {"data": written.replace("998877665", '"other", "api_secret": 998877665')},
        {"data": form.replace("api_secret", "%61pi_secret")},
        {"query_string": form.replace("api_secret", "api_s%65cret")},
        {"query_string": f'{{"a":"&{form}&b="}}'},
    ):
        answer = web.post(PATH, **given)  # type: ignore[arg-type]
        assert answer.json["messages"][0]["status"] == "0", given
        raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
        assert "998877665" not in raw
        assert "(hidden)" in raw


def test_another_sites_link_sends_nothing(web: FlaskClient) -> None:
    query = VALUES | {"api_key": KEY, "api_secret": SECRET}
    for site in ("cross-site", "same-site"):
        foreign = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        problem(web.get(PATH, query_string=query, headers=foreign), 403)
    assert web.head(PATH, query_string=query).status_code == 405
    assert web.get("/api/v1/messages").json["total"] == 0


def test_a_request_may_be_signed_in_every_way(web: FlaskClient) -> None:
    settings(web, signing_key=SECRET)
    for method in METHODS:
        assert web.post(PATH, data=signed(method=method)).json["messages"][0]["status"] == "0"
        answer = web.get(PATH, query_string=signed(method=method))
        assert answer.json["messages"][0]["status"] == "0"
        assert failure(web.post(PATH, data=signed("wrong", method)))[0] == "14"
        forged = signed(method=method) | {"text": "Altered"}
        assert failure(web.post(PATH, data=forged)) == ("14", "Invalid Signature")


def test_an_account_may_insist_on_one_way_of_signing(web: FlaskClient) -> None:
    settings(web, signing_key=SECRET, signature_method="sha512")
    assert failure(web.post(PATH, data=signed(method="sha256")))[0] == "14"
    assert web.post(PATH, data=signed(method="sha512")).json["messages"][0]["status"] == "0"


def test_a_signature_is_judged_only_where_its_secret_is_known(web: FlaskClient) -> None:
    assert web.post(PATH, data=signed("nobody knows")).json["messages"][0]["status"] == "0"


def test_a_header_that_an_sdk_keeps_sending_does_not_disturb_a_signature(web: FlaskClient) -> None:
    settings(web, signing_key=SECRET)
    leaked = {"Authorization": "Bearer of an earlier call"}
    answer = web.post(PATH, data=signed(), headers=leaked)
    assert answer.json["messages"][0]["status"] == "0"


def test_signature_and_secret_together_are_refused(web: FlaskClient) -> None:
    both = signed() | {"api_secret": SECRET}
    assert failure(web.post(PATH, data=both)) == ("32", "Signature And API Secret Disallowed")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Missing api_key param"),
        ({"api_key": KEY}, "Missing api_secret param"),
        ({"api_key": KEY, "sig": "00"}, "Missing timestamp param"),
        ({"sig": "00", "timestamp": "1"}, "Missing api_key param"),
    ],
)
def test_who_does_not_say_who_asks_is_told_so(
    web: FlaskClient, values: dict[str, str], sentence: str
) -> None:
    assert failure(web.post(PATH, data=VALUES | values)) == ("2", sentence)


def test_the_first_secret_is_the_keys_own(web: FlaskClient) -> None:
    send_sms(web)
    for headers in (basic(secret="another"), basic(secret=""), basic(name="a b")):
        answer = web.post(PATH, data=VALUES, headers=headers)
        assert failure(answer) == ("4", "Bad Credentials")
    assert failure(web.post(PATH, data=VALUES, headers={"Authorization": "Bearer x"}))[0] == "4"
    wrong = VALUES | {"api_key": KEY, "api_secret": "another"}
    assert failure(web.post(PATH, data=wrong))[0] == "4"


def test_what_cannot_be_used_is_named(web: FlaskClient) -> None:
    for changes, status, sentence in UNUSABLE:
        seen = failure(ask_sms(web, **changes))
        assert seen[0] == status, changes
        assert seen[1].startswith(sentence), changes
    assert web.get("/api/v1/messages").json["total"] == 0


def test_what_can_be_used_is_taken(web: FlaskClient) -> None:
    for changes in USABLE:
        send_sms(web, **changes)


def test_no_value_breaks_the_api(web: FlaskClient) -> None:
    allowed = {"0", "2", "3", "12", "15", "23"}
    for name in ("to", "from", "text", "type", "ttl", "callback", "client-ref"):
        for value in STRANGE:
            answer = web.post(PATH, json=VALUES | {name: value}, headers=basic())
            assert answer.status_code == 200, (name, value, answer.text)
            assert {one["status"] for one in answer.json["messages"]} <= allowed, (name, value)


def test_no_body_breaks_the_api(web: FlaskClient) -> None:
    for body in (b"{", b"[1]", b"\xff\xfe", b'{"to": NaN}', b"&&=&=", b"null", b"[" * 100_000):
        answer = web.post(PATH, data=body, content_type="application/json", headers=basic())
        assert failure(answer)[0] in ("2", "3")


def test_too_many_parameters_are_refused(web: FlaskClient) -> None:
    body = "&".join(f"a{place}=1" for place in range(1001))
    assert failure(web.post(PATH, data=body, headers=basic()))[0] == "3"
    values = {f"a{place}": 1 for place in range(1001)}
    assert failure(web.post(PATH, json=values, headers=basic()))[0] == "3"


def test_a_body_that_is_too_large_is_refused_in_the_apis_form(web: FlaskClient) -> None:
    answer = web.post(PATH, data=b"x" * (10 << 20), headers=basic())
    assert failure(answer) == ("12", "Message too long")


def test_scenarios_are_met(web: FlaskClient) -> None:
    for scenario, status in SAID.items():
        answer = ask_sms(web, to=to_scenario(scenario))
        assert answer.json["messages"][0]["status"] == status, scenario


def test_other_methods_and_paths_are_problems(web: FlaskClient) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert problem(web.open(PATH, method=method), 405)["title"] == "Method Not Allowed"
    for path in ("/vonage", "/vonage/", "/vonage/sms/xml", "/vonage/a/%00/b"):
        assert problem(web.get(path, headers=basic()), 404)["title"] == "Not Found"


def test_vonages_own_hosts_lead_here(web: FlaskClient) -> None:
    for host in ("rest.nexmo.com", "api.nexmo.com", "api-eu.vonage.com"):
        answer = web.post(f"http://{host}/sms/json", data=VALUES, headers=basic())
        assert answer.json["messages"][0]["status"] == "0", answer.text


def test_a_fault_breaks_the_http_or_says_one_of_the_apis_codes(web: FlaskClient) -> None:
    for effect, http, status in FAULTS:
        web.delete("/api/v1/faults?all=true")
        rule = {"match": {"provider": "vonage"}, "effect": {"type": "error"} | effect}
        assert web.post("/api/v1/faults", json=rule).status_code == 201
        answer = ask_sms(web)
        assert answer.status_code == http, effect
        (one,) = answer.json["messages"]
        assert one["status"] == status, effect
        assert one["error-text"] == effect.get("message", one["error-text"])
        assert answer.headers.get("Retry-After") == ("7" if "retry_after" in effect else None)


def test_a_handset_that_opted_out_is_barred(web: FlaskClient, sandbox: Sandbox) -> None:
    send_sms(web)
    web.post(f"/api/v1/messages/{newest(web)['id']}/reply", json={"body": " stop "})
    assert failure(ask_sms(web)) == ("7", "Number barred")
    send_sms(web, from_="12015550198")
    web.post(f"/api/v1/messages/{newest(web)['id']}/reply", json={"body": "Hello"})
    web.post(
        "/api/v1/inbound",
        json={
            "account": KEY,
            "provider": "vonage",
            "from": f"+{TO}",
            "to": f"+{FROM}",
            "body": "START",
        },
    )
    send_sms(web)


def test_an_accounts_limit_is_the_apis_own_status(web: FlaskClient) -> None:
    settings(web, limits={"messages_per_second": 1, "burst": 1})
    send_sms(web)
    assert failure(ask_sms(web)) == ("1", "You are sending SMS faster than the account limit.")


def test_a_conversion_is_taken_of_a_message_that_there_is(web: FlaskClient) -> None:
    (part,) = send_sms(web)
    path = "/vonage/conversions/sms"
    good = {"message-id": part, "delivered": "True", "timestamp": "2027-01-15 08:00:00"}
    answer = web.post(path, data=good, headers=basic())
    assert (answer.status_code, answer.text) == (200, "OK")
    for change in (
        {"message-id": "0A00000000000000"},
        {"message-id": ""},
        {"delivered": "perhaps"},
        {"timestamp": "today"},
    ):
        assert web.post(path, data=good | change, headers=basic()).status_code == 420
    assert failure(web.post(path, data=good, headers=basic(secret="another")))[0] == "4"
