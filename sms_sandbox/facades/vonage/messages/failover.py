"""Messages that stand by for one that is rejected.

Source: https://developer.vonage.com/en/messages/guides/failover-message
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.messages.errors import LATE
from sms_sandbox.inbox.hooks import Reaction, Scene
from sms_sandbox.message import Draft, Message, Submission

MAX_FAILOVER = 5
"""How many messages may stand by; the sandbox's own figure."""
FAILOVER, WORKFLOW = "failover", "workflow"
"""What a submission keeps: those that stand by, and its place among them."""


def standing_by(drafts: Sequence[Draft], workflow_id: str) -> dict[str, Any]:
    """What the first message keeps of the others."""
    return {
        FAILOVER: [_kept(one) for one in drafts],
        WORKFLOW: _place(workflow_id, 1, len(drafts) + 1),
    }


def rejected(message: Message, submission: Submission, scene: Scene) -> Reaction | None:
    """The next message is sent, if one stands by."""
    waiting = submission.facts.get(FAILOVER)
    if not waiting:
        return None
    first, *others = waiting
    place = submission.facts[WORKFLOW]
    step, total = int(place["item_number"]) + 1, int(place["total_items"])
    facts = {**first["facts"], FAILOVER: others, WORKFLOW: _place(place["id"], step, total)}
    draft = Draft(
        account=message.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=first["sender"],
        recipient=first["recipient"],
        body=first["body"],
        validity=first["validity"],
        late=LATE,
        submission=Submission(
            vendor_id=wire.uuid_of(scene.ids(16)),
            callback_url=first["callback_url"],
            facts=facts,
        ),
    )
    return Reaction(drafts=(draft,))


def _kept(draft: Draft) -> Mapping[str, Any]:
    assert draft.submission is not None
    return {
        "sender": draft.sender,
        "recipient": draft.recipient,
        "body": draft.body,
        "validity": draft.validity,
        "callback_url": draft.submission.callback_url,
        "facts": dict(draft.submission.facts),
    }


def _place(workflow_id: str, step: int, total: int) -> dict[str, str]:
    return {"id": workflow_id, "item_number": str(step), "total_items": str(total)}
