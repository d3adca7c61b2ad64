import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.aws_calls import KEY, TO, only_message, said, send_raw, send_text, signed

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

ARN = "arn:aws:sms-voice:us-east-1:111122223333:"


def test_a_text_arrives_and_only_its_id_is_said(web: FlaskClient) -> None:
    answer = send_text(web, MessageType="TRANSACTIONAL", OriginationIdentity="+12065550100")
    status, _, content = said(answer)
    assert status == 200
    assert list(content) == ["MessageId"]
    assert re.fullmatch(r"[0-9a-f-]{36}", content["MessageId"])
    message = only_message(web)
    assert (message["provider"], message["account"]) == ("sns", KEY)
    assert (message["from"], message["to"], message["code"]) == ("+12065550100", TO, "482913")


def test_the_vendors_own_host_leads_here(web: FlaskClient) -> None:
    headers = signed(
        service="sms-voice",
        **{
            "Host": "sms-voice.us-east-1.amazonaws.com",
            "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage",
        },
    )
    body = '{"DestinationPhoneNumber": "12015550123", "MessageBody": "x"}'
    assert web.post("/", data=body, headers=headers).status_code == 200
    assert only_message(web)["to"] == TO


def test_a_dry_run_judges_and_sends_nothing(web: FlaskClient) -> None:
    status, _, content = said(send_text(web, DryRun=True))
    assert (status, list(content)) == (200, ["MessageId"])
    assert said(send_text(web, DryRun=True, MessageBody=" "))[1] == "ValidationException"
    answer = send_text(web, DryRun=True, OriginationIdentity="a/b")
    assert said(answer)[1] == "ResourceNotFoundException"
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    ("identity", "sender"),
    [
        (None, r"\+120155501[0-9]{2}"),
        ("phone-0123456789abcdef0123456789abcdef", r"\+120155501[0-9]{2}"),
        (ARN + "pool/pool-0123456789abcdef0123456789abcdef", r"\+120155501[0-9]{2}"),
        (ARN + "sender-id/NOTES/GB", "NOTES"),
        ("NOTES", "NOTES"),
        ("12345", "12345"),
        ("12065550100", r"\+12065550100"),
    ],
)
def test_the_sender_is_what_the_identity_stands_for(
    web: FlaskClient, identity: str | None, sender: str
) -> None:
    assert send_text(web, OriginationIdentity=identity).status_code == 200
    assert re.fullmatch(sender, only_message(web)["from"])


def test_an_unknown_identity_is_not_found(web: FlaskClient) -> None:
    _, kind, content = said(send_text(web, OriginationIdentity="a/b"))
    assert (kind, content["ResourceId"]) == ("ResourceNotFoundException", "a/b")


@pytest.mark.parametrize(
    ("fields", "reason", "name"),
    [
        ({"DestinationPhoneNumber": None}, "MISSING_PARAMETER", "DestinationPhoneNumber"),
        ({"DestinationPhoneNumber": "x"}, "FIELD_VALIDATION_FAILED", "DestinationPhoneNumber"),
        ({"DestinationPhoneNumber": "+123"}, "FIELD_VALIDATION_FAILED", "DestinationPhoneNumber"),
        ({"DestinationPhoneNumber": "+0123"}, "FIELD_VALIDATION_FAILED", "DestinationPhoneNumber"),
        ({"MessageBody": None}, "MISSING_PARAMETER", "MessageBody"),
        ({"MessageBody": ""}, "FIELD_VALIDATION_FAILED", "MessageBody"),
        ({"MessageBody": "x" * 1601}, "FIELD_VALIDATION_FAILED", "MessageBody"),
        ({"MessageType": "OTP"}, "FIELD_VALIDATION_FAILED", "MessageType"),
        ({"TimeToLive": 4}, "FIELD_VALIDATION_FAILED", "TimeToLive"),
        ({"TimeToLive": 259_201}, "FIELD_VALIDATION_FAILED", "TimeToLive"),
        ({"MaxPrice": "1"}, "FIELD_VALIDATION_FAILED", "MaxPrice"),
        ({"MaxPrice": "0.00644"}, "PRICE_OVER_THRESHOLD", "MaxPrice"),
        ({"Context": dict.fromkeys("abcdef", "x")}, "FIELD_VALIDATION_FAILED", "Context"),
        ({"Keyword": "x" * 31}, "FIELD_VALIDATION_FAILED", "Keyword"),
    ],
)
def test_a_wrong_field_is_named(
    web: FlaskClient, fields: dict[str, Any], reason: str, name: str
) -> None:
    status, kind, content = said(send_text(web, **fields))
    assert (status, kind, content["Reason"]) == (400, "ValidationException", reason)
    assert [one["Name"] for one in content["Fields"]] == [name]
    assert name in content["Message"]
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"DestinationPhoneNumber": 5},
        {"MessageBody": ["x"]},
        {"TimeToLive": "60"},
        {"TimeToLive": True},
        {"DryRun": "yes"},
        {"Context": {"a": 1}},
        {"Context": []},
    ],
)
def test_a_wrong_type_is_a_serialization_error(web: FlaskClient, fields: dict[str, Any]) -> None:
    assert said(send_text(web, **fields))[:2] == (400, "SerializationException")


@pytest.mark.parametrize("body", ["{", "[]", "1", b"\xff", "[" * 100_000, '{"a": NaN'])
def test_a_body_that_is_no_object_is_a_serialization_error(
    web: FlaskClient, body: str | bytes
) -> None:
    assert said(send_raw(web, body))[:2] == (400, "SerializationException")


def test_half_a_surrogate_pair_is_refused(web: FlaskClient) -> None:
    body = '{"DestinationPhoneNumber": "+12015550123", "MessageBody": "\\ud83d", "MaxPrice": "9.0"}'
    assert said(send_raw(web, body))[:2] == (400, "ValidationException")


def test_another_operation_is_unknown(web: FlaskClient) -> None:
    answer = send_raw(web, "{}", target="PinpointSMSVoiceV2.DescribePools")
    assert said(answer)[:2] == (400, "UnknownOperationException")


def test_a_message_expires_within_its_time_to_live(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    web.put(f"/api/v1/handsets/{TO}?account={KEY}", json={"state": "off"})
    send_text(web, TimeToLive=60)
    clock.advance(59)
    sandbox.inbox.advance_due()
    assert only_message(web)["status"] == "sent"
    clock.advance(2)
    sandbox.inbox.advance_due()
    message = only_message(web)
    assert message["status"] == "undelivered"
    assert message["error_code"] == "Phone is currently unreachable/unavailable"


def test_a_number_that_has_opted_out_is_refused_at_once(web: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.inbox.opt(KEY, TO, "*", out=True)
    for number in (TO, "+14105550123"):
        _, kind, content = said(send_text(web, DestinationPhoneNumber=number))
        assert kind == "ConflictException"
        assert content["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    assert web.get("/api/v1/messages").json["total"] == 0


def test_awss_failing_simulator_number_fails(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    send_text(web, DestinationPhoneNumber="+61455944039")
    clock.advance(1)
    sandbox.inbox.advance_due()
    assert only_message(web)["status"] == "failed"
