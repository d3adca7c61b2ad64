"""Messages that other processes send: real workers on a real Redis, killed and doubled."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import servers
from flask import Flask
from in_time import in_time
from queue_workers import Shop, kill, until
from web_steps import PHONE, ask, entry, problem

from flask_phoneauth.dispatch.base import Queue
from flask_phoneauth.errors import Busy
from flask_phoneauth.plugins import load_dispatch
from flask_phoneauth.records import Job
from flask_phoneauth.settings import SettingError, Settings

KINDS = ("celery", "rq")
"""Seconds for which a request waits for a broker that is silent, with all it has to do besides."""


@pytest.fixture
def server() -> Iterator[servers.RedisServer]:
    """A broker of this test alone."""
    server = servers.plain()
    yield server
    server.end()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which queue."""
    return str(request.param)


@pytest.fixture
def shop(kind: str, server: servers.RedisServer, sms: Any, tmp_path: Path) -> Iterator[Shop]:
    """An app on SQLite whose queue is in Redis and whose messages reach the sandbox."""
    settings = {
        "DISPATCH": kind,
        "QUEUE_URL": server.url,
        "DATABASE_URL": f"sqlite:///{tmp_path}/accounts.db",
        "PROVIDERS": ["sandbox"],
        "SANDBOX_URL": sms.url,
        "SANDBOX_ACCOUNT": sms.account,
        "COOLDOWN": [1],
    }
    shop = Shop(tmp_path, settings)
    yield shop
    shop.close()


