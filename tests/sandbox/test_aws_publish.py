import re

import pytest
from flask.testing import FlaskClient
from sandbox.aws_calls import (
    KEY,
    TO,
    ask,
    attribute,
    only_message,
    perform,
    publish,
    refused,
    signed,
)

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_answer_is_byte_for_byte_as_the_query_protocol_has_it(web: FlaskClient) -> None:
    answer = ask(web, "Publish", PhoneNumber=TO, Message="x")
    message_id, request_id = UUID.findall(answer.text)
    assert answer.text == (
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
        f"<MessageId>{message_id}</MessageId></PublishResult><ResponseMetadata><RequestId>"
        f"{request_id}</RequestId></ResponseMetadata></PublishResponse>"
    )
    assert answer.content_type == "text/xml"
    assert answer.headers["x-amzn-RequestId"] == request_id


def test_an_error_is_byte_for_byte_as_the_query_protocol_has_it(web: FlaskClient) -> None:
    answer = ask(web, "Publish", PhoneNumber="+1a234", Message="x")
    (request_id,) = UUID.findall(answer.text)
    assert answer.text == (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
        "<Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: "
        "PhoneNumber Reason: +1a234 is not valid to publish to</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def test_the_wire_of_boto3_arrives_in_the_inbox(web: FlaskClient) -> None:
    body = (
        "Action=Publish&Version=2010-03-31&PhoneNumber=%2B15555550100&Message=h%C3%A9+%E2%82%AC"
        "&MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType"
        "&MessageAttributes.entry.1.Value.DataType=String"
        "&MessageAttributes.entry.1.Value.StringValue=Transactional"
        "&MessageAttributes.entry.2.Name=AWS.SNS.SMS.SenderID"
        "&MessageAttributes.entry.2.Value.DataType=String"
        "&MessageAttributes.entry.2.Value.StringValue=Notes"
        "&MessageAttributes.entry.3.Name=AWS.SNS.SMS.MaxPrice"
        "&MessageAttributes.entry.3.Value.DataType=Number"
        "&MessageAttributes.entry.3.Value.StringValue=0.50"
    )
    form = "application/x-www-form-urlencoded; charset=utf-8"
    answer = web.post("/aws/sns", data=body, headers=signed(), content_type=form)
    assert answer.status_code == 200
    message = only_message(web)
    assert (message["provider"], message["account"]) == ("sns", KEY)
    assert (message["to"], message["from"]) == ("+15555550100", "Notes")
    assert message["body"] == "hé €"


def test_parameters_may_stand_in_the_address(web: FlaskClient) -> None:
    query = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": TO, "Message": "x"}
    for method in (web.get, web.post):
        assert method("/aws/", query_string=query, headers=signed()).status_code == 200


def test_the_vendors_own_host_leads_here(web: FlaskClient) -> None:
    form = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": TO, "Message": "x"}
    headers = signed(Host="sns.eu-west-1.amazonaws.com")
    assert web.post("/", data=form, headers=headers).status_code == 200


def test_statuses_move_and_nothing_is_posted(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    publish(web)
    clock.advance(1)
    sandbox.inbox.advance_due()
    message = only_message(web)
    assert message["status"] == "delivered"
    webhooks = web.get(f"/api/v1/messages/{message['id']}/webhooks").json["webhooks"]
    assert webhooks == []


def test_a_number_without_a_plus_is_taken(web: FlaskClient) -> None:
    perform(web, "Publish", PhoneNumber="12015550123", Message="x")
    assert only_message(web)["to"] == TO


def test_the_sender_is_the_messages_else_the_regions_else_the_accounts_own(
    web: FlaskClient,
) -> None:
    publish(web)
    own = only_message(web)["from"]
    assert re.fullmatch(r"\+120155501[0-9]{2}", own)
    default = {"attributes__entry__1__key": "DefaultSenderID", "attributes__entry__1__value": "Us"}
    perform(web, "SetSMSAttributes", **default)
    senders = []
    for number, name in (
        (1, "x"),
        (2, "AWS.SNS.SMS.SenderID"),
        (3, "AWS.MM.SMS.OriginationNumber"),
    ):
        publish(web, **attribute(number, name, "+12065550100" if number == 3 else "Notes"))
        senders.append(web.get("/api/v1/messages").json["messages"][0]["from"])
    assert senders == ["Us", "Notes", "+12065550100"]


def test_of_a_json_structure_the_text_for_sms_is_sent_else_the_default(web: FlaskClient) -> None:
    publish(web, '{"default": "long", "sms": "short"}', MessageStructure="json")
    publish(web, '{"default": "long", "email": "x", "sms": 5}', MessageStructure="json")
    bodies = [one["body"] for one in web.get("/api/v1/messages").json["messages"]]
    assert bodies == ["long", "short"]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (
            {"PhoneNumber": "x"},
            "Invalid parameter: PhoneNumber Reason: x is not valid to publish to",
        ),
        ({"PhoneNumber": "123"}, "PhoneNumber Reason: +123 is not valid to publish to"),
        ({"PhoneNumber": "+1" + "2" * 200}, "PhoneNumber Reason: +1222"),
        ({"Message": ""}, "Invalid parameter: Empty message"),
        ({"Message": " \n"}, "Invalid parameter: Empty message"),
        ({"Message": "x" * 1601}, "Invalid parameter: Message too long"),
        ({"Message": "a\x00b"}, "Invalid parameter: Message Reason: The text holds a control"),
        ({"Subject": ""}, "Invalid parameter: Subject"),
        ({"MessageStructure": "xml"}, "Invalid parameter: MessageStructure"),
        (
            {"MessageStructure": "json", "Message": "{"},
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"MessageStructure": "json", "Message": "[" * 100_000},
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"MessageStructure": "json", "Message": '{"sms": "x"}'},
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            {"MessageStructure": "json", "Message": "[]"},
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            {"MessageStructure": "json", "Message": '{"default": ""}'},
            "Invalid parameter: Empty message",
        ),
        (
            {"MessageStructure": "json", "Message": '{"default": "\\ud83d"}'},
            "Invalid parameter: Message Reason: The text holds",
        ),
        ({"TopicArn": "x"}, "PhoneNumber Reason: give a PhoneNumber or a TopicArn, not both"),
    ],
)
def test_a_wrong_parameter_is_named(
    web: FlaskClient, parameters: dict[str, str], text: str
) -> None:
    answer = ask(web, "Publish", **({"PhoneNumber": TO, "Message": "x"} | parameters))
    status, fault, code, said = refused(answer)
    assert (status, fault, code) == (400, "Sender", "InvalidParameter")
    assert text in said
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    ("parameters", "status", "code", "text"),
    [
        (
            {},
            400,
            "InvalidParameter",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
        ),
        (
            {"TopicArn": "a:b"},
            400,
            "InvalidParameter",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2",
        ),
        (
            {"TargetArn": "arn:aws:sns:us-east-1:1:endpoint/GCM/a/b"},
            400,
            "InvalidParameter",
            "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
        ),
        ({"TopicArn": "arn:aws:sns:us-east-1:1:t"}, 404, "NotFound", "Topic does not exist"),
    ],
)
def test_there_are_no_topics(
    web: FlaskClient, parameters: dict[str, str], status: int, code: str, text: str
) -> None:
    answer = ask(web, "Publish", Message="x", **parameters)
    assert refused(answer) == (status, "Sender", code, text)


