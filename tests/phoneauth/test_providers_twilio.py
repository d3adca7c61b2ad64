"""Twilio's official SDK, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import base64
import gzip
import logging
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    drip,
    drop,
    raw,
    silence,
    succeeds_in_a_fork,
)

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.base import Checkable
from flask_phoneauth.providers.twilio import TwilioProvider
from flask_phoneauth.providers.wire import MAX_ANSWER
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

ACCOUNT = "AC" + "a" * 32
SERVICE = "MG" + "c" * 32
TOKEN = "a-token-of-the-account"
MESSAGE = Outbound("+447911123456", "Your code: 481920", "AB", "delivery-token")
TAKEN = answer(201, {"sid": "SM" + "b" * 32, "status": "queued"})


def error(status: int, code: object) -> Behaviour:
    body = {"code": code, "message": "not to +447911123456", "more_info": "", "status": status}
    return answer(status, body)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[TwilioProvider]:
    provider = TwilioProvider(
        ACCOUNT, TOKEN, sender="+15017122661", base_url=server.url, read_timeout=0.3
    )
    yield provider
    provider.close()


def built(**settings: Any) -> TwilioProvider:
    provider: TwilioProvider = load_provider("twilio").from_settings(Settings(**settings))
    return provider


def failure(provider: TwilioProvider) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(MESSAGE)
    return caught.value


def test_the_message_is_created_in_our_account_with_sender_and_callback(
    server: ScriptedServer,
) -> None:
    provider = built(
        sandbox_url=server.url + "/",
        public_url="https://notes.example/app/",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_from="+15017122661",
        twilio_messaging_service_sid=SERVICE,
    )
    assert provider.send(MESSAGE).message_id == "SM" + "b" * 32
    provider.close()
    [request] = server.requests
    assert request.path == f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{ACCOUNT}:{TOKEN}")
    assert request.form == {
        "To": "+447911123456",
        "From": "+15017122661",
        "MessagingServiceSid": SERVICE,
        "Body": "Your code: 481920",
        "StatusCallback": "https://notes.example/app/auth/receipts/twilio/delivery-token",
    }


@pytest.mark.parametrize(
    ("changes", "missing"),
    [({"public_url": ""}, "PHONEAUTH_PUBLIC_URL"), ({}, "PHONEAUTH_TWILIO_AUTH_TOKEN")],
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
    provider = built(sandbox_url=server.url, twilio_auth_token=token, **values)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("provider twilio: receipts are off")
    assert missing in line
    provider.send(MESSAGE)
    provider.close()
    assert "StatusCallback" not in server.requests[0].form
    assert provider.receipts is None


def test_a_sandbox_needs_no_credentials(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert server.requests[0].form["From"] == "+15005550006"
    assert server.requests[0].path.split("/")[4] == "AC" + "0" * 32


@pytest.mark.parametrize("missing", ["twilio_account_sid", "twilio_auth_token", "twilio_from"])
def test_without_a_sandbox_a_missing_setting_is_named_with_its_cure(missing: str) -> None:
    values = {
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_from": "+15017122661",
    }
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing.*: \w"):
        built(**{**values, missing: ""})
    service = {**values, "twilio_from": "", "twilio_messaging_service_sid": SERVICE}
    built(**service).close()


@pytest.mark.parametrize(
    "setting",
    [{"TWILIO_ACCOUNT_SID": "SK" + "a" * 32}, {"TWILIO_MESSAGING_SERVICE_SID": SERVICE[:-1]}],
)
def test_a_malformed_id_is_refused_at_the_start(setting: dict[str, str]) -> None:
    [(name, value)] = setting.items()
    with pytest.raises(SettingError, match=f"PHONEAUTH_{name} must be .. and 32"):
        Settings.from_config({f"PHONEAUTH_{name}": value})


def test_without_a_sandbox_it_speaks_to_twilio_by_tls_and_in_the_sdks_own_way() -> None:
    provider = built(
        twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, twilio_from="+15017122661"
    )
    assert provider._client.api.base_url == "https://api.twilio.com"
    assert provider._http.session.trust_env
    assert provider._http.session.get_adapter("https://api.twilio.com").max_retries.total == 0
    provider.close()


def test_what_the_environment_says_of_proxies_edges_and_regions_leaves_the_sandbox_alone(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    provider = built(sandbox_url=server.url)
    assert provider.send(MESSAGE).message_id
    provider.close()


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (error(400, 21211), NumberRefused, "number_refused"),
        (error(400, 21610), NumberRefused, "number_refused"),
        (error(400, 21614), NumberRefused, "number_refused"),
        (error(400, 30003), NumberRefused, "number_refused"),
        (error(400, 21606), AccountRefused, "sender_refused"),
        (error(400, 21703), AccountRefused, "sender_refused"),
        (error(400, 21408), AccountRefused, "region_not_enabled"),
        (error(400, 21602), AccountRefused, "request_refused"),
        (error(400, 20003), AccountRefused, "credentials_refused"),
        (error(401, 20003), AccountRefused, "credentials_refused"),
        (error(403, 20008), AccountRefused, "credentials_refused"),
        (error(404, 20404), AccountRefused, "account_unknown"),
        (error(429, 20429), ProviderDown, "throttled"),
        (error(400, 21611), ProviderDown, "throttled"),
        (error(500, 20500), ProviderDown, "server_error"),
        (answer(503, b"<html>sorry</html>"), ProviderDown, "server_error"),
        (answer(400, b"<html>sorry</html>"), AccountRefused, "request_refused"),
        (answer(400, [21211]), AccountRefused, "request_refused"),
        (error(400, {"x": 1}), AccountRefused, "request_refused"),
        (error(400, "21211"), AccountRefused, "request_refused"),
        (
            answer(429, {"type": "t", "title": "t", "status": 429, "code": 20429}),
            ProviderDown,
            "throttled",
        ),
        (answer(302, b"", Location="/elsewhere"), AccountRefused, "request_refused"),
        (silence, SendUncertain, "read_timeout"),
        (drop, SendUncertain, "connection_lost"),
        (raw(b"nonsense\r\n\r\n"), SendUncertain, "connection_lost"),
        (answer(201, b"<html>"), SendUncertain, "unreadable_answer"),
        (answer(201, b"[" * 50_000), SendUncertain, "unreadable_answer"),
        (answer(201, ["sid"]), SendUncertain, "unreadable_answer"),
        (answer(201, {"status": "queued"}), SendUncertain, "unreadable_answer"),
        (answer(204), SendUncertain, "unreadable_answer"),
        (answer(201, b" " * (MAX_ANSWER + 1)), SendUncertain, "unreadable_answer"),
        (drip, SendUncertain, "unreadable_answer"),
    ],
)
def test_every_failure_has_its_kind_and_is_not_retried(
    server: ScriptedServer,
    provider: TwilioProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1
    server.behaviour = TAKEN
    assert provider.send(MESSAGE).message_id


def test_an_answer_that_unpacks_without_end_is_not_unpacked(
    server: ScriptedServer, provider: TwilioProvider
) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    server.behaviour = answer(201, bomb, Content_Encoding="gzip")
    assert failure(provider).reason == "unreadable_answer"


def test_a_compressed_answer_is_read(server: ScriptedServer, provider: TwilioProvider) -> None:
    server.behaviour = answer(201, gzip.compress(b'{"sid": "SM1"}'), Content_Encoding="gzip")
    assert provider.send(MESSAGE).message_id == "SM1"


def test_a_handshake_that_fails_sent_nothing(server: ScriptedServer) -> None:
    url = server.url.replace("http://", "https://")
    provider = TwilioProvider(ACCOUNT, TOKEN, sender="+15017122661", base_url=url)
    failed = failure(provider)
    provider.close()
    assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")


def test_a_host_that_is_not_there_sent_nothing() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
            provider = TwilioProvider(ACCOUNT, TOKEN, sender="+15017122661", base_url=url)
            failed = failure(provider)
            provider.close()
            assert (type(failed), failed.reason) == (ProviderDown, "unreachable")


def test_connections_are_kept_and_bounded(server: ScriptedServer) -> None:
    provider = TwilioProvider(
        ACCOUNT, TOKEN, sender="+15017122661", base_url=server.url, connections=4
    )
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: provider.send(MESSAGE), range(40)))
    provider.close()
    assert len(server.requests) == 40
    assert max(request.connection for request in server.requests) <= 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_share_the_parents_connection(
    server: ScriptedServer, provider: TwilioProvider
) -> None:
    provider.send(MESSAGE)
    assert succeeds_in_a_fork(lambda: provider.send(MESSAGE))
    provider.send(MESSAGE)
    assert [request.connection for request in server.requests] == [1, 2, 1]


def test_the_operator_reads_twilios_own_code_and_nobody_the_number_or_the_token(
    server: ScriptedServer, provider: TwilioProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.send(MESSAGE)
    errors = []
    for behaviour in (error(400, 21606), error(400, 21211), silence, drop, answer(201, b"?")):
        server.behaviour = behaviour
        errors.append(failure(provider))
    assert "provider twilio answered 400, error code 21606" in caplog.text
    shown = caplog.text + repr(errors) + "".join(map(str, errors)) + repr(provider)
    for secret in ("7911123456", "481920", TOKEN, "delivery-token"):
        assert secret not in shown
    assert all(error.__context__ is None for error in errors)


def test_the_account_can_be_checked_without_a_message(
    server: ScriptedServer, provider: TwilioProvider
) -> None:
    assert isinstance(provider, Checkable)
    server.behaviour = answer(200, {"sid": ACCOUNT})
    provider.check()
    assert server.requests[0].path == f"/2010-04-01/Accounts/{ACCOUNT}.json"
    for behaviour, kind in (
        (error(401, 20003), AccountRefused),
        (error(500, 20500), ProviderDown),
        (silence, ProviderDown),
    ):
        server.behaviour = behaviour
        with pytest.raises(kind):
            provider.check()


def test_a_proxy_of_the_environment_is_used_and_its_refusal_sent_nothing(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, server.url)  # it answers 501 to CONNECT
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    provider = TwilioProvider(ACCOUNT, TOKEN, sender="+15017122661")
    failed = failure(provider)
    provider.close()
    assert type(failed) is ProviderDown
    assert server.requests == []
