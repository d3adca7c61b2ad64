import http.client
import json
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers import until

from sms_sandbox.client import SandboxClient
from sms_sandbox.errors import SettingsError
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+9901234567"
PATIENCE = 60


def _open(server: SandboxServer, path: str, headers: dict[str, str] | None = None) -> socket.socket:
    address = urlsplit(server.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


def _begin_wait(server: SandboxServer) -> http.client.HTTPConnection:
    """A request that waits for messages, once it really does."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    body = json.dumps({"timeout": PATIENCE})
    connection.request("POST", "/api/v1/wait", body, {"Content-Type": "application/json"})
    until(lambda: server.sandbox.inbox.waiting == 1)
    return connection


def _read_until(connection: socket.socket, needle: bytes) -> bytes:
    data = b""
    while needle not in data:
        chunk = connection.recv(65536)
        assert chunk, data
        data += chunk
    return data


def test_server_answers_on_a_free_port_and_stops_at_once() -> None:
    server = SandboxServer().start()
    address = urlsplit(server.url)
    with SandboxClient(server.url) as client:
        assert client.messages() == []
    server.stop()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=1)


def test_port_in_use_is_one_sentence_with_the_cure(server: SandboxServer) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    with pytest.raises(SettingsError, match="--port"):
        SandboxServer(Settings(port=port)).start()


def test_restart_of_a_file_keeps_messages(tmp_path: Path) -> None:
    settings = Settings(port=0, db=str(tmp_path / "sms.db"))
    with SandboxServer(settings) as server, SandboxClient(server.url) as client:
        sent = client.send(to=NUMBER, body="code 482913")
    with SandboxServer(settings) as server, SandboxClient(server.url) as client:
        assert client.message(sent["id"])["body"] == "code 482913"
        assert client.claim_code(NUMBER)["code"] == "482913"


def test_statuses_reach_delivered_by_themselves(client: SandboxClient) -> None:
    client.send(to=NUMBER, body="hello")
    assert client.wait(until_status="delivered")[0]["status"] == "delivered"


def test_events_stream_live_and_resume(server: SandboxServer, client: SandboxClient) -> None:
    stream = _open(server, "/api/v1/events")
    head = _read_until(stream, b": connected\n\n")
    assert b"text/event-stream" in head
    first = client.send(to=NUMBER, body="first")
    data = _read_until(stream, b'"delivered"')
    assert data.count(b"event: message\n") == 1
    assert first["id"].encode() in data
    cursor = client.cursor()
    stream.close()
    second = client.send(to=NUMBER, body="second")
    resumed = _open(server, "/api/v1/events", {"Last-Event-ID": cursor})
    assert second["id"].encode() in _read_until(resumed, second["id"].encode())
    resumed.close()


def test_stream_that_breaks_before_its_first_event_resumes_where_it_began(
    server: SandboxServer, client: SandboxClient
) -> None:
    client.send(to=NUMBER, body="before")
    client.wait(until_status="delivered")
    stream = _open(server, "/api/v1/events")
    head = _read_until(stream, b": connected\n\n")
    assert f"\nid: {client.cursor()}\n".encode() in head
    stream.close()


@pytest.mark.parametrize("cursor", ["1", "nonsense", "99999999999999999"])
def test_strange_cursor_means_resync(server: SandboxServer, cursor: str) -> None:
    stream = _open(server, "/api/v1/events", {"Last-Event-ID": cursor})
    _read_until(stream, b"event: resync\n")
    stream.close()


def test_streams_are_bounded_and_freed_when_the_client_hangs_up() -> None:
    with SandboxServer(Settings(port=0, max_streams=2)) as server:
        streams = [_open(server, "/api/v1/events") for _ in range(2)]
        for stream in streams:
            _read_until(stream, b": connected")
        refused = _open(server, "/api/v1/events")
        assert b" 503 " in _read_until(refused, b"\r\n")
        refused.close()
        for stream in streams:
            stream.close()
        until(lambda: server.sandbox.inbox.watchers == 0)


def test_head_of_the_stream_leaves_none_open(server: SandboxServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    connection.request("HEAD", "/api/v1/events")
    assert connection.getresponse().status == 200
    connection.close()
    assert server.sandbox.inbox.watchers == 0


def test_wait_of_a_client_that_hangs_up_is_freed_and_claims_nothing(
    server: SandboxServer, client: SandboxClient
) -> None:
    connection = _begin_wait(server)
    connection.close()
    until(lambda: server.sandbox.inbox.waiting == 0)
    client.send(to=NUMBER, body="code 482913")
    assert client.claim_code(NUMBER)["code"] == "482913"


def test_requests_are_answered_beside_idle_streams_and_waits(server: SandboxServer) -> None:
    streams = [_open(server, "/api/v1/events") for _ in range(20)]
    for stream in streams:
        _read_until(stream, b": connected")

    def wait() -> None:
        with SandboxClient(server.url) as one:
            one.wait(match={"account": "mine"}, timeout=PATIENCE)

    threads = [threading.Thread(target=wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    until(lambda: server.sandbox.inbox.waiting == 20)
    with SandboxClient(server.url) as client:
        assert client.messages() == []
        assert server.sandbox.inbox.waiting == 20
        for _ in threads:
            client.send(to=NUMBER, body="code 482913", account="mine")
    for thread in threads:
        thread.join(PATIENCE)
    assert server.sandbox.inbox.waiting == 0
    for stream in streams:
        stream.close()


def test_stop_ends_open_waits_and_streams() -> None:
    server = SandboxServer().start()
    stream = _open(server, "/api/v1/events")
    _read_until(stream, b": connected")
    waiting = _begin_wait(server)
    server.stop()
    assert waiting.getresponse().status == 503
    waiting.close()
    while stream.recv(65536):
        pass  # The end of the stream is what ends this loop.
    stream.close()


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /api/v1/messages HTTP/1.0\r\n\r\n",
        b"GET /api/v1/messages HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/api/v1/messages HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_foreign_or_missing_host_is_421_on_the_wire(
    server: SandboxServer, request_head: bytes
) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        connection.sendall(request_head)
        assert b" 421 " in _read_until(connection, b"\r\n")
