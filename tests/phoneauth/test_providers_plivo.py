"""Plivo's official SDK, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from typing import Any

import plivo
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
from flask_phoneauth.providers.plivo import PlivoProvider
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

ACCOUNT = "MA" + "A" * 18
TOKEN = "a-token-of-the-account"
POWERPACK = "db3ce55a-7f1d-41e1-8ea7-1231380bc196"
MESSAGE = Outbound("+447911123456", "Your code: 481920", "AB", "delivery-token")
TAKEN = answer(202, {"api_id": "x", "message": "message(s) queued", "message_uuid": ["m-1"]})
SOUND = {"plivo_auth_id": ACCOUNT, "plivo_auth_token": TOKEN, "plivo_src": "+15017122661"}


def error(status: int, text: object) -> Behaviour:
    return answer(status, {"api_id": "x", "error": text})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[PlivoProvider]:
    provider = PlivoProvider(
        ACCOUNT, TOKEN, src="+15017122661", base_url=server.url, read_timeout=0.3
    )
    yield provider
    provider.close()


def built(**settings: Any) -> PlivoProvider:
    provider: PlivoProvider = load_provider("plivo").from_settings(Settings(**settings))
    return provider


def failure(provider: PlivoProvider, message: Outbound = MESSAGE) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(message)
    return caught.value


def test_the_message_is_created_in_our_account_with_sender_and_callback(
    server: ScriptedServer,
) -> None:
    provider = built(sandbox_url=server.url + "/", public_url="https://notes.example/app/", **SOUND)
    assert provider.send(MESSAGE).message_id == "m-1"
    provider.close()
    [request] = server.requests
    assert (request.method, request.path) == ("POST", f"/plivo/v1/Account/{ACCOUNT}/Message/")
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{ACCOUNT}:{TOKEN}")
    assert request.json == {
        "dst": "+447911123456",
        "src": "+15017122661",
        "text": "Your code: 481920",
        "type": "sms",
        "url": "https://notes.example/app/auth/receipts/plivo/delivery-token",
        "method": "POST",
        "log": "true",
        "trackable": False,
    }


def test_a_powerpack_takes_the_place_of_the_sender(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url, **{**SOUND, "plivo_src": ""}, plivo_powerpack_uuid=POWERPACK
    )
    provider.send(MESSAGE)
    provider.close()
    assert server.requests[0].json["powerpack_uuid"] == POWERPACK
    assert "src" not in server.requests[0].json


@pytest.mark.parametrize(
    ("changes", "missing"),
    [({"public_url": ""}, "PHONEAUTH_PUBLIC_URL"), ({}, "PHONEAUTH_PLIVO_AUTH_TOKEN")],
    ids=["no public address", "no signing key"],
)
def test_without_address_or_key_no_callback_is_asked_for_and_the_start_says_so(
    server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    missing: str,
) -> None:
    token = TOKEN if changes else ""
    values = {"public_url": "https://notes.example", **changes}
    provider = built(sandbox_url=server.url, plivo_auth_token=token, **values)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("provider plivo: receipts are off")
    assert missing in line
    provider.send(MESSAGE)
    provider.close()
    assert "url" not in server.requests[0].json
    assert provider.receipts is None


def test_a_sandbox_needs_no_credentials(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert server.requests[0].json["src"] == "+15005550006"
    assert server.requests[0].path.split("/")[4] == "MA" + "0" * 18


@pytest.mark.parametrize("missing", list(SOUND))
def test_without_a_sandbox_a_missing_setting_is_named_with_its_cure(missing: str) -> None:
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing.*: \w"):
        built(**{**SOUND, missing: ""})
    built(**{**SOUND, "plivo_src": "", "plivo_powerpack_uuid": POWERPACK}).close()


@pytest.mark.parametrize(
    "setting",
    [
        {"PLIVO_AUTH_ID": "AC" + "A" * 18},
        {"PLIVO_AUTH_ID": ACCOUNT[:-1]},
        {"PLIVO_POWERPACK_UUID": "a powerpack"},
        {"PLIVO_SRC": "Notes", "PLIVO_POWERPACK_UUID": POWERPACK},
    ],
)
def test_what_is_malformed_is_refused_at_the_start(setting: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=f"PHONEAUTH_{next(iter(setting))}"):
        Settings.from_config({f"PHONEAUTH_{name}": value for name, value in setting.items()})


def test_without_a_sandbox_it_speaks_to_plivo_by_tls_through_the_environments_proxy(
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
    assert plivo.rest.client.PLIVO_API_BASE_URI == "https://api.plivo.com/v1/Account"
    assert not plivo.RestClient(ACCOUNT, TOKEN).session.adapters.keys() & {"https://api.plivo.com"}


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (error(400, "dst +447911123456 is not valid"), NumberRefused, "number_refused"),
        (error(400, "Invalid Destination number"), NumberRefused, "number_refused"),
        (
            answer(207, {"message_uuid": [], "invalid_number": ["447911123456"]}),
            NumberRefused,
            "number_refused",
        ),
        (error(400, "src is not valid"), AccountRefused, "sender_refused"),
        (error(400, "powerpack_uuid is unknown"), AccountRefused, "sender_refused"),
        (error(400, "text parameter not present"), AccountRefused, "request_refused"),
        (error(400, {"dst": 1}), NumberRefused, "number_refused"),
        (answer(401, b"Could not verify your access"), AccountRefused, "credentials_refused"),
        (error(402, "Insufficient Credit"), AccountRefused, "out_of_credit"),
        (error(403, "no permission for dst"), AccountRefused, "region_not_enabled"),
        (error(404, "not found"), AccountRefused, "account_unknown"),
        (error(405, "not allowed"), AccountRefused, "request_refused"),
        (error(409, "conflict"), AccountRefused, "request_refused"),
        (error(429, "too many requests"), ProviderDown, "throttled"),
        (error(500, "internal server error, dst"), ProviderDown, "server_error"),
        (answer(202, {"message_uuid": "m-1"}), SendUncertain, "unreadable_answer"),
        (answer(202, {"message_uuid": []}), SendUncertain, "unreadable_answer"),
        (answer(202, {"message_uuid": [7]}), SendUncertain, "unreadable_answer"),
    ],
)
def test_every_refusal_has_its_kind(
    server: ScriptedServer,
    provider: PlivoProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1


def test_our_own_number_is_refused_unsent(server: ScriptedServer, provider: PlivoProvider) -> None:
    failed = failure(provider, Outbound("+15017122661", "text", "AB"))
    assert type(failed) is NumberRefused
    assert server.requests == []


def test_the_operator_reads_the_status_and_nobody_plivos_sentence(
    server: ScriptedServer, provider: PlivoProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behaviour = error(403, "may not send to +447911123456")
    failure(provider)
    assert "provider plivo answered 403" in caplog.text
    assert "7911123456" not in caplog.text
