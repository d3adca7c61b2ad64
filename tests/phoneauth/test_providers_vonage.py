"""Vonage's official SDK, held to bounded waits, to one request and to our four kinds of failure."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import vonage
from sandbox.vonage_calls import APPLICATION, private_key, private_pem
from scripted_server import Behaviour, ScriptedServer, answer, drop

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.vonage import VonageProvider
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

KEY, SECRET = "abcd1234", "a-secret-of-the-account"
MESSAGE = Outbound("+447911123456", "Your code: 481920", "AB", "delivery-token")
TAKEN = answer(202, {"message_uuid": "m-1"})
SOUND = {"vonage_api_key": KEY, "vonage_api_secret": SECRET, "vonage_from": "+15017122661"}
TYPE = "https://developer.vonage.com/api-errors/messages"


def problem(status: int, code: str = "", *names: str) -> Behaviour:
    wrong = [{"name": name, "reason": "447911123456"} for name in names]
    content = {"type": f"{TYPE}#{code}", "title": "x", "detail": "447911123456"}
    return answer(status, content | ({"invalid_parameters": wrong} if names else {}))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[VonageProvider]:
    provider = VonageProvider(KEY, SECRET, sender="Notes", base_url=server.url, read_timeout=0.3)
    yield provider
    provider.close()


def built(**settings: Any) -> VonageProvider:
    provider: VonageProvider = load_provider("vonage").from_settings(Settings(**settings))
    return provider


def failure(provider: VonageProvider, message: Outbound = MESSAGE) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(message)
    return caught.value


def test_the_message_is_sent_for_our_key_with_sender_and_webhook(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url + "/",
        public_url="https://notes.example/app/",
        vonage_signature_secret=SECRET,
        **SOUND,
    )
    assert provider.send(MESSAGE).message_id == "m-1"
    provider.close()
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/vonage/v1/messages")
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{KEY}:{SECRET}")
    assert request.json == {
        "to": "447911123456",
        "from": "15017122661",
        "text": "Your code: 481920",
        "channel": "sms",
        "message_type": "text",
        "client_ref": "delivery-token",
        "webhook_url": "https://notes.example/app/auth/receipts/vonage/delivery-token",
    }


def test_an_application_signs_in_by_its_key(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url,
        vonage_application_id=APPLICATION,
        vonage_private_key=private_pem(),
        **SOUND,
    )
    provider.send(MESSAGE)
    provider.close()
    kind, _, token = server.requests[0].headers["authorization"].partition(" ")
    claims = jwt.decode(token, private_key("application").public_key(), algorithms=["RS256"])
    assert (kind, claims["application_id"]) == ("Bearer", APPLICATION)


def test_an_application_needs_no_other_credential() -> None:
    application = {"vonage_application_id": APPLICATION, "vonage_private_key": private_pem()}
    built(vonage_from="Notes", **application).close()


@pytest.mark.parametrize("missing", ["vonage_application_id", "vonage_private_key"])
def test_half_an_application_is_refused(missing: str) -> None:
    application = {"vonage_application_id": APPLICATION, "vonage_private_key": private_pem()}
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing"):
        built(**{**SOUND, **application, missing: ""})


@pytest.mark.parametrize(
    "key",
    [
        "no key",
        "/no/such/file.key",
        "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_key_that_is_none_is_refused_at_the_start_and_not_shown(key: str) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_VONAGE_PRIVATE_KEY is no private") as caught:
        built(vonage_application_id=APPLICATION, vonage_private_key=key, **SOUND)
    assert "bm8=" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("changes", "missing"),
    [({"public_url": ""}, "PHONEAUTH_PUBLIC_URL"), ({}, "PHONEAUTH_VONAGE_SIGNATURE_SECRET")],
    ids=["no public address", "no signing key"],
)
def test_without_address_or_key_no_webhook_is_asked_for_and_the_start_says_so(
    server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    missing: str,
) -> None:
    secret = SECRET if changes else ""
    values = {"public_url": "https://notes.example", **changes}
    provider = built(sandbox_url=server.url, vonage_signature_secret=secret, **values)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("provider vonage: receipts are off")
    assert missing in line
    provider.send(MESSAGE)
    provider.close()
    assert not {"webhook_url", "client_ref"} & set(server.requests[0].json)
    assert provider.receipts is None


def test_a_sandbox_needs_no_credentials(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert server.requests[0].json["from"] == "15005550006"


def test_one_word_does_for_a_sandbox_that_signs(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url, public_url="http://127.0.0.1:9", vonage_signature_secret="word"
    )
    provider.send(MESSAGE)
    provider.close()
    shown = server.requests[0].headers["authorization"].partition(" ")[2]
    assert base64.b64decode(shown).decode().endswith(":word")
    assert provider.receipts is not None


@pytest.mark.parametrize("missing", list(SOUND))
def test_without_a_sandbox_a_missing_setting_is_named_with_its_cure(missing: str) -> None:
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing.*: \w"):
        built(**{**SOUND, missing: ""})


def test_without_a_sandbox_it_speaks_to_vonage_by_tls_through_the_environments_proxy(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, server.url)  # it answers 501 to CONNECT
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    provider = built(**SOUND)
    failed = failure(provider)
    provider.close()
    assert type(failed) is ProviderDown
    assert server.requests == []


def test_a_connection_that_is_dropped_is_not_tried_again(
    server: ScriptedServer, provider: VonageProvider
) -> None:
    server.behaviour = drop
    failed = failure(provider)
    assert (type(failed), failed.reason) == (SendUncertain, "connection_lost")
    assert len(server.requests) == 1


def test_nothing_of_the_sdk_is_changed_for_others(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    other = vonage.Vonage(vonage.Auth(api_key=KEY, api_secret=SECRET))
    session = other.http_client._session
    assert "https://api.nexmo.com" not in session.adapters
    assert session.hooks == {"response": []}
    assert other.http_client.http_client_options.pool_maxsize == 10


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (problem(422, "1150", "to"), NumberRefused, "number_refused"),
        (problem(422, "1150", "text", "to"), NumberRefused, "number_refused"),
        (problem(422, "1150", "from"), AccountRefused, "sender_refused"),
        (problem(422, "1150", "text"), AccountRefused, "request_refused"),
        (problem(422, "1150"), AccountRefused, "request_refused"),
        (answer(422, {"invalid_parameters": ["to", 7, None]}), AccountRefused, "request_refused"),
        (answer(422, {"invalid_parameters": "to"}), AccountRefused, "request_refused"),
        (problem(403, "1050"), NumberRefused, "number_refused"),
        (problem(422, "1170"), NumberRefused, "number_refused"),
        (problem(422, "1240"), NumberRefused, "number_refused"),
        (problem(403, "1060"), AccountRefused, "not_allowed"),
        (problem(403, "forbidden"), AccountRefused, "not_allowed"),
        (problem(402, "low-balance"), AccountRefused, "out_of_credit"),
        (problem(402, "1070"), AccountRefused, "out_of_credit"),
        (problem(422, "1120"), AccountRefused, "sender_refused"),
        (problem(403, "1160"), AccountRefused, "region_not_enabled"),
        (problem(401, "unauthorized"), AccountRefused, "credentials_refused"),
        (problem(404, "not-found"), AccountRefused, "account_unknown"),
        (problem(429, "1000"), ProviderDown, "throttled"),
        (problem(500, "1030"), ProviderDown, "server_error"),
        (problem(503, "1240"), ProviderDown, "server_error"),
        (answer(202, {"message_uuid": 7}), SendUncertain, "unreadable_answer"),
        (answer(202, {"message_uuid": None}), SendUncertain, "unreadable_answer"),
    ],
)
def test_every_refusal_has_its_kind(
    server: ScriptedServer,
    provider: VonageProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1


@pytest.mark.parametrize("number", ["+12", "447911123456x", "+0447911123", "", "+" + "4" * 16])
def test_what_is_no_number_is_refused_unsent(
    server: ScriptedServer, provider: VonageProvider, number: str
) -> None:
    failed = failure(provider, Outbound(number, "text", "AB"))
    assert (type(failed), failed.reason) == (NumberRefused, "number_refused")
    assert server.requests == []


def test_what_the_sdk_itself_refuses_is_told_without_its_words(
    server: ScriptedServer, provider: VonageProvider
) -> None:
    failed = failure(provider, Outbound("+447911123456", "x" * 4000, "AB"))
    assert (type(failed), failed.reason) == (AccountRefused, "request_refused")
    assert failed.__context__ is None
    assert server.requests == []


def test_a_check_sends_no_message_and_is_content_to_be_let_in(
    server: ScriptedServer, provider: VonageProvider
) -> None:
    server.behaviour = problem(422, "1150", "to", "from", "text")
    provider.check()
    [request] = server.requests
    assert request.json == {}
    for server.behaviour, kind in (
        (problem(401, "unauthorized"), AccountRefused),
        (problem(402, "low-balance"), AccountRefused),
        (problem(429, "1000"), ProviderDown),
    ):
        with pytest.raises(kind):
            provider.check()


def test_the_operator_reads_status_and_code_and_nobody_vonages_sentences(
    server: ScriptedServer, provider: VonageProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behaviour = problem(422, "1120", "from")
    failure(provider)
    server.behaviour = problem(403, "of 447911123456")
    failure(provider)
    assert "provider vonage answered 422, error code 1120" in caplog.text
    assert "provider vonage answered 403, error code none" in caplog.text
    assert "7911123456" not in caplog.text
