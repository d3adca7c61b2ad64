"""The numbers that mean something, and what happens to messages to them."""

import threading
from collections.abc import Callable

import phonenumbers
import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import SEND, problem, send

from sms_sandbox import exchange
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import FaultStruck, Refused
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Message
from sms_sandbox.numbers import SCENARIOS, Scenario, scenario_of, sim_swapped_at, verdict
from sms_sandbox.storage import Filter

Put = Callable[..., Message]
BY_NAME = {one.name: one for one in SCENARIOS}


def number(name: str, worker: int = 0) -> str:
    return f"+1{BY_NAME[name].area_code}55501{worker:02}"


def lived(inbox: Inbox, message: Message) -> list[str]:
    return [entry.status for entry in inbox.timeline(message.id)[1]]


@pytest.fixture
def at(inbox: Inbox, clock: FrozenClock) -> Callable[[float], None]:
    """Moves the time to so many seconds from the start and makes what is due."""
    start = clock.now()

    def move(seconds: float) -> None:
        clock.advance(start + seconds - clock.now())
        inbox.advance_due()

    return move


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
def test_numbers_of_scenarios_are_valid_for_libphonenumber(one: Scenario) -> None:
    for worker in (0, 42, 99):
        parsed = phonenumbers.parse(f"+1{one.area_code}55501{worker:02}")
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.region_code_for_number(parsed) == "US"


def test_area_code_chooses_the_scenario_and_names_are_their_own() -> None:
    for one in SCENARIOS:
        assert scenario_of(f"+1 ({one.area_code}) 555-0137") is one
    assert len({one.area_code for one in SCENARIOS}) == len(SCENARIOS)
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize(
    "other", ["+15035550200", "+15035560100", "+15045550", "+9901234567", "+12125550100", "Notes"]
)
def test_other_numbers_have_no_scenario(other: str) -> None:
    assert scenario_of(other) is None


@pytest.mark.parametrize(
    ("virtual", "expected"),
    [
        ("+9901234", "verified"),
        ("+990 123 456 7", "refused"),
        ("9901234599", "error"),
        ("+99099", None),
        ("+990999", None),
        ("+9909999", "error"),
        ("+990123456789012", "verified"),
        ("+15035550100", None),
        ("+4915112345699", None),
    ],
)
def test_last_digits_of_a_virtual_number_are_its_verdict(
    virtual: str, expected: str | None
) -> None:
    assert verdict(virtual) == expected


def test_sim_was_swapped_500_hours_ago() -> None:
    assert sim_swapped_at(1_800_000_000.0) == 1_800_000_000.0 - 1_800_000


@pytest.mark.parametrize("virtual", ["+9901234567", "+9901234568", "+9901234599"])
def test_virtual_numbers_are_always_delivered(
    inbox: Inbox, put: Put, at: Callable[[float], None], virtual: str
) -> None:
    message = put(recipient=virtual)
    at(1)
    assert inbox.get(message.id).status == "delivered"


@pytest.mark.parametrize(
    ("name", "ends", "code"),
    [
        ("delivered", "delivered", None),
        ("sent_only", "sent", None),
        ("undelivered", "undelivered", "unreachable"),
        ("unknown_handset", "failed", "unknown_handset"),
        ("landline", "undelivered", "landline"),
        ("filtered", "undelivered", "filtered"),
        ("late_failure", "delivered", None),
        ("duplicate_callback", "delivered", None),
        ("reordered_callbacks", "delivered", None),
        ("bad_signature", "delivered", None),
        ("sim_swapped", "delivered", None),
        ("timeout", "delivered", None),
    ],
)
def test_delivery_ends_as_the_number_says(
    inbox: Inbox, put: Put, at: Callable[[float], None], name: str, ends: str, code: str | None
) -> None:
    message = put(recipient=number(name))
    at(100)
    message = inbox.get(message.id)
    assert (message.status, message.error_code) == (ends, code)
    assert ("sent" in lived(inbox, message)) is (ends != "failed")


@pytest.mark.parametrize(("name", "seconds"), [("slow", 30), ("off_for_a_minute", 60)])
def test_late_delivery_comes_at_its_time(
    inbox: Inbox, put: Put, at: Callable[[float], None], name: str, seconds: float
) -> None:
    message = put(recipient=number(name))
    at(seconds - 0.1)
    assert inbox.get(message.id).status == "sent"
    at(seconds)
    assert inbox.get(message.id).status == "delivered"


