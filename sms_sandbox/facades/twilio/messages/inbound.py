"""A message from a handset: told to the application, whose TwiML answers become replies."""

from dataclasses import dataclass
from typing import Any

from sms_sandbox.callback import Callback, Outcome
from sms_sandbox.facades.twilio import twiml, wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.messages import form
from sms_sandbox.facades.twilio.messages.keywords import ANSWERS, keyword_of
from sms_sandbox.facades.twilio.posting import Method, post
from sms_sandbox.facades.twilio.services.inbound import destination
from sms_sandbox.inbox.hooks import Answered, Reaction, Scene
from sms_sandbox.message import Draft, Message, Submission

KIND = "inbound"
MAX_REDIRECTS = 10
"""How many further documents an answer may lead to."""
MAX_REPLIES = 10
"""How many messages one answer may send."""

_PLAIN = "text/plain"
_XML = ("text/xml", "application/xml", "text/html")


def received(message: Message, scene: Scene) -> Reaction:
    """Give the message its SID, post it to the application, and heed STOP, START and HELP."""
    keyword = keyword_of(message.body)
    goes = destination(message.recipient, scene)
    facts = {"here": goes.url} if goes else {}
    submission = Submission(vendor_id="SM" + scene.ids(16), facts=facts)
    callbacks: tuple[Callback, ...] = ()
    if goes:
        callbacks = (_post(message, submission, goes.url, goes.method, scene),)
    return Reaction(
        submission=submission,
        callbacks=callbacks,
        drafts=() if keyword is None else _automatic(message, scene, ANSWERS[keyword]),
        opted_out={"STOP": True, "START": False}.get(keyword or ""),
    )


def answered(message: Message, submission: Submission, cause: Answered, scene: Scene) -> Reaction:
    """Do what the application's answer says; what cannot be done is noted in the log."""
    outcome = cause.outcome
    if outcome.status is None or not 200 <= outcome.status < 300:
        return Reaction(note="Twilio's error 11200: HTTP retrieval failure.")
    try:
        return _Answer(message, submission, cause.callback, scene).read(outcome)
    except (twiml.BadTwiml, TwilioError) as error:
        return Reaction(note=f"Twilio's error {error.code}: {error}")


def _automatic(message: Message, scene: Scene, text: str) -> tuple[Draft, ...]:
    try:
        return (_reply(message, scene, text),)
    except TwilioError:
        return ()  # The handset wrote to what could not answer it.


@dataclass(frozen=True, slots=True)
class _Answer:
    message: Message
    submission: Submission
    callback: Callback
    scene: Scene

    @property
    def _here(self) -> str:
        """The document's address as it was named: a GET has our parameters behind it."""
        return str(self.submission.facts.get("here", self.callback.url))

    def read(self, outcome: Outcome) -> Reaction:
        text = outcome.answer or ""
        if not text.strip():
            return Reaction()
        if outcome.media == _PLAIN:
            return Reaction(drafts=(_reply(self.message, self.scene, text[: form.MAX_BODY]),))
        if outcome.media not in _XML:
            return Reaction(note=f"Twilio's error 12300: Invalid Content-Type {outcome.media}.")
        return self._do(twiml.parse(text))

    def _do(self, verbs: list[twiml.Verb]) -> Reaction:
        drafts: list[Draft] = []
        notes: list[str] = []
        for verb in verbs:
            if verb.name in ("Message", "Sms"):
                self._add(drafts, notes, verb)
            elif verb.name == "Redirect":
                return self._redirect(verb, drafts, notes)
            else:
                notes.append(f"Twilio's warning 12200: <{verb.name}> is no verb of a message.")
        return Reaction(drafts=tuple(drafts), note=" ".join(notes) or None)

    def _add(self, drafts: list[Draft], notes: list[str], verb: twiml.Verb) -> None:
        if len(drafts) >= MAX_REPLIES:
            note = f"Only the first {MAX_REPLIES} messages are sent."
            notes += [] if note in notes else [note]
            return
        try:
            drafts.append(self._message(verb))
        except TwilioError as error:
            notes.append(f"Twilio's error {error.code}: {error}")

    def _message(self, verb: twiml.Verb) -> Draft:
        bodies = [one.text for one in verb.children if one.name == "Body"]
        media = [one.text for one in verb.children if one.name == "Media"]
        text = "\n".join(bodies) if bodies else verb.text
        told = verb.attributes.get("statusCallback") or verb.attributes.get("action")
        return _reply(
            self.message,
            self.scene,
            text,
            sender=verb.attributes.get("from"),
            recipient=verb.attributes.get("to"),
            media=media,
            callback_url=told and (wire.url_from(self._here, told) or told),
        )

    def _redirect(self, verb: twiml.Verb, drafts: list[Draft], notes: list[str]) -> Reaction:
        hops = int(self.submission.facts.get("redirects", 0))
        if hops >= MAX_REDIRECTS:
            notes.append(f"No more than {MAX_REDIRECTS} redirects are followed.")
            return Reaction(drafts=tuple(drafts), note=" ".join(notes))
        url = wire.url_from(self._here, verb.text)
        if url is None:
            notes.append("Twilio's error 11100: Invalid URL format.")
            return Reaction(drafts=tuple(drafts), note=" ".join(notes))
        method: Method = "GET" if verb.attributes.get("method", "").upper() == "GET" else "POST"
        facts = {**self.submission.facts, "here": url, "redirects": hops + 1}
        next_one = Submission(
            vendor_id=self.submission.vendor_id,
            callback_url=self.submission.callback_url,
            facts=facts,
        )
        return Reaction(
            submission=next_one,
            callbacks=(_post(self.message, next_one, url, method, self.scene),),
            drafts=tuple(drafts),
            note=" ".join(notes) or None,
        )


def _reply(
    message: Message,
    scene: Scene,
    text: str,
    *,
    sender: str | None = None,
    recipient: str | None = None,
    media: list[str] | None = None,
    callback_url: str | None = None,
) -> Draft:
    """A message back, checked like one by the API. Raises ``TwilioError``."""
    asked: list[tuple[str, str]] = [
        ("To", recipient or message.sender),
        ("From", sender or message.recipient),
        ("Body", text),
        *(("MediaUrl", url) for url in media or ()),
    ]
    if callback_url:
        asked.append(("StatusCallback", callback_url))
    return form.parse_reply(message.account, asked, now=scene.now, ids=scene.ids)


def _post(
    message: Message, submission: Submission, url: str, method: Method, scene: Scene
) -> Callback:
    return post(KIND, url, _parameters(message, submission), scene, method)


def _parameters(message: Message, submission: Submission) -> list[tuple[str, str]]:
    sid = submission.vendor_id
    media: list[Any] = list(submission.facts.get("media", ()))
    parameters = [
        ("ToCountry", _country(message.recipient)),
        ("ToState", ""),
        ("SmsMessageSid", sid),
        ("NumMedia", str(len(media))),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", sid),
        ("FromState", ""),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", message.body),
        ("FromCountry", _country(message.sender)),
        ("To", message.recipient),
        ("ToZip", ""),
        ("NumSegments", str(message.segments)),
        ("MessageSid", sid),
        ("AccountSid", message.account),
        ("From", message.sender),
        ("ApiVersion", wire.API_VERSION),
    ]
    if keyword := keyword_of(message.body):
        parameters.append(("OptOutType", keyword))
    return parameters


def _country(address: str) -> str:
    return "US" if address.startswith("+1") else ""
