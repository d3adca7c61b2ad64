"""The addresses of messages beside their list: a function for each."""

from collections.abc import Sequence
from typing import Any

from sms_sandbox.errors import Refused, StatusConflict, UnknownMessage
from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import not_found
from sms_sandbox.facades.messagebird.fields import Fields
from sms_sandbox.facades.messagebird.messages import form, resource
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Submitted


def create(caller: Caller, asked: Fields, raw: str) -> dict[str, Any]:
    """Take one message for all its recipients in. Raises ``MessageBirdError``, ``Refused``,
    ``FaultStruck``."""
    wish = form.read(asked, caller)
    texts: list[Submitted] = []
    for recipient in wish.recipients:
        draft = form.draft(wish, recipient, len(texts), raw, caller)
        assert draft.submission is not None
        try:
            accepted = caller.room.inbox.accept(draft)
        except Refused as refused:
            if refused.reason != "invalid_number":
                raise
        else:
            texts.append(Submitted(accepted, draft.submission, None))
    if not texts:
        raise form.no_recipients()
    return resource.show(texts, created=True)


def fetch(caller: Caller, message_id: str) -> dict[str, Any]:
    """One message as it now is. Raises ``MessageBirdError`` if there is none."""
    return resource.show(find(caller, message_id))


def delete(caller: Caller, message_id: str) -> None:
    """Forget a message; one that is still scheduled is never sent. Handsets keep the others.
    Raises ``MessageBirdError`` if there is none."""
    found = find(caller, message_id)
    for one in found:
        if one.message.status == "scheduled":
            _cancel(caller, one)
    with caller.room.database.write() as connection:
        for one in found:
            submissions.delete(connection, one.message.seq)


def find(caller: Caller, message_id: str) -> Sequence[Submitted]:
    """The texts of a message, in the order of its recipients. Raises ``MessageBirdError``."""
    found: Sequence[Submitted] = ()
    if wire.is_id(message_id):
        with caller.room.database.read() as connection:
            found = submissions.of_group(connection, wire.PROVIDER, caller.account, message_id)
    if not found or "originator" not in found[0].submission.facts:
        raise not_found("message")
    return found


def _cancel(caller: Caller, one: Submitted) -> None:
    try:
        caller.room.inbox.move(one.message.id, "canceled")
    except (StatusConflict, UnknownMessage):
        return  # Its time has come in between, or somebody has deleted it.
