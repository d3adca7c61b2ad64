"""A call as it goes on: it rings, is answered, plays its script, hears keys, and ends."""

from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio import twiml, wire
from sms_sandbox.facades.twilio.calls import posts
from sms_sandbox.facades.twilio.calls.form import Script
from sms_sandbox.facades.twilio.calls.state import State
from sms_sandbox.facades.twilio.twiml import Verb
from sms_sandbox.inbox.hooks import Answered, Asked, Cause, Moved, Pressed, Reaction, Scene, Woken
from sms_sandbox.message import Message, Submission, is_final

MAX_DOCUMENTS = 100
"""How many documents one call may play."""
MAX_LOOPS = 10
"""How often one text is spoken, where its loop asks for more."""
_XML = ("text/xml", "application/xml", "text/html", "text/plain")
_MAX_PAUSE = 600
_GATHER_SECONDS = 5
_MAX_KEYS = 100


def react(message: Message, submission: Submission, cause: Cause, scene: Scene) -> Reaction | None:
    """What a call does next."""
    play = _Play(message, submission, scene)
    if isinstance(cause, Moved):
        return play.moved()
    return None if is_final(message.status) else _go_on(play, cause)


def hears(message: Message, submission: Submission) -> bool:
    """Whether the call has asked for keys and still waits for them."""
    return not is_final(message.status) and State.of(submission.facts).gather is not None


def _go_on(play: "_Play", cause: Cause) -> Reaction | None:
    match cause:
        case Answered() if cause.callback.kind == posts.SCRIPT:
            return play.answered(cause)
        case Woken():
            return play.woken()
        case Pressed(digits):
            return play.pressed(digits)
        case Asked(values):
            return play.start(Script(**values))
    return None


