"""Callbacks that go wrong on purpose: by a fault rule, by the number's scenario, by hand."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem
from sandbox.receiver import Receiver
from sandbox.twilio_calls import ACCOUNT, ROOT, TOKEN, await_attempts, basic, create

from sms_sandbox.app import Sandbox
from sms_sandbox.callback import Callback
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.inbox.mutations import spoiled


@pytest.fixture(autouse=True)
def frozen(web: FlaskClient) -> None:
    web.put(f"/api/v1/clock?account={ACCOUNT}", json={"frozen": True})


def fault(web: FlaskClient, mutation: str, **rule: Any) -> str:
    body = {"match": {}, **rule, "effect": {"type": "webhook", "mutation": mutation}}
    answer = web.post(f"/api/v1/faults?account={ACCOUNT}", json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json["id"]
    return found


def advance(web: FlaskClient, seconds: float) -> None:
    answer = web.post(f"/api/v1/clock/advance?account={ACCOUNT}", json={"seconds": seconds})
    assert answer.status_code == 200, answer.text


def newest(web: FlaskClient) -> str:
    found: str = web.get("/api/v1/messages").json["messages"][0]["id"]
    return found


def log(web: FlaskClient, sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    """The first attempts of the newest message, in short."""
    found = await_attempts(sandbox.inbox, newest(web), number)
    return [
        {"status": told(one), "mutation": one.get("mutation"), "at": one["at"][17:23]}
        for one in found
    ]


def told(attempt: dict[str, Any]) -> str:
    body: str = attempt["request"]["body"]
    return body.partition("MessageStatus=")[2].partition("&")[0]


def is_signed(receiver: Receiver, place: int) -> bool:
    post = receiver.posts[place]
    return post.headers["X-Twilio-Signature"] == sign(TOKEN, receiver.url, post.form.items())


def test_a_dropped_callback_is_in_the_log_and_nowhere_else(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    fault(web, "drop", times=1)
    create(web, StatusCallback=receiver.url)
    advance(web, 1)
    assert [post.form["MessageStatus"] for post in receiver.await_posts(1)] == ["delivered"]
    dropped, posted = await_attempts(sandbox.inbox, newest(web), 2)
    assert (dropped["mutation"], told(dropped)) == ("drop", "sent")
    assert dropped["error"] == "Not posted: a fault rule dropped it."
    assert "response" not in dropped
    assert "mutation" not in posted


def test_a_duplicated_callback_comes_twice(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    fault(web, "duplicate", times=1)
    create(web, StatusCallback=receiver.url)
    advance(web, 0.3)
    first, second = receiver.await_posts(2)
    assert first.body == second.body
    assert log(web, sandbox, 2) == [
        {"status": "sent", "mutation": None, "at": "00.200"},
        {"status": "sent", "mutation": "duplicate", "at": "00.200"},
    ]


def test_a_reordered_callback_lets_the_next_one_pass(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    fault(web, "reorder")
    create(web, StatusCallback=receiver.url)
    advance(web, 0.5)
    assert receiver.posts == []
    advance(web, 0.5)
    posts = receiver.await_posts(2)
    assert [post.form["MessageStatus"] for post in posts] == ["delivered", "sent"]
    assert log(web, sandbox, 2) == [
        {"status": "delivered", "mutation": None, "at": "00.800"},
        {"status": "sent", "mutation": "reorder", "at": "00.800"},
    ]


def test_a_callback_with_nothing_behind_it_is_held_for_a_minute(
    web: FlaskClient, receiver: Receiver
) -> None:
    fault(web, "reorder")
    create(web, To="+12025550142", StatusCallback=receiver.url)  # is sent, and no more
    advance(web, 60)
    assert receiver.posts == []
    advance(web, 1)
    assert receiver.await_posts(1)[0].form["MessageStatus"] == "sent"


def test_a_delayed_callback_comes_later(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    fault(web, "delay", times=1)
    create(web, StatusCallback=receiver.url)
    advance(web, 60)
    posts = receiver.await_posts(2)
    assert [post.form["MessageStatus"] for post in posts] == ["delivered", "sent"]
    assert log(web, sandbox, 2)[1] == {"status": "sent", "mutation": "delay", "at": "10.200"}


def test_a_badly_signed_callback_is_wrong_in_its_signature_alone(
    web: FlaskClient, receiver: Receiver
) -> None:
    fault(web, "bad_signature", times=1)
    create(web, StatusCallback=receiver.url)
    advance(web, 1)
    bad, good = receiver.await_posts(2)
    assert (is_signed(receiver, 0), is_signed(receiver, 1)) == (False, True)
    assert (bad.form["MessageStatus"], good.form["MessageStatus"]) == ("sent", "delivered")
    right = sign(TOKEN, receiver.url, bad.form.items())
    assert len(bad.headers["X-Twilio-Signature"]) == len(right)
    assert bad.headers["X-Twilio-Signature"][:10] == right[:10]


def test_a_stale_callback_tells_of_an_earlier_state_and_is_signed(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    create(web, StatusCallback=receiver.url)
    advance(web, 0.3)
    receiver.await_posts(1)
    fault(web, "stale")
    advance(web, 1)
    _, stale = receiver.await_posts(2)
    assert stale.form["MessageStatus"] == "sent"
    assert is_signed(receiver, 1)
    assert log(web, sandbox, 2)[1]["mutation"] == "stale"


def test_only_what_a_rule_matches_goes_wrong(web: FlaskClient, receiver: Receiver) -> None:
    rule = fault(web, "drop", match={"to": "+1555*0000"})
    create(web, StatusCallback=receiver.url)
    advance(web, 1)
    receiver.await_posts(2)
    assert web.get(f"/api/v1/faults/{rule}").json["hits"] == 0


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("duplicate_callback", ["sent", "sent", "delivered", "delivered"]),
        ("reordered_callbacks", ["delivered", "sent"]),
    ],
)
def test_a_numbers_scenario_acts_on_its_callbacks(
    web: FlaskClient, receiver: Receiver, scenario: str, expected: list[str]
) -> None:
    create(web, To=number_of(web, scenario), StatusCallback=receiver.url)
    advance(web, 5)
    posts = receiver.await_posts(len(expected))
    assert [post.form["MessageStatus"] for post in posts] == expected


def number_of(web: FlaskClient, scenario: str) -> str:
    from sms_sandbox.numbers.scenarios import SCENARIOS

    (area,) = [one.area_code for one in SCENARIOS if one.name == scenario]
    return f"+1{area}5550142"


def test_a_late_failure_denies_a_delivery(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    from sms_sandbox.numbers.scenarios import SCENARIOS

    (area,) = [one.area_code for one in SCENARIOS if one.quirk == "contradict"]
    create(web, To=f"+1{area}5550142", StatusCallback=receiver.url)
    advance(web, 5)
    assert len(receiver.await_posts(2)) == 2
    advance(web, 60)
    denial = receiver.await_posts(3)[2]
    assert denial.form["MessageStatus"] == "undelivered"
    assert denial.form["ErrorCode"]
    assert is_signed(receiver, 2)
    assert web.get(f"/api/v1/messages/{newest(web)}").json["status"] == "delivered"


def resend(web: FlaskClient, attempt: dict[str, Any], mutate: str | None) -> Any:
    body = {} if mutate is None else {"mutate": mutate}
    return web.post(f"/api/v1/webhooks/{attempt['id']}/resend", json=body)


def two_posted(web: FlaskClient, sandbox: Sandbox, receiver: Receiver) -> list[dict[str, Any]]:
    create(web, StatusCallback=receiver.url)
    advance(web, 1)
    receiver.await_posts(2)
    return await_attempts(sandbox.inbox, newest(web), 2)


@pytest.mark.parametrize(
    ("mutate", "statuses", "signed", "mutations"),
    [
        (None, ["delivered"], [True], [None]),
        ("duplicate", ["delivered", "delivered"], [True, True], [None, "duplicate"]),
        ("reorder", ["delivered", "sent"], [True, True], [None, "reorder"]),
        ("stale", ["sent"], [True], ["stale"]),
        ("bad_signature", ["delivered"], [False], ["bad_signature"]),
    ],
)
def test_an_attempt_is_sent_again_as_asked(
    web: FlaskClient,
    sandbox: Sandbox,
    receiver: Receiver,
    mutate: str | None,
    statuses: list[str],
    signed: list[bool],
    mutations: list[str | None],
) -> None:
    attempts = two_posted(web, sandbox, receiver)
    answer = resend(web, attempts[1], mutate)
    assert answer.status_code == 202, answer.text
    posts = receiver.await_posts(2 + len(statuses))[2:]
    assert [post.form["MessageStatus"] for post in posts] == statuses
    assert [is_signed(receiver, 2 + place) for place in range(len(posts))] == signed
    found = await_attempts(sandbox.inbox, newest(web), 2 + len(statuses))[2:]
    assert [one.get("mutation") for one in found] == mutations
    assert found[0]["id"] == answer.json["id"]


def test_the_first_callback_cannot_be_reordered(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    attempts = two_posted(web, sandbox, receiver)
    problem(resend(web, attempts[0], "reorder"), 400, "invalid_request")


def test_an_unknown_mutation_is_400(web: FlaskClient, sandbox: Sandbox, receiver: Receiver) -> None:
    attempts = two_posted(web, sandbox, receiver)
    problem(resend(web, attempts[0], "drop"), 400, "invalid_request")


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("X-Twilio-Signature", "b2s/aGVsbG8td29ybGQ="),
        ("X-Plivo-Signature-V3", "aGVsbG8gd29ybGQ"),
        ("Authorization", "Bearer eyJh.eyJi.c2ln"),
    ],
)
def test_any_vendors_signature_is_spoiled_in_place(name: str, signature: str) -> None:
    plain = Callback(kind="status", url="http://x.test/", headers={name: signature}, body="x")
    bad = spoiled(plain).headers[name]
    assert bad != signature
    assert len(bad) == len(signature)
    assert bad.endswith("=") == signature.endswith("=")


def test_an_accounts_status_url_is_used_where_a_message_names_none(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings = {"status_url": f"{receiver.url}/usual", "signing_key": "chosen"}
    web.put(f"/api/v1/settings?account={ACCOUNT}", json=settings)
    create(web)
    create(web, StatusCallback=f"{receiver.url}/own")
    advance(web, 0.3)
    usual, own = receiver.await_posts(2)
    assert (usual.path, own.path) == ("/usual", "/own")
    expected = sign("chosen", f"{receiver.url}/usual", usual.form.items())
    assert usual.headers["X-Twilio-Signature"] == expected


def test_what_an_alias_sends_is_signed_with_its_secret_until_a_reset(
    web: FlaskClient, receiver: Receiver
) -> None:
    web.put("/api/v1/accounts/shop/aliases", json={"aliases": [ACCOUNT]})
    create(web, StatusCallback=receiver.url)
    assert web.get("/api/v1/messages").json["messages"][0]["account"] == "shop"
    web.post("/api/v1/clock/advance", json={"seconds": 0.3})
    receiver.await_posts(1)
    assert is_signed(receiver, 0)
    web.post("/api/v1/reset?account=shop", json={})
    other = web.get(f"{ROOT}.json", headers=basic(ACCOUNT, "another secret"))
    assert other.status_code == 200
