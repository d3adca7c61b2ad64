"""What an application lets a call say, and the keys that are pressed."""

from typing import Any

import pytest
from sandbox.receiver import Receiver, status
from sandbox.twilio_calls import (
    FROM,
    SAYS_CODE,
    TO,
    TOKEN,
    Phone,
    await_attempts,
    await_message,
    create,
    says,
)

from sms_sandbox.facades.twilio.signature import sign


def test_the_script_is_fetched_signed_when_the_call_is_answered(
    phone: Phone, receiver: Receiver
) -> None:
    receiver.answers.append(says(SAYS_CODE))
    url = f"{receiver.url}/voice?x=1"
    shown = phone.call(Url=url)
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    (post,) = receiver.await_posts(1)
    form = post.form
    assert (post.path, form["CallSid"], form["CallStatus"]) == (
        "/voice?x=1",
        shown["sid"],
        "in-progress",
    )
    assert (form["From"], form["To"], form["Direction"]) == (FROM, TO, "outbound-api")
    assert post.headers["X-Twilio-Signature"] == sign(TOKEN, url, form.items())
    assert await_message(phone.web, status="delivered")["code"] == "482913"


def test_the_script_may_be_fetched_by_get(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says(SAYS_CODE))
    phone.call(Url=f"{receiver.url}/voice", Method="GET")
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    (post,) = receiver.await_posts(1)
    assert (post.method, "CallStatus=in-progress" in post.path) == ("GET", True)


def test_a_key_press_leads_to_the_action(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(
        says(
            "<Response><Gather numDigits='1' action='/pressed?y=2'>"
            "<Say>Press 1 for your code.</Say></Gather><Say>Good bye.</Say></Response>"
        )
    )
    receiver.answers.append(says(SAYS_CODE))
    shown = phone.call(Url=f"{receiver.url}/voice")
    assert phone.press("1").status_code == 409
    phone.wait(0.3)
    phone.heard("Press 1 for your code.")
    assert phone.fetch(shown)["status"] == "in-progress"
    assert phone.press("1").status_code == 200
    phone.heard("4 8 2 9 1 3")
    post = receiver.await_posts(2)[1]
    assert (post.path, post.form["Digits"], post.form["msg"]) == ("/pressed?y=2", "1", "Gather End")
    assert post.headers["X-Twilio-Signature"] == sign(
        TOKEN, f"{receiver.url}/pressed?y=2", post.form.items()
    )
    assert await_message(phone.web, status="delivered")["body"] == (
        "Press 1 for your code. Your code is 4 8 2 9 1 3."
    )
    late = phone.press("1")
    assert (late.status_code, late.json["code"]) == (409, "no_listener")


def test_without_an_action_the_keys_go_where_the_script_came_from(
    phone: Phone, receiver: Receiver
) -> None:
    receiver.answers.append(says("<Response><Gather numDigits='1' method='GET'/></Response>"))
    phone.call(Url=f"{receiver.url}/voice?x=1", Method="GET")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    phone.press("5")
    post = receiver.await_posts(2)[1]
    assert post.path.startswith("/voice?x=1&")
    assert (post.path.count("CallSid="), post.path.count("Digits=5")) == (1, 1)


def test_keys_come_one_by_one_until_the_hash(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says("<Response><Gather action='/pin'/></Response>"))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    for keys in ("4", "2*"):
        assert phone.press(keys).status_code == 200
    phone.press("7#9")
    post = receiver.await_posts(2)[1]
    assert (post.form["Digits"], post.form["FinishedOnKey"]) == ("42*7", "#")


def test_keys_that_do_not_end_are_taken_after_the_time(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says("<Response><Gather action='/pin' timeout='3'/></Response>"))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    phone.wait(2)
    phone.press("12")
    phone.wait(2)
    assert len(receiver.posts) == 1
    phone.wait(1)
    assert receiver.await_posts(2)[1].form["Digits"] == "12"


def test_without_a_key_the_script_goes_on(phone: Phone) -> None:
    shown = phone.call(
        Twiml="<Response><Gather timeout='4'><Say>Press.</Say></Gather><Say>Bye.</Say></Response>"
    )
    phone.wait(0.3)
    assert phone.message()["body"] == "Press."
    phone.wait(4)
    assert phone.message()["body"] == "Press. Bye."
    assert (phone.fetch(shown)["status"], phone.fetch(shown)["duration"]) == ("completed", "4")


def test_every_verb_that_is_imitated(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(
        says(
            "<Response><Say loop='2'>Hi</Say><Say>your <emphasis>code</emphasis> is</Say>"
            "<Play>http://x.example/a.mp3</Play><Play digits='12'/><Pause/>"
            "<Dial>+1</Dial><Redirect>other</Redirect><Say>never</Say></Response>"
        )
    )
    receiver.answers.append(says("<Response><Say>there</Say><Hangup/><Say>never</Say></Response>"))
    phone.call(Url=f"{receiver.url}/voice/start")
    phone.wait(0.3)
    message = phone.heard("(keys 12)")
    phone.wait(1)
    phone.heard("there")
    assert receiver.await_posts(2)[1].path == "/voice/other"
    assert phone.message()["body"] == (
        "Hi Hi your code is (plays http://x.example/a.mp3) (keys 12) there"
    )
    attempts = await_attempts(phone.inbox, message["id"], 2)
    assert "error" not in attempts[0]


def test_a_pause_of_no_length_is_none(phone: Phone) -> None:
    phone.call(Twiml="<Response><Pause length='0'/><Say>Hi</Say></Response>")
    phone.wait(0.3)
    assert (phone.message()["body"], phone.message()["status"]) == ("Hi", "delivered")


def test_a_verb_that_is_not_imitated_is_noted(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says("<Response><Dial>+1</Dial></Response>"))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    (attempt,) = await_attempts(phone.inbox, phone.message()["id"], 1)
    assert attempt["error"] == "<Dial> is not imitated by this sandbox: left out."
    assert attempt["kind"] == "script"


def test_plain_text_is_spoken_without_what_nobody_hears(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.append(says("Your\x00 code\x1b[31m is \u202e123456", "text/plain"))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    assert phone.heard("Your code")["body"] == "Your code[31m is 123456"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (status(404), "error 11200: HTTP retrieval failure."),
        (says("<Response>"), "error 12100: Document parse failure"),
        (says("<Say/>"), "error 12102"),
        (says("x", "image/png"), "error 12300: Invalid Content-Type image/png."),
        (says("<Response><Gather numDigits='1'/></Response>"), None),
    ],
)
def test_a_script_that_cannot_be_had_ends_the_call(
    phone: Phone, receiver: Receiver, answer: Any, note: str | None
) -> None:
    receiver.answers.append(answer)
    shown = phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    (attempt,) = await_attempts(phone.inbox, phone.message()["id"], 1)
    if note is None:
        assert phone.fetch(shown)["status"] == "in-progress"
        phone.wait(5)
    else:
        assert note in attempt["error"]
    assert phone.fetch(shown)["status"] == "completed"


def test_a_script_whose_request_is_dropped_ends_the_call(phone: Phone, receiver: Receiver) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "webhook", "mutation": "drop"}}
    phone.web.post("/api/v1/faults", json=rule)
    shown = phone.call(Url=f"{receiver.url}/voice", FallbackUrl=f"{receiver.url}/second")
    phone.wait(0.3)
    assert phone.fetch(shown)["status"] == "completed"
    assert receiver.posts == []
    assert len(phone.inbox.attempts(phone.message()["id"])) == 2


