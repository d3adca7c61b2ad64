from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver, status
from sandbox.twilio_calls import (
    ACCOUNT,
    FROM,
    ROOT,
    TO,
    TOKEN,
    ask,
    await_attempts,
    await_message,
    basic,
    create,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.inbox import Inbox

KEYS = {
    "ToCountry", "ToState", "SmsMessageSid", "NumMedia", "ToCity", "FromZip", "SmsSid",
    "FromState", "SmsStatus", "FromCity", "Body", "FromCountry", "To", "ToZip", "NumSegments",
    "MessageSid", "AccountSid", "From", "ApiVersion",
}  # fmt: skip


@pytest.fixture
def app(web: FlaskClient, sandbox: Sandbox, receiver: Receiver) -> Receiver:
    """An application that has written to the handset once, and gets what comes back."""
    create(web)
    settings = {"inbound_url": f"{receiver.url}/sms?tenant=1"}
    sandbox.inbox.put_account_settings(ACCOUNT, settings)
    return receiver


def text(web: FlaskClient, body: str) -> dict[str, Any]:
    answer = web.post(
        "/api/v1/inbound", json={"from": TO, "to": FROM, "body": body, "provider": "twilio"}
    )
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json
    assert message["account"] == ACCOUNT
    return message


def says(document: str, media: str = "text/xml") -> Any:
    return status(200, document.encode(), **{"Content-Type": media})


def listed(web: FlaskClient) -> list[dict[str, Any]]:
    page: dict[str, Any] = web.get(f"{ROOT}/Messages.json", headers=basic()).json
    messages: list[dict[str, Any]] = page["messages"]
    return messages


def test_an_inbound_message_is_posted_as_twilio_does(web: FlaskClient, app: Receiver) -> None:
    text(web, "Hello")
    (post,) = app.await_posts(1)
    form = post.form
    assert (post.method, post.path, set(form)) == ("POST", "/sms?tenant=1", KEYS)
    assert (form["From"], form["To"], form["Body"]) == (TO, FROM, "Hello")
    assert (form["SmsStatus"], form["NumMedia"], form["NumSegments"]) == ("received", "0", "1")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    signature = sign(TOKEN, f"{app.url}/sms?tenant=1", form.items())
    assert post.headers["X-Twilio-Signature"] == signature
    newest = listed(web)[0]
    assert newest["sid"] == form["MessageSid"]
    assert (newest["direction"], newest["status"]) == ("inbound", "received")


def test_the_parameters_sign_as_the_worked_example() -> None:
    parameters = {
        "ToCountry": "US", "ToState": "CA", "SmsMessageSid": "SM" + "b" * 32, "NumMedia": "0",
        "ToCity": "", "FromZip": "94949", "SmsSid": "SM" + "b" * 32, "FromState": "CA",
        "SmsStatus": "received", "FromCity": "NOVATO", "Body": "STOP", "FromCountry": "US",
        "To": "+15017122661", "ToZip": "", "NumSegments": "1", "MessageSid": "SM" + "b" * 32,
        "AccountSid": "AC" + "a" * 32, "From": "+15558675310", "ApiVersion": "2010-04-01",
    }  # fmt: skip
    assert set(parameters) == KEYS
    signature = sign(TOKEN, "http://127.0.0.1:9000/sms", parameters.items())
    assert signature == "mGdYIh79NbkMILCW+jy8ghXJW40="


def test_an_application_may_be_asked_by_get(
    web: FlaskClient, app: Receiver, sandbox: Sandbox
) -> None:
    sandbox.inbox.put_account_settings(ACCOUNT, {"webhook_method": "GET"})
    text(web, "a & b")
    (post,) = app.await_posts(1)
    assert post.method == "GET"
    assert post.path.startswith("/sms?tenant=1&")
    assert "Body=a+%26+b" in post.path
    assert post.headers["X-Twilio-Signature"] == sign(TOKEN, app.url + post.path)


def test_without_an_address_nobody_is_asked(
    web: FlaskClient, inbox: Inbox, receiver: Receiver
) -> None:
    create(web)
    message = text(web, "Hello")
    assert inbox.attempts(message["id"]) == []
    assert receiver.posts == []
    assert [one["direction"] for one in listed(web)] == ["inbound", "outbound-api"]


def test_twiml_messages_become_replies(web: FlaskClient, app: Receiver) -> None:
    app.answers.append(
        says(
            '<?xml version="1.0" encoding="UTF-8"?><Response><Message>First &amp; last</Message>'
            "<Message to='+447700900123' statusCallback='/told'><Body>Second</Body>"
            "<Media>http://127.0.0.1:9/a.png</Media></Message></Response>"
        )
    )
    text(web, "Hello")
    first = await_message(web, body_contains="First & last")
    assert (first["from"], first["to"]) == (FROM, TO)
    second = await_message(web, body_contains="Second")
    assert second["to"] == "+447700900123"
    newest = listed(web)[0]
    assert (newest["direction"], newest["num_media"]) == ("outbound-reply", "1")


def test_a_replys_status_goes_to_the_address_that_it_names(
    web: FlaskClient, app: Receiver, clock: Any, sandbox: Sandbox
) -> None:
    app.answers.append(says("<Response><Message statusCallback='/told'>Hi</Message></Response>"))
    text(web, "Hello")
    await_message(web, body_contains="Hi")
    clock.advance(0.3)
    sandbox.inbox.advance_due()
    post = app.await_posts(2)[1]
    assert (post.path, post.form["MessageStatus"]) == ("/told", "sent")


def test_plain_text_is_a_reply(web: FlaskClient, app: Receiver) -> None:
    app.answers.append(says("Just words", "text/plain"))
    text(web, "Hello")
    assert await_message(web, body_contains="Just words")["to"] == TO


def test_a_redirect_leads_to_another_document(web: FlaskClient, app: Receiver) -> None:
    app.answers.append(says("<Response><Redirect method='GET'>next?x=1</Redirect></Response>"))
    app.answers.append(says("<Response><Message>From there</Message></Response>"))
    text(web, "Hello")
    await_message(web, body_contains="From there")
    second = app.await_posts(2)[1]
    assert (second.method, second.path.startswith("/next?x=1&")) == ("GET", True)


def test_a_redirect_to_itself_keeps_the_address_as_it_was(
    web: FlaskClient, app: Receiver, sandbox: Sandbox
) -> None:
    sandbox.inbox.put_account_settings(ACCOUNT, {"webhook_method": "GET"})
    app.answers.append(says("<Response><Redirect method='GET'></Redirect></Response>"))
    text(web, "Hello")
    first, second = app.await_posts(2)
    assert second.path.count("Body=Hello") == 1
    assert second.path == first.path


def test_redirects_are_bounded(web: FlaskClient, app: Receiver, inbox: Inbox) -> None:
    app.answers.extend(says("<Response><Redirect/></Response>") for _ in range(30))
    message = text(web, "Hello")
    attempts = await_attempts(inbox, message["id"], 11)
    assert len(app.posts) == 11
    assert attempts[-1]["error"] == "No more than 10 redirects are followed."


def test_replies_are_bounded_and_the_log_says_so_once(
    web: FlaskClient, app: Receiver, inbox: Inbox
) -> None:
    app.answers.append(says("<Response>" + "<Message>x</Message>" * 13 + "</Response>"))
    message = text(web, "Hello")
    (attempt,) = await_attempts(inbox, message["id"], 1, noted=True)
    assert attempt["error"] == "Only the first 10 messages are sent."


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (
            says("<Response><Message>x</Response>"),
            "error 12100: Document parse failure: mismatched",
        ),
        (says("not xml"), "error 12100: Document parse failure"),
        (says("<Answer/>"), "error 12102: Invalid TwiML: the root must be <Response>."),
        (
            says("<!DOCTYPE r [<!ENTITY a 'aaaa'>]><Response><Message>&a;</Message></Response>"),
            "error 12100: Document parse failure: a DOCTYPE is not read.",
        ),
        (says("<Response>" + "<Message/>" * 300 + "</Response>"), "more than 200 elements"),
        (says("<Response><Dial>+1</Dial></Response>"), "<Dial> is no verb of a message"),
        (
            says("<Response><Message></Message></Response>"),
            "error 21602: Message body is required.",
        ),
        (says("<Response><Redirect>http://[</Redirect></Response>"), "error 11100"),
        (
            says("<Response><Message statusCallback='http://['>x</Message></Response>"),
            "error 21609",
        ),
        (says("{}", "application/json"), "error 12300: Invalid Content-Type application/json"),
        (status(500), "error 11200: HTTP retrieval failure"),
        (says("<Response><Message>" + "x" * 9000), "error 12100"),
    ],
)
def test_an_answer_that_cannot_be_used_is_noted_in_the_log(
    web: FlaskClient, app: Receiver, inbox: Inbox, answer: Any, note: str
) -> None:
    app.answers.append(answer)
    message = text(web, "Hello")
    (attempt,) = await_attempts(inbox, message["id"], 1)
    assert note in attempt["error"]
    assert [one["direction"] for one in listed(web)] == ["inbound", "outbound-api"]


