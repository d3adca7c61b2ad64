"""End User Messaging: SendTextMessage, in the JSON protocol.

Source: botocore's model of ``pinpoint-sms-voice-v2`` 2022-03-31. It says the codes, reasons and
forms; the sentences are the sandbox's own.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_sandbox.facades.aws import attributes, opt_outs, origination, simulator, wire
from sms_sandbox.facades.aws.call import Call, own_number
from sms_sandbox.facades.aws.errors import AwsError
from sms_sandbox.facades.aws.fields import Shape, check, field_error
from sms_sandbox.message import Draft, Submission
from sms_sandbox.segments import segment

TARGET = "PinpointSMSVoiceV2.SendTextMessage"

_SHAPE: Mapping[str, Shape] = {
    "DestinationPhoneNumber": Shape(str, re.compile(r"\+?[1-9][0-9]{1,18}"), most=20),
    "OriginationIdentity": Shape(str, re.compile(r"[A-Za-z0-9_:/+-]+"), most=256),
    "MessageBody": Shape(str, re.compile(r"(?!\s*\Z)[\s\S]+"), most=wire.MAX_TEXT),
    "MessageType": Shape(str, re.compile(r"TRANSACTIONAL|PROMOTIONAL"), most=32),
    "Keyword": Shape(str, re.compile(r"[ \S]+"), most=30),
    "ConfigurationSetName": Shape(str, re.compile(r"[A-Za-z0-9_:/-]+"), most=256),
    "MaxPrice": Shape(str, re.compile(r"[0-9]{0,2}\.[0-9]{1,5}"), least=2, most=8),
    "TimeToLive": Shape(int, least=5, most=259_200),
    "Context": Shape(dict, least=0, most=5),
    "DestinationCountryParameters": Shape(dict, least=0, most=10),
    "DryRun": Shape(bool),
    "ProtectConfigurationId": Shape(str, re.compile(r"[A-Za-z0-9_:/-]+"), most=256),
    "MessageFeedbackEnabled": Shape(bool),
}
_REQUIRED = ("DestinationPhoneNumber",)
_OWN_NUMBER = re.compile(
    r"(?:arn:[^/]+:)?(?:(?:phone-number|pool)/)?(?:phone|pool)-[A-Za-z0-9]{1,64}"
)
_SENDER_ARN = re.compile(r"arn:[^/]+:sender-id/(?P<name>[A-Za-z0-9_-]{1,11})/[A-Z]{2}")
_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_-]{1,11}")


def send_text(call: Call, body: bytes) -> dict[str, Any]:
    """Take a message in; with ``DryRun`` only judge it. Raises ``AwsError``."""
    asked = _read(body)
    recipient = _recipient(asked["DestinationPhoneNumber"])
    sender = _sender(call, asked.get("OriginationIdentity"))
    text = asked.get("MessageBody")
    if text is None:
        raise field_error("MessageBody", "a message needs a text", reason="MISSING_PARAMETER")
    _check_price(asked.get("MaxPrice"), text)
    if opt_outs.holds(call, recipient):
        raise opted_out()
    message_id = call.next_id()
    if asked.get("DryRun"):
        call.strike(recipient)
    else:
        draft = Draft(
            account=call.account,
            provider=wire.PROVIDER,
            direction="outbound",
            sender=sender,
            recipient=recipient,
            body=text,
            raw=call.transcript(),
            validity=asked.get("TimeToLive"),
            fails=simulator.FAILURE if recipient in simulator.FAILING else None,
            late=wire.LATE,
            submission=Submission(vendor_id=message_id, facts=_facts(call, asked)),
        )
        call.accept(draft, _not_valid())
        origination.remember(call, draft.sender)
    return {"MessageId": message_id}


def opted_out() -> AwsError:
    """The refusal for a number that wants no messages."""
    return AwsError(
        "ConflictException",
        "The destination phone number has opted out of messages.",
        members={
            "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT",
            "ResourceType": "opted-out-number",
        },
    )


def _read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The body is not JSON.") from None
    if not isinstance(asked, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    given = {name: value for name, value in asked.items() if value is not None}
    check(given, _SHAPE, _REQUIRED)
    return given


def _recipient(text: str) -> str:
    try:
        return wire.parse_number(text, "DestinationPhoneNumber")
    except AwsError:
        raise _not_valid() from None


def _not_valid() -> AwsError:
    return field_error("DestinationPhoneNumber", "it is not a valid number")


def _check_price(limit: str | None, text: str) -> None:
    if limit is not None and Decimal(limit) < wire.PRICE * segment(text).count:
        raise field_error(
            "MaxPrice", "the message costs more than that", reason="PRICE_OVER_THRESHOLD"
        )


def _sender(call: Call, identity: str | None) -> str:
    """The sender that an origination identity stands for; of numbers and pools known by their ids
    the account has one, its own."""
    if identity is None or _OWN_NUMBER.fullmatch(identity):
        return own_number(call.account)
    if attributes.NUMBER_OR_SHORT_CODE.fullmatch(identity):
        return attributes.sender_number(identity)
    arn = _SENDER_ARN.fullmatch(identity)
    if arn is not None:
        return arn["name"]
    if _NAME.fullmatch(identity):
        return identity
    raise AwsError(
        "ResourceNotFoundException",
        "There is no such origination identity.",
        members={"ResourceType": "phone-number", "ResourceId": identity},
    )


def _facts(call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("MessageType", "Keyword", "ConfigurationSetName", "Context")
    given = {name: asked[name] for name in kept if name in asked}
    return {"service": "sms-voice", "region": call.region, **given}
