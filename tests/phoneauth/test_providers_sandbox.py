from __future__ import annotations

import base64
import contextlib
import logging
import os
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    drip,
    drop,
    raw,
    reset,
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
from flask_phoneauth.providers.sandbox import SandboxProvider, sender_id
from flask_phoneauth.providers.wire import MAX_ANSWER, RequestNotSent, open_pool
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

MESSAGE = Outbound(to="+447911123456", body="Your code: 481920", reference="AB")
TAKEN = answer(201, {"id": "m-1"})
WRONG_NUMBER = {"code": "invalid_request", "errors": [{"pointer": "/to", "detail": "no number"}]}
WRONG_BODY = {"code": "invalid_request", "errors": [{"pointer": "/body", "detail": "too long"}]}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[SandboxProvider]:
    provider = SandboxProvider(server.url, brand="Notes", read_timeout=0.3)
    yield provider
    provider.close()


def failure(provider: SandboxProvider) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(MESSAGE)
    return caught.value


def test_the_message_is_posted_as_json_to_the_control_api(server: ScriptedServer) -> None:
    settings = Settings(
        sandbox_url=server.url + "/", sandbox_account="team-7", brand="Nöta Bene & Söhne"
    )
    provider = load_provider("sandbox").from_settings(settings)
    assert provider.send(MESSAGE).message_id == "m-1"
    provider.close()
    [request] = server.requests
    assert request.path == "/api/v1/messages"
    assert request.headers["content-type"] == "application/json"
    assert "authorization" not in request.headers
    assert request.json == {
        "to": "+447911123456",
        "from": "NotaBeneSoh",
        "body": "Your code: 481920",
        "account": "team-7",
    }


def test_the_password_goes_along_and_is_never_shown(server: ScriptedServer) -> None:
    settings = Settings(sandbox_url=server.url, sandbox_password="pässwörd")
    provider = load_provider("sandbox").from_settings(settings)
    provider.send(MESSAGE)
    provider.close()
    kind, _, word = server.requests[0].headers["authorization"].partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(word).decode().endswith(":pässwörd")
    assert "pässwörd" not in repr(provider)


def test_a_missing_address_is_refused_with_its_cure() -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_SANDBOX_URL.*sms-sandbox serve"):
        load_provider("sandbox").from_settings(Settings())


