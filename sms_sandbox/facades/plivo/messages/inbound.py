"""A message from a handset: told to the application, whose XML answers become replies."""

from dataclasses import dataclass, field
from urllib.parse import urljoin

from sms_sandbox.callback import Callback
from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.errors import LATE
from sms_sandbox.facades.plivo.messages import answers, form, resource
from sms_sandbox.facades.plivo.messages.keywords import intent_of
from sms_sandbox.facades.plivo.posting import post
from sms_sandbox.facades.posting import is_url
from sms_sandbox.inbox.hooks import Answered, Reaction, Scene
from sms_sandbox.message import Draft, Message, Submission
from sms_sandbox.numbers import plan

KIND = "inbound"
MAX_REPLIES = 10
"""How many messages one answer may send."""

_XML = ("text/xml", "application/xml")


def received(message: Message, scene: Scene) -> Reaction:
    """Give the message its UUID, heed STOP and START, and post it to the application."""
    facts = {"type": "sms", "country": plan.country_of(message.recipient)}
    submission = Submission(vendor_id=wire.uuid_of(scene.ids(16)), facts=facts)
    url = scene.settings.inbound_url
    return Reaction(
        submission=submission,
        callbacks=(_post(message, submission, url, scene),) if url else (),
        opted_out={"optout": True, "optin": False}.get(intent_of(message.body) or ""),
    )


def answered(message: Message, submission: Submission, cause: Answered, scene: Scene) -> Reaction:
    """Note whether the application has it, and send what it replies."""
    outcome = cause.outcome
    taken = outcome.status is not None and 200 <= outcome.status < 300
    facts = {**submission.facts, "state": "delivered" if taken else "undelivered"}
    kept = Submission(vendor_id=submission.vendor_id, facts=facts)
    if not taken or outcome.media not in _XML or not (outcome.answer or "").strip():
        return Reaction(submission=kept)
    replies = _Replies(message, cause.callback, scene)
    try:
        for element in answers.parse(outcome.answer or ""):
            replies.take(element)
    except answers.BadAnswer as error:
        replies.notes.append(str(error))
    note = " ".join(replies.notes) or None
    return Reaction(submission=kept, drafts=tuple(replies.drafts), note=note)


@dataclass(frozen=True, slots=True)
class _Replies:
    """The replies that an application asks for, and notes of those that cannot be had."""

    message: Message
    callback: Callback
    scene: Scene
    drafts: list[Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, element: answers.Element) -> None:
        """Add what one element asks for."""
        if element.name != "Message":
            self.notes.append(f"<{element.name}> is not a reply: only <Message> is.")
            return
        sender = wire.parse_sender(element.attributes.get("src") or self.message.recipient)
        for one in (element.attributes.get("dst") or self.message.sender).split("<"):
            recipient = wire.parse_number(one)
            if len(self.drafts) >= MAX_REPLIES:
                self.notes.append(f"Only the first {MAX_REPLIES} replies are sent.")
                return
            if not element.text.strip() or None in (sender, recipient) or sender == recipient:
                self.notes.append("A <Message> needs a text, a src and another dst.")
                continue
            assert sender is not None
            assert recipient is not None
            self.drafts.append(self._reply(element, sender, recipient))

    def _reply(self, element: answers.Element, sender: str, recipient: str) -> Draft:
        given = element.attributes
        facts = {
            "type": "sms",
            "method": "GET" if given.get("callbackMethod", "").upper() == "GET" else "POST",
            "country": plan.country_of(recipient),
        }
        return Draft(
            account=self.message.account,
            provider=wire.PROVIDER,
            direction="outbound",
            sender=sender,
            recipient=recipient,
            body=element.text.strip(),
            starts="accepted",
            validity=form.EXPIRES,
            late=LATE,
            submission=Submission(
                vendor_id=wire.uuid_of(self.scene.ids(16)),
                callback_url=self._told(given.get("callbackUrl")),
                facts=facts,
            ),
        )

    def _told(self, address: str | None) -> str | None:
        """Where a reply's states are told."""
        try:
            url = urljoin(self.callback.url, address) if address else ""
        except ValueError:
            url = ""
        return url if is_url(url) else self.scene.settings.status_url


def _post(message: Message, submission: Submission, url: str, scene: Scene) -> Callback:
    parameters = [
        ("MessageUUID", submission.vendor_id),
        ("From", wire.shown(message.sender)),
        ("To", wire.shown(message.recipient)),
        ("Text", message.body),
        ("Type", "sms"),
        ("Units", str(message.segments)),
        ("TotalRate", wire.money(resource.RATE * 0)),
        ("TotalAmount", wire.money(resource.RATE * 0)),
        ("MessageIntent", intent_of(message.body) or ""),
        ("PowerpackUUID", ""),
    ]
    return post(KIND, url, scene.settings.webhook_method or "POST", parameters, scene)
