"""The status callback of a message: what it says."""

from datetime import UTC, datetime

from sms_sandbox.callback import Callback
from sms_sandbox.facades.twilio.posting import post
from sms_sandbox.facades.twilio.wire import API_VERSION
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.message import Message, Submission


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The callback of the message's status, always by POST."""
    if submission.callback_url is None or message.direction == "inbound":
        return None
    return post("status", submission.callback_url, _parameters(message, submission), scene)


def _parameters(message: Message, submission: Submission) -> list[tuple[str, str]]:
    status = message.status
    parameters = [
        ("SmsSid", submission.vendor_id),
        ("SmsStatus", status),
        ("MessageStatus", status),
        ("To", message.recipient),
    ]
    if service := submission.facts.get("messaging_service_sid"):
        parameters.append(("MessagingServiceSid", service))
    parameters += [
        ("MessageSid", submission.vendor_id),
        ("AccountSid", message.account),
        ("From", message.sender),
        ("ApiVersion", API_VERSION),
    ]
    if status in ("failed", "undelivered") and message.error_code is not None:
        parameters.append(("ErrorCode", str(message.error_code)))
    if status in ("delivered", "undelivered"):
        moment = datetime.fromtimestamp(message.updated_at, UTC)
        parameters.append(("RawDlrDoneDate", moment.strftime("%y%m%d%H%M")))
    return parameters
