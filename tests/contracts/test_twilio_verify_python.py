"""Twilio's own Python SDK, unmodified, against the sandbox's Verify and Lookup."""

from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from twilio.rest.verify.v2.service import ServiceContext

from sms_sandbox.server import SandboxServer

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO = "+12015550123"


@pytest.fixture
def twilio(server: SandboxServer) -> Client:
    server.sandbox.inbox.reset(None)
    return point(Client(ACCOUNT, TOKEN), server)


@pytest.fixture
def service(twilio: Client) -> ServiceContext:
    return twilio.verify.v2.services(twilio.verify.v2.services.create("Notes").sid)


def point(client: Client, server: SandboxServer) -> Client:
    client.verify.base_url = client.lookups.base_url = f"{server.url}/twilio"
    return client


def code(server: SandboxServer, to: str = TO) -> str:
    """The code as a test reads it: it waits for the message."""
    wish = {"match": {"to": to, "has_code": True}, "timeout": 15}
    answer = urllib3.request("POST", f"{server.url}/api/v1/wait", json=wish, timeout=60)
    assert answer.status == 200, answer.data
    return answer.json()["messages"][-1]["code"]


def test_a_service_is_created_fetched_changed_listed_and_deleted(twilio: Client) -> None:
    services = twilio.verify.v2.services
    made = services.create(
        "Notes", code_length=8, custom_code_enabled=True, dtmf_input_required=False
    )
    assert abs(datetime.now(UTC) - made.date_created) < timedelta(seconds=30)
    assert (made.code_length, made.custom_code_enabled) == (8, True)
    assert made.dtmf_input_required is False
    assert services(made.sid).fetch().friendly_name == "Notes"
    assert made.update(friendly_name="Other").friendly_name == "Other"
    assert [one.sid for one in services.list()] == [made.sid]
    assert made.delete() is True
    with pytest.raises(TwilioRestException) as caught:
        services(made.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_pages_follow_their_absolute_addresses(twilio: Client) -> None:
    services = twilio.verify.v2.services
    for number in range(7):
        services.create(f"service {number}")
    names = [f"service {number}" for number in reversed(range(7))]
    assert [one.friendly_name for one in services.list(page_size=3)] == names
    assert [one.friendly_name for one in services.stream(limit=2)] == names[:2]
    first = services.page(page_size=3)
    second = first.next_page()
    assert [one.friendly_name for one in second] == names[3:6]
    assert [one.friendly_name for one in second.previous_page()] == names[:3]
    assert second.next_page().next_page() is None


def test_a_code_is_sent_and_checked(service: ServiceContext, server: SandboxServer) -> None:
    started = service.verifications.create(to=TO, channel="sms")
    assert (started.status, started.valid, started.to) == ("pending", False, TO)
    assert started.send_code_attempts[0]["channel"] == "SMS"
    right = code(server)
    wrong = service.verification_checks.create(to=TO, code="0000000")
    assert (wrong.status, wrong.valid) == ("pending", False)
    done = service.verification_checks.create(verification_sid=started.sid, code=right)
    assert (done.status, done.valid, done.sid) == ("approved", True, started.sid)
    with pytest.raises(TwilioRestException) as caught:
        service.verification_checks.create(to=TO, code=right)
    assert (caught.value.status, caught.value.code) == (404, 20404)
    assert caught.value.msg.endswith("/VerificationCheck was not found")


def test_a_verification_is_fetched_and_canceled(service: ServiceContext) -> None:
    started = service.verifications.create(to=TO, channel="whatsapp")
    assert service.verifications(TO).fetch().sid == started.sid
    assert service.verifications(started.sid).update(status="canceled").status == "canceled"
    assert service.verifications(started.sid).fetch().status == "canceled"
    with pytest.raises(TwilioRestException) as caught:
        service.verifications("VE" + "0" * 32).fetch()
    assert caught.value.code == 20404


def test_an_own_code_is_approved_by_hand(service: ServiceContext, server: SandboxServer) -> None:
    service.update(custom_code_enabled=True)
    started = service.verifications.create(to=TO, channel="sms", custom_code="271828")
    assert code(server) == "271828"
    assert service.verifications(started.sid).update(status="approved").valid is True


@pytest.mark.parametrize(
    ("values", "status", "error", "text"),
    [
        ({"to": "+90533333810"}, 400, 60200, "Invalid parameter `To`: +90533333810"),
        ({"channel": "pigeon"}, 400, 60200, "Invalid parameter: Channel"),
        ({"channel": "email"}, 400, 60217, "Invalid Service configuration"),
        ({"to": "+14105550100"}, 400, 21610, "Attempt to send to unsubscribed recipient"),
        ({"to": "+15025550100"}, 403, 60605, "Verification delivery attempt blocked"),
        ({"to": "+9901299"}, 503, 20503, "Service is unavailable"),
    ],
)
def test_errors_of_a_start_carry_verifys_codes(
    service: ServiceContext, values: dict[str, str], status: int, error: int, text: str
) -> None:
    with pytest.raises(TwilioRestException) as caught:
        service.verifications.create(**({"to": TO, "channel": "sms"} | values))
    assert (caught.value.status, caught.value.code) == (status, error)
    assert caught.value.msg == f"Unable to create record: {text}"


def test_sends_and_checks_run_out(service: ServiceContext) -> None:
    for _ in range(5):
        service.verifications.create(to=TO, channel="sms")
    with pytest.raises(TwilioRestException) as sends:
        service.verifications.create(to=TO, channel="sms")
    assert (sends.value.status, sends.value.code) == (429, 60203)
    for _ in range(5):
        assert service.verification_checks.create(to=TO, code="0000000").status == "pending"
    with pytest.raises(TwilioRestException) as checks:
        service.verification_checks.create(to=TO, code="0000000")
    assert (checks.value.status, checks.value.code) == (429, 60202)
    assert service.verifications(TO).fetch().status == "max_attempts_reached"


def test_rate_limits_and_buckets(service: ServiceContext) -> None:
    made = service.rate_limits.create(unique_name="ip", description="by address")
    limit = service.rate_limits(made.sid)
    bucket = limit.buckets.create(max=1, interval=60)
    assert (bucket.max, bucket.interval) == (1, 60)
    assert limit.buckets(bucket.sid).update(max=2).max == 2
    assert [one.sid for one in limit.buckets.list()] == [bucket.sid]
    assert [one.unique_name for one in service.rate_limits.list()] == ["ip"]
    assert limit.update(description="new").description == "new"
    values = {"ip": "192.0.2.1"}
    for number in ("+12015550101", "+12015550102"):
        service.verifications.create(to=number, channel="sms", rate_limits=values)
    with pytest.raises(TwilioRestException) as caught:
        service.verifications.create(to="+12015550103", channel="sms", rate_limits=values)
    assert (caught.value.status, caught.value.code) == (429, 20429)
    with pytest.raises(TwilioRestException) as second:
        service.rate_limits.create(unique_name="ip")
    assert second.value.code == 60208
    assert limit.buckets(bucket.sid).delete() is True
    assert limit.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        limit.fetch()
    assert gone.value.code == 20404


def test_attempts_and_their_summary(
    twilio: Client, service: ServiceContext, server: SandboxServer
) -> None:
    started = service.verifications.create(to=TO, channel="sms")
    service.verification_checks.create(to=TO, code=code(server))
    attempts = twilio.verify.v2.verification_attempts
    (attempt,) = attempts.list(channel_data_to=TO, status="CONVERTED")
    assert attempt.sid == started.send_code_attempts[0]["attempt_sid"]
    assert attempts(attempt.sid).fetch().channel_data["to"] == TO
    after = datetime.now(UTC) + timedelta(hours=1)
    assert attempts.list(date_created_after=after) == []
    summary = twilio.verify.v2.verification_attempts_summary().fetch()
    assert (summary.total_attempts, summary.conversion_rate_percentage) == (1, "100")


def test_wrong_credentials(twilio: Client, service: ServiceContext, server: SandboxServer) -> None:
    stranger = point(Client(ACCOUNT, "wrong"), server)
    with pytest.raises(TwilioRestException) as caught:
        stranger.verify.v2.services.create("x")
    assert (caught.value.status, caught.value.code) == (401, 20003)
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        stranger.verify.v2.services.list()


def test_a_look_up(twilio: Client) -> None:
    found = twilio.lookups.v2.phone_numbers("+447772000001").fetch(
        fields="line_type_intelligence,sim_swap"
    )
    assert (found.valid, found.country_code, found.calling_country_code) == (True, "GB", "44")
    assert found.national_format == "07772 000001"
    assert found.line_type_intelligence["type"] == "mobile"
    assert found.sim_swap["last_sim_swap"]["swapped_in_period"] is False
    assert found.sms_pumping_risk is None
    national = twilio.lookups.v2.phone_numbers("07772000001").fetch(country_code="GB")
    assert national.phone_number == "+447772000001"


def test_a_look_up_of_an_invalid_number_and_of_an_unknown_field(twilio: Client) -> None:
    found = twilio.lookups.v2.phone_numbers("+141599299600").fetch()
    assert (found.valid, found.validation_errors) == (False, ["TOO_LONG"])
    with pytest.raises(TwilioRestException) as caught:
        twilio.lookups.v2.phone_numbers("+14159929960").fetch(fields="nonsense")
    assert (caught.value.status, caught.value.code) == (400, 20001)
