"""A message from a handset: told to the application."""

from typing import Any

from sms_sandbox.callback import Callback
from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.messages import form
from sms_sandbox.facades.messagebird.messages.keywords import opts_out
from sms_sandbox.facades.messagebird.posting import post
from sms_sandbox.inbox.hooks import Reaction, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.segments import encoding_of

KIND = "inbound"


def received(message: Message, scene: Scene) -> Reaction:
    """Give the message its id, heed STOP and START, and tell the application."""
    is_plain = encoding_of(message.body) == "GSM-7"
    message_id = scene.ids(16)
    facts: dict[str, Any] = {
        "message": message_id,
        "type": "sms",
        "originator": wire.shown(message.sender),
        "reference": None,
        "validity": None,
        "gateway": form.GATEWAY,
        "details": {},
        "datacoding": "plain" if is_plain else "unicode",
        "mclass": 1,
    }
    url = scene.settings.inbound_url
    return Reaction(
        submission=Submission(vendor_id=form.vendor_id(message_id, 0), facts=facts),
        callbacks=(_post(message, message_id, url, scene),) if url else (),
        opted_out=opts_out(message.body),
    )


def _post(message: Message, message_id: str, url: str, scene: Scene) -> Callback:
    parameters = [
        ("id", message_id),
        ("recipient", wire.shown(message.recipient)),
        ("originator", wire.shown(message.sender)),
        ("body", message.body),
        # The name that MessageBird's own flows give the text.
        ("payload", message.body),
        ("createdDatetime", wire.time(message.created_at)),
    ]
    return post(KIND, url, scene.settings.webhook_method or "POST", parameters, scene)
