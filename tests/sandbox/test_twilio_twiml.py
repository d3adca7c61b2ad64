import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.facades.twilio.messages.keywords import keyword_of
from sms_sandbox.facades.twilio.messages.smart import smart_encoded
from sms_sandbox.facades.twilio.twiml import BadTwiml, Verb, from_json, parse
from sms_sandbox.segments import encoding_of


def test_verbs_attributes_and_texts_are_read() -> None:
    gather, say = parse(
        '<?xml version="1.0" encoding="ISO-8859-1"?><!-- hello --><Response>'
        "<Gather numDigits='1'><Say>Press <emphasis>one</emphasis> now</Say></Gather>"
        "<Say><![CDATA[a < b é]]></Say></Response>"
    )
    assert (gather.name, gather.attributes) == ("Gather", {"numDigits": "1"})
    assert " ".join(gather.children[0].text.split()) == "Press one now"
    assert say.text == "a < b é"


def test_line_breaks_of_a_message_stay() -> None:
    (message,) = parse("<Response><Message>\n  one\ntwo\n</Message></Response>")
    assert message.text == "one\ntwo"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<Response>",
        "<response/>",
        "<Response/><Response/>",
        "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;'>]><Response>&b;</Response>",
        "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><Response/>",
        "<Response>&undefined;</Response>",
        "<Response>" * 50 + "</Response>" * 50,
        "<Response>" + "<Say/>" * 500 + "</Response>",
        "<Response a='1' a='2'/>",
        "\x00<Response/>",
    ],
)
def test_what_cannot_be_used_is_refused(document: str) -> None:
    with pytest.raises(BadTwiml):
        parse(document)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(f"<Response><Say>{text}</Say></Response>")
    except BadTwiml:
        return


def test_a_verb_survives_being_kept() -> None:
    verb = Verb("Gather", {"action": "/x"}, "t", [Verb("Say", {}, "Hi")])
    assert from_json(verb.as_json()) == verb


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        ("STOP", "STOP"),
        (" stopall\n", "STOP"),
        ("Yes", "START"),
        ("info", "HELP"),
        ("STOP it", None),
        ("", None),
    ],
)
def test_a_keyword_is_a_whole_message(body: str, keyword: str | None) -> None:
    assert keyword_of(body) == keyword


def test_look_alikes_become_plain_and_the_rest_stays() -> None:
    text = "“it’s” – a…\u00a0b\u200bc ¼ ｔ ç −"
    plain = smart_encoded(text)
    assert plain.startswith('"it\'s" - a...  bc 1/4')
    assert plain.endswith("ç −")
    assert (encoding_of("it’s"), encoding_of(smart_encoded("it’s"))) == ("UCS-2", "GSM-7")
