"""Time moved by hand: of one account, or of the whole sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem, send
from sandbox.receiver import Receiver, status
from sandbox.twilio_calls import ACCOUNT, FROM, TO, basic, create

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.callback import Callback, Waiting
from sms_sandbox.client import SandboxClient
from sms_sandbox.clock import Clocks, FrozenClock
from sms_sandbox.live import Subscription
from sms_sandbox.storage import Database, due, webhooks

START = "2027-01-15T08:00:00.000Z"


def at(seconds: float) -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"2027-01-15T08:{whole // 60:02}:{whole % 60:02}.{rest:03}Z"


def freeze(web: FlaskClient, account: str) -> None:
    answer = web.put(f"/api/v1/clock?account={account}", json={"frozen": True})
    assert answer.status_code == 200, answer.text


def advance(web: FlaskClient, account: str, seconds: float) -> dict[str, Any]:
    path = f"/api/v1/clock/advance?account={account}"
    answer = web.post(path, json={"seconds": seconds})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def statuses(web: FlaskClient, message: dict[str, Any]) -> list[tuple[str, str]]:
    timeline = web.get(f"/api/v1/messages/{message['id']}/timeline").json["timeline"]
    return [(one["status"], one["at"]) for one in timeline]


def await_attempts(stream: Subscription, number: int) -> list[Any]:
    seen: list[Any] = []
    for _ in range(600):
        seen += [event.data for event in stream.take(0.1) if event.kind == "webhook"]
        if len(seen) >= number:
            break
    return seen


def test_a_clock_runs_until_it_is_frozen(web: FlaskClient, clock: FrozenClock) -> None:
    assert web.get("/api/v1/clock?account=a").json == {"frozen": False, "now": START}
    freeze(web, "a")
    clock.advance(60)
    assert web.get("/api/v1/clock?account=a").json == {"frozen": True, "now": START}
    assert web.get("/api/v1/clock?account=b").json == {"frozen": False, "now": at(60)}
    assert web.get("/api/v1/clock").json == {"frozen": False, "now": at(60)}


def test_a_released_clock_runs_on_from_where_it_stood(web: FlaskClient, clock: FrozenClock) -> None:
    freeze(web, "a")
    clock.advance(60)
    web.put("/api/v1/clock?account=a", json={"frozen": False})
    clock.advance(5)
    assert web.get("/api/v1/clock?account=a").json == {"frozen": False, "now": at(5)}


def test_a_running_clock_is_advanced_and_runs_on(web: FlaskClient, clock: FrozenClock) -> None:
    assert advance(web, "a", 100) == {"frozen": False, "now": at(100)}
    clock.advance(1)
    assert web.get("/api/v1/clock?account=a").json["now"] == at(101)


def test_advancing_makes_all_that_is_due_before_it_answers(web: FlaskClient) -> None:
    freeze(web, "a")
    first = send(web, account="a")
    advance(web, "a", 0.1)
    second = send(web, account="a")
    advance(web, "a", 3600)
    assert statuses(web, first)[-2:] == [("sent", at(0.2)), ("delivered", at(0.8))]
    assert statuses(web, second)[-2:] == [("sent", at(0.3)), ("delivered", at(0.9))]


def test_a_frozen_account_holds_only_itself_still(web: FlaskClient, clock: FrozenClock) -> None:
    freeze(web, "a")
    held, free = send(web, account="a"), send(web, account="b")
    clock.advance(10)
    answer = web.post("/api/v1/wait", json={"match": {"account": "b"}, "until_status": "delivered"})
    assert answer.json["messages"][0]["id"] == free["id"]
    assert web.get(f"/api/v1/messages/{held['id']}").json["status"] == "queued"


def test_what_was_planned_before_obeys_the_new_clock(web: FlaskClient, clock: FrozenClock) -> None:
    message = send(web, account="a")
    freeze(web, "a")
    clock.advance(10)
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "queued"
    advance(web, "a", 0.5)
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "sent"


def test_the_sandboxs_clock_moves_all_who_have_none_of_their_own(web: FlaskClient) -> None:
    freeze(web, "own")
    mine, theirs = send(web, account="own"), send(web, account="other")
    web.post("/api/v1/clock/advance", json={"seconds": 5})
    assert web.get(f"/api/v1/messages/{theirs['id']}").json["status"] == "delivered"
    assert web.get(f"/api/v1/messages/{mine['id']}").json["status"] == "queued"


def test_a_clock_moves_forward_only(web: FlaskClient) -> None:
    send(web, account="a")
    body = {"frozen": True, "now": "2027-01-15T07:59:59Z"}
    refused = problem(web.put("/api/v1/clock?account=a", json=body), 400, "invalid_request")
    assert "reset" in refused["hint"]
    assert web.get("/api/v1/clock?account=a").json == {"frozen": False, "now": START}


def test_an_empty_accounts_clock_may_show_any_moment(web: FlaskClient) -> None:
    body = {"frozen": True, "now": "2001-02-03T04:05:06Z"}
    shown = {"frozen": True, "now": "2001-02-03T04:05:06.000Z"}
    assert web.put("/api/v1/clock?account=a", json=body).json == shown
    assert send(web, account="a")["created_at"] == "2001-02-03T04:05:06.000Z"


@pytest.mark.parametrize(
    "body", [{}, {"frozen": 1}, {"frozen": True, "now": "now"}, {"frozen": True, "then": 1}]
)
def test_a_bad_clock_is_400(web: FlaskClient, body: dict[str, Any]) -> None:
    problem(web.put("/api/v1/clock", json=body), 400, "invalid_request")


@pytest.mark.parametrize("seconds", [-1, "5", True, None, 10**12])
def test_a_bad_step_is_400(web: FlaskClient, seconds: object) -> None:
    answer = web.post("/api/v1/clock/advance", json={"seconds": seconds})
    problem(answer, 400, "invalid_request")


def test_a_clock_never_leaves_the_calendar(web: FlaskClient) -> None:
    body = {"frozen": True, "now": "2999-12-30T00:00:00Z"}
    assert web.put("/api/v1/clock?account=a", json=body).status_code == 200
    answer = web.post("/api/v1/clock/advance?account=a", json={"seconds": 315_360_000})
    problem(answer, 400, "invalid_request")


def test_clocks_survive_a_restart(
    make_sandbox: Callable[..., Sandbox], clock: FrozenClock, tmp_path: Path
) -> None:
    file = str(tmp_path / "sms.sqlite")
    first = make_sandbox(db=file)
    web = create_app(first).test_client()
    freeze(web, "a")
    message = send(web, account="a")
    advance(web, "b", 50)
    first.close()
    clock.advance(10)
    web = create_app(make_sandbox(db=file)).test_client()
    assert web.get("/api/v1/clock?account=a").json == {"frozen": True, "now": START}
    assert web.get("/api/v1/clock?account=b").json == {"frozen": False, "now": at(60)}
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "queued"
    advance(web, "a", 1)
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "delivered"


def test_a_reset_gives_an_account_the_sandboxs_time_again(web: FlaskClient) -> None:
    freeze(web, "a")
    freeze(web, "b")
    web.post("/api/v1/reset?account=a", json={})
    assert web.get("/api/v1/clock?account=a").json["frozen"] is False
    assert web.get("/api/v1/clock?account=b").json["frozen"] is True
    web.post("/api/v1/reset?all=true", json={})
    assert web.get("/api/v1/clock?account=b").json["frozen"] is False


def test_callbacks_of_one_advance_come_in_the_order_of_their_time(
    web: FlaskClient, receiver: Receiver
) -> None:
    freeze(web, ACCOUNT)
    first = create(web, StatusCallback=f"{receiver.url}/one")
    advance(web, ACCOUNT, 0.1)
    create(web, StatusCallback=f"{receiver.url}/two")
    advance(web, ACCOUNT, 3600)
    posts = receiver.await_posts(4)
    told = [(post.path, post.form["MessageStatus"]) for post in posts]
    assert told == [
        ("/one", "sent"),
        ("/two", "sent"),
        ("/one", "delivered"),
        ("/two", "delivered"),
    ]
    assert posts[0].form["MessageSid"] == first["sid"]


def test_a_retry_within_an_advance_follows_at_once_and_bears_its_own_time(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    stream = sandbox.inbox.subscribe(None, None)
    freeze(web, ACCOUNT)
    receiver.answers.extend([status(500), status(500)])
    create(web, StatusCallback=f"{receiver.url}#rc=2&rp=all")
    advance(web, ACCOUNT, 3600)
    receiver.await_posts(4)
    seen = await_attempts(stream, 4)
    assert [(one["attempt"], one["at"]) for one in seen] == [
        (1, at(0.2)),
        (1, at(0.8)),
        (2, at(1.2)),
        (2, at(1.8)),
    ]


def test_a_frozen_clock_holds_retries_back(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    stream = sandbox.inbox.subscribe(None, None)
    freeze(web, ACCOUNT)
    receiver.answers.append(status(500))
    create(web, StatusCallback=f"{receiver.url}#rc=1&rp=all")
    advance(web, ACCOUNT, 0.3)
    await_attempts(stream, 1)
    assert sandbox.inbox.next_callback((), 1) == (None, None)
    advance(web, ACCOUNT, 5)
    receiver.await_posts(3)


def test_accounts_with_clocks_of_their_own_share_a_receivers_places(
    web: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.webhooks.stop()
    for letter in "abc":
        account = "AC" + letter * 32
        freeze(web, account)
        form = {"To": TO, "From": FROM, "Body": "x", "StatusCallback": "http://127.0.0.1:9/"}
        path = f"/twilio/2010-04-01/Accounts/{account}/Messages.json"
        web.post(path, data=form, headers=basic(account))
        advance(web, account, 0.3)
    under_way: list[Waiting] = []
    for _ in range(2):
        found, _ = sandbox.inbox.next_callback(under_way, 2)
        assert found is not None
        under_way.append(found)
    assert sandbox.inbox.next_callback(under_way, 2) == (None, None)
    assert sandbox.inbox.next_callback(under_way[:1], 2)[0] is not None


def test_the_timeline_sleeps_until_the_earliest_of_all_clocks() -> None:
    base = FrozenClock(100.0)
    clocks = Clocks(base)
    clocks.put("fast", clocks.set_to(1000.0, frozen=False))
    clocks.put("still", clocks.set_to(50.0, frozen=True))
    assert clocks.seconds_until(1000.0, "fast") == 0
    assert clocks.seconds_until(60.0, "still") is None
    assert clocks.seconds_until(50.0, "still") == 0
    base.advance(7)
    assert clocks.now("fast") == 1007.0
    assert clocks.now("still") == 50.0
    assert clocks.now("other") == 107.0


def test_what_others_have_before_them_is_not_read(sandbox: Sandbox) -> None:
    with sandbox.database.read() as connection:
        for query, index in (
            (due._HEADS, "due_by_time"),
            (webhooks._HEADS, "callbacks_by_time"),
            ("SELECT min(at) FROM due WHERE clock = 'b'", "due_by_time (clock=?)"),
        ):
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query}")
            steps = [
                row["detail"].replace(" AND ", ", ")
                for row in rows
                if " due " in row["detail"] or " callbacks " in row["detail"]
            ]
            assert steps
            # The one walk along an index ends with its first entry.
            looks = [step for step in steps if "rowid=?" not in step]
            assert all(f"COVERING INDEX {index}" in step for step in looks), steps
            assert sum(step.startswith("SCAN") for step in looks) <= 1


def test_heads_are_the_first_of_each_clock_and_receiver() -> None:
    database = Database(":memory:")
    with database.write() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for number, (clock, host, due_at) in enumerate(
            [("", "a", 5), ("", "a", 3), ("", "b", 4), ("x", "a", 9), ("x", "a", 9), ("y", "b", 1)]
        ):
            callback = Callback(kind="status", url=f"http://{host}.test/", headers={}, body="")
            webhooks.add(
                connection,
                Waiting(
                    id=str(number),
                    message_seq=number,
                    attempt=1,
                    due_at=due_at,
                    callback=callback,
                    clock=clock,
                ),
            )
        heads = webhooks.heads(connection)
        second = webhooks.first(connection, "x", "http://a.test", [3])
    database.close()
    assert [one.id for one in heads] == ["1", "2", "3", "5"]
    assert second is not None
    assert second.id == "4"


def test_a_running_clock_ahead_of_the_others_moves_by_itself(client: SandboxClient) -> None:
    client.advance_clock(10_000, "a")
    client.send(to="+9901234567", body="x", account="a")
    wish = {"match": {"account": "a"}, "until_status": "delivered", "claim": False}
    (message,) = client.wait(timeout=15, **wish)
    assert message["updated_at"] > client.clock()["now"]


def test_a_clock_that_runs_is_stopped_and_released_where_it_is(client: SandboxClient) -> None:
    for account in (None, "a"):
        client.send(to="+9901234567", body="x", account=account)
        stopped = client.set_clock(frozen=True, account=account)
        assert client.clock(account) == stopped
        assert client.advance_clock(0, account) == stopped
        released = client.set_clock(frozen=False, account=account)
        assert released["now"] >= stopped["now"]
        assert client.advance_clock(0, account)["now"] >= released["now"]
