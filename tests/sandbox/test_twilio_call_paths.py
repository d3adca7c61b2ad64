"""Whatever scripts an application sends and whatever keys are pressed, a call goes on or ends."""

import itertools
import json
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.callback import Callback, Outcome
from sms_sandbox.facades.twilio.calls import playing, posts
from sms_sandbox.inbox.hooks import Answered, Asked, Cause, Moved, Pressed, Reaction, Scene, Woken
from sms_sandbox.inbox.settings import AccountSettings
from sms_sandbox.message import Message, Submission, can_move, is_final

ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["numDigits", "timeout", "finishOnKey", "action", "method", "loop", "length", "digits"]
    ),
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "3",
            "#",
            "get",
            "/next",
            "http://a.example/x",
            "-1",
            "http://[",
            "http://h:99999/",
            "//x/y z",
            "x" * 20,
        ]
    ),
    max_size=3,
)
TEXTS = st.text("ab 1<&é\n", max_size=12)
NAMES = st.sampled_from(["Say", "Play", "Pause", "Gather", "Redirect", "Hangup", "Reject", "Dial"])


def element(name: str, attributes: dict[str, str], inside: str) -> str:
    shown = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{shown}>{inside}</{name}>"


LEAVES = st.builds(element, NAMES, ATTRIBUTES, TEXTS.map(escape))
VERBS = st.recursive(
    LEAVES,
    lambda inner: st.builds(element, NAMES, ATTRIBUTES, st.lists(inner, max_size=3).map("".join)),
    max_leaves=6,
)
DOCUMENTS = st.lists(VERBS, max_size=4).map(lambda verbs: f"<Response>{''.join(verbs)}</Response>")
OUTCOMES = st.builds(
    Outcome,
    milliseconds=st.just(1),
    status=st.sampled_from([200, 200, 200, 404, None]),
    answer=st.one_of(DOCUMENTS, TEXTS),
    media=st.sampled_from(["text/xml", "text/xml", "text/plain", "image/png"]),
)
STEPS = st.one_of(
    st.just("woken"),
    st.text("0123456789*#", min_size=1, max_size=4).map(lambda keys: ("pressed", keys)),
    OUTCOMES.map(lambda outcome: ("answered", outcome)),
    DOCUMENTS.map(lambda document: ("asked", document)),
)


class Line:
    """One call, played as the inbox would."""

    def __init__(self, script: str) -> None:
        counter = itertools.count(1)
        self.scene = Scene(
            now=1000.0,
            signing_key="token",
            settings=AccountSettings(),
            ids=lambda size: f"{next(counter):0{2 * size}x}",
            tokens=lambda size: f"{next(counter):0{2 * size}x}",
        )
        self.message = Message(
            seq=1, id="msg_1", account="AC" + "a" * 32, provider="twilio", direction="outbound",
            sender="+15017122661", recipient="+15558675310", body="", status="sent",
            error_code=None, segments=1, encoding="GSM-7", code=None, created_at=1.0,
            updated_at=2.0,
        )  # fmt: skip
        facts = {
            "kind": "call",
            "script": {"url": None, "method": "POST", "twiml": script},
            "fallback": {"url": "http://b.example/", "method": "GET", "twiml": None},
            "events": ["answered", "completed"],
            "callback_method": "POST",
            "answered_by": None,
        }
        self.submission = Submission(
            vendor_id="CA" + "1" * 32, callback_url="http://c.example/", facts=facts
        )
        self.asked: list[Callback] = []
        self.told: list[str] = []
        self.happen(Moved())

    def happen(self, cause: Cause) -> None:
        reaction = playing.react(self.message, self.submission, cause, self.scene)
        if reaction is not None:
            self._do(reaction)

    def _do(self, reaction: Reaction) -> None:
        if reaction.submission is not None:
            kept = json.loads(json.dumps(dict(reaction.submission.facts)))
            self.submission = replace(reaction.submission, facts=kept)
        for callback in reaction.callbacks:
            (self.asked if callback.kind == posts.SCRIPT else self.told_by()).append(callback)
        waits = reaction.callbacks or reaction.status or (reaction.wake_in or 0) > 0
        assert waits or is_final(self.message.status), "Nothing would ever lead on from here."
        if reaction.status is not None:
            assert can_move(self.message.status, reaction.status)
            self.message = replace(self.message, status=reaction.status)
            self.happen(Moved())

    def told_by(self) -> list[Callback]:
        self.told.append(self.message.status)
        return []

    def step(self, step: object) -> None:
        match step:
            case "woken":
                self.happen(Woken())
            case ("pressed", str(keys)):
                self.happen(Pressed(keys))
            case ("answered", Outcome() as outcome) if self.asked:
                self.happen(Answered(self.asked[-1], outcome))
            case ("asked", str(document)):
                values = {"url": None, "method": "POST", "twiml": document}
                self.happen(Asked(values))


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, st.lists(STEPS, max_size=12))
def test_a_call_goes_on_or_ends_and_ends_once(script: str, steps: list[object]) -> None:
    line = Line(script)
    for step in steps:
        ended = is_final(line.message.status)
        before = (len(line.asked), len(line.told), line.submission)
        line.step(step)
        if ended:
            assert (len(line.asked), len(line.told), line.submission) == before
    assert line.told.count("delivered") == int(is_final(line.message.status))
    for callback in line.asked:
        assert callback.url.startswith(("http://", "https://"))
        assert "X-Twilio-Signature" in callback.headers


@given(st.lists(OUTCOMES, max_size=5))
def test_an_answer_that_nobody_waits_for_changes_nothing(outcomes: list[Outcome]) -> None:
    line = Line("<Response><Gather/></Response>")
    stranger = Callback(kind=posts.SCRIPT, url="http://x/", headers={posts.TOKEN: "other"}, body="")
    before = line.submission
    for outcome in outcomes:
        line.happen(Answered(stranger, outcome))
    assert line.submission == before
