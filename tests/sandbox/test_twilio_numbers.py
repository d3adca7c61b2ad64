"""Numbers that an account buys, and what a Messaging Service does with them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver
from sandbox.twilio_calls import ACCOUNT, ROOT, basic, create, fetch
from sandbox.twilio_calls import TO as HANDSET
from sandbox.verify_calls import ask, read, refusal

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.numbers import bought
from sms_sandbox.facades.twilio.services import senders

NUMBERS = f"{ROOT}/IncomingPhoneNumbers.json"
SERVICES = "/twilio/v1/Services"
FIRST, SECOND = "+12025550107", "+12025550108"


def buy(web: FlaskClient, number: str = FIRST, **form: str) -> dict[str, Any]:
    answer = ask(web, NUMBERS, PhoneNumber=number, **form)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def service(web: FlaskClient, *numbers: str, **form: str) -> str:
    """The path of a new service with these senders, which are bought for it."""
    answer = ask(web, SERVICES, **({"FriendlyName": "Notes"} | form))
    assert answer.status_code == 201, answer.text
    path = f"{SERVICES}/{answer.json['sid']}"
    for number in numbers:
        added = ask(web, f"{path}/PhoneNumbers", PhoneNumberSid=buy(web, number)["sid"])
        assert added.status_code == 201, added.text
    return path


def sid_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def listed(web: FlaskClient, path: str = NUMBERS) -> list[str]:
    return [one["phone_number"] for one in read(web, path).json["incoming_phone_numbers"]]


def test_a_bought_number_has_exactly_twilios_keys(web: FlaskClient) -> None:
    shown = buy(web, "+18089255327")
    assert shown["sid"].startswith("PN")
    assert len(shown["sid"]) == 34
    assert shown == {
        "account_sid": ACCOUNT, "address_requirements": "none", "address_sid": None,
        "api_version": "2010-04-01", "beta": False, "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": "Fri, 15 Jan 2027 08:00:00 +0000",
        "date_updated": "Fri, 15 Jan 2027 08:00:00 +0000",
        "emergency_address_sid": None, "emergency_address_status": "unregistered",
        "emergency_status": "Inactive", "friendly_name": "(808) 925-5327", "identity_sid": None,
        "origin": "twilio", "phone_number": "+18089255327", "sid": shown["sid"],
        "sms_application_sid": "", "sms_fallback_method": "POST", "sms_fallback_url": "",
        "sms_method": "POST", "sms_url": "", "status": "in-use", "status_callback": "",
        "status_callback_method": "POST", "trunk_sid": None, "type": "local",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{shown['sid']}.json",
        "voice_application_sid": "", "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST", "voice_fallback_url": "", "voice_method": "POST",
        "voice_receive_mode": "voice", "voice_url": "",
    }  # fmt: skip
    assert fetch(web, shown) == shown


def test_numbers_are_listed_by_part_and_name_and_in_pages(web: FlaskClient) -> None:
    for last in range(5):
        buy(web, f"+1202555010{last}", FriendlyName=f"line {last}")
    buy(web, "+447700900123", FriendlyName="abroad")
    assert listed(web)[0] == "+447700900123"
    assert listed(web, f"{NUMBERS}?PhoneNumber=%2B44") == ["+447700900123"]
    assert listed(web, f"{NUMBERS}?PhoneNumber=20255501*3") == ["+12025550103"]
    assert listed(web, f"{NUMBERS}?FriendlyName=line+1") == ["+12025550101"]
    seen: list[str] = []
    path = NUMBERS.removeprefix("/twilio") + "?PageSize=4"
    while path:
        page = read(web, f"/twilio{path}").json
        seen += [one["phone_number"] for one in page["incoming_phone_numbers"]]
        path = page["next_page_uri"]
    assert seen == listed(web)
    assert page["previous_page_uri"].endswith("PageSize=4&Page=0")
    assert refusal(read(web, f"{NUMBERS}?PageSize=1001"))[:2] == (400, 20007)


def test_area_code_gives_numbers_of_fiction_one_after_the_other(web: FlaskClient) -> None:
    bought = [ask(web, NUMBERS, AreaCode="415").json["phone_number"] for _ in range(2)]
    assert bought == ["+14155550100", "+14155550101"]
    assert refusal(ask(web, NUMBERS, AreaCode="1x5"))[:2] == (400, 21422)


@pytest.mark.parametrize(
    ("number", "code"),
    [("+15005550000", 21422), ("+15005550001", 21421), ("nobody", 21421), (FIRST, 21422)],
)
def test_a_number_that_cannot_be_bought(web: FlaskClient, number: str, code: int) -> None:
    buy(web)
    assert refusal(ask(web, NUMBERS, PhoneNumber=number))[:2] == (400, code)
    assert refusal(ask(web, NUMBERS))[:2] == (400, 21421)
    assert listed(web) == [FIRST]


def test_a_number_is_changed_and_given_back(web: FlaskClient) -> None:
    shown = buy(web)
    path = "/twilio" + shown["uri"]
    changed = ask(web, path, FriendlyName="Door", SmsUrl="http://127.0.0.1:9/sms").json
    assert (changed["friendly_name"], changed["sms_url"]) == ("Door", "http://127.0.0.1:9/sms")
    assert refusal(ask(web, path, SmsUrl="nowhere"))[:2] == (400, 20001)
    assert refusal(ask(web, path, FriendlyName="x" * 65))[:2] == (400, 20001)
    assert web.delete(path, headers=basic()).status_code == 204
    assert refusal(read(web, path))[:2] == (404, 20404)
    assert buy(web)["sid"] != shown["sid"]


def test_a_service_has_exactly_twilios_keys(web: FlaskClient) -> None:
    shown = ask(web, SERVICES, FriendlyName="Notes").json
    url = f"http://localhost{SERVICES}/{shown['sid']}"
    links = {
        "phone_numbers": "PhoneNumbers", "short_codes": "ShortCodes",
        "alpha_senders": "AlphaSenders", "messages": "Messages",
        "us_app_to_person": "Compliance/Usa2p",
        "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
        "channel_senders": "ChannelSenders",
        "destination_alpha_senders": "DestinationAlphaSenders",
    }  # fmt: skip
    assert shown == {
        "account_sid": ACCOUNT, "sid": shown["sid"], "friendly_name": "Notes",
        "date_created": "2027-01-15T08:00:00Z", "date_updated": "2027-01-15T08:00:00Z",
        "inbound_request_url": None, "inbound_method": "POST", "fallback_url": None,
        "fallback_method": "POST", "status_callback": None, "sticky_sender": True,
        "smart_encoding": False, "mms_converter": True, "fallback_to_long_code": True,
        "scan_message_content": "inherit", "area_code_geomatch": True, "validity_period": 36_000,
        "synchronous_validation": False, "usecase": "undeclared",
        "us_app_to_person_registered": False, "use_inbound_webhook_on_number": False,
        "links": {name: f"{url}/{path}" for name, path in links.items()}, "url": url,
    }  # fmt: skip
    assert read(web, f"{SERVICES}/{shown['sid']}").json == shown


def test_services_are_changed_listed_and_deleted(web: FlaskClient) -> None:
    first, second = service(web), service(web, FriendlyName="Other", Usecase="verification")
    listing = read(web, f"{SERVICES}?PageSize=1").json
    assert [one["friendly_name"] for one in listing["services"]] == ["Other"]
    assert listing["meta"]["next_page_url"].startswith("http://localhost/twilio/v1/Services?")
    assert ask(web, first, FriendlyName="New", StickySender="false").json["sticky_sender"] is False
    assert read(web, first).json["friendly_name"] == "New"
    assert web.delete(second, headers=basic()).status_code == 204
    assert refusal(read(web, second))[:2] == (404, 20404)


@pytest.mark.parametrize(
    "form",
    [
        {"FriendlyName": ""},
        {"FriendlyName": "x" * 65},
        {"StatusCallback": "nowhere"},
        {"StickySender": "perhaps"},
        {"ValidityPeriod": "36001"},
        {"Usecase": "spam"},
    ],
)
def test_settings_of_a_service_that_cannot_be_used(web: FlaskClient, form: dict[str, str]) -> None:
    assert refusal(ask(web, SERVICES, **({"FriendlyName": "Notes"} | form)))[:2] == (400, 20001)
    assert read(web, SERVICES).json["services"] == []


def test_numbers_join_and_leave_a_service(web: FlaskClient) -> None:
    path, other = service(web, FIRST), service(web)
    (sender,) = read(web, f"{path}/PhoneNumbers").json["phone_numbers"]
    assert sender == {
        "sid": sender["sid"], "account_sid": ACCOUNT, "service_sid": sid_of(path),
        "date_created": "2027-01-15T08:00:00Z", "date_updated": "2027-01-15T08:00:00Z",
        "phone_number": FIRST, "country_code": "US", "capabilities": ["MMS", "SMS", "Voice"],
        "url": f"http://localhost{path}/PhoneNumbers/{sender['sid']}",
    }  # fmt: skip
    one = f"{path}/PhoneNumbers/{sender['sid']}"
    assert read(web, one).json == sender
    for where, code in ((path, 21710), (other, 21712)):
        again = ask(web, f"{where}/PhoneNumbers", PhoneNumberSid=sender["sid"])
        assert refusal(again)[:2] == (409, code)
    assert refusal(ask(web, f"{other}/PhoneNumbers"))[:2] == (400, 20001)
    unknown = ask(web, f"{other}/PhoneNumbers", PhoneNumberSid="PN" + "0" * 32)
    assert refusal(unknown)[:2] == (404, 20404)
    assert refusal(read(web, f"{other}/PhoneNumbers/{sender['sid']}"))[:2] == (404, 20404)
    assert web.delete(one, headers=basic()).status_code == 204
    joined = ask(web, f"{other}/PhoneNumbers", PhoneNumberSid=sender["sid"])
    assert joined.status_code == 201
    web.delete(f"{NUMBERS.removesuffix('.json')}/{sender['sid']}", headers=basic())
    assert read(web, f"{other}/PhoneNumbers").json["phone_numbers"] == []


def test_a_message_takes_its_sender_from_the_service_and_keeps_it(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    sid = sid_of(service(web, FIRST, SECOND))
    sent = [
        create(web, From=None, MessagingServiceSid=sid, To=f"+1201555{last:04}")
        for last in (100, 101, 102, 103, 104, 105, 100)
    ]
    assert {one["from"] for one in sent} == {None}
    clock.advance(1)
    sandbox.inbox.advance_due()
    senders = [fetch(web, one)["from"] for one in sent]
    assert set(senders) == {FIRST, SECOND}
    assert senders[0] == senders[-1]
    assert {fetch(web, one)["messaging_service_sid"] for one in sent} == {sid}


def test_a_service_says_what_the_message_does_not(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    settings = {"SmartEncoding": "true", "ValidityPeriod": "60"}
    path = service(web, FIRST, StatusCallback=f"{receiver.url}/status", **settings)
    form = {"From": None, "MessagingServiceSid": sid_of(path), "Body": "it’s 424242"}
    assert create(web, **form)["body"] == "it's 424242"
    clock.advance(1)
    sandbox.inbox.advance_due()
    (told, *_) = receiver.await_posts(1)
    assert told.path == "/status"
    assert told.form["MessagingServiceSid"] == sid_of(path)
    assert create(web, **form, SmartEncoded="false")["body"] == "it’s 424242"
    web.put(f"/api/v1/handsets/{HANDSET}?account={ACCOUNT}", json={"state": "off"})
    late = create(web, **form)
    clock.advance(61)
    sandbox.inbox.advance_due()
    assert fetch(web, late)["error_code"] == 30036


def test_an_empty_service_and_a_deleted_one_send_nothing(web: FlaskClient) -> None:
    empty, gone = service(web), service(web, FIRST)
    web.delete(gone, headers=basic())
    for path, code in ((empty, 21704), (gone, 21701)):
        form = {"To": HANDSET, "Body": "x", "MessagingServiceSid": sid_of(path)}
        assert refusal(ask(web, f"{ROOT}/Messages.json", **form))[:2] == (400, code)
    assert web.get("/api/v1/messages").json["total"] == 0
    assert read(web, NUMBERS).json["incoming_phone_numbers"][0]["phone_number"] == FIRST
    create(web, From=None, MessagingServiceSid="MG" + "a" * 32)


@pytest.mark.parametrize("from_number", [False, True])
def test_what_a_handset_sends_goes_where_its_number_or_the_service_says(
    web: FlaskClient, receiver: Receiver, from_number: bool
) -> None:
    path = service(
        web,
        FIRST,
        InboundRequestUrl=f"{receiver.url}/service",
        UseInboundWebhookOnNumber=str(from_number).lower(),
    )
    (sender,) = read(web, f"{path}/PhoneNumbers").json["phone_numbers"]
    number = f"{NUMBERS.removesuffix('.json')}/{sender['sid']}"
    assert ask(web, number, SmsUrl=f"{receiver.url}/number").status_code == 200
    buy(web, SECOND)
    general = {"inbound_url": f"{receiver.url}/account"}
    assert web.put(f"/api/v1/settings?account={ACCOUNT}", json=general).status_code == 200
    for to in (FIRST, SECOND, "+12015550199"):
        form = {"from": HANDSET, "to": to, "body": "hi", "provider": "twilio", "account": ACCOUNT}
        assert web.post("/api/v1/inbound", json=form).status_code == 201
    told = {one.form["To"]: one.path for one in receiver.await_posts(3)}
    where = "/number" if from_number else "/service"
    assert told == {FIRST: where, SECOND: "/account", "+12015550199": "/account"}


def test_numbers_and_senders_are_bounded(web: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bought, "MOST", 2)
    monkeypatch.setattr(senders, "MOST", 1)
    path = service(web, FIRST)
    sid = buy(web, SECOND)["sid"]
    assert refusal(ask(web, f"{path}/PhoneNumbers", PhoneNumberSid=sid))[:2] == (403, 20403)
    assert refusal(ask(web, NUMBERS, PhoneNumber="+12025550109"))[:2] == (403, 20403)


def test_a_deleted_service_sets_its_numbers_free(web: FlaskClient) -> None:
    path = service(web, FIRST)
    sid = read(web, NUMBERS).json["incoming_phone_numbers"][0]["sid"]
    assert web.delete(path, headers=basic()).status_code == 204
    added = ask(web, f"{service(web)}/PhoneNumbers", PhoneNumberSid=sid)
    assert added.status_code == 201, added.text