def test_a_message_without_a_text_is_named(web: FlaskClient) -> None:
    _, _, code, text = refused(ask(web, "Publish", PhoneNumber=TO))
    assert code == "ValidationError"
    assert "Value null at 'message'" in text


@pytest.mark.parametrize(
    ("entry", "code", "text"),
    [
        (attribute(1, ".x", "y"), "ParameterValueInvalid", "starting with character '.'"),
        (attribute(1, "x.", "y"), "ParameterValueInvalid", "ending with character '.'"),
        (attribute(1, "a..b", "y"), "ParameterValueInvalid", "successive '.' character"),
        (
            attribute(1, "a é", "y"),
            "ParameterValueInvalid",
            "Invalid non-alphanumeric character '#x20'",
        ),
        (attribute(1, "", "y"), "ParameterValueInvalid", "name is empty"),
        (attribute(1, "x" * 257, "y"), "ParameterValueInvalid", "less than 256 bytes"),
        (attribute(1, "x", "y", "Text"), "ParameterValueInvalid", "invalid message attribute type"),
        (attribute(1, "x", "", "String"), "ParameterValueInvalid", "must contain non-empty"),
        (attribute(1, "x", "y", "Number"), "ParameterValueInvalid", "Could not cast"),
        (attribute(1, "x", "eA==", "Binary"), "ParameterValueInvalid", "must use field 'Binary'"),
        ({"MessageAttributes__entry__1__Name": "x"}, "ValidationError", "dataType"),
        (attribute(1, "AWS.SNS.SMS.SenderID", "12345"), "InvalidParameter", "SenderID must be"),
        (attribute(1, "AWS.SNS.SMS.SenderID", "a b"), "InvalidParameter", "SenderID must be"),
        (attribute(1, "AWS.SNS.SMS.SenderID", "abcdefghijkl"), "InvalidParameter", "SenderID"),
        (attribute(1, "AWS.SNS.SMS.SMSType", "transactional"), "InvalidParameter", "SMSType must"),
        (attribute(1, "AWS.SNS.SMS.MaxPrice", "-1", "Number"), "InvalidParameter", "MaxPrice must"),
        (attribute(1, "AWS.MM.SMS.OriginationNumber", "me"), "InvalidParameter", "Origination"),
        (attribute(1, "AWS.MM.SMS.EntityId", "x" * 51), "InvalidParameter", "EntityId must be"),
        (attribute(1, "AWS.MM.SMS.TemplateId", "-"), "InvalidParameter", "TemplateId must be"),
    ],
)
def test_a_wrong_attribute_is_named(
    web: FlaskClient, entry: dict[str, str], code: str, text: str
) -> None:
    status, _, said_code, said = refused(ask(web, "Publish", PhoneNumber=TO, Message="x", **entry))
    assert (status, said_code) == (400, code)
    assert text in said


