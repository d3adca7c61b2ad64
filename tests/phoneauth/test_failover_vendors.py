"""Each vendor's own client, as the first of two, against everything that a vendor can answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from threading import Semaphore
from typing import Any

import pytest
from contracts.vendors import VENDORS, Vendor, patience_with
from phoneauth.house import House, RecordingProvider, code_in
from phoneauth.test_flows_failover import ask, british, counts, state
from ports import free_ports
from scripted_server import Behaviour, ScriptedServer, answer, drip, drop, raw, silence

from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.health import CLOSED, OPEN

HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
KNOWN: dict[str, Behaviour] = {
    **{str(status): answer(status, {"message": "no"}) for status in (401, 403, 404, 429)},
    **{str(status): answer(status, b"<html>oops</html>") for status in (500, 502, 503)},
}
UNCERTAIN: dict[str, Behaviour] = {
    "nothing": silence,
    "reset": drop,
    "drip": drip,
    "garbage": raw(HEAD + b'Content-Length: 9\r\n\r\n\x00\xff{"id":\x01'),
    "no HTTP": raw(b"220 mail.example.com ESMTP\r\n"),
    "cut short": raw(HEAD + b'Content-Length: 900\r\n\r\n{"id'),
    "empty": raw(HEAD + b"Content-Length: 0\r\n\r\n"),
}
Begin = Callable[[Vendor, Behaviour], tuple[ScriptedServer, RecordingProvider]]
each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@pytest.fixture
def begin(house: House, request: pytest.FixtureRequest) -> Begin:
    """Start a vendor that behaves so, with a second provider behind it."""

    def start(vendor: Vendor, behaviour: Behaviour) -> tuple[ScriptedServer, RecordingProvider]:
        server = ScriptedServer(behaviour)
        server.__enter__()
        request.addfinalizer(lambda: server.__exit__(None, None, None))
        first = vendor.toward(server.url, patience_with(behaviour))
        spare = RecordingProvider()
        request.addfinalizer(first.close)
        spare.name = "spare"
        house.parts = replace(house.parts, delivery=Delivery([first, spare]))
        house.configure(failed_sends_per_hour=100, breaker_failures=3)
        return server, spare

    return start


def logged_in(house: House, spare: RecordingProvider, turn: int) -> None:
    """A number that asks gets in with the code of its newest message."""
    asked = house.ask(british(turn), f"w{turn}")
    assert house.status(asked.challenge_id, f"w{turn}").delivery == "sent"
    assert house.submit(asked.challenge_id, code_in(spare.sent[-1]), f"w{turn}").new_user


@each_vendor
@pytest.mark.parametrize("fault", [*KNOWN, *UNCERTAIN])
def test_whatever_the_first_vendor_answers_the_second_lets_them_in(
    house: House, begin: Begin, vendor: Vendor, fault: str
) -> None:
    server, spare = begin(vendor, {**KNOWN, **UNCERTAIN}[fault])
    logged_in(house, spare, 1)
    assert server.count(1) == 1, "asked once: the SDK's own retries are off"
    assert counts(spare) == [1]


@each_vendor
def test_a_vendor_that_fails_is_left_alone_and_heals(
    house: House, begin: Begin, vendor: Vendor
) -> None:
    server, spare = begin(vendor, answer(503, b"busy"))
    for turn in range(5):
        logged_in(house, spare, turn)
    assert (len(server.requests), counts(spare)) == (3, [5])
    assert state(house, vendor.name) == OPEN
    server.behaviour = vendor.accepts
    house.clock.advance(31)
    ask(house, range(10, 13))
    assert (len(server.requests), counts(spare)) == (6, [5])
    assert state(house, vendor.name) == CLOSED


@each_vendor
def test_a_vendor_that_nobody_reaches_costs_one_try_a_message(
    house: House, begin: Begin, vendor: Vendor
) -> None:
    _, spare = begin(vendor, vendor.accepts)
    (port,) = free_ports(1)
    first = vendor.toward(f"http://127.0.0.1:{port}")
    house.parts = replace(house.parts, delivery=Delivery([first, spare]))
    for turn in range(5):
        logged_in(house, spare, turn)
    assert state(house, vendor.name) == OPEN
    first.close()


@each_vendor
def test_a_vendor_that_answers_twice_at_once_answers_the_next_message_anew(
    house: House, begin: Begin, vendor: Vendor
) -> None:
    def twice(handler: Any) -> None:
        wire, handler.wfile = handler.wfile, BytesIO()
        vendor.accepts(handler)
        vendor.accepts(handler)
        wire.write(handler.wfile.getvalue())
        handler.wfile = wire

    server, spare = begin(vendor, twice)
    ask(house, range(3))
    assert (len(server.requests), counts(spare)) == (3, [0])
    assert state(house, vendor.name) == CLOSED


@each_vendor
def test_a_vendor_that_answers_again_later_answers_the_next_message_anew(
    house: House, begin: Begin, vendor: Vendor
) -> None:
    asked, told = Semaphore(0), Semaphore(0)

    def again(handler: Any) -> None:
        vendor.accepts(handler)
        assert asked.acquire(timeout=15)
        vendor.accepts(handler)
        told.release()

    server, spare = begin(vendor, again)
    for turn in range(3):
        ask(house, range(turn, turn + 1))
        asked.release()
        assert told.acquire(timeout=15)
    # on the old connection the next message would be told the answer of the one before
    assert [request.connection for request in server.requests] == [1, 2, 3]
    assert counts(spare) == [0]
    assert state(house, vendor.name) == CLOSED


@each_vendor
def test_a_slow_answer_is_an_answer(house: House, begin: Begin, vendor: Vendor) -> None:
    def slow(handler: object) -> None:
        server.stopping.wait(0.1)
        vendor.accepts(handler)  # type: ignore[arg-type]

    server, spare = begin(vendor, slow)
    ask(house, range(1))
    assert (len(server.requests), counts(spare)) == (1, [0])
