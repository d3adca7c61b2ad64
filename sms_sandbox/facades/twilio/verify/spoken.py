"""The call that speaks a code: at once, or after a key press where the service asks for one."""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.inbox.hooks import Cause, Moved, Pressed, Reaction, Woken
from sms_sandbox.message import Message, Submission

KIND = "verify_call"
RINGS = 60.0
"""Seconds of the account's time that the call waits for the key."""
_ASKS = "Press any key to hear your verification code."


def submission(attempt: str, service: Mapping[str, Any], text: str) -> Submission:
    """What is kept of the call: the sentence that it will speak, and whether it waits."""
    facts = {"kind": KIND, "text": text, "asks": service["dtmf_input_required"]}
    return Submission(vendor_id=attempt, facts=facts)


def hears(message: Message, call: Submission) -> bool:
    """Whether the call waits for the key before it speaks the code."""
    return message.status == "sent" and bool(call.facts["asks"])


def react(message: Message, call: Submission, cause: Cause) -> Reaction | None:
    """What such a call does when it is answered, when a key is pressed, when nobody presses."""
    match cause:
        case Moved() if message.status == "sent":
            if call.facts["asks"]:
                return Reaction(speak=_ASKS, wake_in=RINGS)
            return Reaction(speak=call.facts["text"], status="delivered")
        case Pressed() if message.status == "sent":
            return Reaction(speak=call.facts["text"], status="delivered", wake_in=0)
        case Woken():
            return Reaction(status="delivered")
    return None