def test_a_price_above_the_limit_fails_in_delivery(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    publish(web, "a" * 160, **attribute(1, "AWS.SNS.SMS.MaxPrice", "0.00645", "Number"))
    publish(web, "a" * 161, **attribute(1, "AWS.SNS.SMS.MaxPrice", "0.00645", "Number"))
    clock.advance(1)
    sandbox.inbox.advance_due()
    dear, cheap = web.get("/api/v1/messages").json["messages"]
    assert (cheap["status"], cheap["error_code"]) == ("delivered", None)
    assert (dear["status"], dear["error_code"]) == (
        "failed",
        "This delivery would exceed max price",
    )


def test_awss_own_simulator_numbers_act(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    for number in ("+14254147755", "+14254147167"):
        perform(web, "Publish", PhoneNumber=number, Message="x")
    clock.advance(1)
    sandbox.inbox.advance_due()
    second, first = web.get("/api/v1/messages").json["messages"]
    assert (first["status"], second["status"]) == ("delivered", "failed")
    assert second["error_code"] == "Phone is currently unreachable/unavailable"


def test_the_inbox_shows_the_request_without_its_credentials(web: FlaskClient) -> None:
    form = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": TO, "Message": "x"}
    headers = signed(**{"X-Amz-Security-Token": "a session's token"})
    web.post("/aws", data=form, headers=headers)
    raw = web.get(f"/api/v1/messages/{only_message(web)['id']}/raw").text
    assert "Action=Publish" in raw
    assert "Authorization: (hidden)" in raw
    assert "a session's token" not in raw