@pytest.mark.parametrize(
    ("name", "reason", "status"),
    [
        ("opted_out", "opted_out", 422),
        ("invalid", "invalid_number", 422),
        ("no_route", "no_route", 422),
        ("voice_only", "landline", 422),
        ("queue_full", "queue_full", 429),
    ],
)
def test_refused_number_takes_no_message_ever(
    inbox: Inbox, put: Put, name: str, reason: str, status: int
) -> None:
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            put(recipient=number(name))
        assert (refused.value.reason, refused.value.status) == (reason, status)
    assert inbox.count(Filter()) == 0


@pytest.mark.parametrize(
    ("name", "kind"), [("throttled_once", Refused), ("error_once", FaultStruck)]
)
def test_first_message_is_refused_and_the_second_is_taken(
    inbox: Inbox, put: Put, name: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        put(recipient=number(name, 1))
    put(recipient=number(name, 1))
    with pytest.raises(kind):
        put(recipient=number(name, 2))
    with pytest.raises(kind):
        put(recipient=number(name, 1), account="other")
    inbox.reset("default")
    with pytest.raises(kind):
        put(recipient=number(name, 1))


def test_native_answers_of_refusals(web: FlaskClient) -> None:
    answer = web.post("/api/v1/messages", json=SEND | {"to": number("opted_out")})
    assert problem(answer, 422, "refused")["reason"] == "opted_out"
    answer = web.post("/api/v1/messages", json=SEND | {"to": number("throttled_once")})
    problem(answer, 429, "refused")
    assert answer.headers["Retry-After"] == "1"
    answer = web.post("/api/v1/messages", json=SEND | {"to": number("error_once")})
    problem(answer, 500, "fault_struck")
    assert send(web, to=number("error_once"))["status"] == "queued"


def test_provider_that_hangs_takes_the_message_all_the_same(inbox: Inbox, put: Put) -> None:
    """The sender gives up at once here: the wait ends, the message is taken."""
    with exchange.serving(gone=lambda: True):
        message = put(recipient=number("timeout"))
    assert inbox.get(message.id).status == "queued"


def test_hanging_request_ends_when_the_sandbox_stops(inbox: Inbox, put: Put) -> None:
    done = threading.Event()

    def request() -> None:
        with exchange.serving():
            put(recipient=number("timeout"))
        done.set()

    thread = threading.Thread(target=request)
    thread.start()
    inbox.close()
    assert done.wait(30)
    thread.join()


def test_handset_answers_stop_or_the_code(
    inbox: Inbox, put: Put, at: Callable[[float], None]
) -> None:
    put(recipient=number("replies_stop"), account="a")
    put("Your code is 482913", recipient=number("replies_code"), account="a")
    put("No code in here", recipient=number("replies_code"), account="a")
    assert inbox.count(Filter(direction="inbound")) == 0
    at(1)
    answers = inbox.find(Filter(direction="inbound", account="a"), 10)
    assert {(one.sender, one.recipient, one.body) for one in answers} == {
        (number("replies_stop"), "Notes", "STOP"),
        (number("replies_code"), "Notes", "482913"),
    }


def test_message_moved_by_hand_is_answered_too(inbox: Inbox, put: Put) -> None:
    inbox.move(put(recipient=number("replies_stop")).id, "delivered")
    assert [one.body for one in inbox.find(Filter(direction="inbound"), 10)] == ["STOP"]


def test_table_of_numbers_is_served(web: FlaskClient) -> None:
    rows = web.get("/api/v1/numbers").json["numbers"]
    scenarios = {row["name"]: row for row in rows if row["kind"] == "scenario"}
    assert set(scenarios) == set(BY_NAME)
    assert all(scenario_of(row["example"]) is BY_NAME[name] for name, row in scenarios.items())
    assert {verdict(row["example"]) for row in rows if row["kind"] == "virtual"} == {
        "verified",
        "refused",
        "error",
    }
    magic = {(row["provider"], row["number"]) for row in rows if row["kind"] == "magic"}
    assert ("twilio", "+15005550001") in magic
