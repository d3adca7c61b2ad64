"""What happens to an attempt: it is told of, and a call speaks its code.

Source: https://www.plivo.com/docs/verify/api/session/verify-status-callbacks
"""

from sms_sandbox.callback import Callback
from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.posting import post
from sms_sandbox.facades.plivo.verify import sessions
from sms_sandbox.inbox.hooks import Cause, Moved, Pressed, Reaction, Scene, Woken
from sms_sandbox.message import Message, Submission

KIND = "verify"
RINGS = 60.0
"""Seconds of the account's time that a call waits for its key."""
_ASKS = "Press any key to hear your verification code."


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The callback of an attempt's state."""
    if submission.callback_url is None:
        return None
    facts = submission.facts
    over = message.updated_at - facts["begun"] >= sessions.LIFE
    parameters = [
        ("SessionUUID", str(facts["session"])),
        ("SessionStatus", "expired" if over else "in-progress"),
        ("Recipient", wire.shown(message.recipient)),
        ("AttemptUUID", submission.vendor_id),
        ("AttemptSequence", str(facts["sequence"])),
        ("Channel", str(facts["channel"])),
        ("ChannelStatus", sessions.channel_status(facts["channel"], message.status)),
        ("ChannelErrorCode", str(message.error_code or "")),
        ("RequestTime", wire.event_time(facts["time"])),
    ]
    return post("status", submission.callback_url, facts["method"], parameters, scene)


def react(message: Message, submission: Submission, cause: Cause) -> Reaction | None:
    """What a call does when it is answered, when a key is pressed, when nobody presses."""
    if submission.facts["channel"] != "voice":
        return None
    match cause:
        case Moved() if message.status == "sent":
            if submission.facts["asks"]:
                return Reaction(speak=_ASKS, wake_in=RINGS)
            return Reaction(speak=submission.facts["text"], status="delivered")
        case Pressed() if message.status == "sent":
            text = submission.facts["text"]
            return Reaction(speak=text, status="delivered", wake_in=0)
        case Woken():
            return Reaction(status="delivered")
    return None


def hears(message: Message, submission: Submission) -> bool | None:
    """Whether a call waits for a key; ``None`` for a text."""
    if submission.facts["channel"] != "voice":
        return None
    return message.status == "sent" and bool(submission.facts["asks"])
