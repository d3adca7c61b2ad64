"""MessageBird's official SDK, given a pooled session, and held to our four kinds of failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import messagebird
import pytest
from scripted_server import Behaviour, ScriptedServer, answer

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.messagebird import MessageBirdProvider
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

KEY, SIGNING_KEY = "live_" + "k" * 25, "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
MESSAGE = Outbound("+447911123456", "Your code: 481920", "AB", "delivery-token")
TAKEN = answer(201, {"id": "m1", "recipients": {"items": []}})
SOUND = {"messagebird_access_key": KEY, "messagebird_originator": "Notes"}


def error(status: int, code: int, parameter: str | None = None) -> Behaviour:
    one = {"code": code, "description": "about 447911123456", "parameter": parameter}
    return answer(status, {"errors": [one]})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[MessageBirdProvider]:
    provider = MessageBirdProvider(KEY, originator="Notes", base_url=server.url, read_timeout=0.3)
    yield provider
    provider.close()


def built(**settings: Any) -> MessageBirdProvider:
    provider: MessageBirdProvider = load_provider("messagebird").from_settings(Settings(**settings))
    return provider


def failure(provider: MessageBirdProvider, message: Outbound = MESSAGE) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(message)
    return caught.value


def test_the_message_is_created_with_our_key_sender_and_callback(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url + "/",
        public_url="https://notes.example/app/",
        messagebird_signing_key=SIGNING_KEY,
        **SOUND,
    )
    assert provider.send(MESSAGE).message_id == "m1"
    provider.close()
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/messagebird/messages")
    assert request.headers["authorization"] == f"AccessKey {KEY}:{SIGNING_KEY}"
    assert request.json == {
        "originator": "Notes",
        "recipients": "447911123456",
        "body": "Your code: 481920",
        "datacoding": "auto",
        "reference": "AB",
        "reportUrl": "https://notes.example/app/auth/receipts/messagebird/delivery-token",
    }


def test_a_key_with_a_secret_of_its_own_is_shown_to_a_sandbox_as_it_is(
    server: ScriptedServer,
) -> None:
    for key, signing_key in ((f"{KEY}:secret", SIGNING_KEY), (KEY, "")):
        provider = built(
            sandbox_url=server.url,
            messagebird_access_key=key,
            messagebird_signing_key=signing_key,
            messagebird_originator="Notes",
        )
        provider.send(MESSAGE)
        provider.close()
        assert server.requests[-1].headers["authorization"] == f"AccessKey {key}"


@pytest.mark.parametrize(
    ("changes", "missing"),
    [({"public_url": ""}, "PHONEAUTH_PUBLIC_URL"), ({}, "PHONEAUTH_MESSAGEBIRD_SIGNING_KEY")],
    ids=["no public address", "no signing key"],
)
def test_without_address_or_key_no_callback_is_asked_for_and_the_start_says_so(
    server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    missing: str,
) -> None:
    key = SIGNING_KEY if changes else ""
    values = {"public_url": "https://notes.example", **changes}
    provider = built(sandbox_url=server.url, messagebird_signing_key=key, **values)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("provider messagebird: receipts are off")
    assert missing in line
    provider.send(MESSAGE)
    provider.close()
    assert not {"reference", "reportUrl"} & set(server.requests[0].json)
    assert provider.receipts is None


def test_a_sandbox_needs_no_credentials(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert server.requests[0].json["originator"] == "+15005550006"
    assert server.requests[0].headers["authorization"] == "AccessKey sandbox"


@pytest.mark.parametrize("missing", list(SOUND))
def test_without_a_sandbox_a_missing_setting_is_named_with_its_cure(missing: str) -> None:
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing.*: \w"):
        built(**{**SOUND, missing: ""})
    built(**SOUND).close()


def test_without_a_sandbox_it_speaks_to_messagebird_by_tls_through_the_environments_proxy(
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


def test_nothing_of_the_sdk_is_changed_for_others(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert messagebird.client.ENDPOINT == "https://rest.messagebird.com"
    assert messagebird.Client(KEY)._get_http_client().endpoint == "https://rest.messagebird.com"


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (error(422, 9, "recipients"), NumberRefused, "number_refused"),
        (error(422, 10, "recipients"), NumberRefused, "number_refused"),
        (error(400, 10, "recipients"), NumberRefused, "number_refused"),
        (error(422, 10, "originator"), AccountRefused, "sender_refused"),
        (error(422, 9, "body"), AccountRefused, "request_refused"),
        (error(422, 25), AccountRefused, "out_of_credit"),
        (error(402, 25), AccountRefused, "out_of_credit"),
        (answer(402, b"?"), AccountRefused, "out_of_credit"),
        (error(401, 2, "access_key"), AccountRefused, "credentials_refused"),
        (answer(401, b""), AccountRefused, "credentials_refused"),
        (error(403, 2, "recipients"), AccountRefused, "request_refused"),
        (error(404, 98), AccountRefused, "request_refused"),
        (error(429, 21, "recipients"), ProviderDown, "throttled"),
        (error(500, 99, "recipients"), ProviderDown, "server_error"),
        (answer(422, {"errors": []}), AccountRefused, "request_refused"),
        (answer(422, {"errors": ["recipients"]}), AccountRefused, "request_refused"),
        (answer(422, {"errors": {"parameter": "recipients"}}), AccountRefused, "request_refused"),
        (answer(422, {"errors": [{"code": [], "parameter": []}]}), AccountRefused,
         "request_refused"),
        (answer(201, {"id": ""}), SendUncertain, "unreadable_answer"),
        (answer(201, {"id": 7}), SendUncertain, "unreadable_answer"),
        (answer(201, {"errors": []}), SendUncertain, "unreadable_answer"),
    ],
)  # fmt: skip
def test_every_refusal_has_its_kind(
    server: ScriptedServer,
    provider: MessageBirdProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1


def test_fields_of_another_shape_do_not_hide_an_acceptance(
    server: ScriptedServer, provider: MessageBirdProvider
) -> None:
    for odd in ({"recipients": None}, {"createdDatetime": "soon"}, {"errors": 1, "body": []}):
        server.behaviour = answer(201, {"id": "m1", **odd})
        assert provider.send(MESSAGE).message_id == "m1"


def test_a_check_asks_for_the_balance_and_sends_nothing(
    server: ScriptedServer, provider: MessageBirdProvider
) -> None:
    server.behaviour = answer(200, {"payment": "prepaid", "type": "credits", "amount": 0})
    provider.check()
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/balance", b"")


def test_the_operator_reads_the_code_and_nobody_messagebirds_sentence(
    server: ScriptedServer, provider: MessageBirdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behaviour = error(422, 25)
    failure(provider)
    assert "provider messagebird answered 422, error code 25" in caplog.text
    assert "7911123456" not in caplog.text
