from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import TO, check, code_for, read, refusal, service, start

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.verify import attempts
from sms_sandbox.storage import records

ATTEMPTS = "/twilio/v2/Attempts"


def listed(web: FlaskClient, query: str = "") -> list[str]:
    """The numbers of the attempts that a query means, newest first."""
    shown = read(web, f"{ATTEMPTS}?{query}").json["attempts"]
    return [one["channel_data"]["to"] for one in shown]


def test_an_attempt_has_exactly_verifys_keys(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    started = start(web, service(web))
    (attempt,) = read(web, ATTEMPTS).json["attempts"]
    assert attempt["sid"] == started["send_code_attempts"][0]["attempt_sid"]
    assert attempt == {
        "sid": attempt["sid"],
        "account_sid": ACCOUNT,
        "service_sid": started["service_sid"],
        "verification_sid": started["sid"],
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:00Z",
        "conversion_status": "unconverted",
        "channel": "sms",
        "price": None,
        "channel_data": {
            "verification_sid": started["sid"],
            "to": TO,
            "status": "unconfirmed",
            "message_status": "queued",
            "error_code": None,
            "country": "US",
            "code_length": 6,
            "locale": "en",
            "mcc": "001",
            "mnc": "01",
            "carrier": "SMS Sandbox",
        },
        "url": f"http://localhost{ATTEMPTS}/{attempt['sid']}",
    }
    clock.advance(5)
    sandbox.inbox.advance_due()
    sent = read(web, f"{ATTEMPTS}/{attempt['sid']}").json
    assert sent["channel_data"]["message_status"] == "delivered"
    assert sent["price"] == {"value": "0.05", "currency": "usd"}


def test_an_approval_converts_the_last_attempt(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    start(web, path, Channel="whatsapp")
    check(web, path, code_for(web))
    newest, first = read(web, ATTEMPTS).json["attempts"]
    assert (newest["conversion_status"], newest["channel"]) == ("converted", "whatsapp")
    assert newest["channel_data"]["status"] == "confirmed"
    assert first["conversion_status"] == "unconverted"


def test_an_undelivered_code_shows_its_error(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, service(web), to="+15035550101")
    clock.advance(60)
    sandbox.inbox.advance_due()
    (attempt,) = read(web, ATTEMPTS).json["attempts"]
    data = attempt["channel_data"]
    assert (data["message_status"], data["error_code"]) == ("undelivered", "30003")


def test_a_deleted_message_leaves_its_attempt(web: FlaskClient) -> None:
    start(web, service(web))
    web.delete("/api/v1/messages?all=true")
    (attempt,) = read(web, ATTEMPTS).json["attempts"]
    assert attempt["channel_data"]["message_status"] is None


def test_attempts_are_found_by_each_filter(web: FlaskClient, clock: FrozenClock) -> None:
    one, other = service(web), service(web)
    started = start(web, one, to="+12015550101")
    check(web, one, code_for(web, "+12015550101"), to="+12015550101")
    clock.advance(100)
    start(web, other, to="+4915112345678", Channel="whatsapp")
    british, american = "+4915112345678", "+12015550101"
    assert listed(web) == [british, american]
    assert listed(web, f"VerifyServiceSid={one.rpartition('/')[2]}") == [american]
    assert listed(web, f"VerificationSid={started['sid']}") == [american]
    assert listed(web, f"ChannelData.To={british}".replace("+", "%2B")) == [british]
    assert listed(web, f"ChannelData.To={british}") == [british]
    assert listed(web, "Channel=whatsapp") == [british]
    assert listed(web, "Country=DE") == [british]
    assert listed(web, "Status=CONVERTED") == [american]
    assert listed(web, "Status=unconverted") == [british]
    assert listed(web, "DateCreatedAfter=2027-01-15T08:00:01Z") == [british]
    assert listed(web, "DateCreatedBefore=2027-01-15T08:00:01") == [american]


@pytest.mark.parametrize("query", ["Status=perhaps", "DateCreatedAfter=yesterday", "PageSize=0"])
def test_a_filter_that_cannot_be_is_refused(web: FlaskClient, query: str) -> None:
    assert refusal(read(web, f"{ATTEMPTS}?{query}"))[:2] == (400, 20001)


def test_filtered_pages_lead_on_and_back(web: FlaskClient) -> None:
    path = service(web)
    for number in range(10, 17):
        start(web, path, to=f"+120155501{number}", Channel="sms" if number % 2 else "whatsapp")
    first = read(web, f"{ATTEMPTS}?Channel=whatsapp&PageSize=2").json
    address = first["meta"]["next_page_url"]
    assert "Channel=whatsapp&PageSize=2&Page=1&PageToken=" in address
    second = read(web, address).json
    numbers = [one["channel_data"]["to"][-2:] for one in first["attempts"] + second["attempts"]]
    assert numbers == ["16", "14", "12", "10"]
    assert second["meta"]["next_page_url"] is None
    assert read(web, second["meta"]["previous_page_url"]).json["attempts"] == first["attempts"]


def test_a_filter_finds_the_few_among_many(web: FlaskClient, sandbox: Sandbox) -> None:
    start(web, service(web))
    with sandbox.database.write() as connection:
        (pattern,) = records.find(connection, "twilio", ACCOUNT, attempts.KIND)
        for number in range(1200):
            channel = "whatsapp" if number % 400 == 0 else "sms"
            data = {**pattern.data, "channel": channel, "code_length": number}
            records.insert(connection, replace(pattern, id=f"VL{number}", data=data))
    first = read(web, f"{ATTEMPTS}?Channel=whatsapp&PageSize=2").json
    second = read(web, first["meta"]["next_page_url"]).json
    seen = [one["sid"] for one in first["attempts"] + second["attempts"]]
    assert seen == ["VL800", "VL400", "VL0"]
    back = read(web, second["meta"]["previous_page_url"]).json
    assert back["attempts"] == first["attempts"]


def test_the_summary_counts_conversions(web: FlaskClient) -> None:
    assert read(web, f"{ATTEMPTS}/Summary").json == {
        "total_attempts": 0,
        "total_converted": 0,
        "total_unconverted": 0,
        "conversion_rate_percentage": "0",
        "url": f"http://localhost{ATTEMPTS}/Summary",
    }
    path = service(web)
    for number in range(3):
        start(web, path, to=f"+1201555010{number}")
    check(web, path, code_for(web, "+12015550100"), to="+12015550100")
    summary = read(web, f"{ATTEMPTS}/Summary").json
    assert (summary["total_attempts"], summary["total_converted"]) == (3, 1)
    assert summary["total_unconverted"] == 2
    assert summary["conversion_rate_percentage"] == "33.333333333"
    converted = read(web, f"{ATTEMPTS}/Summary?Status=converted").json
    assert converted["conversion_rate_percentage"] == "100"


def test_an_account_does_not_see_another_s_attempts(web: FlaskClient) -> None:
    started = start(web, service(web))
    sid = started["send_code_attempts"][0]["attempt_sid"]
    stranger = basic(name="AC" + "d" * 32, secret="theirs")
    assert web.get(f"{ATTEMPTS}/{sid}", headers=stranger).status_code == 404
    assert web.get(ATTEMPTS, headers=stranger).json["attempts"] == []