@pytest.fixture
def app(shop: Shop, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The app that serves requests."""
    app = shop.app(make_app)
    app.config["RATELIMIT_ENABLED"] = False  # tests look often
    yield app
    app.extensions["phoneauth"].close()


def status(client: Any, asked: dict[str, Any]) -> str:
    """What the code page says of the message."""
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    answer = client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers)
    return str(answer.get_json()["delivery"])


def queue_of(app: Flask) -> Any:
    """The app's dispatch, which is a queue."""
    dispatch = app.extensions["phoneauth"].live.parts.dispatch
    assert isinstance(dispatch, Queue)
    return dispatch


def sent(app: Flask) -> list[Any]:
    """The entries of the audit trail that tell of sent messages."""
    return list(app.extensions["phoneauth"].live.trail.search(kind="sent"))


def messages_of(sms: Any, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of this ask: what a worker had begun that a former test killed may come late."""
    return [one for one in sms.messages if f"Ref. {asked['reference']}\n" in one["body"]]


def test_a_login_whose_message_a_worker_sends(app: Flask, shop: Shop, sms: Any) -> None:
    client = app.test_client(use_cookies=False)
    worker = shop.work()
    asked = ask(client)
    code = sms.code_for(PHONE, timeout=60)
    until(lambda: status(client, asked) == "sent", "the settlement")
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    until(lambda: sent(app), "the worker's line in the audit trail")
    worker.stop()
    assert worker.process.returncode == 0, worker.said()
    assert "Traceback" not in worker.said()
    assert code not in worker.said()
    assert PHONE not in worker.said()


def test_the_broker_holds_neither_number_nor_code_nor_seed(
    app: Flask, server: servers.RedisServer, kind: str
) -> None:
    ask(app.test_client(use_cookies=False))
    client, held = server.client, b""
    for key in client.scan_iter():
        found = {
            b"string": client.get,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
        }[client.type(key)](key)
        held += key + repr(found).encode()
    assert PHONE.encode() not in held
    assert PHONE[1:].encode() not in held
    if kind == "rq":
        (key,) = client.scan_iter("rq:job:*")
        (call,) = client.hmget(key, "data")
        arguments = json.loads(__import__("zlib").decompress(call))[2]
    else:
        (body,) = client.lrange("phoneauth:queue:phoneauth", 0, -1)
        message = json.loads(body)
        arguments = json.loads(__import__("base64").b64decode(message["body"]))[0]
    challenge_id, generation, asked_at = arguments
    assert "." in challenge_id
    assert generation == 0
    assert abs(time.time() - asked_at) < 60


def test_a_job_that_is_queued_twice_is_sent_once(app: Flask, shop: Shop, sms: Any) -> None:
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    queue = queue_of(app)
    live = app.extensions["phoneauth"].live
    loaded = live.parts.challenges.load(
        Job(asked["challenge_id"], 0, 0.0), now=live.parts.clock.now()
    )
    assert loaded is not None
    challenge = loaded.challenge
    for _ in range(5):
        queue.submit(Job(asked["challenge_id"], 0, challenge.asked_at))
    assert queue.waiting() == 6
    first, second = shop.work(), shop.work()
    until(lambda: queue.waiting() == 0, "all jobs taken")
    sms.code_for(PHONE, timeout=60)
    first.stop()
    second.stop()
    assert len(messages_of(sms, asked)) == 1


def test_a_worker_that_dies_in_the_midst_of_a_message_is_followed_by_one_more_run(
    app: Flask, shop: Shop, sms: Any, sms_faults: Any
) -> None:
    client = app.test_client(use_cookies=False)
    rule = sms_faults.add({"type": "delay", "seconds": 60}, times=1)
    worker = shop.work("--processes", "1")
    asked = ask(client)
    until(lambda: sms_faults.hits(rule), "the first message")
    (child,) = worker.children()
    kill(child)
    code = sms.code_for(PHONE, timeout=60)
    until(lambda: status(client, asked) == "sent", "the second run's settlement")
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    assert len({message["code"] for message in sms.messages}) == 1, "the same code both times"
    assert len(sms.messages) <= 2


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_a_whole_worker_that_dies_leaves_its_job_to_another(
    app: Flask, shop: Shop, sms: Any, sms_faults: Any
) -> None:
    client = app.test_client(use_cookies=False)
    rule = sms_faults.add({"type": "delay", "seconds": 60}, times=1)
    first = shop.work("--processes", "1")
    asked = ask(client)
    until(lambda: sms_faults.hits(rule), "the first message")
    first.kill()
    shop.work("--processes", "1")
    until(lambda: status(client, asked) == "sent", "the second worker's settlement")
    code = sms.code_for(PHONE, timeout=60)
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    assert len(sms.messages) <= 2


def test_a_job_that_waited_too_long_is_dropped_and_costs_nothing(
    app: Flask, shop: Shop, sms: Any, phoneauth_clock: Any
) -> None:
    phoneauth_clock.advance(-40)  # the workers' clock is the real one
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    shop.work()
    until(lambda: status(client, asked) == "failed", "the drop")
    assert messages_of(sms, asked) == []
    live = app.extensions["phoneauth"].live
    tag = asked["challenge_id"].partition(".")[0]
    from flask_phoneauth.prices import number_price

    look = live.parts.challenges.look(
        tag, number_price(live.parts.settings, tag), now=live.parts.clock.now()
    )
    assert set(look.spent) == {0}


@pytest.mark.parametrize("lost", ["gone", "silent"])
def test_a_broker_that_is_lost_is_a_503_in_time_that_costs_no_message(
    app: Flask, server: servers.RedisServer, lost: str
) -> None:
    client = app.test_client(use_cookies=False)
    ask(client, "+447400123400")  # with a connection that stands
    if lost == "gone":
        server.stop()
    else:
        server.silence()
    for number in range(4):
        with in_time():
            answer = client.post("/auth/login", json={"phone": f"+44740012341{number}"})
        problem(answer, 503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
    if lost == "gone":
        server.start()
    else:
        server.wake()
    until(
        lambda: client.post("/auth/login", json={"phone": "+447400123410"}).status_code == 202,
        "the broker's return",
    )


def test_a_full_queue_is_a_503_that_costs_no_message(
    shop: Shop, make_app: Callable[..., Flask], sms: Any
) -> None:
    app = shop.app(make_app, DISPATCH_QUEUE=2)
    client = app.test_client(use_cookies=False)
    for number in range(2):
        ask(client, f"+44740012341{number}")
    for _ in range(7):  # more than the sends of an hour: none is spent
        problem(client.post("/auth/login", json={"phone": PHONE}), 503, "busy")
    shop.work()
    until(lambda: queue_of(app).waiting() == 0, "the queue's end")
    ask(client)
    sms.code_for(PHONE, timeout=60)
    app.extensions["phoneauth"].close()


def test_after_its_end_a_queue_takes_nothing(kind: str, server: servers.RedisServer) -> None:
    settings = replace(Settings(), dispatch=kind, queue_url=server.url)
    queue = load_dispatch(kind).from_settings(settings, print)
    job = Job("tag.id", 0, time.time())
    queue.submit(job)
    assert queue.waiting() == 1
    queue.close()
    queue.close()
    with pytest.raises(Busy):
        queue.submit(job)


@pytest.mark.parametrize("kind", ["rq"], indirect=True)  # Celery runs registered tasks only
def test_whoever_writes_to_the_broker_can_have_nothing_else_called(
    shop: Shop, server: servers.RedisServer, tmp_path: Path, sms: Any
) -> None:
    from redis import Redis
    from rq import Callback
    from rq import Queue as RqQueue
    from rq.serializers import JSONSerializer

    mark, followed = tmp_path / "mark", tmp_path / "followed"
    (tmp_path / "marking.py").write_text(
        f"import pathlib\n\n\ndef leave(*_):\n    pathlib.Path({str(followed)!r}).touch()\n"
    )
    queue = RqQueue("phoneauth", connection=Redis.from_url(server.url), serializer=JSONSerializer)
    # the second one ends well with us: what is to follow is called after either end
    for given in ((str(mark),), ("tag.id", 0, 0.0)):
        queue.enqueue_call(
            "os.mkdir",
            args=given,
            on_success=Callback("marking.leave"),
            on_failure=Callback("marking.leave"),
        )
    worker = shop.work()
    until(lambda: queue.count == 0 and not worker.children(), "the job's end")
    worker.stop()
    assert not mark.exists()
    assert not followed.exists()
    queue.connection.close()


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_whoever_writes_to_the_broker_steers_no_worker(
    app: Flask, shop: Shop, server: servers.RedisServer, sms: Any
) -> None:
    from celery import Celery

    client = app.test_client(use_cookies=False)
    worker = shop.work()
    asked = ask(client)
    until(lambda: status(client, asked) == "sent", "the first message")
    assert server.client.pubsub_channels() == []  # where Celery's workers hear commands
    options = {"global_keyprefix": "phoneauth:queue:"}
    with Celery("stranger", broker=server.url, set_as_current=False) as stranger:
        stranger.conf.broker_transport_options = options
        stranger.control.shutdown()
    asked = ask(client, "+447400123457")
    until(lambda: status(client, asked) == "sent", "the second message")
    assert worker.process.poll() is None, worker.said()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"queue_url": ""}, "needs PHONEAUTH_QUEUE_URL"),
        ({"queue_url": "amqp://host"}, "needs PHONEAUTH_QUEUE_URL"),
        ({"queue_url": "redis://host", "store_url": "memory://"}, "seen by no worker"),
    ],
)
def test_a_queue_that_cannot_work_is_refused_with_its_cure(
    kind: str, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        load_dispatch(kind).from_settings(replace(Settings(), dispatch=kind, **settings), print)


def test_the_queue_is_in_the_stores_redis_where_no_other_is_named(
    kind: str, server: servers.RedisServer
) -> None:
    settings = replace(Settings(), dispatch=kind, store_url=server.url)
    queue = load_dispatch(kind).from_settings(settings, print)
    assert queue.waiting() == 0
    queue.close()


def doctor(app: Flask) -> tuple[str, str]:
    """What it says of the queue."""
    lines = app.test_cli_runner().invoke(args=["phoneauth", "doctor", "--json"]).stdout
    found = [json.loads(line) for line in lines.splitlines()]
    (told,) = [one for one in found if one["about"] == "queue"]
    return told["level"], told["text"]


def test_doctor_looks_at_the_broker_and_at_what_waits(
    shop: Shop, make_app: Callable[..., Flask], server: servers.RedisServer
) -> None:
    app = shop.app(make_app, DISPATCH_QUEUE=2)
    kind = shop.settings["DISPATCH"]
    client = app.test_client(use_cookies=False)
    assert doctor(app) == ("ok", f"{kind} answers, 0 of 2 messages wait")
    ask(client, "+447400123410")
    assert doctor(app)[0] == "hint"
    ask(client, "+447400123411")
    level, text = doctor(app)
    assert level == "fault"
    assert "flask phoneauth worker" in text
    server.stop()
    level, text = doctor(app)
    assert level == "fault"
    assert "PHONEAUTH_QUEUE_URL" in text
    app.extensions["phoneauth"].close()


@pytest.mark.parametrize("kind", ["rq"], indirect=True)
def test_a_worker_of_rq_is_one_process(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["phoneauth", "worker", "--processes", "2"])
    assert done.exit_code == 1
    assert "start the command once per process" in done.stderr


@pytest.mark.parametrize("dispatch", ["", "thread", "inline"])
def test_a_worker_without_a_queue_is_told_so(make_app: Callable[..., Flask], dispatch: str) -> None:
    app = make_app(**({"DISPATCH": dispatch} if dispatch else {}))
    done = app.test_cli_runner().invoke(args=["phoneauth", "worker"])
    assert done.exit_code == 1
    assert "needs no worker" in done.stderr


def test_a_worker_refuses_what_production_refuses(
    shop: Shop, make_app: Callable[..., Flask]
) -> None:
    app = shop.app(lambda **settings: make_app(testing=False, **settings))
    done = app.test_cli_runner().invoke(args=["phoneauth", "worker"])
    assert done.exit_code == 1
    assert "PHONEAUTH_SANDBOX_URL" in done.stderr
