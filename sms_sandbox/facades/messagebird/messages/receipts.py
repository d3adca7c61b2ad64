"""The status report of a text: what it says.

Source: https://developers.messagebird.com/api/sms-messaging/#handle-a-status-report
"""

from sms_sandbox.callback import Callback
from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.messages import resource
from sms_sandbox.facades.messagebird.posting import post
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.message import Message, Submission

_TOLD = ("sent", "delivered", "undelivered", "failed")


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The report of the text's status: only of a message with a ``reference``."""
    facts, url = submission.facts, submission.callback_url
    if url is None or not facts.get("reference") or facts.get("test"):
        return None
    if message.direction == "inbound" or message.status not in _TOLD:
        return None
    return post("status", url, "GET", _parameters(message, submission), scene)


def _parameters(message: Message, submission: Submission) -> list[tuple[str, str]]:
    facts = submission.facts
    code = resource.error_code(message)
    return [
        ("id", str(facts["message"])),
        ("reference", str(facts["reference"])),
        ("recipient", wire.shown(message.recipient)),
        ("status", resource.state(message, submission)),
        ("statusReason", resource.reason(message, submission)),
        ("statusErrorCode", "0" if code is None else str(code)),
        ("statusDatetime", wire.time(message.updated_at)),
        ("mccmnc", wire.MOBILE_COUNTRY_CODE + wire.MOBILE_NETWORK_CODE),
        ("ported", "0"),
        ("messageLength", str(len(message.body))),
        ("messagePartCount", str(resource.parts(message, submission))),
        ("price[amount]", str(resource.price(message, submission))),
        ("price[currency]", wire.CURRENCY),
    ]