def test_an_empty_response_says_nothing(web: FlaskClient, app: Receiver, inbox: Inbox) -> None:
    app.answers.append(says("<Response/>"))
    message = text(web, "Hello")
    (attempt,) = await_attempts(inbox, message["id"], 1)
    assert "error" not in attempt
    assert attempt["kind"] == "inbound"


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "END", "quit", "CANCEL"])
def test_stop_opts_out_of_this_sender_only(
    web: FlaskClient, app: Receiver, inbox: Inbox, word: str
) -> None:
    text(web, word)
    assert app.await_posts(1)[0].form["OptOutType"] == "STOP"
    assert "unsubscribed" in await_message(web, body_contains="unsubscribed")["body"]
    refused = ask(web)
    assert (refused.status_code, refused.json["code"]) == (400, 21610)
    assert refused.json["message"] == "Attempt to send to unsubscribed recipient"
    assert ask(web, From="+15017122662").status_code == 201
    assert inbox.handset(ACCOUNT, TO).opted_out


def test_start_opts_in_again_and_help_changes_nothing(web: FlaskClient, app: Receiver) -> None:
    text(web, "STOP")
    text(web, "start")
    assert "re-subscribed" in await_message(web, body_contains="re-subscribed")["body"]
    assert ask(web).status_code == 201
    text(web, "Help")
    assert await_message(web, body_contains="Reply STOP to unsubscribe. Msg&Data")["to"] == TO
    types = {post.form["OptOutType"] for post in app.await_posts(3)}
    assert types == {"STOP", "START", "HELP"}


