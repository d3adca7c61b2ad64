"""SNS's actions by their names."""

from collections.abc import Callable, Mapping

from sms_sandbox.facades.aws import opt_outs, origination, publish, sandbox_numbers, sms_attributes
from sms_sandbox.facades.aws.call import Call
from sms_sandbox.facades.aws.errors import AwsError
from sms_sandbox.facades.aws.query import Node

VERSION = "2010-03-31"

ACTIONS: Mapping[str, Callable[[Call], Mapping[str, Node]]] = {
    "CheckIfPhoneNumberIsOptedOut": opt_outs.check,
    "CreateSMSSandboxPhoneNumber": sandbox_numbers.create,
    "DeleteSMSSandboxPhoneNumber": sandbox_numbers.delete,
    "GetSMSAttributes": sms_attributes.get_attributes,
    "GetSMSSandboxAccountStatus": sandbox_numbers.status,
    "ListOriginationNumbers": origination.list_numbers,
    "ListPhoneNumbersOptedOut": opt_outs.list_numbers,
    "ListSMSSandboxPhoneNumbers": sandbox_numbers.list_numbers,
    "OptInPhoneNumber": opt_outs.opt_in,
    "Publish": publish.publish,
    "SetSMSAttributes": sms_attributes.set_attributes,
    "VerifySMSSandboxPhoneNumber": sandbox_numbers.verify,
}
"""What is imitated: everything of SNS that is about text messages to numbers."""


def find(parameters: Mapping[str, str]) -> tuple[str, Callable[[Call], Mapping[str, Node]]]:
    """The action that a request names, and what performs it. Raises ``AwsError``."""
    name = parameters.get("Action", "")
    version = parameters.get("Version", "NO_VERSION_SPECIFIED")
    if not name:
        raise AwsError("MissingAction", "The request is missing an action or a required parameter.")
    action = ACTIONS.get(name)
    if action is None or version != VERSION:
        raise AwsError(
            "InvalidAction",
            f"Could not find operation {name[:64]} for version {version[:32]}. "
            "This sandbox imitates the actions for text messages only.",
        )
    return name, action
