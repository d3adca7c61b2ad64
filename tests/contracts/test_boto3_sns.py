"""AWS's own Python SDK, unmodified, pointed at the sandbox: SNS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from contracts.sides import ended

from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Credential, Settings

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TO, OTHER = "+12015550123", "+12015550124"
OPTED_OUT = "Phone number is opted out"

pytestmark = pytest.mark.usefixtures("without_aws")


def point(server: SandboxServer, key: str = KEY, secret: str = SECRET, **more: Any) -> Any:
    return boto3.client(
        "sns",
        endpoint_url=f"{server.url}/aws",
        **({"region_name": "us-east-1"} | more),
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


@pytest.fixture
def sns(server: SandboxServer) -> Iterator[Any]:
    server.sandbox.inbox.reset(None)
    client = point(server)
    yield client
    client.close()


def fault(server: SandboxServer, effect: dict[str, Any], **rule: Any) -> Callable[[], int]:
    """Adds a fault rule; the result tells how often it has struck."""
    url = f"{server.url}/api/v1/faults"
    answer = urllib3.request("POST", url, json={"match": {}, "effect": effect, **rule}, timeout=60)
    assert answer.status in (200, 201), answer.data
    one = answer.json()["id"]

    def hits() -> int:
        found = urllib3.request("GET", url, timeout=60).json()["faults"]
        return next(int(each["hits"]) for each in found if each["id"] == one)

    return hits


def test_publish(sns: Any, server: SandboxServer) -> None:
    attributes = {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Notes"},
        "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": "0.50"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    answer = sns.publish(
        PhoneNumber=TO, Message="€5 off, your code is 482913", MessageAttributes=attributes
    )
    assert len(answer["MessageId"]) == 36
    metadata = answer["ResponseMetadata"]
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
    message = ended(server.url, "delivered", body_contains="482913")
    assert (message["account"], message["provider"]) == (KEY, "sns")
    assert (message["from"], message["to"]) == ("Notes", TO)
    assert (message["body"], message["code"]) == ("€5 off, your code is 482913", "482913")


def test_the_environment_points_the_sdk_and_an_app_needs_no_change(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.sandbox.inbox.reset(None)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"{server.url}/aws")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = boto3.session.Session().client("sns")
    message_id = client.publish(PhoneNumber=TO, Message="from anywhere")["MessageId"]
    client.close()
    path = "/_aws/sns/sms-messages?region=eu-west-1&accountId=000000000000"
    shown = urllib3.request("GET", server.url + path, timeout=60).json()
    ((number, (found,)),) = shown["sms_messages"].items()
    assert (number, found["MessageId"], found["Message"]) == (TO, message_id, "from anywhere")


def test_a_session_token_is_taken_and_shown_to_nobody(server: SandboxServer) -> None:
    server.sandbox.inbox.reset(None)
    client = point(server, aws_session_token="a session's token")
    client.publish(PhoneNumber=TO, Message="with a token")
    client.close()
    message = ended(server.url, "delivered", body_contains="with a token")
    raw = urllib3.request(
        "GET", f"{server.url}/api/v1/messages/{message['id']}/raw", timeout=60
    ).data
    assert b"a session's token" not in raw


@pytest.mark.parametrize(
    ("asked", "kind", "status", "text"),
    [
        (
            {"PhoneNumber": "+1a234"},
            "InvalidParameterException",
            400,
            "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to",
        ),
        (
            {"PhoneNumber": TO, "Message": ""},
            "InvalidParameterException",
            400,
            "Invalid parameter: Empty message",
        ),
        (
            {},
            "InvalidParameterException",
            400,
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
        ),
        (
            {"TopicArn": "arn:aws:sns:us-east-1:111122223333:topic"},
            "NotFoundException",
            404,
            "Topic does not exist",
        ),
        (
            {
                "PhoneNumber": TO,
                "MessageAttributes": {"x": {"DataType": "Text", "StringValue": "y"}},
            },
            "InvalidParameterValueException",
            400,
            "The message attribute 'x' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String.",
        ),
    ],
)
def test_errors_are_the_sdks_own_exceptions(
    sns: Any, asked: dict[str, Any], kind: str, status: int, text: str
) -> None:
    with pytest.raises(getattr(sns.exceptions, kind)) as caught:
        sns.publish(**({"Message": "x"} | asked))
    error = caught.value.response["Error"]
    assert (error["Type"], error["Message"]) == ("Sender", text)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_what_the_sdk_refuses_itself_never_arrives(sns: Any, control: SandboxClient) -> None:
    with pytest.raises(ParamValidationError):
        sns.publish(PhoneNumber=TO)
    assert control.messages() == []


def test_a_body_of_ten_megabytes_is_refused_in_awss_form(sns: Any) -> None:
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Message too long"):
        sns.publish(PhoneNumber=TO, Message="x" * 10_000_000)


def test_an_action_that_is_not_about_texts_is_refused(sns: Any) -> None:
    with pytest.raises(ClientError, match="imitates the actions for text messages only") as caught:
        sns.create_topic(Name="news")
    assert caught.value.response["Error"]["Code"] == "InvalidAction"


def test_a_wrong_secret_is_refused_where_the_sandbox_knows_it() -> None:
    known = Credential(provider="sns", name=KEY, secret=SECRET, account=KEY)
    settings = Settings(port=0, strict=True, credentials=(known,))
    with SandboxServer(settings) as strict:
        right, wrong, unknown = (
            point(strict),
            point(strict, secret="other"),
            point(strict, key="AKIAOTHER"),
        )
        assert right.publish(PhoneNumber=TO, Message="hé + €/~ *'()")["MessageId"]
        assert right.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {}
        for client, code in ((wrong, "SignatureDoesNotMatch"), (unknown, "InvalidClientTokenId")):
            with pytest.raises(ClientError) as caught:
                client.publish(PhoneNumber=TO, Message="x")
            assert caught.value.response["Error"]["Code"] == code
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        for client in (right, wrong, unknown):
            client.close()


def test_opt_outs(sns: Any, server: SandboxServer, control: SandboxClient) -> None:
    sns.publish(PhoneNumber=TO, Message="first")
    message = ended(server.url, "delivered", body_contains="first")
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=TO)["isOptedOut"] is False
    url = f"{server.url}/api/v1/messages/{message['id']}/reply"
    assert urllib3.request("POST", url, json={"body": "STOP"}, timeout=60).status == 201
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=TO)["isOptedOut"] is True
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == [TO]
    assert sns.publish(PhoneNumber=TO, Message="second")["MessageId"]
    assert ended(server.url, "failed", body_contains="second")["error_code"] == OPTED_OUT
    with pytest.raises(sns.exceptions.OptedOutException):
        sns.create_sms_sandbox_phone_number(PhoneNumber=TO)
    sns.opt_in_phone_number(phoneNumber=TO)
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    sns.publish(PhoneNumber=TO, Message="third")
    ended(server.url, "delivered", body_contains="third")
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.check_if_phone_number_is_opted_out(phoneNumber="x")


def test_a_number_of_fiction_opts_itself_out(sns: Any, server: SandboxServer) -> None:
    number = "+14175550100"
    sns.publish(PhoneNumber=number, Message="an unwanted text")
    wish = {"match": {"from": number, "body_contains": "STOP"}, "timeout": 20}
    answer = urllib3.request("POST", f"{server.url}/api/v1/wait", json=wish, timeout=60)
    assert answer.status == 200, answer.data
    sns.publish(PhoneNumber=number, Message="another")
    assert ended(server.url, "failed", body_contains="another")["error_code"] == OPTED_OUT


def test_a_reset_forgets_all_that_an_account_has(sns: Any, server: SandboxServer) -> None:
    sns.set_sms_attributes(attributes={"DefaultSenderID": "Us"})
    sns.create_sms_sandbox_phone_number(PhoneNumber=OTHER)
    server.sandbox.inbox.opt(KEY, TO, "*", out=True)
    server.sandbox.inbox.reset(KEY)
    assert sns.get_sms_attributes()["attributes"] == {"MonthlySpendLimit": "1"}
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == []
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []


def test_parallel_publishers_disturb_nobody(sns: Any, server: SandboxServer) -> None:
    def publish(number: int) -> str:
        sender = {"DataType": "String", "StringValue": f"+1206555010{number % 4}"}
        sns.set_sms_attributes(attributes={"MonthlySpendLimit": str(number)})
        answer = sns.publish(
            PhoneNumber=TO,
            Message=f"text {number}",
            MessageAttributes={"AWS.MM.SMS.OriginationNumber": sender},
        )
        assert answer["ResponseMetadata"]["RetryAttempts"] == 0
        return str(answer["MessageId"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(publish, range(40)))
    assert len(set(ids)) == 40
    assert len(sns.list_origination_numbers()["PhoneNumbers"]) == 5
    shown = urllib3.request("GET", f"{server.url}/_aws/sns/sms-messages", timeout=60).json()
    assert sorted(one["MessageId"] for one in shown["sms_messages"][TO]) == sorted(ids)


def test_paginators_see_every_opted_out_number_once(sns: Any, server: SandboxServer) -> None:
    numbers = [f"+1201555{number:04}" for number in range(210)]
    for number in numbers:
        server.sandbox.inbox.opt(KEY, number, "*", out=True)
    pages = list(sns.get_paginator("list_phone_numbers_opted_out").paginate())
    assert [len(page["phoneNumbers"]) for page in pages] == [100, 100, 10]
    assert [one for page in pages for one in page["phoneNumbers"]] == numbers


def test_sms_attributes(sns: Any) -> None:
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Promotional", "DefaultSenderID": "Us"})
    found = sns.get_sms_attributes(attributes=["DefaultSMSType", "MonthlySpendLimit"])
    assert found["attributes"] == {"MonthlySpendLimit": "1", "DefaultSMSType": "Promotional"}
    assert sns.get_sms_attributes()["attributes"]["DefaultSenderID"] == "Us"
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Color is not a valid"):
        sns.set_sms_attributes(attributes={"Color": "red"})


def test_attributes_are_those_of_a_region(sns: Any, server: SandboxServer) -> None:
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Promotional"})
    elsewhere = point(server, region_name="eu-central-1")
    assert elsewhere.get_sms_attributes()["attributes"] == {"MonthlySpendLimit": "1"}
    elsewhere.close()


def test_sandbox_numbers(sns: Any, control: SandboxClient) -> None:
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False
    for number in (TO, OTHER):
        sns.create_sms_sandbox_phone_number(PhoneNumber=number, LanguageCode="en-GB")
    code = control.claim_code(TO, timeout=20)["code"]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    with pytest.raises(sns.exceptions.VerificationException):
        sns.verify_sms_sandbox_phone_number(PhoneNumber=TO, OneTimePassword=wrong)
    sns.verify_sms_sandbox_phone_number(PhoneNumber=TO, OneTimePassword=code)
    paginator = sns.get_paginator("list_sms_sandbox_phone_numbers")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    assert [page["PhoneNumbers"] for page in pages] == [
        [{"PhoneNumber": TO, "Status": "Verified"}],
        [{"PhoneNumber": OTHER, "Status": "Pending"}],
    ]
    sns.delete_sms_sandbox_phone_number(PhoneNumber=TO)
    with pytest.raises(sns.exceptions.ResourceNotFoundException):
        sns.delete_sms_sandbox_phone_number(PhoneNumber=TO)
    with pytest.raises(sns.exceptions.ResourceNotFoundException):
        sns.verify_sms_sandbox_phone_number(PhoneNumber=TO, OneTimePassword="123456")
    for number in range(9):
        sns.create_sms_sandbox_phone_number(PhoneNumber=f"+1206555010{number}")
    with pytest.raises(sns.exceptions.UserErrorException):
        sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550109")


def test_origination_numbers(sns: Any) -> None:
    number = {"AWS.MM.SMS.OriginationNumber": {"DataType": "String", "StringValue": "+12065550100"}}
    sns.publish(PhoneNumber=TO, Message="x", MessageAttributes=number)
    paginator = sns.get_paginator("list_origination_numbers")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    found = [one for page in pages for one in page["PhoneNumbers"]]
    assert [one["PhoneNumber"] for one in found][1:] == ["+12065550100"]
    assert found[0]["NumberCapabilities"] == ["SMS"]
    assert found[0]["CreatedAt"].tzinfo is not None


def test_throttling_is_retried_until_it_passes(sns: Any, server: SandboxServer) -> None:
    limit = {"type": "error", "status": 429, "retry_after": 1}
    hits = fault(server, limit, times=2)
    answer = sns.publish(PhoneNumber=TO, Message="at last")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert hits() == 2
    assert ended(server.url, "delivered", body_contains="at last")


def test_throttling_that_lasts_is_the_sdks_own_exception(sns: Any, server: SandboxServer) -> None:
    hits = fault(server, {"type": "error", "status": 429})
    with pytest.raises(sns.exceptions.ThrottledException) as caught:
        sns.list_phone_numbers_opted_out()
    assert caught.value.response["Error"]["Message"] == "Rate exceeded"
    assert hits() >= 1


@pytest.mark.parametrize(
    ("status", "code", "raised"), [(500, None, "InternalError"), (503, None, "ServiceUnavailable")]
)
def test_an_outage_is_a_fault_of_the_receiver(
    sns: Any, server: SandboxServer, status: int, code: str | None, raised: str
) -> None:
    fault(server, {"type": "error", "status": status})
    with pytest.raises(ClientError) as caught:
        sns.publish(PhoneNumber=TO, Message="x")
    error = caught.value.response["Error"]
    assert (error["Type"], error["Code"]) == ("Receiver", raised)
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_dropped_connection_is_tried_again(sns: Any, server: SandboxServer) -> None:
    hits = fault(server, {"type": "disconnect"}, times=1)
    assert sns.get_sms_attributes()["attributes"] == {"MonthlySpendLimit": "1"}
    assert hits() == 1


def test_half_an_answer_cannot_be_read(sns: Any, server: SandboxServer) -> None:
    fault(server, {"type": "truncate"}, times=1)
    with pytest.raises(ResponseParserError):
        sns.get_sms_attributes()


def test_a_fault_rule_may_name_the_vendors_code(sns: Any, server: SandboxServer) -> None:
    effect = {"type": "error", "status": 403, "code": "KMSOptInRequired", "message": "No key."}
    fault(server, effect, times=1)
    with pytest.raises(sns.exceptions.KMSOptInRequired, match=r"No key\."):
        sns.publish(PhoneNumber=TO, Message="x")
    sns.publish(PhoneNumber=TO, Message="x")


@pytest.mark.parametrize(
    ("area", "code", "text"),
    [
        ("406", "InvalidParameter", "is not valid to publish to"),
        ("507", "Throttling", "Rate exceeded"),
    ],
)
def test_scenarios_that_sns_refuses_at_once(sns: Any, area: str, code: str, text: str) -> None:
    with pytest.raises(ClientError, match=text) as caught:
        sns.publish(PhoneNumber=f"+1{area}5550100", Message="x")
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("area", "status", "code"),
    [
        ("410", "failed", "Phone number is opted out"),
        ("415", "failed", "Unknown error attempting to reach phone"),
        ("502", "failed", "Phone carrier is currently unreachable/unavailable"),
        ("503", "undelivered", "Phone is currently unreachable/unavailable"),
        ("423", "undelivered", "Blocked as spam by phone carrier"),
    ],
)
def test_scenarios_that_only_the_delivery_log_tells_of(
    sns: Any, server: SandboxServer, area: str, status: str, code: str
) -> None:
    assert sns.publish(PhoneNumber=f"+1{area}5550100", Message="late news")["MessageId"]
    assert ended(server.url, status, body_contains="late news")["error_code"] == code


def test_scenarios_that_strike_once_pass_with_the_sdks_own_retry(sns: Any) -> None:
    for area in ("509", "501"):
        answer = sns.publish(PhoneNumber=f"+1{area}5550100", Message="x")
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_an_accounts_limit_throttles(sns: Any, server: SandboxServer) -> None:
    limits = json.dumps({"limits": {"messages_per_second": 0.001, "burst": 1}})
    url = f"{server.url}/api/v1/settings?account={KEY}"
    kind = {"Content-Type": "application/json"}
    assert urllib3.request("PUT", url, body=limits, headers=kind, timeout=60).status == 200
    sns.publish(PhoneNumber=TO, Message="x")
    with pytest.raises(ClientError) as caught:
        sns.publish(PhoneNumber=TO, Message="x")
    assert caught.value.response["Error"]["Code"] in ("Throttling", "Throttled")
