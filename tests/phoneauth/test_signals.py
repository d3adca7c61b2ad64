"""Signals tell what happened, with masked numbers and without any code."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import pytest
from web_steps import PHONE, ask, entry, wrong

from flask_phoneauth import signals
from flask_phoneauth.signals import SIGNALS

NAMES = {signal: kind.__name__ for kind, signal in SIGNALS.items()}


@pytest.fixture
def heard(app):
    """The signals of the app in their order: name and arguments."""
    events = []
    with ExitStack() as stack:
        for signal, name in NAMES.items():

            def listen(sender, _name=name, **arguments):
                assert sender is app
                events.append((_name, arguments))

            stack.enter_context(signal.connected_to(listen, app))
        yield events


def names(heard):
    return [name for name, _ in heard]


def test_a_first_login_is_told_step_by_step(app, heard, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    assert names(heard) == ["DeliveryUpdated", "CodeSent"]
    assert heard[0][1] == {
        "challenge_id": asked["challenge_id"],
        "delivery": "sent",
        "provider": "",
    }
    assert heard[1][1] == {
        "challenge_id": asked["challenge_id"],
        "purpose": "login",
        "masked_phone": asked["masked_phone"],
        "provider": "console",
        "channel": "sms",
    }
    heard.clear()
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert names(heard) == ["UserSignedUp", "UserSignedIn"]
    assert heard[0][1]["user"].phone == PHONE
    signed_in = heard[1][1]
    assert (signed_in["user"].phone, signed_in["new_user"]) == (PHONE, True)
    (listed,) = client.get("/auth/sessions", headers={"Accept": "application/json"}).get_json()[
        "sessions"
    ]
    assert signed_in["session_id"] == listed["id"]


def test_a_later_login_is_no_sign_up(app, heard, phoneauth_login):
    phoneauth_login(app.test_client())
    heard.clear()
    phoneauth_login(app.test_client())
    assert names(heard) == ["DeliveryUpdated", "CodeSent", "UserSignedIn"]
    assert heard[-1][1]["new_user"] is False


def test_a_logout_and_its_reach_are_told(app, heard, phoneauth_login):
    client = app.test_client()
    for everywhere in (False, True):
        phoneauth_login(client)
        session_id = heard[-1][1]["session_id"]
        heard.clear()
        client.post("/auth/logout", json={"everywhere": everywhere})
        ((name, arguments),) = heard
        assert name == "UserSignedOut"
        assert (arguments["session_id"], arguments["everywhere"]) == (session_id, everywhere)
        assert arguments["user"].phone == PHONE
    heard.clear()
    client.post("/auth/logout", json={})
    assert heard == []


def test_revoked_sessions_are_told(app, heard, phoneauth_login):
    here, there = app.test_client(), app.test_client()
    phoneauth_login(here)
    phoneauth_login(there)
    other = heard[-1][1]["session_id"]
    heard.clear()
    here.delete(f"/auth/sessions/{other}")
    here.delete("/auth/sessions")
    assert [(name, told["session_id"]) for name, told in heard] == [
        ("SessionRevoked", other),
        ("SessionRevoked", None),
    ]
    heard.clear()
    here.delete("/auth/sessions/0123456789abcdef")
    assert heard == []


def test_refusals_are_told_by_their_code(app, heard):
    first, second = (app.test_client(use_cookies=False) for _ in range(2))
    ask(first)
    heard.clear()
    second.post("/auth/login", json={"phone": PHONE})
    ((name, told),) = heard
    assert (name, told["purpose"], told["code"]) == ("CodeRefused", "login", "cooldown")
    assert told["masked_phone"].endswith("56")


def test_a_failed_message_is_told_with_its_reason(app, heard, monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    asked = ask(app.test_client())
    assert names(heard) == ["DeliveryUpdated", "CodeFailed"]
    assert heard[0][1]["delivery"] == "failed"
    assert heard[1][1] == {
        "challenge_id": asked["challenge_id"],
        "purpose": "login",
        "masked_phone": asked["masked_phone"],
        "reason": "no_console",
        "channel": "sms",
    }


def test_neither_code_nor_number_is_in_a_signal_a_log_or_an_error(
    app, heard, phoneauth_code, caplog
):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, logger="sqlalchemy.engine")  # statements with their values
    client = app.test_client()
    asked = ask(client, remember=True)
    code = phoneauth_code(PHONE)
    answers = [client.post("/auth/verify", json=entry(asked, wrong(code)))]
    answers.append(client.post("/auth/verify", json=entry(asked, code * 2)))
    answers.append(client.post("/auth/login", json={"phone": PHONE + "x"}))
    answers.append(app.test_client().post("/auth/login", json={"phone": PHONE}))
    answers.append(client.post("/auth/resend", json=entry(asked, code)))
    client.post("/auth/verify", json=entry(asked, code))
    answers.append(client.post("/auth/verify", json=entry(asked, code)))
    client.post("/auth/logout", json={})
    assert [answer.status_code for answer in answers] == [400, 400, 422, 429, 429, 410]
    held = [answer.text for answer in answers]
    held += [f"{record.name} {record.getMessage()} {record.args!r}" for record in caplog.records]
    held += [repr(told) for _, told in heard]
    assert "UserSignedIn" in names(heard)
    for text in held:
        assert code not in text
        assert PHONE[3:] not in text
        assert asked["challenge_secret"] not in text


def test_every_event_has_a_signal_of_its_own_name():
    for kind, signal in SIGNALS.items():
        spelled = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert signal.name == f"phoneauth{spelled}"
        assert signal.__doc__ == kind.__doc__
        assert getattr(signals, spelled[1:].replace("-", "_")) is signal
