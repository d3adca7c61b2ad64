"""The path where LocalStack shows the text messages of SNS."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.aws_calls import TO, attribute, perform, publish, send_text, signed

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.facades.aws import readback

PATH = "/_aws/sns/sms-messages"
OTHER = "+12015550124"


def shown(web: FlaskClient, **query: str) -> dict[str, Any]:
    answer = web.get(PATH, query_string=query)
    assert answer.status_code == 200
    assert set(answer.json) == {"sms_messages", "region"}
    return answer.json["sms_messages"]


def bodies(web: FlaskClient, **query: str) -> dict[str, list[str]]:
    return {
        number: [one["Message"] for one in found] for number, found in shown(web, **query).items()
    }


def test_a_message_has_exactly_localstacks_keys(web: FlaskClient) -> None:
    message_id = publish(
        web, "hello", Subject="hi", **attribute(1, "AWS.SNS.SMS.SenderID", "Notes")
    )
    assert web.get(PATH).json == {
        "sms_messages": {
            TO: [
                {
                    "PhoneNumber": TO,
                    "TopicArn": None,
                    "SubscriptionArn": None,
                    "MessageId": message_id,
                    "Message": "hello",
                    "MessageAttributes": {
                        "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Notes"}
                    },
                    "MessageStructure": None,
                    "Subject": "hi",
                }
            ]
        },
        "region": "us-east-1",
    }


def test_messages_are_shown_by_number_the_oldest_first(web: FlaskClient) -> None:
    for number, text in ((TO, "one"), (OTHER, "two"), (TO, "three")):
        perform(web, "Publish", PhoneNumber=number, Message=text)
    assert bodies(web) == {TO: ["one", "three"], OTHER: ["two"]}
    assert bodies(web, phoneNumber=OTHER) == {OTHER: ["two"]}
    assert bodies(web, phoneNumber="+12015550199") == {"+12015550199": []}
    assert bodies(web, phoneNumber="no number") == {"no number": []}


def test_only_sns_is_shown(web: FlaskClient) -> None:
    send_text(web)
    web.post("/api/v1/messages", json={"to": TO, "from": "Notes", "body": "native"})
    perform(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO)
    assert bodies(web) == {}


def test_a_region_has_its_own_list(web: FlaskClient) -> None:
    publish(web, "here")
    form = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": TO, "Message": "there"}
    web.post("/aws", data=form, headers=signed(region="eu-west-1"))
    assert bodies(web) == {TO: ["here"]}
    assert bodies(web, region="eu-west-1") == {TO: ["there"]}
    assert web.get(PATH, query_string={"region": "eu-west-1"}).json["region"] == "eu-west-1"


def test_an_account_has_its_own_list(web: FlaskClient) -> None:
    """A key of twelve digits is an account; every other belongs to the one of noughts."""
    for key in ("test", "111111111111", "000000000000"):
        perform(web, "Publish", key, PhoneNumber=TO, Message=key)
    assert bodies(web) == {TO: ["test", "000000000000"]}
    assert bodies(web, accountId="000000000000") == bodies(web)
    assert bodies(web, accountId="111111111111") == {TO: ["111111111111"]}
    assert bodies(web, accountId="test") == {TO: ["test"]}
    assert bodies(web, accountId="nobody") == {}


def test_the_list_forgets_and_the_inbox_does_not(web: FlaskClient) -> None:
    for number, text in ((TO, "one"), (OTHER, "two")):
        perform(web, "Publish", PhoneNumber=number, Message=text)
    assert web.delete(f"{PATH}?phoneNumber=%2B12015550123").status_code == 204
    assert bodies(web) == {OTHER: ["two"]}
    assert web.delete(f"{PATH}?region=eu-west-1").status_code == 204
    assert bodies(web) == {OTHER: ["two"]}
    assert web.delete(PATH).data == b""
    assert bodies(web) == {}
    assert web.get("/api/v1/messages").json["total"] == 2


def test_an_answer_holds_the_newest_of_many(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "MAX_SHOWN", 3)
    monkeypatch.setattr(readback, "_BATCH", 2)
    for number in range(5):
        publish(web, f"text {number}")
    assert bodies(web) == {TO: ["text 2", "text 3", "text 4"]}
    web.delete(PATH)
    assert bodies(web) == {}


def test_the_path_asks_for_the_sandboxs_password(make_sandbox: Callable[..., Sandbox]) -> None:
    web = create_app(make_sandbox(password="pass")).test_client()
    assert web.get(PATH).status_code == 401
    assert web.delete(PATH).status_code == 401
    assert web.get(PATH, auth=("x", "pass")).status_code == 200


def test_another_method_is_refused(web: FlaskClient) -> None:
    assert web.post(PATH).status_code == 405
