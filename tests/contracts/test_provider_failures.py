"""What every provider makes of what a vendor, or the way to it, can do wrong."""

from __future__ import annotations

import gzip
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from contracts.sides import (
    CODE,
    NUMBER,
    TOKEN,
    failure,
    message,
    vendor_side,
)
from contracts.vendors import LITTLE, SECRET, Vendor
from scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    drip,
    drip_chunk,
    drip_head,
    drop,
    raw,
    silence,
    succeeds_in_a_fork,
)
from urllib3 import HTTPConnectionPool, Timeout

from flask_phoneauth.errors import (
    AccountRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.wire import MAX_ANSWER
from sms_sandbox.server import SandboxServer

FAILURES: list[tuple[str, Behaviour, type[SendFailed]]] = [
    ("drop", drop, SendUncertain),
    ("no http", raw(b"nonsense\r\n\r\n"), SendUncertain),
    ("half a body", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), SendUncertain),
    ("unreadable", answer(200, b"?"), SendUncertain),
    ("empty", answer(200), SendUncertain),
    ("no content", answer(204), SendUncertain),
    ("a page", answer(201, b"<html>sorry</html>"), SendUncertain),
    ("a deep one", answer(201, b"[" * 50_000), SendUncertain),
    ("a list", answer(201, ["id"]), SendUncertain),
    ("without an id", answer(201, {"status": "queued"}), SendUncertain),
    ("a long one", answer(201, b" " * (MAX_ANSWER + 1)), SendUncertain),
    (
        "a packed one",
        answer(201, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"),
        SendUncertain,
    ),
    ("408", answer(408), ProviderDown),
    ("429", answer(429, b"{}", Retry_After="30"), ProviderDown),
    ("500", answer(500), ProviderDown),
    ("503", answer(503, b"<html>sorry</html>"), ProviderDown),
    ("401", answer(401, b"?"), AccountRefused),
    ("403", answer(403), AccountRefused),
    ("404", answer(404, b"<html>"), AccountRefused),
    ("400", answer(400, b"?"), AccountRefused),
    ("400, a list", answer(400, [21211]), AccountRefused),
]
REDIRECTS = (301, 302, 303, 307, 308)


class TestEveryProviderWithANetwork:
    def test_a_refused_connection_sent_nothing(self, toward: Any) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # and not listening: nobody else can take the port
            failed = failure(toward(f"http://127.0.0.1:{bound.getsockname()[1]}"))
        assert (type(failed), failed.reason) == (ProviderDown, "unreachable")

    def test_a_host_without_an_address_sent_nothing(self, toward: Any) -> None:
        failed = failure(toward("http://no-such-host.invalid"))
        assert (type(failed), failed.reason) == (ProviderDown, "unreachable")

    def test_a_handshake_that_fails_sent_nothing(self, toward: Any) -> None:
        with ScriptedServer(answer(500)) as server:
            failed = failure(toward(server.url.replace("http://", "https://")))
        assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")

    def test_it_is_built_without_a_request(self, toward: Any) -> None:
        with ScriptedServer(answer(500)) as server:
            toward(server.url)
            assert server.requests == []

    @pytest.mark.parametrize(
        ("behaviour", "kind"), [one[1:] for one in FAILURES], ids=[one[0] for one in FAILURES]
    )
    def test_a_failure_is_told_by_its_kind_and_not_retried(
        self, toward: Any, vendor: Vendor, behaviour: Behaviour, kind: type[SendFailed]
    ) -> None:
        with ScriptedServer(behaviour) as server:
            provider = toward(server.url)
            assert type(failure(provider)) is kind
            assert server.count(1) == 1
            server.behaviour = vendor.accepts
            assert provider.send(message()).message_id  # the failure has left nothing behind

    @pytest.mark.parametrize(
        "behaviour",
        [silence, drip, drip_head, drip_chunk],
        ids=["silence", "drip", "head", "chunk"],
    )
    def test_a_slow_answer_is_given_up_and_the_message_not_sent_again(
        self, toward: Any, behaviour: Behaviour
    ) -> None:
        with ScriptedServer(behaviour) as server:
            assert type(failure(toward(server.url, LITTLE))) is SendUncertain
            assert server.count(1) == 1

    @pytest.mark.parametrize("status", REDIRECTS)
    def test_a_redirect_is_not_followed(self, toward: Any, status: int) -> None:
        with ScriptedServer(answer(200)) as stranger, ScriptedServer(answer(500)) as server:
            server.behaviour = answer(status, b"", Location=stranger.url)
            assert type(failure(toward(server.url))) is AccountRefused
            assert (len(server.requests), len(stranger.requests)) == (1, 0)

    def test_neither_code_number_nor_secret_is_told_in_a_log_or_an_error(
        self, toward: Any, vendor: Vendor, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told = answer(400, {"error": f"dst {NUMBER}", "message": NUMBER, "code": 1})
        errors = []
        with ScriptedServer(vendor.accepts) as server:
            provider = toward(server.url)
            provider.send(message())
            for server.behaviour in (told, answer(401), answer(500), drop, answer(201)):
                errors.append(failure(provider))
            server.behaviour = silence
            errors.append(failure(toward(server.url, LITTLE)))
        shown = caplog.text + repr(errors) + "".join(map(str, errors)) + repr(provider)
        for secret in (NUMBER[3:], CODE, SECRET, TOKEN):
            assert secret not in shown
        assert all(error.__context__ is None or error.__suppress_context__ for error in errors)

    def test_its_waits_are_those_of_the_reference(
        self, vendor: Vendor, sms_server: SandboxServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits: list[tuple[Any, Any]] = []
        asks = HTTPConnectionPool.urlopen

        def urlopen(pool: Any, *args: Any, **kwargs: Any) -> Any:
            given = kwargs.get("timeout", pool.timeout)
            given = given if isinstance(given, Timeout) else pool.timeout
            waits.append((given.connect_timeout, given.read_timeout))
            return asks(pool, *args, **kwargs)

        monkeypatch.setattr(HTTPConnectionPool, "urlopen", urlopen)
        side = vendor_side(vendor, sms_server.url)
        side.provider.send(message())
        side.provider.close()
        assert waits == [(0.5 if vendor.name == "sandbox" else 2.0, 5.0)]

    def test_a_reason_is_a_short_word_that_tells_no_secret(self, toward: Any) -> None:
        for behaviour in (answer(400, b"?"), answer(401), answer(500), drop):
            with ScriptedServer(behaviour) as server:
                failed = failure(toward(server.url))
            assert failed.reason.isidentifier(), failed.reason
            assert len(failed.reason) <= 40
            assert not any(digit in failed.reason for digit in "0123456789")

    def test_connections_are_kept_and_bounded(self, toward: Any, vendor: Vendor) -> None:
        with ScriptedServer(vendor.accepts) as server:
            provider = toward(server.url)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: provider.send(message()), range(40)))
            assert len(server.requests) == 40
            assert max(request.connection for request in server.requests) <= 4

    def test_a_kept_connection_that_the_vendor_ended_is_replaced(
        self, toward: Any, vendor: Vendor
    ) -> None:
        with ScriptedServer(vendor.accepts) as server:
            provider = toward(server.url)
            provider.send(message())
            server.hang_up()
            assert provider.send(message()).message_id
            assert [request.connection for request in server.requests] == [1, 2]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_a_forked_process_does_not_share_the_parents_connection(
        self, toward: Any, vendor: Vendor
    ) -> None:
        with ScriptedServer(vendor.accepts) as server:
            provider = toward(server.url)
            provider.send(message())
            assert succeeds_in_a_fork(lambda: provider.send(message()))
            provider.send(message())
            assert [request.connection for request in server.requests] == [1, 2, 1]

    def test_proxies_of_the_environment_do_not_stand_before_a_sandbox(
        self, vendor: Vendor, sms_server: SandboxServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        side = vendor_side(vendor, sms_server.url)
        assert side.provider.send(message()).message_id
        side.provider.close()
