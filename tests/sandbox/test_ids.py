"""Ids that a seed makes the same at every run."""

import threading
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient
from sandbox.control_calls import send
from sandbox.receiver import receiving, status
from sandbox.twilio_calls import ACCOUNT, await_attempts, create

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.ids import Ids

Make = Callable[..., Sandbox]


def served(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


def sent(web: FlaskClient, number: int, account: str = "a") -> list[str]:
    return [send(web, account=account)["id"] for _ in range(number)]


def test_without_a_seed_no_two_runs_are_alike(make_sandbox: Make) -> None:
    assert sent(served(make_sandbox()), 2) != sent(served(make_sandbox()), 2)


def test_a_seed_gives_the_same_ids_at_every_run(make_sandbox: Make) -> None:
    first = sent(served(make_sandbox(seed=7)), 3)
    assert len(set(first)) == 3
    assert sent(served(make_sandbox(seed=7)), 3) == first
    assert sent(served(make_sandbox(seed=8)), 3) != first


def test_other_accounts_do_not_disturb_the_order(make_sandbox: Make) -> None:
    alone = sent(served(make_sandbox(seed=7)), 3)
    web = served(make_sandbox(seed=7))
    beside = []
    for _ in range(3):
        sent(web, 2, account="b")
        beside += sent(web, 1)
    assert beside == alone


def test_ids_go_on_after_a_restart(make_sandbox: Make, tmp_path: Path) -> None:
    through = sent(served(make_sandbox(seed=7)), 5)
    file = str(tmp_path / "sms.sqlite")
    first = make_sandbox(seed=7, db=file)
    ids = sent(served(first), 2)
    first.close()
    assert ids + sent(served(make_sandbox(seed=7, db=file)), 3) == through


def test_after_a_reset_the_same_ids_come_again(make_sandbox: Make, tmp_path: Path) -> None:
    file = str(tmp_path / "sms.sqlite")
    sandbox = make_sandbox(seed=7, db=file)
    web = served(sandbox)
    first, other = sent(web, 2), sent(web, 1, account="b")
    web.post("/api/v1/reset?account=a", json={})
    assert sent(web, 2) == first
    assert sent(web, 1, account="b") != other
    web.post("/api/v1/reset?account=a", json={})
    sandbox.close()
    assert sent(served(make_sandbox(seed=7, db=file)), 2) == first


def test_vendors_and_webhooks_ids_are_the_same_too(make_sandbox: Make) -> None:
    runs = []
    with receiving() as receiver:
        for _ in range(2):
            sandbox = make_sandbox(seed=7)
            web = served(sandbox)
            web.put(f"/api/v1/clock?account={ACCOUNT}", json={"frozen": True})
            sids = [create(web, StatusCallback=receiver.url)["sid"] for _ in range(2)]
            web.post(f"/api/v1/clock/advance?account={ACCOUNT}", json={"seconds": 60})
            newest = web.get("/api/v1/messages").json["messages"][0]["id"]
            log = await_attempts(sandbox.inbox, newest, 2)
            runs.append((sids, [one["id"] for one in log]))
    assert runs[0] == runs[1]


def test_kinds_have_rows_of_their_own() -> None:
    ids, other = Ids(7), Ids(7)
    other.hex("a", 12, "webhook")
    assert ids.hex("a", 12) == other.hex("a", 12)
    assert ids.hex("a", 12, "webhook") != ids.hex("a", 12)


def test_a_reset_under_way_confuses_no_webhook_with_a_later_one_of_the_same_id(
    make_sandbox: Make,
) -> None:
    sandbox = make_sandbox(seed=7)
    web = served(sandbox)
    held = threading.Event()
    with receiving() as receiver:
        receiver.answers.append(lambda handler: (held.wait(20), status(204)(handler))[0])
        create(web, StatusCallback=receiver.url)
        web.post("/api/v1/clock/advance", json={"seconds": 0.3})
        receiver.await_posts(1)
        web.post("/api/v1/reset?all=true", json={})
        for number in (1, 2):
            create(web, StatusCallback=receiver.url)
            web.post("/api/v1/clock/advance", json={"seconds": 0.3})
            receiver.await_posts(1 + number)
            if number == 1:
                held.set()
        newest = web.get("/api/v1/messages").json["messages"][0]["id"]
        (attempt,) = await_attempts(sandbox.inbox, newest, 1)
        assert attempt["response"]["status"] == 204
    assert all(thread.is_alive() for thread in sandbox.webhooks._threads)
