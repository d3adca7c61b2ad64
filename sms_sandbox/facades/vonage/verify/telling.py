"""What follows when something happens to a step's message: the next channel's turn, and the
webhooks that tell of it.

Source: https://developer.vonage.com/en/verify/concepts/webhooks
"""

from dataclasses import replace

from sms_sandbox.callback import Callback
from sms_sandbox.facades.vonage.verify import requests, sending, webhooks
from sms_sandbox.inbox.hooks import Asked, Cause, Moved, Reaction, Scene, Woken
from sms_sandbox.message import Message, Status, Submission
from sms_sandbox.storage.records import Record

ENDED = "ended"
"""What the API asks with once a step has ended: how it did."""
FALLS = "falls"
"""What it asks with for a step that is to end and let its successor begin."""

_SOON = 0.001


def render(
    message: Message,  # noqa: ARG001
    submission: Submission,  # noqa: ARG001
    scene: Scene,  # noqa: ARG001
) -> Callback | None:
    """No webhook tells of a message: they tell of channels and requests."""
    return None


def hears(message: Message, submission: Submission) -> bool | None:  # noqa: ARG001
    """A call speaks at once; ``None`` for all else."""
    return False if submission.facts["channel"] == "voice" else None


def react(message: Message, submission: Submission, cause: Cause, scene: Scene) -> Reaction | None:
    """What follows from a move, from the end of a channel's time, from an answer to the API."""
    found = scene.recall(requests.KIND, submission.facts["request"])
    if found is None:
        return None
    if isinstance(cause, Asked) and ENDED in cause.values:
        return _told(found, submission, cause, scene)
    is_turn = found.data["status"] == requests.PENDING
    if not is_turn or found.data["step"] != submission.facts["step"]:
        return _speak(submission) if _is_answered(message, submission, cause) else None
    return _go_on(message, found, submission, cause, scene)


def _go_on(
    message: Message, found: Record, submission: Submission, cause: Cause, scene: Scene
) -> Reaction | None:
    """What a step does whose turn it is."""
    match cause:
        case Asked(values):
            return _fall(found, values[FALLS], scene)
        case Moved() if message.status in ("failed", "undelivered"):
            return _fall(found, "failed", scene)
        case Moved() if message.status == "sent":
            return _begun(found, submission, scene)
        case Woken() if scene.now >= requests.turns_at(found):
            return _fall(found, "expired", scene)
        case Moved() | Woken():
            # A move by hand forgets what was planned.
            return Reaction(wake_in=_left(found, scene))
    return None


def _fall(request: Record, outcome: requests.Outcome, scene: Scene) -> Reaction:
    """A channel has come to nothing: its successor's turn, or the end of the request."""
    was_silent = requests.current(request)["channel"] == requests.SILENT
    after = requests.turn(request, outcome, scene.now)
    goes_on = after.data["status"] == requests.PENDING
    status: Status | None = "undelivered" if was_silent else None
    step = int(request.data["step"])
    return Reaction(
        keeps=(after,),
        callbacks=webhooks.of_end(after, step, scene),
        status=status,
        wake_in=0,
        drafts=(sending.draft(after),) if goes_on else (),
    )


def _begun(request: Record, submission: Submission, scene: Scene) -> Reaction:
    """The message is with its handset's network: the channel's time runs."""
    wake_in = _left(request, scene)
    channel = submission.facts["channel"]
    if channel == "voice":
        return replace(_speak(submission), wake_in=wake_in)
    if channel == requests.SILENT:
        return Reaction(callbacks=webhooks.of_action(request, scene), wake_in=wake_in)
    return Reaction(wake_in=wake_in)


def _is_answered(message: Message, submission: Submission, cause: Cause) -> bool:
    is_call = submission.facts["channel"] == "voice"
    return is_call and isinstance(cause, Moved) and message.status == "sent"


def _speak(submission: Submission) -> Reaction:
    return Reaction(speak=str(submission.facts["text"]), status="delivered")


def _told(request: Record, submission: Submission, cause: Asked, scene: Scene) -> Reaction:
    """The API has ended a channel, and kept the request so; here it is told of."""
    status: Status | None = None
    if submission.facts["channel"] == requests.SILENT:
        status = "delivered" if cause.values[ENDED] == "completed" else "undelivered"
    callbacks = webhooks.of_end(request, int(submission.facts["step"]), scene)
    return Reaction(callbacks=callbacks, status=status, wake_in=0)


def _left(request: Record, scene: Scene) -> float:
    return max(_SOON, requests.turns_at(request) - scene.now)
