import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import (
    KEY,
    NOTES,
    OTHER,
    ROOT,
    STRANGE,
    TO,
    ask,
    error,
    fetch,
    item,
    key,
    listed,
    newest,
    send,
    total,
)
from sandbox.time_calls import move_on
from werkzeug.datastructures import MultiDict

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.messagebird.errors import FAILINGS, LATE, REASONS
from sms_sandbox.reasons import FAILINGS as ALL_FAILINGS

KEYS = [
    "id", "href", "direction", "type", "originator", "body", "reference", "validity", "gateway",
    "typeDetails", "datacoding", "mclass", "scheduledDatetime", "createdDatetime", "recipients",
]  # fmt: skip
PARAMETERS = (
    "originator", "recipients", "body", "groupIds", "type", "reference", "reportUrl", "validity",
    "gateway", "typeDetails", "datacoding", "mclass", "shortenUrls", "scheduledDatetime",
)  # fmt: skip


def test_message_is_sent_buffered_and_delivered_in_messagebirds_words(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    made = send(web)
    assert list(made) == KEYS
    assert len(made["id"]) == 32
    assert made == fetch(web, made["id"])
    assert made["href"] == f"https://rest.messagebird.com/messages/{made['id']}"
    assert (made["direction"], made["type"], made["gateway"], made["mclass"]) == (
        "mt",
        "sms",
        10,
        1,
    )
    assert (made["originator"], made["datacoding"], made["typeDetails"]) == (NOTES, "plain", {})
    assert made["createdDatetime"] == "2027-01-15T08:00:00+00:00"
    assert made["recipients"] == {
        "totalCount": 1,
        "totalSentCount": 1,
        "totalDeliveredCount": 0,
        "totalDeliveryFailedCount": 0,
        "items": [
            {
                "recipient": 31612345678,
                "status": "sent",
                "statusDatetime": "2027-01-15T08:00:00+00:00",
                "messagePartCount": 1,
            }
        ],
    }
    move_on(sandbox, clock, 0.3)
    assert item(web, made["id"])["status"] == "buffered"
    move_on(sandbox, clock, 1)
    shown = fetch(web, made["id"])["recipients"]
    assert (shown["totalSentCount"], shown["totalDeliveredCount"]) == (0, 1)
    assert shown["items"] == [
        {
            "originator": None,
            "recipient": 31612345678,
            "status": "delivered",
            "statusDatetime": "2027-01-15T08:00:00+00:00",
            "messagePartCount": 1,
            "recipientCountry": "Netherlands",
            "recipientCountryPrefix": 31,
            "recipientOperator": "SMS Sandbox",
            "messageLength": 19,
            "statusErrorCode": None,
            "statusReason": "successfully delivered",
            "price": {"amount": 0.05, "currency": "EUR"},
            "mccmnc": "00101",
            "mcc": "001",
            "mnc": "01",
        }
    ]


def test_no_value_of_a_parameter_makes_it_fail(web: FlaskClient) -> None:
    for name in PARAMETERS:
        for value in STRANGE:
            for kind in ("sms", "binary"):
                answer = ask(web, **{"type": kind, "body": "48656c6c6f", name: value})
                assert answer.status_code in (201, 422), (name, value, answer.text)


@pytest.mark.parametrize(
    "recipients",
    [
        f"{TO},+{OTHER}",
        [TO, OTHER],
        [int(TO), int(OTHER)],
        f"{TO}, 00{OTHER},nobody,{TO}",
    ],
)
def test_one_message_goes_to_every_recipient_that_is_a_number(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, recipients: Any
) -> None:
    made = send(web, recipients=recipients)
    assert [one["recipient"] for one in made["recipients"]["items"]] == [int(TO), int(OTHER)]
    assert made["recipients"]["totalCount"] == total(web) == 2
    move_on(sandbox, clock, 1)
    assert fetch(web, made["id"])["recipients"]["totalDeliveredCount"] == 2


@pytest.mark.parametrize(
    "recipients", [None, "", "nobody", [], [True], "14065550100", 0, "1" * 30, [None]]
)
def test_message_without_a_single_number_is_refused(web: FlaskClient, recipients: Any) -> None:
    answer = ask(web, recipients=recipients)
    assert answer.status_code == 422
    assert error(answer) == (9, "no (correct) recipients found", "recipients")
    assert total(web) == 0


@pytest.mark.parametrize(
    ("changes", "code", "parameter", "says"),
    [
        ({"originator": None}, 9, "originator", "no originator found"),
        ({"originator": "a name that is long"}, 10, "originator", "originator is invalid"),
        ({"originator": "Ünïcode"}, 10, "originator", "originator is invalid"),
        ({"body": None}, 9, "body", "no body found"),
        ({"body": ""}, 9, "body", "no body found"),
        ({"body": "a\x00b"}, 10, "body", "must be a text"),
        ({"body": "a" * 1378}, 10, "body", "more than 9 parts"),
        ({"body": "→" * 604, "datacoding": "unicode"}, 10, "body", "more than 9 parts"),
        ({"type": "binary"}, 10, "body", "hexadecimal"),
        ({"type": "fax"}, 10, "type", "one of sms, binary, flash, premium"),
        ({"recipients": [TO] * 51}, 10, "recipients", "at most 50"),
        ({"groupIds": ["a"]}, 10, "groupIds", "not imitated"),
        ({"reportUrl": "ftp://example.com/"}, 10, "reportUrl", "http or https address"),
        ({"reportUrl": "http://[::1/"}, 10, "reportUrl", "http or https address"),
        ({"validity": 0}, 10, "validity", "from 1 to 172800"),
        ({"validity": "soon"}, 10, "validity", "from 1 to 172800"),
        ({"mclass": 4}, 10, "mclass", "from 0 to 3"),
        ({"datacoding": "ascii"}, 10, "datacoding", "one of plain, unicode, auto"),
        ({"scheduledDatetime": "tomorrow"}, 10, "scheduledDatetime", "must be a moment"),
        ({"typeDetails": "udh"}, 10, "typeDetails", "must be an object"),
        ({"reference": "x" * 256}, 10, "reference", "at most 255"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    web: FlaskClient, changes: dict[str, Any], code: int, parameter: str, says: str
) -> None:
    answer = ask(web, **changes)
    assert answer.status_code == 422, answer.text
    found = error(answer)
    assert (found[0], found[2]) == (code, parameter)
    assert says in found[1]
    assert total(web) == 0


@pytest.mark.parametrize(
    ("body", "media", "says"),
    [
        (b"{", "application/json", "is not JSON"),
        (b"[" * 100_000, "application/json", "is not JSON"),
        (b"[]", "application/json", "not a JSON object"),
        (b"\xff", "application/json", "is not JSON"),
        (b"\xff", "application/x-www-form-urlencoded", "is not a form"),
        (b"a&" * 300, "application/x-www-form-urlencoded", "is not a form"),
        (b"{" + b" " * (1 << 20), "application/json", "larger than 1 MiB"),
    ],
)
def test_bodies_that_hold_no_values_are_refused(
    web: FlaskClient, body: bytes, media: str, says: str
) -> None:
    answer = web.post(f"{ROOT}/messages", data=body, content_type=media, headers=key())
    assert answer.status_code == 422, answer.text
    assert (error(answer)[0], says in error(answer)[1]) == (21, True)


def test_form_is_read_as_json_is(web: FlaskClient) -> None:
    form = [
        ("originator", NOTES),
        ("recipients[]", TO),
        ("recipients[]", OTHER),
        ("body", "48656c6c6f"),
        ("type", "binary"),
        ("typeDetails[udh]", "050003340201"),
        ("validity", "60"),
    ]
    answer = web.post(f"{ROOT}/messages/", data=MultiDict(form), headers=key())
    assert answer.status_code == 201, answer.text
    assert answer.json["recipients"]["totalCount"] == 2
    assert answer.json["typeDetails"] == {"udh": "050003340201"}
    assert (answer.json["type"], answer.json["validity"]) == ("binary", 60)
    mislabelled = web.post(
        f"{ROOT}/messages",
        data=json.dumps({"originator": NOTES, "recipients": TO, "body": "x"}),
        content_type="application/x-www-form-urlencoded",
        headers=key(),
    )
    assert mislabelled.status_code == 201, mislabelled.text


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"type": "flash"}, {"type": "flash", "mclass": 0}),
        ({"mclass": 0}, {"type": "sms", "mclass": 0}),
        ({"type": "premium", "typeDetails": {"shortcode": 1008, "keyword": "GO", "tariff": 150}},
         {"type": "premium", "typeDetails": {"shortcode": 1008, "keyword": "GO", "tariff": 150}}),
        ({"gateway": 240, "validity": 90, "reference": 7},
         {"gateway": 240, "validity": 90, "reference": "7"}),
        ({"originator": "+31610000001"}, {"originator": "+31610000001"}),
        ({"originator": "1008"}, {"originator": "1008"}),
        ({"shortenUrls": True, "typeDetails": []}, {"typeDetails": {}}),
        ({"scheduledDatetime": "2020-01-01T00:00:00Z"},
         {"scheduledDatetime": "2020-01-01T00:00:00+00:00"}),
    ],
)  # fmt: skip
def test_every_kind_of_message_is_shown_as_it_was_asked_for(
    web: FlaskClient, changes: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = send(web, **changes)
    assert {name: made[name] for name in shown} == shown
    assert newest(web)["status"] == "queued"


@pytest.mark.parametrize(
    ("body", "coding", "sent", "shown", "parts"),
    [
        ("Grüße → dir", None, "Grüße ? dir", "plain", 1),
        ("Grüße → dir", "auto", "Grüße → dir", "unicode", 1),
        ("Grüße", "auto", "Grüße", "plain", 1),
        ("a" * 71, "unicode", "a" * 71, "unicode", 2),
        ("a" * 161, "plain", "a" * 161, "plain", 2),
    ],
)
def test_datacoding_says_which_letters_arrive_and_what_they_cost(
    web: FlaskClient, body: str, coding: str | None, sent: str, shown: str, parts: int
) -> None:
    made = send(web, body=body, datacoding=coding)
    assert (made["body"], made["datacoding"]) == (sent, shown)
    assert newest(web)["body"] == sent
    assert made["recipients"]["items"][0]["messagePartCount"] == parts


def test_scheduled_message_waits_and_can_be_taken_back(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    later = "2027-01-15T09:00:00+01:00"
    kept, dropped = (send(web, scheduledDatetime="2027-01-15T08:10:00Z")["id"] for _ in range(2))
    assert item(web, kept)["status"] == "scheduled"
    assert item(web, send(web, scheduledDatetime=later)["id"])["status"] == "sent"
    gone = web.delete(f"{ROOT}/messages/{dropped}", headers=key())
    assert (gone.status_code, gone.data) == (204, b"")
    move_on(sandbox, clock, 700)
    move_on(sandbox, clock, 10)
    assert item(web, kept)["status"] == "delivered"
    statuses = [one["status"] for one in web.get("/api/v1/messages").json["messages"]]
    assert sorted(statuses) == ["canceled", "delivered", "delivered"]


def test_deleted_message_is_forgotten_and_its_handset_keeps_it(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    made = send(web, recipients=[TO, OTHER])
    move_on(sandbox, clock, 1)
    assert web.delete(f"{ROOT}/messages/{made['id']}/", headers=key()).status_code == 204
    for deed in (web.get, web.delete):
        answer = deed(f"{ROOT}/messages/{made['id']}", headers=key())
        assert (answer.status_code, error(answer)) == (404, (20, "message not found", None))
    assert (total(web), listed(web)) == (2, [])


def test_validity_that_passes_expires_the_message(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    web.put(f"/api/v1/handsets/%2B{TO}?account={KEY}", json={"state": "off"})
    made = send(web, validity=30)["id"]
    move_on(sandbox, clock, 10)
    assert item(web, made)["status"] == "buffered"
    move_on(sandbox, clock, 30)
    shown = item(web, made)
    assert (shown["status"], shown["statusErrorCode"], shown["statusReason"]) == (
        "expired",
        105,
        "expired",
    )
    assert listed(web, status="expired") == [made]
    assert listed(web, status="delivery_failed") == []


@pytest.mark.parametrize(
    ("area", "status", "code", "reason"),
    [
        ("503", "delivery_failed", 27, "unavailable subscriber"),
        ("404", "delivery_failed", 1, "unknown subscriber"),
        ("405", "delivery_failed", 5, "incorrect number"),
        ("423", "delivery_failed", 104, "carrier rejected"),
        ("410", "delivery_failed", 103, "opted out"),
        ("502", "delivery_failed", 34, "received network error"),
        ("415", "delivery_failed", 5, "incorrect number"),
        ("201", "delivered", None, "successfully delivered"),
        ("202", "buffered", None, None),
    ],
)
def test_scenarios_end_in_messagebirds_own_reasons(
    web: FlaskClient,
    sandbox: Sandbox,
    clock: FrozenClock,
    area: str,
    status: str,
    code: int | None,
    reason: str | None,
) -> None:
    made = send(web, recipients=f"1{area}5550100")["id"]
    move_on(sandbox, clock, 1)
    shown = item(web, made)
    assert shown["status"] == status
    assert (shown.get("statusErrorCode"), shown.get("statusReason")) == (code, reason)


def test_every_failing_has_a_code_with_a_reason() -> None:
    assert set(FAILINGS) == set(ALL_FAILINGS)
    assert {*FAILINGS.values(), *LATE.values()} <= set(REASONS)


@pytest.mark.parametrize(
    ("area", "status", "code"), [("509", 429, 21), ("507", 429, 21), ("501", 500, 99)]
)
def test_refusals_of_the_network_have_messagebirds_form(
    web: FlaskClient, area: str, status: int, code: int
) -> None:  # fmt: skip
    answer = ask(web, recipients=f"1{area}5550100")
    assert (answer.status_code, error(answer)[0]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 429)


def test_fault_rule_speaks_in_messagebirds_form(web: FlaskClient) -> None:
    effect = {"type": "error", "status": 402, "code": 25, "message": "not enough balance"}
    web.post("/api/v1/faults", json={"match": {"provider": "messagebird"}, "effect": effect})
    answer = ask(web)
    assert (answer.status_code, error(answer)) == (402, (25, "not enough balance", None))
    web.delete("/api/v1/faults?all=true")
    rule = {"match": {}, "effect": {"type": "error", "status": 401}}
    web.post("/api/v1/faults", json=rule)
    answer = ask(web)
    assert error(answer) == (2, "Request not allowed (incorrect access_key)", "access_key")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="REST API authentication"'


def test_fault_of_a_delivery_has_its_own_code(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    effect = {"type": "delivery", "status": "undelivered", "error_code": "mine"}
    web.post("/api/v1/faults", json={"match": {}, "effect": effect})
    made = send(web)["id"]
    move_on(sandbox, clock, 10)
    shown = item(web, made)
    assert (shown["statusErrorCode"], shown["statusReason"]) == (255, "generic delivery failure")
