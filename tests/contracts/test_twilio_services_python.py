"""Twilio's own Python SDK, unmodified, with numbers and Messaging Services of the sandbox."""

from datetime import UTC, datetime, timedelta

import pytest
from contracts.sides import ended
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from sms_sandbox.server import SandboxServer

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO, NUMBER = "+15558675310", "+12025550107"


@pytest.fixture
def twilio(server: SandboxServer) -> Client:
    server.sandbox.inbox.reset(None)
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = client.messaging.base_url = f"{server.url}/twilio"
    return client


def test_numbers_are_bought_found_changed_and_given_back(twilio: Client) -> None:
    numbers = twilio.incoming_phone_numbers
    bought = numbers.create(phone_number=NUMBER)
    assert abs(datetime.now(UTC) - bought.date_created) < timedelta(seconds=30)
    assert (bought.phone_number, bought.capabilities["sms"]) == (NUMBER, True)
    others = [numbers.create(area_code="415").phone_number for _ in range(4)]
    assert [one.phone_number for one in numbers.list(page_size=2)] == [*reversed(others), NUMBER]
    assert [one.sid for one in numbers.list(phone_number=NUMBER)] == [bought.sid]
    first = numbers.page(page_size=2)
    assert [one.phone_number for one in first.next_page().previous_page()] == others[:1:-1]
    assert bought.update(friendly_name="Door").friendly_name == "Door"
    assert numbers(bought.sid).fetch().friendly_name == "Door"
    assert bought.delete() is True
    with pytest.raises(TwilioRestException) as caught:
        numbers(bought.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_a_service_sends_by_its_number(twilio: Client, server: SandboxServer) -> None:
    services = twilio.messaging.v1.services
    made = services.create("Notes", usecase="verification", validity_period=600)
    assert abs(datetime.now(UTC) - made.date_created) < timedelta(seconds=30)
    assert (made.usecase, made.validity_period, made.sticky_sender) == ("verification", 600, True)
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages.create(to=TO, messaging_service_sid=made.sid, body="x")
    assert (caught.value.status, caught.value.code) == (400, 21704)
    bought = twilio.incoming_phone_numbers.create(phone_number=NUMBER)
    sender = services(made.sid).phone_numbers.create(phone_number_sid=bought.sid)
    assert (sender.phone_number, sender.country_code) == (NUMBER, "US")
    sent = twilio.messages.create(to=TO, messaging_service_sid=made.sid, body="Your code is 482913")
    assert (sent.status, sent.from_, sent.messaging_service_sid) == ("accepted", None, made.sid)
    ended(server.url, "delivered", body_contains="482913")
    assert twilio.messages(sent.sid).fetch().from_ == NUMBER
    assert [one.sid for one in services(made.sid).phone_numbers.list()] == [bought.sid]
    assert services(made.sid).phone_numbers(bought.sid).fetch().phone_number == NUMBER
    assert services(made.sid).phone_numbers(bought.sid).delete() is True


def test_services_are_listed_in_pages_changed_and_deleted(twilio: Client) -> None:
    services = twilio.messaging.v1.services
    made = [services.create(f"service {number}").sid for number in range(5)]
    assert [one.sid for one in services.list(page_size=2)] == made[::-1]
    first = services.page(page_size=2)
    assert [one.sid for one in first.next_page().previous_page()] == made[:2:-1]
    assert services(made[0]).update(friendly_name="Other").friendly_name == "Other"
    assert services(made[0]).fetch().friendly_name == "Other"
    assert services(made[0]).delete() is True
    with pytest.raises(TwilioRestException) as caught:
        services(made[0]).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)
