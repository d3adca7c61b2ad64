"""The status callback of a message: what it says.

Source: https://docs.plivo.com/docs/messaging/api/message/message-status-callbacks
"""

from sms_sandbox.callback import Callback
from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.messages import resource
from sms_sandbox.facades.plivo.posting import post
from sms_sandbox.inbox.hooks import Reaction, Scene
from sms_sandbox.message import Message, Submission, is_final

SEQUENCE = {"queued": 1, "sent": 2, "failed": 2, "delivered": 3, "undelivered": 3}
"""A state's place among the callbacks of one message."""


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The callback of the message's state."""
    url = submission.callback_url
    if url is None or message.direction == "inbound":
        return None
    method = submission.facts["method"]
    return post("status", url, method, _parameters(message, submission), scene)


def moved(message: Message, submission: Submission) -> Reaction | None:
    """Remember when the message was handed on: later callbacks say it."""
    if message.status != "sent" or submission.callback_url is None:
        return None
    facts = {**submission.facts, "sent_at": message.updated_at}
    kept = Submission(
        vendor_id=submission.vendor_id, callback_url=submission.callback_url, facts=facts
    )
    return Reaction(submission=kept)


def _parameters(message: Message, submission: Submission) -> list[tuple[str, str]]:
    facts = submission.facts
    state = resource.STATES[message.status]
    sent_at = message.updated_at if state == "sent" else facts.get("sent_at")
    reported = is_final(message.status) and state != "failed"
    parameters = [
        ("MessageUUID", submission.vendor_id),
        ("To", wire.shown(message.recipient)),
        ("From", wire.shown(message.sender)),
        ("Type", str(facts["type"])),
        ("Status", state),
        ("Units", str(resource.units(message, submission))),
        ("TotalRate", wire.money(resource.RATE)),
        ("TotalAmount", wire.money(resource.amount(message, submission))),
        ("MCC", wire.MOBILE_COUNTRY_CODE),
        ("MNC", wire.MOBILE_NETWORK_CODE),
        ("ParentMessageUUID", submission.vendor_id),
        ("PartInfo", "1 of 1"),
        ("Sequence", str(SEQUENCE[state])),
        ("MessageTime", wire.event_time(message.created_at)),
        ("QueuedTime", wire.event_time(message.created_at)),
        ("SentTime", wire.event_time(sent_at) if sent_at else ""),
        ("DeliveryReportTime", wire.event_time(message.updated_at) if reported else ""),
        ("requester_ip", str(facts.get("requester_ip") or "")),
        ("PowerpackUUID", str(facts.get("powerpack_id") or "")),
    ]
    if state in ("failed", "undelivered") and message.error_code is not None:
        parameters.append(("ErrorCode", str(message.error_code)))
    return parameters
