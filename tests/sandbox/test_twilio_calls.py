from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver, receiving, status
from sandbox.twilio_calls import (
    ACCOUNT,
    FROM,
    ROOT,
    TO,
    TOKEN,
    await_attempts,
    await_message,
    basic,
    create,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.inbox import Inbox

KEYS = {
    "sid", "date_created", "date_updated", "parent_call_sid", "account_sid", "to",
    "to_formatted", "from", "from_formatted", "phone_number_sid", "status", "start_time",
    "end_time", "duration", "price", "price_unit", "direction", "answered_by", "api_version",
    "forwarded_from", "group_sid", "caller_name", "queue_time", "trunk_sid", "uri",
    "subresource_uris",
}  # fmt: skip
SAYS_CODE = "<Response><Say>Your code is 4 8 2 9 1 3.</Say></Response>"


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


class Phone:
    """The test's hands: calls, time, keys."""

    def __init__(self, web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
        self.web, self.inbox, self._clock = web, sandbox.inbox, clock

    def ask(self, **changes: Any) -> Any:
        form = {"To": TO, "From": FROM} | changes
        given = {name: value for name, value in form.items() if value is not None}
        return self.web.post(f"{ROOT}/Calls.json", data=given, headers=basic())

    def call(self, **changes: Any) -> dict[str, Any]:
        answer = self.ask(**changes)
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json
        return shown

    def wait(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self.inbox.advance_due()

    def fetch(self, shown: dict[str, Any]) -> dict[str, Any]:
        answer = self.web.get("/twilio" + shown["uri"], headers=basic())
        assert answer.status_code == 200, answer.text
        fetched: dict[str, Any] = answer.json
        return fetched

    def update(self, shown: dict[str, Any], **form: str) -> Any:
        return self.web.post("/twilio" + shown["uri"], data=form, headers=basic())

    def message(self) -> dict[str, Any]:
        newest: dict[str, Any] = self.web.get("/api/v1/messages?limit=1").json["messages"][0]
        return newest

    def press(self, digits: str) -> Any:
        path = f"/api/v1/messages/{self.message()['id']}/press"
        return self.web.post(path, json={"digits": digits})

    def heard(self, words: str) -> dict[str, Any]:
        return await_message(self.web, body_contains=words)


@pytest.fixture
def phone(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> Phone:
    return Phone(web, sandbox, clock)


def says(document: str, media: str = "text/xml") -> Any:
    return status(200, document.encode(), **{"Content-Type": media})


def test_a_created_call_has_twilios_keys_and_waits_in_the_queue(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    assert set(shown) == KEYS
    assert (shown["sid"][:2], len(shown["sid"]), shown["status"]) == ("CA", 34, "queued")
    assert (shown["direction"], shown["duration"], shown["start_time"]) == (
        "outbound-api",
        None,
        None,
    )
    assert shown["to_formatted"] == "(555) 867-5310"
    assert shown["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{shown['sid']}.json"
    message = phone.message()
    assert (message["provider"], message["body"], message["status"]) == ("twilio", "", "accepted")


def test_a_spoken_code_is_found_in_the_call(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    phone.wait(0.1)
    assert phone.fetch(shown)["status"] == "ringing"
    phone.wait(0.2)
    done = phone.fetch(shown)
    assert (done["status"], done["duration"]) == ("completed", "0")
    assert done["start_time"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    message = phone.message()
    assert (message["body"], message["code"]) == ("Your code is 4 8 2 9 1 3.", "482913")
    claimed = phone.web.post(f"/api/v1/codes/{TO}/claim", json={"timeout": 1}).json
    assert claimed["code"] == "482913"
    found = phone.web.get("/api/v1/messages?q=482913").json["messages"]
    assert [one["id"] for one in found] in ([], [message["id"]])
    assert phone.web.get("/api/v1/messages?q=%22Your+code%22").json["total"] == 1


def test_the_script_is_fetched_signed_when_the_call_is_answered(
    phone: Phone, app: Receiver
) -> None:
    app.answers.append(says(SAYS_CODE))
    url = f"{app.url}/voice?x=1"
    shown = phone.call(Url=url)
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    (post,) = app.await_posts(1)
    form = post.form
    assert (post.path, form["CallSid"], form["CallStatus"]) == (
        "/voice?x=1",
        shown["sid"],
        "in-progress",
    )
    assert (form["From"], form["To"], form["Direction"]) == (FROM, TO, "outbound-api")
    assert post.headers["X-Twilio-Signature"] == sign(TOKEN, url, form.items())
    assert await_message(phone.web, status="delivered")["code"] == "482913"


def test_the_script_may_be_fetched_by_get(phone: Phone, app: Receiver) -> None:
    app.answers.append(says(SAYS_CODE))
    phone.call(Url=f"{app.url}/voice", Method="GET")
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    (post,) = app.await_posts(1)
    assert (post.method, "CallStatus=in-progress" in post.path) == ("GET", True)


def test_status_callbacks_tell_every_event_that_was_asked_for(phone: Phone, app: Receiver) -> None:
    events = ["initiated", "ringing", "answered", "completed"]
    url = f"{app.url}/status"
    phone.call(Twiml=SAYS_CODE, StatusCallback=url, StatusCallbackEvent=events)
    phone.wait(0.3)
    posts = app.await_posts(4)
    assert [post.form["CallStatus"] for post in posts] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [post.form["SequenceNumber"] for post in posts] == ["0", "1", "2", "3"]
    last = posts[-1].form
    assert (last["CallDuration"], last["CallbackSource"]) == ("0", "call-progress-events")
    for post in posts:
        assert post.headers["X-Twilio-Signature"] == sign(TOKEN, url, post.form.items())


def test_only_the_end_is_told_where_no_event_is_named(phone: Phone, app: Receiver) -> None:
    phone.call(Twiml="<Response><Pause length='7'/></Response>", StatusCallback=f"{app.url}/status")
    phone.wait(0.3)
    phone.wait(7)
    (post,) = app.await_posts(1)
    assert (post.form["CallStatus"], post.form["CallDuration"]) == ("completed", "7")


def test_a_key_press_leads_to_the_action(phone: Phone, app: Receiver) -> None:
    app.answers.append(
        says(
            "<Response><Gather numDigits='1' action='/pressed?y=2'>"
            "<Say>Press 1 for your code.</Say></Gather><Say>Good bye.</Say></Response>"
        )
    )
    app.answers.append(says(SAYS_CODE))
    shown = phone.call(Url=f"{app.url}/voice")
    assert phone.press("1").status_code == 409
    phone.wait(0.3)
    phone.heard("Press 1 for your code.")
    assert phone.fetch(shown)["status"] == "in-progress"
    assert phone.press("1").status_code == 200
    phone.heard("4 8 2 9 1 3")
    post = app.await_posts(2)[1]
    assert (post.path, post.form["Digits"], post.form["msg"]) == ("/pressed?y=2", "1", "Gather End")
    assert post.headers["X-Twilio-Signature"] == sign(
        TOKEN, f"{app.url}/pressed?y=2", post.form.items()
    )
    assert await_message(phone.web, status="delivered")["body"] == (
        "Press 1 for your code. Your code is 4 8 2 9 1 3."
    )
    late = phone.press("1")
    assert (late.status_code, late.json["code"]) == (409, "no_listener")


def test_without_an_action_the_keys_go_where_the_script_came_from(
    phone: Phone, app: Receiver
) -> None:
    app.answers.append(says("<Response><Gather numDigits='1' method='GET'/></Response>"))
    phone.call(Url=f"{app.url}/voice?x=1", Method="GET")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    phone.press("5")
    post = app.await_posts(2)[1]
    assert post.path.startswith("/voice?x=1&")
    assert (post.path.count("CallSid="), post.path.count("Digits=5")) == (1, 1)


def test_keys_come_one_by_one_until_the_hash(phone: Phone, app: Receiver) -> None:
    app.answers.append(says("<Response><Gather action='/pin'/></Response>"))
    phone.call(Url=f"{app.url}/voice")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    for keys in ("4", "2*"):
        assert phone.press(keys).status_code == 200
    phone.press("7#9")
    post = app.await_posts(2)[1]
    assert (post.form["Digits"], post.form["FinishedOnKey"]) == ("42*7", "#")


def test_keys_that_do_not_end_are_taken_after_the_time(phone: Phone, app: Receiver) -> None:
    app.answers.append(says("<Response><Gather action='/pin' timeout='3'/></Response>"))
    phone.call(Url=f"{app.url}/voice")
    phone.wait(0.3)
    await_attempts(phone.inbox, phone.message()["id"], 1)
    phone.wait(2)
    phone.press("12")
    phone.wait(2)
    assert len(app.posts) == 1
    phone.wait(1)
    assert app.await_posts(2)[1].form["Digits"] == "12"


def test_without_a_key_the_script_goes_on(phone: Phone) -> None:
    shown = phone.call(
        Twiml="<Response><Gather timeout='4'><Say>Press.</Say></Gather><Say>Bye.</Say></Response>"
    )
    phone.wait(0.3)
    assert phone.message()["body"] == "Press."
    phone.wait(4)
    assert phone.message()["body"] == "Press. Bye."
    assert (phone.fetch(shown)["status"], phone.fetch(shown)["duration"]) == ("completed", "4")


def test_every_verb_that_is_imitated(phone: Phone, app: Receiver) -> None:
    app.answers.append(
        says(
            "<Response><Say loop='2'>Hi</Say><Say>your <emphasis>code</emphasis> is</Say>"
            "<Play>http://x.example/a.mp3</Play><Play digits='12'/><Pause/>"
            "<Dial>+1</Dial><Redirect>other</Redirect><Say>never</Say></Response>"
        )
    )
    app.answers.append(says("<Response><Say>there</Say><Hangup/><Say>never</Say></Response>"))
    phone.call(Url=f"{app.url}/voice/start")
    phone.wait(0.3)
    message = phone.heard("(keys 12)")
    phone.wait(1)
    phone.heard("there")
    assert app.await_posts(2)[1].path == "/voice/other"
    assert phone.message()["body"] == (
        "Hi Hi your code is (plays http://x.example/a.mp3) (keys 12) there"
    )
    attempts = await_attempts(phone.inbox, message["id"], 2)
    assert "error" not in attempts[0]


def test_a_pause_of_no_length_is_none(phone: Phone) -> None:
    phone.call(Twiml="<Response><Pause length='0'/><Say>Hi</Say></Response>")
    phone.wait(0.3)
    assert (phone.message()["body"], phone.message()["status"]) == ("Hi", "delivered")


def test_a_verb_that_is_not_imitated_is_noted(phone: Phone, app: Receiver) -> None:
    app.answers.append(says("<Response><Dial>+1</Dial></Response>"))
    phone.call(Url=f"{app.url}/voice")
    phone.wait(0.3)
    (attempt,) = await_attempts(phone.inbox, phone.message()["id"], 1)
    assert attempt["error"] == "<Dial> is not imitated by this sandbox: left out."
    assert attempt["kind"] == "script"


def test_plain_text_is_spoken_without_what_nobody_hears(phone: Phone, app: Receiver) -> None:
    app.answers.append(says("Your\x00 code\x1b[31m is \u202e123456", "text/plain"))
    phone.call(Url=f"{app.url}/voice")
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
    phone: Phone, app: Receiver, answer: Any, note: str | None
) -> None:
    app.answers.append(answer)
    shown = phone.call(Url=f"{app.url}/voice")
    phone.wait(0.3)
    (attempt,) = await_attempts(phone.inbox, phone.message()["id"], 1)
    if note is None:
        assert phone.fetch(shown)["status"] == "in-progress"
        phone.wait(5)
    else:
        assert note in attempt["error"]
    assert phone.fetch(shown)["status"] == "completed"


def test_a_script_whose_request_is_dropped_ends_the_call(phone: Phone, app: Receiver) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "webhook", "mutation": "drop"}}
    phone.web.post("/api/v1/faults", json=rule)
    shown = phone.call(Url=f"{app.url}/voice", FallbackUrl=f"{app.url}/second")
    phone.wait(0.3)
    assert phone.fetch(shown)["status"] == "completed"
    assert app.posts == []
    assert len(phone.inbox.attempts(phone.message()["id"])) == 2


def test_the_fallback_is_asked_where_the_script_fails(phone: Phone, app: Receiver) -> None:
    app.answers.extend([status(500), says(SAYS_CODE)])
    phone.call(Url=f"{app.url}/voice", FallbackUrl=f"{app.url}/second")
    phone.wait(0.3)
    phone.heard("4 8 2 9 1 3")
    post = app.await_posts(2)[1]
    assert (post.path, post.form["ErrorCode"]) == ("/second", "11200")


def test_a_call_that_leads_in_circles_ends(phone: Phone, app: Receiver) -> None:
    app.answers.extend(says("<Response><Redirect/></Response>") for _ in range(150))
    phone.call(Url=f"{app.url}/voice")
    phone.wait(0.3)
    await_message(phone.web, status="delivered")
    assert len(app.posts) == 100


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21201),
        ({"From": None}, 21213),
        ({"Twiml": None}, 21205),
        ({"Twiml": None, "Url": "ftp://x/y"}, 21205),
        ({"Twiml": "<Response>"}, 20001),
        ({"Twiml": "<Response/>" + " " * 4000}, 20001),
        ({"To": "+1"}, 21217),
        ({"From": "Notes"}, 21212),
        ({"StatusCallback": "http://a_b/"}, 21609),
        ({"StatusCallbackEvent": "never"}, 20001),
        ({"StatusCallbackMethod": "PUT"}, 20001),
        ({"ApplicationSid": "AP" + "1" * 32}, 20001),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21210),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
    ],
)
def test_a_call_that_twilio_would_refuse_is_refused(
    phone: Phone, changes: dict[str, str | None], code: int
) -> None:
    answer = phone.ask(**({"Twiml": SAYS_CODE} | changes))
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert phone.web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(("state", "lost"), [("off", "no-answer"), ("blocked", "busy")])
def test_a_handset_that_is_not_there_loses_the_call(
    phone: Phone, inbox: Inbox, app: Receiver, state: str, lost: str
) -> None:
    inbox.put_handset(ACCOUNT, TO, {"state": state})
    shown = phone.call(Twiml=SAYS_CODE, StatusCallback=f"{app.url}/status")
    phone.wait(1)
    assert phone.fetch(shown)["status"] == lost
    assert phone.message()["body"] == ""
    assert app.await_posts(1)[0].form["CallStatus"] == lost


@pytest.mark.parametrize(
    ("area_code", "ends"),
    [("503", "no-answer"), ("404", "failed"), ("405", "completed"), ("410", "completed")],
)
def test_a_scenario_says_how_a_call_ends(phone: Phone, area_code: str, ends: str) -> None:
    shown = phone.call(To=f"+1{area_code}5550100", Twiml=SAYS_CODE)
    phone.wait(1)
    assert phone.fetch(shown)["status"] == ends


@pytest.mark.parametrize(("area_code", "code"), [("406", 21217), ("502", 21215), ("509", 20429)])
def test_a_scenario_refuses_a_call_in_twilios_words(
    phone: Phone, area_code: str, code: int
) -> None:
    assert phone.ask(To=f"+1{area_code}5550100", Twiml=SAYS_CODE).json["code"] == code


def test_a_fault_rule_loses_a_call(phone: Phone) -> None:
    rule = {"match": {"to": TO}, "effect": {"type": "delivery", "status": "undelivered"}}
    phone.web.post("/api/v1/faults", json=rule)
    shown = phone.call(Twiml=SAYS_CODE)
    phone.wait(1)
    assert (phone.fetch(shown)["status"], phone.message()["body"]) == ("failed", "")


def test_a_call_is_canceled_before_it_is_answered(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    answer = phone.update(shown, Status="canceled")
    assert (answer.status_code, answer.json["status"]) == (200, "canceled")
    phone.wait(1)
    assert phone.fetch(shown)["status"] == "canceled"
    assert phone.message()["body"] == ""


def test_a_live_call_is_ended_but_not_canceled(phone: Phone) -> None:
    shown = phone.call(Twiml="<Response><Pause length='60'/><Say>Late</Say></Response>")
    phone.wait(0.3)
    assert phone.update(shown, Status="canceled").json["status"] == "in-progress"
    phone.wait(10)
    done = phone.update(shown, Status="completed").json
    assert (done["status"], done["duration"]) == ("completed", "10")
    phone.wait(60)
    assert phone.message()["body"] == ""


def test_a_live_call_is_sent_elsewhere(phone: Phone, app: Receiver) -> None:
    app.answers.append(says(SAYS_CODE))
    shown = phone.call(Twiml="<Response><Pause length='60'/></Response>")
    too_early = phone.update(shown, Url=f"{app.url}/other")
    assert (too_early.status_code, too_early.json["code"]) == (400, 21220)
    phone.wait(0.3)
    assert phone.update(shown, Url=f"{app.url}/other").status_code == 200
    phone.heard("4 8 2 9 1 3")
    await_message(phone.web, status="delivered")
    assert phone.update(shown, Twiml=SAYS_CODE).json["code"] == 21220
    assert phone.update(shown).json["code"] == 20001


def test_calls_are_listed_apart_from_messages(phone: Phone) -> None:
    first = phone.call(Twiml=SAYS_CODE)
    phone.wait(1)
    lost = phone.call(To="+15035550100", Twiml=SAYS_CODE)
    phone.wait(1)
    create(phone.web)

    def listed(**asked: str) -> list[str]:
        page = phone.web.get(f"{ROOT}/Calls.json", query_string=asked, headers=basic()).json
        return [one["sid"] for one in page["calls"]]

    assert listed() == [lost["sid"], first["sid"]]
    assert listed(Status="completed") == [first["sid"]]
    assert listed(Status="no-answer") == [lost["sid"]]
    assert listed(Status="busy") == listed(Status="failed") == []
    assert listed(To=TO) == [first["sid"]]
    assert listed(**{"StartTime>": "2027-01-15"}) == [first["sid"]]
    odd = phone.web.get(f"{ROOT}/Calls.json?Status=odd", headers=basic())
    assert odd.json["code"] == 20001
    page = phone.web.get(f"{ROOT}/Messages.json", headers=basic()).json
    assert len(page["messages"]) == 1
    path = f"{ROOT}/Messages/{first['sid']}.json"
    assert phone.web.get(path, headers=basic()).json["code"] == 20404


def test_a_call_is_forgotten_once_it_is_over(phone: Phone) -> None:
    shown = phone.call(Twiml=SAYS_CODE)
    path = "/twilio" + shown["uri"]
    assert phone.web.delete(path, headers=basic()).json["code"] == 20009
    phone.wait(1)
    assert phone.web.delete(path, headers=basic()).status_code == 204
    assert phone.web.get(path, headers=basic()).json["code"] == 20404


def test_a_restart_goes_on_with_a_call(
    make_sandbox: Any, clock: FrozenClock, tmp_path: Any
) -> None:
    db = str(tmp_path / "calls.sqlite")
    before = make_sandbox(db=db)
    phone = Phone(create_app(before).test_client(), before, clock)
    phone.call(Twiml="<Response><Say>One.</Say><Pause length='5'/><Say>Two.</Say></Response>")
    phone.wait(0.3)
    before.close()
    after = make_sandbox(db=db)
    phone = Phone(create_app(after).test_client(), after, clock)
    assert phone.message()["body"] == "One."
    phone.wait(5)
    assert phone.message()["body"] == "One. Two."


@pytest.mark.parametrize("digits", ["", "a", "1" * 65, "1 2"])
def test_keys_that_no_telephone_has_are_refused(phone: Phone, digits: str) -> None:
    phone.call(Twiml=SAYS_CODE)
    answer = phone.press(digits)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")


def test_a_text_message_takes_no_keys(phone: Phone) -> None:
    create(phone.web)
    assert phone.press("1").json["code"] == "no_listener"
