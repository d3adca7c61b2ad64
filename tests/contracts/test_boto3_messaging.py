"""AWS's own Python SDK, unmodified, pointed at the sandbox: End User Messaging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError, ParamValidationError

from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Credential, Settings

KEY, SECRET, TO = "AKIAIOSFODNN7EXAMPLE", "a secret", "+12015550123"
SERVICE = "pinpoint-sms-voice-v2"

pytestmark = pytest.mark.usefixtures("without_aws")


def point(server: SandboxServer, secret: str = SECRET) -> Any:
    return boto3.client(
        SERVICE,
        endpoint_url=f"{server.url}/aws",
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=secret,
    )


@pytest.fixture
def sms(server: SandboxServer) -> Iterator[Any]:
    server.sandbox.inbox.reset(None)
    client = point(server)
    yield client
    client.close()


def test_send_text_message(sms: Any, server: SandboxServer) -> None:
    answer = sms.send_text_message(
        DestinationPhoneNumber=TO,
        OriginationIdentity="+12065550100",
        MessageBody="€5 off, your code is 482913",
        MessageType="TRANSACTIONAL",
        TimeToLive=60,
        Context={"login": "1"},
    )
    assert len(answer["MessageId"]) == 36
    with SandboxClient(server.url) as control:
        assert control.claim_code(TO, timeout=20)["code"] == "482913"


def test_the_environment_points_the_sdk(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", f"{server.url}/aws")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.session.Session(region_name="eu-west-1").client(SERVICE)
    assert client.send_text_message(DestinationPhoneNumber=TO, MessageBody="x")["MessageId"]
    client.close()


def test_a_wrong_field_is_the_sdks_own_exception(sms: Any) -> None:
    with pytest.raises(sms.exceptions.ValidationException) as caught:
        sms.send_text_message(DestinationPhoneNumber="x", MessageBody="x")
    response = caught.value.response
    assert (response["Reason"], response["Fields"][0]["Name"]) == (
        "FIELD_VALIDATION_FAILED",
        "DestinationPhoneNumber",
    )
    assert response["Message"] == response["Error"]["Message"]
    with pytest.raises(sms.exceptions.ResourceNotFoundException) as missing:
        sms.send_text_message(DestinationPhoneNumber=TO, MessageBody="x", OriginationIdentity="a/b")
    assert missing.value.response["ResourceId"] == "a/b"
    with pytest.raises(ParamValidationError):
        sms.send_text_message(MessageBody="x")


def test_an_opted_out_number_is_a_conflict(sms: Any, server: SandboxServer) -> None:
    server.sandbox.inbox.opt(KEY, TO, "*", out=True)
    with pytest.raises(sms.exceptions.ConflictException) as caught:
        sms.send_text_message(DestinationPhoneNumber=TO, MessageBody="x")
    assert caught.value.response["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"


def test_throttling_and_outages_are_the_sdks_own_exceptions(
    sms: Any, server: SandboxServer
) -> None:
    url = f"{server.url}/api/v1/faults"
    for status, kind in ((429, "ThrottlingException"), (500, "InternalServerException")):
        rule = {"match": {}, "times": 3, "effect": {"type": "error", "status": status}}
        assert urllib3.request("POST", url, json=rule, timeout=60).status in (200, 201)
        with pytest.raises(getattr(sms.exceptions, kind)) as caught:
            sms.send_text_message(DestinationPhoneNumber=TO, MessageBody="x")
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2


def test_other_operations_are_unknown(sms: Any) -> None:
    with pytest.raises(ClientError, match="SendTextMessage only") as caught:
        sms.describe_pools()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


def test_a_wrong_secret_is_refused_where_the_sandbox_knows_it() -> None:
    known = Credential(provider="sns", name=KEY, secret=SECRET, account=KEY)
    with SandboxServer(Settings(port=0, strict=True, credentials=(known,))) as strict:
        right, wrong = point(strict), point(strict, "other")
        assert right.send_text_message(DestinationPhoneNumber=TO, MessageBody="x")["MessageId"]
        with pytest.raises(ClientError) as caught:
            wrong.send_text_message(DestinationPhoneNumber=TO, MessageBody="x")
        assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        right.close()
        wrong.close()
