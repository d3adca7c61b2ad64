"""SNS's text messages: from the parameters that ask for one to a draft."""

import json
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_sandbox.facades.aws import attributes
from sms_sandbox.facades.aws.attributes import Attributes
from sms_sandbox.facades.aws.errors import AwsError, invalid
from sms_sandbox.message import Draft, Submission
from sms_sandbox.reasons import Refusal
from sms_sandbox.segments import segment

PROVIDER = "sns"
PRICE = Decimal("0.00645")
"""Dollars for one part; the sandbox's own figure, which a message's MaxPrice is held against."""
MAX_TEXT = 1600
"""Characters of one text: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html."""

OPTED_OUT = "Phone number is opted out"
LATE: Mapping[Refusal, str] = {
    "landline": "Unknown error attempting to reach phone",
    "no_route": "Phone carrier is currently unreachable/unavailable",
    "opted_out": OPTED_OUT,
}
"""What AWS does not say in its answer: it takes the message, and the delivery log says why it
failed."""

_TOO_DEAR = "This delivery would exceed max price"
_SQUEEZED = re.compile(r"[\s().\u2010-\u2015-]+")
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_MAX_ECHO = 64


def parse_number(text: str, name: str) -> str:
    """A phone number in E.164; a missing plus is put there, as SNS does. Raises ``AwsError``."""
    squeezed = _SQUEEZED.sub("", text)
    found = _NUMBER.fullmatch(squeezed)
    if found is None:
        raise not_valid(f"+{squeezed}" if squeezed[:1].isdigit() else squeezed, name)
    return f"+{found[1]}"


def not_valid(number: str, name: str) -> AwsError:
    """The refusal of what is no phone number."""
    return invalid(f"{name} Reason: {number[:_MAX_ECHO]} is not valid to publish to")


def parse_draft(
    parameters: Mapping[str, str],
    *,
    account: str,
    own_number: str,
    defaults: Mapping[str, str],
    facts: Mapping[str, Any],
    message_id: str,
    raw: str,
) -> Draft:
    """The message that a Publish asks for. ``defaults`` are the account's SMS attributes, which
    count where the message has none. Raises ``AwsError``."""
    text = _text(parameters)
    recipient = _recipient(parameters)
    found = attributes.parse(parameters)
    if len(text) > MAX_TEXT:
        raise invalid("Message too long")
    return Draft(
        account=account,
        provider=PROVIDER,
        direction="outbound",
        sender=_sender(found, own_number, defaults),
        recipient=recipient,
        body=text,
        raw=raw,
        late=LATE,
        fails=_TOO_DEAR if _is_too_dear(found, text) else None,
        submission=Submission(
            vendor_id=message_id,
            facts={
                **facts,
                "attributes": found,
                "structure": parameters.get("MessageStructure"),
                "subject": parameters.get("Subject"),
            },
        ),
    )


def uuid_of(digits: str) -> str:
    """Thirty-two hexadecimal digits as AWS writes an id."""
    return str(uuid.UUID(hex=digits, version=4))


def _recipient(parameters: Mapping[str, str]) -> str:
    number = parameters.get("PhoneNumber")
    targets = [name for name in ("TopicArn", "TargetArn") if name in parameters]
    if number is not None and targets:
        raise invalid(f"PhoneNumber Reason: give a PhoneNumber or a {targets[0]}, not both")
    if number is not None:
        return parse_number(number, "PhoneNumber")
    if not targets:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    raise _no_such_target(targets[0], parameters[targets[0]])


def _no_such_target(name: str, arn: str) -> AwsError:
    """There are no topics and no endpoints here, so none is ever found."""
    parts = arn.split(":")
    if len(parts) < 6:
        return invalid(f"{name} Reason: An ARN must have at least 6 elements, not {len(parts)}")
    if parts[5].startswith("endpoint/"):
        return invalid("TargetArn Reason: No endpoint found for the target arn specified")
    return AwsError("NotFound", "Topic does not exist")


def _text(parameters: Mapping[str, str]) -> str:
    text = parameters.get("Message")
    if text is None:
        raise AwsError(
            "ValidationError",
            "1 validation error detected: Value null at 'message' failed to satisfy constraint: "
            "Member must not be null",
        )
    if parameters.get("Subject") == "":
        raise invalid("Subject")
    structure = parameters.get("MessageStructure") or ""
    if structure not in ("", "json"):
        raise invalid("MessageStructure Reason: use json, or leave it out")
    if structure == "json" and text.strip():
        text = _of_structure(text)
    if not text.strip():
        raise invalid("Empty message")
    return text


def _of_structure(text: str) -> str:
    try:
        texts = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid("Message Structure - JSON message body failed to parse") from None
    default = texts.get("default") if isinstance(texts, dict) else None
    if not isinstance(default, str):
        raise invalid("Message Structure - No default entry in JSON message body")
    own = texts.get("sms")
    return own if isinstance(own, str) else default


def _sender(found: Attributes, own_number: str, defaults: Mapping[str, str]) -> str:
    number = attributes.text_of(found, attributes.ORIGINATION_NUMBER)
    name = attributes.text_of(found, attributes.SENDER_ID) or defaults.get("DefaultSenderID")
    if number is not None:
        return attributes.sender_number(number)
    return name or own_number


def _is_too_dear(found: Attributes, text: str) -> bool:
    limit = attributes.text_of(found, attributes.MAX_PRICE)
    return limit is not None and Decimal(limit) < PRICE * segment(text).count
