"""Status webhooks of the Messages API.

Source: https://developer.vonage.com/en/api/messages#message-status
"""

from decimal import Decimal
from typing import Any

from sms_sandbox.callback import Callback
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.inbound import account_claims
from sms_sandbox.facades.vonage.messages import failover
from sms_sandbox.facades.vonage.messages.errors import describe
from sms_sandbox.facades.vonage.posting import post_json
from sms_sandbox.inbox.hooks import Cause, Moved, Reaction, Scene
from sms_sandbox.message import Message, Status, Submission

KIND = "status"
PRICE = Decimal("0.0333")
"""Euros for one part; the sandbox's own figure."""

STATES: dict[Status, str] = {
    "sent": "submitted",
    "delivered": "delivered",
    "undelivered": "undeliverable",
    "failed": "rejected",
}


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The webhook of the message's status."""
    url, status = submission.callback_url, STATES.get(message.status)
    if url is None or status is None:
        return None
    facts = submission.facts
    content: dict[str, Any] = {
        "message_uuid": submission.vendor_id,
        "to": wire.shown(message.recipient),
        "from": wire.shown(message.sender),
        "timestamp": wire.moment(message.updated_at),
        "status": status,
        "channel": "sms",
    }
    if "client_ref" in facts:
        content["client_ref"] = facts["client_ref"]
    if status in ("undeliverable", "rejected"):
        content["error"] = describe(message.error_code, submission.vendor_id)
    else:
        content["usage"] = {"currency": "EUR", "price": f"{PRICE * message.segments:.4f}"}
        content["destination"] = {"network_code": wire.NETWORK}
        content["sms"] = {"count_total": str(message.segments)}
    if failover.WORKFLOW in facts:
        content["workflow"] = facts[failover.WORKFLOW]
    claims = {
        name: str(facts[name]) for name in ("api_key", "application_id") if name in facts
    } or account_claims(message.account)
    return post_json(KIND, url, content, scene, claims)


def react(message: Message, submission: Submission, cause: Cause, scene: Scene) -> Reaction | None:
    """The message that stands by for one that was rejected."""
    if isinstance(cause, Moved) and message.status == "failed":
        return failover.rejected(message, submission, scene)
    return None


def hears(message: Message, submission: Submission) -> bool | None:  # noqa: ARG001
    """A text is no call."""
    return None