@pytest.mark.parametrize(
    ("brand", "sender"),
    [
        ("", "PhoneAuth"),
        ("Notes", "Notes"),
        ("Café Zoë", "CafeZoe"),
        ("A very long brand", "Averylongbr"),
        ("東京", "PhoneAuth"),
        ("4711", "PhoneAuth"),
        ("\x00\x1b[31m", "31m"),
    ],
)
def test_the_sender_is_made_of_the_brand(brand: str, sender: str) -> None:
    assert sender_id(brand) == sender


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (answer(400, WRONG_NUMBER), NumberRefused, "number_refused"),
        (answer(422, WRONG_NUMBER), NumberRefused, "number_refused"),
        (answer(400, WRONG_BODY), AccountRefused, "request_refused"),
        (answer(400, b"<html>"), AccountRefused, "request_refused"),
        (answer(401), AccountRefused, "credentials_refused"),
        (answer(403), AccountRefused, "credentials_refused"),
        (answer(404), AccountRefused, "not_a_sandbox"),
        (answer(302, Location="/elsewhere"), AccountRefused, "not_a_sandbox"),
        (answer(421), AccountRefused, "request_refused"),
        (answer(429), ProviderDown, "throttled"),
        (answer(500), ProviderDown, "server_error"),
        (answer(503, b"x" * 100_000), ProviderDown, "server_error"),
        (answer(201), SendUncertain, "unreadable_answer"),
        (answer(201, b"\xff not json"), SendUncertain, "unreadable_answer"),
        (answer(201, b"[" * 60_000), SendUncertain, "unreadable_answer"),
        (answer(201, ["m-1"]), SendUncertain, "unreadable_answer"),
        (answer(201, {"id": 7}), SendUncertain, "unreadable_answer"),
        (answer(201, {"id": ""}), SendUncertain, "unreadable_answer"),
        (answer(201, {"id": "x" * 200}), SendUncertain, "unreadable_answer"),
        (answer(201, {"id": "m-1", "pad": "x" * MAX_ANSWER}), SendUncertain, "unreadable_answer"),
        (
            raw(b'HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\n{"id": "m-1"}'),
            SendUncertain,
            "unreadable_answer",
        ),
        (drip, SendUncertain, "unreadable_answer"),
        (silence, SendUncertain, "read_timeout"),
        (drop, SendUncertain, "connection_lost"),
        (raw(b""), SendUncertain, "connection_lost"),
        (raw(b"SSH-2.0-OpenSSH\r\n"), SendUncertain, "connection_lost"),
    ],
)
def test_an_answer_becomes_the_failure_that_it_means(
    server: ScriptedServer,
    provider: SandboxProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1, "no hidden retry, no redirect followed"


def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port
        provider = SandboxProvider(f"http://127.0.0.1:{taken.getsockname()[1]}")
        failed = failure(provider)
    assert (type(failed), failed.reason) == (ProviderDown, "unreachable")


def test_a_name_that_does_not_resolve_sent_nothing() -> None:
    # A literal with an interface that does not exist: refused by the resolver without a query.
    failed = failure(SandboxProvider("http://[fe80::1%25nosuch0]:9"))
    assert (type(failed), failed.reason) == (ProviderDown, "unreachable")


def test_a_connect_that_hangs_sent_nothing() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        failed = failure(SandboxProvider(f"http://127.0.0.1:{full.getsockname()[1]}"))
        for client in waiting:
            client.close()
    assert (type(failed), failed.reason) == (ProviderDown, "connect_timeout")


@pytest.mark.parametrize("peer", ["plain", "silent"])
def test_a_tls_handshake_that_fails_or_hangs_sent_nothing(
    server: ScriptedServer, peer: str
) -> None:
    if peer == "plain":
        url = server.url
        failed = failure(SandboxProvider(url.replace("http:", "https:"), read_timeout=0.3))
    else:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(8)
            url = f"https://127.0.0.1:{silent.getsockname()[1]}"
            failed = failure(SandboxProvider(url, read_timeout=0.3))
    assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")


def test_connections_are_kept(server: ScriptedServer, provider: SandboxProvider) -> None:
    for behaviour in (TAKEN, answer(429), answer(400, WRONG_NUMBER), TAKEN):
        server.behaviour = behaviour
        with contextlib.suppress(SendFailed):
            provider.send(MESSAGE)
    assert [request.connection for request in server.requests] == [1, 1, 1, 1]


def test_a_kept_connection_that_the_server_closed_is_replaced(
    server: ScriptedServer, provider: SandboxProvider
) -> None:
    provider.send(MESSAGE)
    server.hang_up()
    assert provider.send(MESSAGE).message_id == "m-1"
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_kept_connection_to_a_server_that_is_gone_sent_nothing() -> None:
    with ScriptedServer(TAKEN) as server:
        provider = SandboxProvider(server.url)
        provider.send(MESSAGE)
    failed = failure(provider)
    provider.close()
    assert (type(failed), failed.reason) == (ProviderDown, "unreachable")


def test_a_connection_that_breaks_before_the_request_is_written_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = open_pool(connections=1).connection_from_url(
            f"http://127.0.0.1:{listener.getsockname()[1]}"
        )
        connection = pool.ConnectionCls("127.0.0.1", listener.getsockname()[1])
        connection.connect()
        accepted, _ = listener.accept()
        reset(accepted)
        assert select.select([connection.sock], [], [], 5)[0], "the reset has arrived"
        with pytest.raises(RequestNotSent, match="connection_lost"):
            connection.request("POST", "/", body=b"text", headers={})
        connection.close()
        pool.close()


def test_a_reset_while_the_request_is_written_sent_nothing() -> None:
    """A body larger than the sockets' buffers meets a server that reads none of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def turn_away() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            reset(connection)

        peer = threading.Thread(target=turn_away)
        peer.start()
        provider = SandboxProvider(f"http://127.0.0.1:{listener.getsockname()[1]}")
        huge = Outbound(to=MESSAGE.to, body="x" * 50_000_000, reference="AB")
        with pytest.raises(SendFailed) as caught:
            provider.send(huge)
        peer.join()
        provider.close()
    assert (type(caught.value), caught.value.reason) == (ProviderDown, "connection_lost")


def test_many_threads_send_each_message_once(server: ScriptedServer) -> None:
    provider = SandboxProvider(server.url, connections=4)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: provider.send(Outbound(to="+447911123456", body=f"n{n}", reference="A")),
                range(40),
            )
        )
    provider.close()
    assert sorted(r.json["body"] for r in server.requests) == sorted(f"n{n}" for n in range(40))
    assert max(r.connection for r in server.requests) <= 4


def test_the_client_can_be_used_again_after_close(
    server: ScriptedServer, provider: SandboxProvider
) -> None:
    provider.send(MESSAGE)
    provider.close()
    provider.close()
    assert provider.send(MESSAGE).message_id == "m-1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_share_the_parents_connection(
    server: ScriptedServer, provider: SandboxProvider
) -> None:
    provider.send(MESSAGE)
    assert succeeds_in_a_fork(lambda: provider.send(MESSAGE))
    provider.send(MESSAGE)
    assert [request.connection for request in server.requests] == [1, 2, 1]


def test_nothing_that_is_logged_or_raised_holds_the_number_or_the_code(
    server: ScriptedServer, provider: SandboxProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.send(MESSAGE)
    errors = []
    for behaviour in (answer(400, WRONG_NUMBER), silence, drop, answer(201, b"?")):
        server.behaviour = behaviour
        errors.append(failure(provider))
    shown = caplog.text + repr(errors) + "".join(map(str, errors)) + repr(provider)
    assert "7911123456" not in shown
    assert "481920" not in shown
    assert all(error.__suppress_context__ or error.__context__ is None for error in errors)


def test_the_pool_speaks_tls_with_verification() -> None:
    pool = open_pool(connections=1).connection_from_url("https://127.0.0.1:1")
    assert pool.cert_reqs in (None, ssl.CERT_REQUIRED)  # None is urllib3's own, safe default
