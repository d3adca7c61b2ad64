"""Answers that break off or come late, on a real server and over real connections."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sandbox.control_calls import SEND
from sandbox.twilio_calls import ROOT, basic
from servers import until

from sms_sandbox import exchange
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.storage import Filter

JSON = {"Content-Type": "application/json"}
Connect = Callable[[], http.client.HTTPConnection]


@pytest.fixture
def connect(server: SandboxServer) -> Iterator[Connect]:
    opened: list[http.client.HTTPConnection] = []

    def make() -> http.client.HTTPConnection:
        parts = urlsplit(server.url)
        opened.append(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def post(connection: http.client.HTTPConnection, path: str, body: Any) -> http.client.HTTPResponse:
    connection.request("POST", f"/api/v1{path}", json.dumps(body), JSON)
    return connection.getresponse()


def add(connect: Connect, effect: dict[str, Any], **rule: Any) -> None:
    with closing(connect()) as connection:
        answer = post(connection, "/faults", {"effect": effect} | rule)
        assert answer.status == 201, answer.read()


def test_dropped_connection_brings_no_answer_and_no_message(
    server: SandboxServer, connect: Connect
) -> None:
    add(connect, {"type": "disconnect"}, times=1)
    connection = connect()
    with pytest.raises(http.client.RemoteDisconnected):
        post(connection, "/messages", SEND)
    assert server.sandbox.inbox.count(Filter()) == 0
    assert post(connect(), "/messages", SEND).status == 201


def test_truncated_answer_is_shorter_than_it_says_and_the_message_is_taken(
    server: SandboxServer, connect: Connect
) -> None:
    add(connect, {"type": "truncate"}, times=1)
    answer = post(connect(), "/messages", SEND)
    promised = int(answer.headers["Content-Length"])
    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert answer.status == 201
    assert 0 < len(broken.value.partial) < promised
    assert server.sandbox.inbox.count(Filter()) == 1


def test_vendors_interface_breaks_off_as_well(server: SandboxServer, connect: Connect) -> None:
    add(connect, {"type": "disconnect"}, times=1, match={"provider": "twilio"})
    add(connect, {"type": "truncate"}, times=1, match={"provider": "twilio"})
    form = urlencode({"To": "+15558675310", "From": "+15017122661", "Body": "hello"})
    labels = {"Content-Type": "application/x-www-form-urlencoded"} | basic()
    dropped = connect()
    dropped.request("POST", f"{ROOT}/Messages.json", form, labels)
    with pytest.raises(http.client.RemoteDisconnected):
        dropped.getresponse()
    truncated = connect()
    truncated.request("POST", f"{ROOT}/Messages.json", form, labels)
    with pytest.raises(http.client.IncompleteRead):
        truncated.getresponse().read()
    assert server.sandbox.inbox.count(Filter(provider="twilio")) == 1


def test_other_requests_are_served_while_one_is_delayed(
    server: SandboxServer, connect: Connect
) -> None:
    add(connect, {"type": "delay", "seconds": 60}, match={"to": "+9901111111"})
    slow = connect()
    slow.request("POST", "/api/v1/messages", json.dumps(SEND | {"to": "+9901111111"}), JSON)
    inbox = server.sandbox.inbox
    until(lambda: [one.tally.hits for one in inbox.faults(None)] == [1])
    assert post(connect(), "/messages", SEND).status == 201
    assert inbox.count(Filter(recipient="+9901111111")) == 0
    slow.close()  # Whoever hangs up ends the delay; what was sent is taken.
    with SandboxClient(server.url) as client:
        assert client.wait(match={"to": "+9901111111"}, timeout=60)


def test_answer_comes_after_the_delay(connect: Connect) -> None:
    add(connect, {"type": "delay", "seconds": 0.2})
    started = time.monotonic()
    assert post(connect(), "/messages", SEND).status == 201
    assert time.monotonic() - started >= 0.2


def test_exchange_is_of_its_thread_alone() -> None:
    seen: list[exchange.Exchange | None] = []
    with exchange.serving() as mine:
        thread = threading.Thread(target=lambda: seen.append(exchange.current()))
        thread.start()
        thread.join()
        assert exchange.current() is mine
    assert seen == [None]
    assert exchange.current() is None
