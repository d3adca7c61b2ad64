"""Webhooks: what was posted to the application, what it answered, and posting it again."""

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.message import rfc3339


def list_attempts(call: Call, message_id: str) -> Result:
    """Every attempt of a message's callbacks, oldest first."""
    return {"webhooks": [attempt.as_json() for attempt in call.inbox.attempts(message_id)]}


def resend(call: Call, attempt: str) -> Result:
    """Post the request of an attempt once more, soon; its outcome comes as an event."""
    before, waiting = call.inbox.resend_callback(attempt, call.body["mutate"])
    return {
        "id": waiting.id,
        "message_id": before.message_id,
        "kind": waiting.callback.kind,
        "url": waiting.callback.url,
        "attempt": waiting.attempt,
        "next_attempt_at": rfc3339(waiting.due_at),
    }, 202


OPERATIONS = (
    Operation(
        method="GET",
        path="/messages/<message_id>/webhooks",
        name="listWebhooks",
        summary="List every attempt to post a message's callbacks",
        view=list_attempts,
        answers={
            200: Answer("The attempts, oldest first", "WebhookList"),
            404: problem("There is no such message"),
        },
    ),
    Operation(
        method="POST",
        path="/webhooks/<attempt>/resend",
        name="resendWebhook",
        summary="Post the request of an attempt once more, as it was or mutated",
        view=resend,
        body=Fields(
            Field(
                "mutate",
                kinds.one_of(("duplicate", "reorder", "stale", "bad_signature")),
                "Twice; with the one before it behind it; telling of an earlier "
                "state, an hour old; or with a wrong signature.",
            )
        ),
        answers={
            202: Answer("The attempt that is to come", "QueuedWebhook"),
            404: problem("There is no such attempt"),
        },
    ),
)
