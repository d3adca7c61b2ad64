"""SNS's message attributes: their form, and those that steer a text message.

The texts are AWS's own where it checks the form; for the ``AWS.SNS.SMS`` and ``AWS.MM.SMS`` names
its wording is not known, so it is the sandbox's. Names: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html.
"""

import base64
import binascii
import re
from collections.abc import Mapping

from sms_sandbox.facades.aws import query
from sms_sandbox.facades.aws.errors import AwsError, invalid

SMS_TYPES = ("Promotional", "Transactional")
SENDER_ID = "AWS.SNS.SMS.SenderID"
SMS_TYPE = "AWS.SNS.SMS.SMSType"
MAX_PRICE = "AWS.SNS.SMS.MaxPrice"
ORIGINATION_NUMBER = "AWS.MM.SMS.OriginationNumber"

SENDER_NAME = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}")
PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")
NUMBER_OR_SHORT_CODE = re.compile(r"\+?[1-9][0-9]{6,14}|[0-9]{3,8}")

_MAX_SHORT_CODE = 8
_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_NAME_CHARACTER = re.compile(r"[A-Za-z0-9_.-]")
_TYPE = re.compile(r"(?:String(?:\.Array)?|Number|Binary)(?:\..{1,200})?")
_SMS_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    SENDER_ID: (SENDER_NAME, "must be 1 to 11 letters and digits, with at least one letter"),
    SMS_TYPE: (re.compile("|".join(SMS_TYPES)), "must be Promotional or Transactional"),
    MAX_PRICE: (PRICE, "must be an amount in USD, such as 0.50"),
    ORIGINATION_NUMBER: (NUMBER_OR_SHORT_CODE, "must be a phone number or a short code"),
    "AWS.MM.SMS.EntityId": (re.compile(r"[0-9A-Za-z]{1,50}"), "must be 1 to 50 letters or digits"),
    "AWS.MM.SMS.TemplateId": (
        re.compile(r"[0-9A-Za-z]{1,50}"),
        "must be 1 to 50 letters or digits",
    ),
}

Attributes = dict[str, dict[str, str]]
"""By name, each with its ``DataType`` and its ``StringValue`` or ``BinaryValue`` (in base 64)."""


def parse(parameters: Mapping[str, str]) -> Attributes:
    """The message attributes of a request. Raises ``AwsError``."""
    found: Attributes = {}
    for entry in query.entries(parameters, "MessageAttributes"):
        name = entry.get("Name", "")
        _check_name(name)
        found[name] = _value(name, entry)
    for name, (form, rule) in _SMS_FORMS.items():
        if name in found and not form.fullmatch(found[name].get("StringValue", "")):
            raise invalid(f"MessageAttributes Reason: {name} {rule}")
    return found


def text_of(attributes: Attributes, name: str) -> str | None:
    """The text of an attribute, if it is there."""
    return attributes.get(name, {}).get("StringValue")


def sender_number(text: str) -> str:
    """A sender's number with its plus; what is too short for a number is a short code."""
    return text if text.startswith("+") or len(text) <= _MAX_SHORT_CODE else f"+{text}"


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name):
        return
    if len(name) > 256:
        raise _wrong("Length of message attribute name must be less than 256 bytes.")
    if name.startswith("."):
        raise _wrong("Invalid message attribute name starting with character '.' was found.")
    if name.endswith("."):
        raise _wrong("Invalid message attribute name ending with character '.' was found.")
    for character in name:
        if not _NAME_CHARACTER.fullmatch(character):
            raise _wrong(
                f"Invalid non-alphanumeric character '#x{ord(character):X}' was found in the "
                "message attribute name. Can only include alphanumeric characters, hyphens, "
                "underscores, or dots."
            )
    if ".." in name:
        raise _wrong("Message attribute name can not have successive '.' character.")
    raise _wrong("The message attribute name is empty.")


def _value(name: str, entry: Mapping[str, str]) -> dict[str, str]:
    kind = entry.get("Value.DataType")
    if kind is None:
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value null at 'messageAttributes.{name}.member."
            "dataType' failed to satisfy constraint: Member must not be null",
        )
    if not _TYPE.fullmatch(kind):
        raise _wrong(
            f"The message attribute '{name}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String."
        )
    field = "BinaryValue" if kind.startswith("Binary") else "StringValue"
    given = {one: entry.get(f"Value.{one}") for one in ("StringValue", "BinaryValue")}
    value = given[field]
    if value is None and any(given.values()):
        needed = field.removesuffix("Value")
        raise _wrong(
            f"The message attribute '{name}' with type '{kind}' must use field '{needed}'."
        )
    if not value:
        raise _wrong(
            f"The message attribute '{name}' must contain non-empty message attribute value for "
            f"message attribute type '{kind}'."
        )
    _check_value(name, kind, value)
    return {"DataType": kind, field: value}


def _check_value(name: str, kind: str, value: str) -> None:
    try:
        if kind.startswith("Number"):
            float(value)
        elif kind.startswith("Binary"):
            base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise _wrong(
            f"Could not cast message attribute '{name}' value to {kind.partition('.')[0].lower()}."
        ) from None


def _wrong(text: str) -> AwsError:
    return AwsError("ParameterValueInvalid", text)
