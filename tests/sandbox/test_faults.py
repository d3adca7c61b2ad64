"""Fault rules in the inbox and over the control API: order, hits, state, and what they do."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import SEND, problem, send

from sms_sandbox import exchange
from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.errors import Busy, FaultStruck, TooManyFaults
from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox import faults as kept
from sms_sandbox.inbox.parts import MAX_HELD
from sms_sandbox.message import Draft, Message
from sms_sandbox.storage import Filter

Put = Callable[..., Message]
ERROR = {"type": "error", "status": 503}
NUMBER = "+9901234567"


def add(inbox: Inbox, effect: dict[str, Any], account: str | None = None, **rule: Any) -> str:
    asked = {"match": {}, "effect": effect} | rule
    return inbox.add_fault(asked, account).rule.id


def hits(inbox: Inbox) -> list[int]:
    return [one.tally.hits for one in inbox.faults(None)]


def outcomes(put: Put, number: int, **changes: Any) -> list[int]:
    """The statuses with which so many requests are answered, 201 for a message that is taken."""
    answers = []
    for _ in range(number):
        try:
            with exchange.serving():
                put(**changes)
        except FaultStruck as struck:
            answers.append(struck.status)
        else:
            answers.append(201)
    return answers


def test_error_refuses_the_request_and_keeps_nothing(inbox: Inbox, put: Put) -> None:
    effect = {"type": "error", "status": 429, "code": 20429, "message": "Slow", "retry_after": 7}
    add(inbox, effect, match={"to": "+990*"})
    with exchange.serving(), pytest.raises(FaultStruck) as struck:
        put()
    told = struck.value
    assert (told.status, told.vendor_code, told.text, told.retry_after) == (429, 20429, "Slow", 7)
    assert inbox.count(Filter()) == 0
    assert outcomes(put, 1, recipient="+12125550123") == [201]
    assert hits(inbox) == [1]


def test_first_rule_that_strikes_wins_and_only_it_counts(inbox: Inbox, put: Put) -> None:
    add(inbox, {"type": "error", "status": 500}, every=2)
    add(inbox, {"type": "error", "status": 503})
    assert outcomes(put, 4) == [503, 500, 503, 500]
    assert hits(inbox) == [2, 2]


def test_first_times_are_counted_by_hits(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR, times=2)
    assert outcomes(put, 4) == [503, 503, 201, 201]
    (rule,) = inbox.faults(None)
    assert rule.as_json()["enabled"] is False


def test_hits_are_counted_exactly_by_requests_at_the_same_time(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR, times=5)
    add(inbox, {"type": "error", "status": 500}, every=4)
    with ThreadPoolExecutor(8) as pool:
        answers = [one for many in pool.map(lambda _: outcomes(put, 5), range(8)) for one in many]
    assert sorted(answers) == [201] * 26 + [500] * 9 + [503] * 5
    assert hits(inbox) == [5, 9]


def test_requests_that_are_held_up_are_bounded(inbox: Inbox, put: Put) -> None:
    add(inbox, {"type": "delay", "seconds": 60})
    leave, held = threading.Event(), threading.Semaphore(0)

    def request() -> None:
        told = threading.Event()

        def gone() -> bool:
            if not told.is_set():
                told.set()
                held.release()
            return leave.is_set()

        with exchange.serving(gone):
            put()

    with ThreadPoolExecutor(MAX_HELD) as pool:
        waiting = [pool.submit(request) for _ in range(MAX_HELD)]
        for _ in waiting:
            assert held.acquire(timeout=60)
        with pytest.raises(Busy) as refused:
            request()
        leave.set()
        for one in waiting:
            one.result(60)
    assert refused.value.retry_after == 1
    assert inbox.count(Filter()) == MAX_HELD


def test_rules_of_other_places_act_beside_it(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    add(inbox, {"type": "delay", "seconds": 0.01})
    add(inbox, {"type": "delivery", "status": "undelivered", "error_code": 30005})
    with exchange.serving():
        message = put()
    clock.advance(5)
    inbox.advance_due()
    assert inbox.get(message.id).error_code == 30005
    assert hits(inbox) == [1, 1]


def test_chances_do_not_depend_on_other_rules(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR, chance=0.5, seed=7)
    alone = outcomes(put, 30)
    inbox.clear_faults(None)
    add(inbox, {"type": "error", "status": 500}, every=3)
    add(inbox, ERROR, chance=0.5, seed=7)
    beside = outcomes(put, 30)
    assert [
        mine if other != 500 else 500 for mine, other in zip(alone, beside, strict=True)
    ] == beside
    assert 500 in beside


def test_rule_without_a_seed_draws_one_and_shows_it(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    seeds = []
    for _ in range(2):
        inbox = make_sandbox(seed=5).inbox
        add(inbox, ERROR, chance=0.5)
        seeds.append(inbox.faults(None)[0].as_json()["seed"])
    assert seeds[0] == seeds[1]


def test_rate_follows_the_accounts_clock(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    add(inbox, ERROR, above_per_second=2)
    assert outcomes(put, 3) == [201, 201, 503]
    clock.advance(1)
    assert outcomes(put, 3) == [201, 201, 503]
    assert outcomes(put, 1, account="other") == [201]


def test_rule_expires_by_its_accounts_clock(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    add(inbox, ERROR, expires_in=60, account="default")
    clock.advance(59)
    assert outcomes(put, 1) == [503]
    assert inbox.faults(None)[0].as_json()["expires_in"] == 1
    clock.advance(1)
    assert outcomes(put, 1) == [201]
    shown = inbox.faults(None)[0].as_json()
    assert (shown["expires_in"], shown["enabled"], shown["hits"]) == (0, False, 1)


def test_rule_of_an_account_strikes_it_alone_and_goes_with_it(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR, account="a")
    everyone = add(inbox, {"type": "error", "status": 500}, match={"account": "b*"})
    assert outcomes(put, 1, account="a") == [503]
    assert outcomes(put, 1, account="b") == [500]
    assert outcomes(put, 1, account="c") == [201]
    assert [one.as_json()["match"] for one in inbox.faults("a")] == [{"account": "a"}]
    inbox.reset("a")
    assert [one.rule.id for one in inbox.faults(None)] == [everyone]
    inbox.reset(None)
    assert inbox.faults(None) == []


def test_literal_account_in_match_owns_the_rule(inbox: Inbox) -> None:
    add(inbox, ERROR, match={"account": "a", "to": "+990*"})
    (rule,) = inbox.faults("a")
    assert rule.as_json()["match"] == {"account": "a", "to": "+990*"}


def test_what_is_no_request_is_not_answered_so_rules_on_answers_rest(
    inbox: Inbox, put: Put
) -> None:
    add(inbox, ERROR)
    add(inbox, {"type": "delay", "seconds": 60})
    put()
    inbox.strike(provider="twilio", account="a", to=NUMBER)
    assert hits(inbox) == [0, 0]


def test_inbound_messages_are_not_struck(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR)
    add(inbox, {"type": "delivery", "status": "failed"})
    with exchange.serving():
        put(direction="inbound", sender=NUMBER, recipient="Notes")
    assert hits(inbox) == [0, 0]


def test_request_that_is_no_message_is_struck_too(inbox: Inbox) -> None:
    add(inbox, ERROR, match={"provider": "twilio", "to": "+990*"})
    with exchange.serving(), pytest.raises(FaultStruck):
        inbox.strike(provider="twilio", account="a", to=NUMBER)
    with exchange.serving():
        inbox.strike(provider="sns", account="a", to=NUMBER)


@pytest.mark.parametrize(
    ("effect", "seconds", "ends", "code"),
    [
        ({"status": "sent"}, 60, "sent", None),
        ({"status": "delivered", "after": 30}, 29.9, "sent", None),
        ({"status": "delivered", "after": 30}, 30, "delivered", None),
        ({"status": "delivered", "after": 0}, 0, "delivered", None),
        ({"status": "undelivered", "error_code": "filtered"}, 1, "undelivered", "filtered"),
        ({"status": "undelivered"}, 1, "undelivered", "unknown"),
        ({"status": "undelivered", "error_code": 9, "after": 2}, 1.9, "sent", None),
        ({"status": "undelivered", "error_code": 9, "after": 2}, 2, "undelivered", 9),
        ({"status": "failed", "error_code": "X1"}, 1, "failed", "X1"),
        ({"status": "failed", "after": 9}, 8.9, "queued", None),
        ({"status": "failed", "after": 9}, 9, "failed", "unknown"),
    ],
)
def test_delivery_ends_as_the_rule_says(
    inbox: Inbox,
    put: Put,
    clock: FrozenClock,
    effect: dict[str, Any],
    seconds: float,
    ends: str,
    code: Any,
) -> None:
    add(inbox, {"type": "delivery"} | effect)
    message = put()
    clock.advance(seconds)
    inbox.advance_due()
    message = inbox.get(message.id)
    assert (message.status, message.error_code) == (ends, code)


def test_rule_wins_over_the_numbers_scenario(inbox: Inbox, put: Put, clock: FrozenClock) -> None:
    add(inbox, {"type": "delivery", "status": "delivered"})
    message = put(recipient="+15035550100")
    clock.advance(1)
    inbox.advance_due()
    assert inbox.get(message.id).status == "delivered"


def test_hit_is_told_to_watchers(inbox: Inbox, put: Put) -> None:
    add(inbox, ERROR)
    mine, others = inbox.subscribe(None, "default"), inbox.subscribe(None, "other")
    outcomes(put, 1)
    (event,) = mine.take(15)
    assert (event.kind, event.data["hits"], event.data["effect"]) == ("fault_hit", 1, ERROR)
    outcomes(put, 1, account="other")
    assert [one.account for one in others.take(15)] == ["other"]


def test_rules_and_what_they_have_seen_outlive_a_restart(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    file = str(tmp_path / "sms.sqlite")
    before = make_sandbox(db=file)
    add(before.inbox, ERROR, every=3, match={"to": {"regex": "^\\+990"}}, expires_in=600)
    add(before.inbox, {"type": "error", "status": 500}, above_per_second=2)
    put = _putter(before.inbox)
    assert outcomes(put, 2) == [201, 201]
    shown = [one.as_json() for one in before.inbox.faults(None)]
    before.close()
    inbox = make_sandbox(db=file).inbox
    assert [one.as_json() for one in inbox.faults(None)] == shown
    assert outcomes(_putter(inbox), 2) == [503, 500]


def test_rules_are_bounded_and_one_that_is_spent_makes_room(
    inbox: Inbox, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MAX_RULES", 3)
    add(inbox, ERROR)
    spent = add(inbox, {"type": "error", "status": 500}, times=1, match={"to": NUMBER})
    add(inbox, ERROR)
    with pytest.raises(TooManyFaults) as refused:
        add(inbox, ERROR)
    assert refused.value.hint
    inbox.switch_fault(spent, enabled=False)
    added = add(inbox, ERROR)
    assert [one.rule.id for one in inbox.faults(None)][1:] == [
        inbox.faults(None)[1].rule.id,
        added,
    ]
    assert spent not in {one.rule.id for one in inbox.faults(None)}


def test_rule_is_added_listed_switched_and_deleted_over_http(web: FlaskClient) -> None:
    wish = {
        "match": {"to": "+99003*", "provider": "sandbox", "body": {"regex": "code"}},
        "times": 3,
        "effect": {"type": "error", "status": 503, "retry_after": 2},
        "expires_in": 600,
    }
    answer = web.post("/api/v1/faults", json=wish)
    assert answer.status_code == 201
    rule = answer.json
    assert rule == {"id": rule["id"], **wish, "hits": 0, "enabled": True}
    assert web.get("/api/v1/faults").json == {"faults": [rule]}
    struck = web.post("/api/v1/messages", json=SEND | {"to": "+9900312345"})
    assert (struck.status_code, struck.headers["Retry-After"]) == (503, "2")
    problem(struck, 503, "fault_struck")
    url = f"/api/v1/faults/{rule['id']}"
    assert web.get(url).json["hits"] == 1
    assert web.post(url, json={"enabled": False}).json["enabled"] is False
    send(web, to="+9900312345")
    assert web.post(url, json={"enabled": True}).json == rule | {"hits": 1}
    assert web.delete(url).status_code == 204
    problem(web.get(url), 404, "unknown_fault")
    problem(web.delete(url), 404, "unknown_fault")
    problem(web.post(url, json={"enabled": True}), 404, "unknown_fault")


def test_rules_of_one_account_over_http(web: FlaskClient) -> None:
    mine = web.post("/api/v1/faults?account=a", json={"effect": ERROR}).json
    assert mine["match"] == {"account": "a"}
    web.post("/api/v1/faults", json={"effect": ERROR, "match": {"account": "b"}})
    web.post("/api/v1/faults", json={"effect": ERROR})
    assert [one["id"] for one in web.get("/api/v1/faults?account=a").json["faults"]] == [mine["id"]]
    problem(web.delete("/api/v1/faults"), 400, "invalid_request")
    problem(web.delete("/api/v1/faults?account=a&all=true"), 400, "invalid_request")
    assert web.delete("/api/v1/faults?account=a").json == {"deleted": 1}
    assert web.delete("/api/v1/faults?all=true").json == {"deleted": 2}
    conflict = web.post(
        "/api/v1/faults?account=a", json={"effect": ERROR, "match": {"account": "b"}}
    )
    problem(conflict, 400, "invalid_request")


def test_rule_of_an_account_expires_by_its_clock(web: FlaskClient, clock: FrozenClock) -> None:
    web.put("/api/v1/clock?account=a", json={"frozen": True})
    web.post("/api/v1/faults?account=a", json={"effect": ERROR, "expires_in": 60})
    clock.advance(120)
    assert web.post("/api/v1/messages", json=SEND | {"account": "a"}).status_code == 503
    web.post("/api/v1/clock/advance?account=a", json={"seconds": 61})
    assert web.post("/api/v1/messages", json=SEND | {"account": "a"}).status_code == 201


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({}, "/effect"),
        ({"effect": "error"}, "/effect"),
        ({"effect": {}}, "/effect"),
        ({"effect": {"type": "explode"}}, "/effect/type"),
        ({"effect": {"type": "error"}}, "/effect/status"),
        ({"effect": {"type": "error", "status": 200}}, "/effect/status"),
        ({"effect": {"type": "error", "status": 500, "seconds": 1}}, "/effect/seconds"),
        ({"effect": ERROR | {"code": "two\nlines"}}, "/effect/code"),
        ({"effect": ERROR | {"code": "\u4e2d"}}, "/effect/code"),
        ({"effect": {"type": "delay", "seconds": 61}}, "/effect/seconds"),
        ({"effect": {"type": "delay", "seconds": -1}}, "/effect/seconds"),
        ({"effect": {"type": "disconnect", "status": 500}}, "/effect/status"),
        ({"effect": {"type": "delivery", "status": "queued"}}, "/effect/status"),
        ({"effect": {"type": "webhook", "mutation": "drop", "seconds": 5}}, "/effect/seconds"),
        ({"effect": {"type": "webhook", "mutation": "eat"}}, "/effect/mutation"),
        ({"effect": ERROR, "match": {"colour": "red"}}, "/match/colour"),
        ({"effect": ERROR, "match": {"to": 5}}, "/match/to"),
        ({"effect": ERROR, "match": {"to": {"regex": "("}}}, "/match/to/regex"),
        ({"effect": ERROR, "match": {"to": {"regex": "x" * 1001}}}, "/match/to/regex"),
        ({"effect": ERROR, "match": {"to": {"glob": "x"}}}, "/match/to/glob"),
        ({"effect": ERROR, "times": 0}, "/times"),
        ({"effect": ERROR, "every": 1.5}, "/every"),
        ({"effect": ERROR, "chance": 1.1}, "/chance"),
        ({"effect": ERROR, "chance": True}, "/chance"),
        ({"effect": ERROR, "seed": 5}, "/seed"),
        ({"effect": ERROR, "every": 2, "chance": 0.5}, "/chance"),
        ({"effect": ERROR, "above_per_second": 0}, "/above_per_second"),
        ({"effect": ERROR, "expires_in": 0}, "/expires_in"),
        ({"effect": ERROR, "id": "flt_1"}, "/id"),
    ],
)
def test_bad_rule_is_400_and_names_the_place(
    web: FlaskClient, wish: dict[str, Any], pointer: str
) -> None:
    refused = problem(web.post("/api/v1/faults", json=wish), 400, "invalid_request")
    assert refused["errors"][0]["pointer"] == pointer
    assert web.get("/api/v1/faults").json == {"faults": []}


def _putter(inbox: Inbox) -> Put:
    def put(**changes: Any) -> Message:
        draft = {
            "account": "default",
            "provider": "sandbox",
            "direction": "outbound",
            "sender": "Notes",
            "recipient": NUMBER,
            "body": "hello",
        }
        return inbox.accept(Draft(**(draft | changes)))

    return put