class _Play:
    """One step of one call; every method returns what is to happen."""

    def __init__(self, message: Message, submission: Submission, scene: Scene) -> None:
        self.state = State.of(submission.facts)
        self._message = message
        self._submission = submission
        self._scene = scene
        self._spoken: list[str] = []
        self._notes: list[str] = []

    def moved(self) -> Reaction | None:
        """The call rings, is answered, or is over."""
        message, scene = self._message, self._scene
        if message.status == "queued":
            told = (
                *posts.tell(message, self._submission, scene, "initiated", "initiated"),
                *posts.tell(message, self._submission, scene, "ringing"),
            )
            return Reaction(callbacks=told)
        if message.status == "sent":
            self._note_fact(answered_at=scene.now)
            told = posts.tell(message, self._submission, scene, "answered")
            begun = self.start(Script(**self._submission.facts["script"]))
            return replace(begun, callbacks=(*told, *begun.callbacks))
        if is_final(message.status):
            self._note_fact(ended_at=scene.now)
            self.state = State()
            told = posts.tell(message, self._submission, scene, "completed")
            return self._reaction(callbacks=told, wake_in=0)
        return None

    def start(self, script: Script) -> Reaction:
        """Play a script from its beginning, in the place of what is playing."""
        self.state = replace(self.state, gather=None, keys="", left=())
        if script.twiml is not None:
            return self.document(None, script.twiml, _XML[0])
        return self._fetch(script)

    def answered(self, cause: Answered) -> Reaction | None:
        """The document that the call has asked for is there, or cannot be had."""
        outcome = cause.outcome
        if cause.callback.headers[posts.TOKEN] != self.state.awaits:
            return None  # The call has been sent elsewhere meanwhile.
        if outcome.status is None or not 200 <= outcome.status < 300:
            return self.failed(11200, "HTTP retrieval failure")
        return self.document(self.state.here, outcome.answer or "", outcome.media)

    def document(self, url: str | None, text: str, media: str | None) -> Reaction:
        """Play a document that has come from ``url``."""
        self.state = replace(self.state, here=url, awaits=None, documents=self.state.documents + 1)
        if media == "text/plain":
            return self._run([Verb("Say", text=text)])
        if media not in _XML:
            return self.failed(12300, f"Invalid Content-Type {media}")
        if not text.strip():
            return self._run([])
        try:
            return self._run(twiml.parse(text))
        except twiml.BadTwiml as error:
            return self.failed(error.code, str(error))

    def failed(self, code: int, why: str) -> Reaction:
        """The document cannot be had: the second address is asked, or the call ends."""
        self._notes.append(f"Twilio's error {code}: {why.rstrip('.')}.")
        fallback = self._submission.facts.get("fallback")
        if fallback is None or self.state.here == fallback["url"]:
            return self._end()
        self._note_fact(fallback=None)
        told = (("ErrorCode", str(code)), ("ErrorUrl", self.state.here or ""))
        return self._fetch(Script(**fallback), told)

    def woken(self) -> Reaction | None:
        """A pause is over, or nobody has pressed enough keys in time."""
        gather = self.state.gather
        if gather is None:
            return self._run(self.state.left)
        if self.state.keys or gather.attributes.get("actionOnEmptyResult") == "true":
            return self._gathered(gather, self.state.keys, "")
        self.state = replace(self.state, gather=None)
        return self._run(self.state.left)

    def pressed(self, digits: str) -> Reaction | None:
        """Keys are heard, if anyone waits for them."""
        gather = self.state.gather
        if gather is None:
            return None
        ends = gather.attributes.get("finishOnKey", "#")
        wanted = _whole(gather.attributes.get("numDigits"), 0)
        keys = self.state.keys
        for key in digits:
            if ends and key in ends:
                return self._gathered(gather, keys, key)
            keys = (keys + key)[:_MAX_KEYS]
            if wanted and len(keys) >= wanted:
                return self._gathered(gather, keys, "")
        self.state = replace(self.state, keys=keys)
        return self._reaction(wake_in=_timeout(gather))

    def _run(self, verbs: list[Verb] | tuple[Verb, ...]) -> Reaction:
        for place, verb in enumerate(verbs):
            self.state = replace(self.state, left=tuple(verbs[place + 1 :]))
            done = self._do(verb)
            if done is not None:
                return done
        return self._end()

    def _do(self, verb: Verb) -> Reaction | None:
        """Play one verb; ``None``: the next one follows at once."""
        match verb.name:
            case "Say" | "Play":
                self._speak(verb)
            case "Pause":
                seconds = min(_whole(verb.attributes.get("length"), 1), _MAX_PAUSE)
                return self._reaction(wake_in=seconds) if seconds else None
            case "Gather":
                for prompt in verb.children:
                    self._speak(prompt)
                self.state = replace(self.state, gather=Verb(verb.name, verb.attributes), keys="")
                return self._reaction(wake_in=_timeout(verb))
            case "Redirect":
                return self._go(verb.text, verb.attributes.get("method", "POST"))
            case "Hangup" | "Reject":
                return self._end()
            case _:
                self._notes.append(f"<{verb.name}> is not imitated by this sandbox: left out.")
        return None

    def _speak(self, verb: Verb) -> None:
        if verb.name == "Say":
            loops = min(_whole(verb.attributes.get("loop"), 1) or MAX_LOOPS, MAX_LOOPS)
            self._spoken += [" ".join(verb.text.split())] * loops
        elif verb.name == "Play":
            keys = verb.attributes.get("digits")
            self._spoken.append(f"(keys {keys})" if keys else f"(plays {verb.text})")

    def _gathered(self, gather: Verb, keys: str, ended_by: str) -> Reaction:
        self.state = replace(self.state, gather=None, keys="")
        told = [("msg", "Gather End"), ("Digits", keys)]
        if ended_by:
            told.append(("FinishedOnKey", ended_by))
        action = gather.attributes.get("action", "")
        return self._go(action, gather.attributes.get("method", "POST"), tuple(told))

    def _go(self, address: str, method: str, told: tuple[tuple[str, str], ...] = ()) -> Reaction:
        url = wire.url_from(self.state.here or "", address)
        if url is None:
            self._notes.append("Twilio's error 11100: Invalid URL format: where to is not said.")
            return self._end()
        return self._fetch(Script(url, method), told)

    def _fetch(self, script: Script, told: tuple[tuple[str, str], ...] = ()) -> Reaction:
        if self.state.documents >= MAX_DOCUMENTS:
            self._notes.append(f"A call plays at most {MAX_DOCUMENTS} documents.")
            return self._end()
        callback = posts.ask(self._message, self._submission, self._scene, script, told)
        token = callback.headers[posts.TOKEN]
        self.state = replace(self.state, here=script.url, left=(), awaits=token)
        return self._reaction(callbacks=(callback,), wake_in=0)

    def _end(self) -> Reaction:
        self.state = replace(self.state, left=(), gather=None, awaits=None)
        return replace(self._reaction(wake_in=0), status="delivered")

    def _reaction(self, **wishes: Any) -> Reaction:
        return Reaction(
            submission=self.state.within(self._submission),
            speak=" ".join(text for text in self._spoken if text),
            note=" ".join(self._notes) or None,
            **wishes,
        )

    def _note_fact(self, **facts: Any) -> None:
        self._submission = replace(self._submission, facts={**self._submission.facts, **facts})


def _timeout(gather: Verb) -> float:
    return _whole(gather.attributes.get("timeout"), _GATHER_SECONDS) or _GATHER_SECONDS


def _whole(text: str | None, default: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 6:
        return default
    return int(text)
