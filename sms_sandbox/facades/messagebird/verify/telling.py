"""A call of Verify: it speaks its token as soon as it is answered."""

from sms_sandbox.inbox.hooks import Cause, Moved, Reaction
from sms_sandbox.message import Message, Submission

KIND = "verify_call"


def is_call(submission: Submission) -> bool:
    """Whether it is a call of Verify that is meant."""
    return submission.facts.get("kind") == KIND


def react(message: Message, submission: Submission, cause: Cause) -> Reaction | None:
    """Speak, and hang up."""
    if isinstance(cause, Moved) and message.status == "sent":
        return Reaction(speak=str(submission.facts["text"]), status="delivered")
    return None
