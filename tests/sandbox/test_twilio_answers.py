"""Whatever an application answers to a message, it becomes replies or a note."""

import itertools
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.callback import Outcome
from sms_sandbox.facades.twilio.messages import inbound
from sms_sandbox.inbox.hooks import Answered, Scene
from sms_sandbox.inbox.settings import AccountSettings
from sms_sandbox.message import Message

TEXTS = st.one_of(
    st.text("ab 1<&é\n\x00", max_size=12),
    st.sampled_from(["+447700900123", "http://a.example/x.png", "http://[", "x" * 1601, "/next"]),
)
NAMES = st.sampled_from(["Message", "Redirect", "Body", "Media", "Say", "Sms"])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["to", "from", "action", "method", "statusCallback"]), TEXTS, max_size=3
)


def element(name: str, attributes: dict[str, str], inside: str) -> str:
    shown = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{shown}>{inside}</{name}>"


LEAVES = st.builds(element, NAMES, ATTRIBUTES, TEXTS.map(escape))
VERBS = st.builds(element, NAMES, ATTRIBUTES, st.lists(LEAVES, max_size=3).map("".join))
DOCUMENTS = st.lists(st.one_of(LEAVES, VERBS), max_size=15).map(
    lambda verbs: f"<Response>{''.join(verbs)}</Response>"
)
OUTCOMES = st.builds(
    Outcome,
    milliseconds=st.just(1),
    status=st.sampled_from([200, 200, 200, 404, None]),
    answer=st.one_of(DOCUMENTS, TEXTS, st.none()),
    media=st.sampled_from(["text/xml", "text/xml", "text/plain", "image/png"]),
)


@settings(max_examples=200, deadline=None)
@given(OUTCOMES, st.sampled_from(["+15017122661", "Notes", "a name that is long", "+15558675310"]))
def test_every_answer_becomes_replies_or_a_note(outcome: Outcome, number: str) -> None:
    counter = itertools.count(1)
    scene = Scene(
        now=1000.0,
        signing_key=None,
        settings=AccountSettings(inbound_url="http://127.0.0.1:9/sms"),
        ids=lambda size: f"{next(counter):0{2 * size}x}",
        tokens=lambda size: f"{next(counter):0{2 * size}x}",
    )
    message = Message(
        seq=1, id="msg_1", account="AC" + "a" * 32, provider="twilio", direction="inbound",
        sender="+15558675310", recipient=number, body="Hello", status="received",
        error_code=None, segments=1, encoding="GSM-7", code=None, created_at=1.0, updated_at=1.0,
    )  # fmt: skip
    first = inbound.received(message, scene)
    assert first.submission is not None
    (callback,) = first.callbacks
    assert "X-Twilio-Signature" not in callback.headers
    reaction = inbound.answered(message, first.submission, Answered(callback, outcome), scene)
    assert len(reaction.drafts) <= inbound.MAX_REPLIES
    for draft in reaction.drafts:
        assert draft.submission is not None
        assert draft.submission.facts["reply"] is True
        assert draft.direction == "outbound"
        assert draft.body or draft.kind == "media"
    if outcome.status != 200:
        assert reaction.note is not None
        assert (reaction.drafts, reaction.callbacks) == ((), ())
    used_up = replace(
        first.submission, facts={**first.submission.facts, "redirects": inbound.MAX_REDIRECTS}
    )
    last = inbound.answered(message, used_up, Answered(callback, outcome), scene)
    assert last.callbacks == ()
