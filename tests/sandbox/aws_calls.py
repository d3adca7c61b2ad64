"""What the tests of the AWS façade share."""

import json
from typing import Any
from xml.etree import ElementTree

from flask.testing import FlaskClient

KEY = "AKIAIOSFODNN7EXAMPLE"
TO = "+12015550123"
NAMESPACE = "{http://sns.amazonaws.com/doc/2010-03-31/}"
TARGET = "PinpointSMSVoiceV2.SendTextMessage"


def signed(
    key: str = KEY, region: str = "us-east-1", service: str = "sns", **headers: str
) -> dict[str, str]:
    """Headers of a signed request; the signature has the right form and nothing else."""
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/{service}"
        "/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=" + "0" * 64,
        "X-Amz-Date": "20261121T091657Z",
        **headers,
    }


def ask(web: FlaskClient, action: str, /, key: str = KEY, **parameters: str) -> Any:
    """The answer to an action of SNS; ``__`` in a name stands for a dot."""
    form = {"Action": action, "Version": "2010-03-31"}
    form |= {name.replace("__", "."): value for name, value in parameters.items()}
    return web.post("/aws", data=form, headers=signed(key))


def perform(web: FlaskClient, action: str, /, key: str = KEY, **parameters: str) -> Any:
    """The result element of an action that succeeds."""
    answer = ask(web, action, key, **parameters)
    assert answer.status_code == 200, answer.text
    root = ElementTree.fromstring(answer.data)
    assert root.tag == f"{NAMESPACE}{action}Response"
    result, metadata = root
    assert result.tag == f"{NAMESPACE}{action}Result"
    request_id = metadata.findtext(f"{NAMESPACE}RequestId")
    assert request_id == answer.headers["x-amzn-RequestId"]
    return result


def texts(result: Any, name: str) -> list[str]:
    """The texts of every element of this name."""
    return [element.text for element in result.iter(NAMESPACE + name)]


def refused(answer: Any) -> tuple[int, str, str, str]:
    """Status, fault, code and text of a refusal."""
    root = ElementTree.fromstring(answer.data)
    assert root.tag == f"{NAMESPACE}ErrorResponse"
    error, request_id = root
    assert request_id.tag == f"{NAMESPACE}RequestId"
    assert request_id.text == answer.headers["x-amzn-RequestId"]
    assert answer.content_type == "text/xml"
    fault, code, text = (element.text for element in error)
    return answer.status_code, fault, code, text


def publish(web: FlaskClient, text: str = "Your code is 482913", **parameters: str) -> str:
    """The id of a new message."""
    result = perform(web, "Publish", PhoneNumber=TO, Message=text, **parameters)
    (message_id,) = texts(result, "MessageId")
    return message_id


def only_message(web: FlaskClient) -> Any:
    """The one message in the sandbox."""
    (message,) = web.get("/api/v1/messages").json["messages"]
    return message


def attribute(number: int, name: str, value: str, kind: str = "String") -> dict[str, str]:
    """One message attribute as the protocol writes it."""
    entry = f"MessageAttributes__entry__{number}__"
    return {
        f"{entry}Name": name,
        f"{entry}Value__DataType": kind,
        f"{entry}Value__StringValue": value,
    }


def send_text(web: FlaskClient, key: str = KEY, **fields: Any) -> Any:
    """The answer to SendTextMessage."""
    asked = {"DestinationPhoneNumber": TO, "MessageBody": "Your code is 482913"} | fields
    given = {name: value for name, value in asked.items() if value is not None}
    return send_raw(web, json.dumps(given), key)


def said(answer: Any) -> tuple[int, str, Any]:
    """Status, error type and the whole object of an answer in the JSON protocol."""
    assert answer.content_type == "application/x-amz-json-1.0"
    content = json.loads(answer.data)
    kind = content.get("__type", "")
    assert answer.headers.get("x-amzn-ErrorType", "") == kind
    return answer.status_code, kind, content


def send_raw(web: FlaskClient, body: str | bytes, key: str = KEY, target: str = TARGET) -> Any:
    """The answer to a body in the JSON protocol."""
    headers = signed(key, service="sms-voice", **{"X-Amz-Target": target})
    return web.post("/aws", data=body, headers=headers, content_type="application/x-amz-json-1.0")
