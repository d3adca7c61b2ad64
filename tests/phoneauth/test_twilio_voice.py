"""Twilio's Calls: how one begins and fails, what its script is, what its receipts mean."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from typing import Any

import pytest
from contracts.vendors import ENOUGH, patience_with
from scripted_server import Behaviour, ScriptedServer, answer, drop, silence
from twilio.request_validator import RequestValidator

from flask_phoneauth.errors import (
    AccountRefused,
    BadSignature,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import Caller, Voice
from flask_phoneauth.providers.twilio import TwilioProvider
from flask_phoneauth.records import Outbound, RawRequest, Script

ACCOUNT, TOKEN = "AC" + "a" * 32, "a-token-of-the-account"
SENDER = "+15017122661"
CALL = Outbound("+447911123456", "", "AB", "delivery-token")
TAKEN = answer(201, {"sid": "CA" + "b" * 32, "status": "queued"})
RECEIPTS, SCRIPTS = (
    "https://notes.example/auth/receipts/twilio",
    "https://notes.example/auth/voice/twilio",
)


def provider_to(url: str, **changes: Any) -> TwilioProvider:
    given = {"sender": SENDER, "callback_url": RECEIPTS, "script_url": SCRIPTS, **changes}
    return TwilioProvider(ACCOUNT, TOKEN, base_url=url, **{"read_timeout": ENOUGH, **given})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as running:
        yield running


@pytest.fixture
def voice(server: ScriptedServer) -> Iterator[Voice]:
    provider = provider_to(server.url)
    assert isinstance(provider, Caller)
    assert provider.voice is not None
    yield provider.voice
    provider.close()


def failure(provider: TwilioProvider) -> SendFailed:
    assert provider.voice is not None
    with pytest.raises(SendFailed) as caught:
        provider.voice.call(CALL)
    provider.close()
    return caught.value


def error(status: int, code: int) -> Behaviour:
    return answer(status, {"code": code, "message": "not to +447911123456", "status": status})


def test_a_call_names_where_its_script_and_its_receipts_go(
    server: ScriptedServer, voice: Voice
) -> None:
    accepted = voice.call(CALL)
    assert (accepted.provider, accepted.message_id) == ("twilio", "CA" + "b" * 32)
    (request,) = server.requests
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    assert request.form == {
        "To": CALL.to,
        "From": SENDER,
        "Url": f"{SCRIPTS}/delivery-token",
        "Method": "POST",
        "StatusCallback": f"{RECEIPTS}/delivery-token",
        "Timeout": "25",
        "TimeLimit": "120",
    }


@pytest.mark.parametrize(
    "lacking", [{"callback_url": ""}, {"script_url": ""}, {"sender": "Notes"}, {"sender": ""}]
)
def test_without_all_that_it_needs_nobody_calls(lacking: dict[str, str]) -> None:
    provider = provider_to("http://127.0.0.1:9", messaging_service_sid="MG" + "c" * 32, **lacking)
    assert provider.voice is None
    provider.close()


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (error(400, 21217), NumberRefused, "number_refused"),
        (error(400, 21214), NumberRefused, "number_refused"),
        (error(400, 21215), AccountRefused, "region_not_enabled"),
        (error(400, 21216), AccountRefused, "region_not_enabled"),
        (error(400, 21210), AccountRefused, "sender_refused"),
        (error(401, 20003), AccountRefused, "credentials_refused"),
        (answer(429), ProviderDown, "throttled"),
        (answer(503), ProviderDown, "server_error"),
        (silence, SendUncertain, "read_timeout"),
        (drop, SendUncertain, "connection_lost"),
        (answer(201, b"?"), SendUncertain, "unreadable_answer"),
    ],
)
def test_a_failure_is_told_by_its_kind_and_not_retried(
    behaviour: Behaviour, kind: type[SendFailed], reason: str
) -> None:
    with ScriptedServer(behaviour) as server:
        failed = failure(provider_to(server.url, read_timeout=patience_with(behaviour)))
        assert (type(failed), failed.reason) == (kind, reason)
        assert server.count(1) == 1


def test_a_refused_connection_rang_nobody() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        failed = failure(provider_to(f"http://127.0.0.1:{bound.getsockname()[1]}"))
    assert type(failed) is ProviderDown


def test_a_question_waits_for_one_key_twice_and_then_hangs_up(voice: Voice) -> None:
    root = Xml.fromstring(voice.write(Script(("Hello.", "Press 1."), asks=True)))
    assert [verb.tag for verb in root] == ["Gather", "Gather", "Hangup"]
    for gather in root.findall("Gather"):
        assert (gather.get("numDigits"), gather.get("input")) == ("1", "dtmf")
        assert gather.get("action") is None  # Twilio comes again to the same, signed address
        assert [say.text for say in gather] == ["Hello.", "Press 1."]


def test_lines_are_spoken_one_by_one_in_the_language_and_never_read_as_markup(
    voice: Voice,
) -> None:
    written = voice.write(Script(("4 2", "<Redirect>&</Redirect>"), "de_CH"))
    says = Xml.fromstring(written).findall("Say")
    assert [say.text for say in says] == ["4 2", "<Redirect>&</Redirect>"]
    assert {say.get("language") for say in says} == {"de-DE"}
    unknown = Xml.fromstring(voice.write(Script(("x",), "tlh")))
    assert unknown[0].get("language") == "en-GB"


def question(**fields: str) -> RawRequest:
    url = f"{SCRIPTS}/delivery-token"
    signature = RequestValidator(TOKEN).compute_signature(url, fields)
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return RawRequest("POST", url, {"x-twilio-signature": signature}, body)


def test_only_what_twilio_signed_is_a_key(voice: Voice) -> None:
    assert voice.read(question(CallSid="CA1", CallStatus="ringing")) == ""
    pressed = question(CallSid="CA1", Digits="1")
    assert voice.read(pressed) == "1"
    for forged in (
        RawRequest("POST", pressed.url + "x", pressed.headers, pressed.body),
        RawRequest("POST", pressed.url, pressed.headers, pressed.body + b"1"),
        RawRequest("POST", pressed.url, {}, pressed.body),
    ):
        with pytest.raises(BadSignature):
            voice.read(forged)


@pytest.mark.parametrize(
    ("status", "delivery", "reason"),
    [
        ("queued", "", ""),
        ("ringing", "sent", ""),
        ("in-progress", "sent", ""),
        ("completed", "failed", "completed"),
        ("busy", "failed", "busy"),
        ("no-answer", "failed", "no_answer"),
        ("failed", "failed", "failed"),
        ("canceled", "failed", "canceled"),
        ("gargled", "", ""),
    ],
)
def test_a_calls_receipt_says_what_became_of_it(status: str, delivery: str, reason: str) -> None:
    provider = provider_to("http://127.0.0.1:9")
    assert provider.receipts is not None
    receipt = provider.receipts.read(question(CallSid="CA1", CallStatus=status))
    assert (receipt.message_id, receipt.channel) == ("CA1", "voice")
    assert (receipt.delivery, receipt.reason) == (delivery, reason)
    provider.close()
