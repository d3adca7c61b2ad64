"""The sandbox's own API, which is the reference for what was sent and what perhaps was."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import threading

import pytest
from contracts.refusals import by_sandbox
from contracts.sides import Sending, failure, message
from contracts.vendors import LITTLE, SANDBOX
from scripted_server import ScriptedServer, answer, reset

from flask_phoneauth.errors import ProviderDown, SendFailed
from flask_phoneauth.providers.sandbox import SandboxProvider, sender_id
from flask_phoneauth.providers.wire import RequestNotSent, open_pool
from flask_phoneauth.settings import SettingError

VENDOR = SANDBOX


def test_the_message_is_posted_as_json_to_the_control_api(sent: Sending) -> None:
    request = sent(sandbox_account="team-7", brand="Nöta Bene & Söhne")
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
    provider = SANDBOX.built(sandbox_url=server.url, sandbox_password="pässwörd")
    provider.send(message())
    provider.close()
    kind, _, word = server.requests[0].headers["authorization"].partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(word).decode().endswith(":pässwörd")
    assert "pässwörd" not in repr(provider)


def test_a_missing_address_is_refused_with_its_cure() -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_SANDBOX_URL.*sms-sandbox serve"):
        SANDBOX.built()


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


def test_a_tls_handshake_that_hangs_sent_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        failed = failure(SandboxProvider(url, read_timeout=LITTLE))
    assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")


def test_connections_are_kept(server: ScriptedServer, provider: SandboxProvider) -> None:
    for behaviour in (SANDBOX.accepts, answer(429), by_sandbox(400, "/to"), SANDBOX.accepts):
        server.behaviour = behaviour
        with contextlib.suppress(SendFailed):
            provider.send(message())
    assert [request.connection for request in server.requests] == [1, 1, 1, 1]


def test_a_kept_connection_to_a_server_that_is_gone_sent_nothing() -> None:
    with ScriptedServer(SANDBOX.accepts) as server:
        provider = SandboxProvider(server.url)
        provider.send(message())
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
        failed = failure(provider, message("x" * 50_000_000))
        peer.join()
        provider.close()
    assert (type(failed), failed.reason) == (ProviderDown, "connection_lost")


def test_the_pool_speaks_tls_with_verification() -> None:
    pool = open_pool(connections=1).connection_from_url("https://127.0.0.1:1")
    assert pool.cert_reqs in (None, ssl.CERT_REQUIRED)  # None is urllib3's own, safe default