def test_the_fallback_is_asked_where_the_script_fails(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.extend([status(500), says(SAYS_CODE)])
    phone.call(Url=f"{receiver.url}/voice", FallbackUrl=f"{receiver.url}/second")
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    post = receiver.await_posts(2)[1]
    assert (post.path, post.form["ErrorCode"]) == ("/second", "11200")


def test_a_call_that_leads_in_circles_ends(phone: Phone, receiver: Receiver) -> None:
    receiver.answers.extend(says("<Response><Redirect/></Response>") for _ in range(150))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    await_message(phone.web, status="delivered")
    assert len(receiver.posts) == 100


def test_of_a_call_that_speaks_for_long_the_beginning_is_kept(
    phone: Phone, receiver: Receiver
) -> None:
    long = [letter * 7_000 for letter in "abc"]
    said = [f"<Say>{words}</Say>" for words in long]
    receiver.answers.extend(says(f"<Response>{one}<Redirect/></Response>") for one in said[:2])
    receiver.answers.append(says(f"<Response>{said[2]}</Response>"))
    phone.call(Url=f"{receiver.url}/voice")
    phone.wait(0.3)
    await_message(phone.web, status="delivered")
    assert phone.message()["body"] == " ".join(long)[:16_000]


@pytest.mark.parametrize("digits", ["", "a", "1" * 65, "1 2"])
def test_keys_that_no_telephone_has_are_refused(phone: Phone, digits: str) -> None:
    phone.call(Twiml=SAYS_CODE)
    answer = phone.press(digits)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")


def test_a_text_message_takes_no_keys(phone: Phone) -> None:
    create(phone.web)
    assert phone.press("1").json["code"] == "no_listener"