def test_a_word_within_a_sentence_is_no_keyword(web: FlaskClient, app: Receiver) -> None:
    text(web, "please stop")
    assert "OptOutType" not in app.await_posts(1)[0].form
    assert ask(web).status_code == 201


def test_a_reply_to_who_has_opted_out_is_not_sent(
    web: FlaskClient, app: Receiver, inbox: Inbox
) -> None:
    app.answers.append(says("<Response><Message>Too late</Message></Response>"))
    message = text(web, "STOP")
    (attempt,) = await_attempts(inbox, message["id"], 1, noted=True)
    assert attempt["error"].startswith("A reply was refused: This handset has opted out")
    assert "Too late" not in [one["body"] for one in listed(web)]


def test_a_dead_application_keeps_nobody_waiting(
    web: FlaskClient, sandbox: Sandbox, inbox: Inbox
) -> None:
    create(web)
    sandbox.inbox.put_account_settings(ACCOUNT, {"inbound_url": "http://127.0.0.1:9/sms"})
    message = text(web, "Hello")
    (attempt,) = await_attempts(inbox, message["id"], 1)
    assert "Nothing listens there" in attempt["error"]


def test_a_resent_webhook_is_answered_again(web: FlaskClient, app: Receiver, inbox: Inbox) -> None:
    message = text(web, "Hello")
    (attempt,) = await_attempts(inbox, message["id"], 1)
    app.answers.append(says("<Response><Message>Second thoughts</Message></Response>"))
    assert web.post(f"/api/v1/webhooks/{attempt['id']}/resend", json={}).status_code == 202
    await_message(web, body_contains="Second thoughts")


def test_seeded_ids_are_the_same_at_every_run(make_sandbox: Any, receiver: Receiver) -> None:
    def run() -> list[str]:
        sandbox = make_sandbox(seed=7)
        web = create_app(sandbox).test_client()
        settings = {"inbound_url": f"{receiver.url}/sms"}
        sandbox.inbox.put_account_settings(ACCOUNT, settings)
        create(web, StatusCallback=f"{receiver.url}/told")
        message = text(web, "HELP")
        await_attempts(sandbox.inbox, message["id"], 1)
        receiver.answers.append(says("<Response><Message>Thanks</Message></Response>"))
        text(web, "Hello")
        await_message(web, body_contains="Thanks")
        return [one["sid"] for one in listed(web)]

    assert run() == run()


def test_an_account_over_its_limit_is_told_when_to_try_again(
    web: FlaskClient, sandbox: Sandbox
) -> None:
    limits = {"limits": {"messages_per_second": 1, "burst": 1}}
    sandbox.inbox.put_account_settings(ACCOUNT, limits)
    create(web)
    refused = ask(web)
    assert (refused.status_code, refused.json["code"]) == (429, 20429)
    assert int(refused.headers["Retry-After"]) >= 1
