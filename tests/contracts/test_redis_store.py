"""What is Redis' own: commands a verb, keys that end, lost scripts, its memory (RULES 33-35)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import servers
from contracts.stores import ALICE, BOB, Bench, opened
from in_time import in_time
from ports import free_ports

from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.health import FAILED, News, Routes
from flask_phoneauth.prices import number_price
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores import open_store, redis_server
from flask_phoneauth.stores.base import Refusal, Right, Settlement, Wrong
from flask_phoneauth.stores.redis_server import RedisServer

KINDS = pytest.mark.parametrize("kind", ["redis", "redis_cluster"])
MARK = "the end of what is watched"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Bench]:
    """A bench on one server."""
    with opened("redis", tmp_path) as bench:
        yield bench


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bench]:
    """A bench on three primaries."""
    with opened("redis_cluster", tmp_path) as bench:
        yield bench


def nodes_of(kind: str) -> list[servers.RedisServer]:
    """The servers behind a backend."""
    return list(servers.cluster()) if kind == "redis_cluster" else [servers.single()]


@contextmanager
def commands(kind: str) -> Iterator[list[str]]:
    """The commands that clients send inside; those that scripts call are no round trips."""
    seen: list[str] = []
    nodes = nodes_of(kind)
    monitors = [node.client.monitor() for node in nodes]
    for node, monitor in zip(nodes, monitors, strict=True):
        monitor.__enter__()
        list(_watched(node, monitor))  # connections of the tests' own are open
    yield seen
    for node, monitor in zip(nodes, monitors, strict=True):
        seen += _watched(node, monitor)
        monitor.__exit__(None, None, None)


def _watched(node: servers.RedisServer, monitor: Any) -> Iterator[str]:
    node.client.echo(MARK)
    while (told := monitor.next_command())["command"] != f"ECHO {MARK}":
        if told["client_type"] != "lua":
            yield told["command"].partition(" ")[0]


def know_scripts(kind: str) -> None:
    """Every server has met every script."""
    for path in Path(redis_server.__file__).parent.glob("lua/*.lua"):
        if path.stem != "prelude":
            for node in nodes_of(kind):
                node.client.script_load(redis_server.script(path.stem)[0])


def story(bench: Bench, counted: Callable[[str, Callable[[], Any]], None]) -> None:
    """A login with everything that can happen in it."""
    held: dict[str, Any] = {}

    def ask() -> None:
        held["begun"] = bench.begun()

    counted("ask", ask)
    challenge_id, job = held["begun"].challenge.id, held["begun"].job
    counted("refused", lambda: bench.ask(who="bea", address="other"))
    counted("load", lambda: bench.store.load(job, routes=bench.routes, now=bench.now))
    counted("settle", lambda: bench.settle(job, "accepted"))
    news = Settlement("accepted", digest=bytes(32), news=(News("first", FAILED, "down"),))
    told = {"failures": (), "cooldowns": (), "now": bench.now}
    counted("news", lambda: bench.store.settle(job, news, **told))
    counted("failure", lambda: bench.settle(job, "failed", reason="unreachable"))
    counted("peek", lambda: bench.peek(challenge_id))
    bench.now += 40
    counted("resend", lambda: bench.resend(challenge_id))
    counted("wrong", lambda: bench.enter(challenge_id, bench.wrong(challenge_id)))
    counted("right", lambda: bench.enter(challenge_id, bench.code(challenge_id)))


def count(bench: Bench, kind: str) -> dict[str, int]:
    """Commands of each step of the story; every one of them runs a script."""
    counts: dict[str, int] = {}

    def counted(name: str, step: Callable[[], Any]) -> None:
        with commands(kind) as seen:
            step()
        assert set(seen) == {"EVALSHA"}
        counts[name] = len(seen)

    bench.routes = Routes({"*": ("first", "second")})
    know_scripts(kind)
    bench.store._server.client().ping(
        **({"target_nodes": "all"} if len(nodes_of(kind)) > 1 else {})
    )
    bench.begun(BOB, "first")  # connections are open
    bench.now += 100
    story(bench, counted)
    return counts


def test_every_verb_is_one_command_on_a_single_server(redis: Bench) -> None:
    assert set(count(redis, "redis").values()) == {1}


def test_a_cluster_needs_one_command_more_for_shared_budgets_only(cluster: Bench) -> None:
    assert count(cluster, "redis_cluster") == {
        "ask": 2,
        "refused": 3,  # what was paid beside the number is given back
        "load": 2,  # breakers are every number's
        "settle": 1,
        "news": 2,
        "failure": 2,
        "peek": 2,
        "resend": 2,
        "wrong": 2,  # wrong codes are counted over all numbers
        "right": 2,
    }


@KINDS
def test_every_key_has_an_end(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as bench:
        story(bench, lambda name, step: step())
        bench.begun(who="open", address="another")
        keys = [(node, key) for node in nodes_of(kind) for key in node.client.scan_iter()]
        assert len(keys) > 10
        for node, key in keys:
            days = 180 if key.endswith(b":facts") else 1 + 1 / 6
            assert 0 < node.client.pttl(key) <= days * 86_400 * 1000, key


def test_no_budget_or_wait_is_forgotten_while_it_counts(redis: Bench) -> None:
    redis.begun()
    client, counted = servers.single().client, {}
    for key in client.scan_iter():
        kind = key.decode().rpartition(":")[2]
        counted[kind] = min(client.pttl(key) / 1000, counted.get(kind, 10**9))
    assert counted["day"] > 86_400 + 86_400 // 6 - 60
    assert counted["total"] > 86_400 + 86_400 // 6 - 60
    for kind in ("sends", "asks", "unproven"):
        assert counted[kind] > 3600 + 600 - 60
    assert counted["cooldown"] > 3600 - 60
    assert counted["challenges"] > 900 - 60


def test_a_challenge_that_ends_takes_no_time_from_its_neighbours(redis: Bench) -> None:
    redis.begun(who="ann")
    redis.now += 30
    other = redis.begun(who="bea").challenge.id
    redis.enter(other, redis.code(other), "bea")
    (name,) = servers.single().client.keys("*:challenges")
    assert servers.single().client.ttl(name) > 860


def test_a_budget_keeps_no_more_buckets_than_its_window_sees(redis: Bench) -> None:
    redis.configure(cooldown=(1,), sends_per_hour=500, sends_per_day=500)
    for turn in range(12):
        redis.begun(who=f"w{turn}")
        redis.now += 600
    client = servers.single().client
    sends, asks = client.keys("*:sends"), client.keys("*:asks")
    assert (len(sends), len(asks)) == (1, 1)
    assert [client.hlen(key) for key in (*sends, *asks)] == [7, 7]


def test_a_budget_that_somebody_deleted_is_neither_made_anew_nor_negative(redis: Bench) -> None:
    redis.configure(cooldown=(1,), sends_per_hour=2)
    mine = redis.begun(who="ann").challenge.id
    redis.now += 1
    redis.resend(mine)
    client = servers.single().client
    client.delete(*client.keys("*:day"), *client.keys("*:sends"), *client.keys("*:unproven"))
    redis.now += 2
    redis.begun(who="bea")
    client.delete(*client.keys("*:day"))
    assert isinstance(redis.enter(mine, redis.code(mine)), Right)
    assert not client.keys("*:day")
    assert all(client.pttl(key) > 0 for key in client.scan_iter())
    for turn in range(2):
        redis.begun(who=f"w{turn}")
        redis.now += 2
    assert redis.ask(who="late").code == "budget_exhausted"


def test_a_numbers_keys_share_its_tag_and_no_key_or_value_holds_the_number(redis: Bench) -> None:
    begun = redis.begun(free=False)
    tag = begun.challenge.id.partition(".")[0]
    keys = {key.decode() for key in servers.single().client.scan_iter()}
    own = {key for key in keys if f"{{{tag}}}" in key}
    assert {key for key in keys - own if "{shared}" not in key} == set()
    assert len(own) == 6  # challenges, a seed, three sends, the cooldown
    assert not any(ALICE[1:] in key for key in keys)


def test_the_seed_is_erased_at_the_end_of_its_code_by_redis_itself(redis: Bench) -> None:
    redis.configure(code_ttl=1)
    begun = redis.begun()
    client = servers.single().client
    (name,) = client.keys("*:seed:*")
    assert client.get(name) == redis.seeds[begun.challenge.id]
    servers.until(lambda: not client.exists(name))
    assert redis.peek(begun.challenge.id).challenge.id == begun.challenge.id  # it is remembered


def test_a_seed_lives_on_with_a_pending_code_and_no_longer_where_that_fails(redis: Bench) -> None:
    begun = redis.begun()
    client = servers.single().client
    (name,) = client.keys("*:seed:*")
    redis.now += 200
    client.expire(name, 100)  # Redis' own clock stands still here
    again = redis.resend(begun.challenge.id)
    assert 299 <= client.ttl(name) <= 300
    redis.settle(again.job, "failed", reason="unreachable")
    assert 99 <= client.ttl(name) <= 100


def test_finished_challenges_are_forgotten_by_the_next_start(redis: Bench) -> None:
    old = redis.begun().challenge.id
    redis.now += 900
    redis.begun()
    (name,) = servers.single().client.keys("*:challenges")
    assert old.encode() not in servers.single().client.hkeys(name)


@KINDS
def test_lost_scripts_are_sent_again(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as bench:
        challenge_id = bench.begun().challenge.id
        for node in nodes_of(kind):
            node.client.script_flush()
        assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(4)
        assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)


def test_an_operator_sees_how_a_number_stands(redis: Bench) -> None:
    challenge_id = redis.begun().challenge.id
    redis.enter(challenge_id, redis.wrong(challenge_id))
    tag = challenge_id.partition(".")[0]
    look = redis.store.look(tag, number_price(redis.settings, tag), now=redis.now)
    assert (look.spent, look.alive, look.cooling) == ((1, 0, 1, 1, 1), 1, 30)
    assert set(look.waits) == {0}


# --- a Cluster's shared budgets ---------------------------------------------------------------


def test_a_refused_ask_on_a_cluster_leaves_the_address_and_the_browser_as_they_were(
    cluster: Bench,
) -> None:
    cluster.configure(address_asks_per_hour=2)
    cluster.begun(who="ann", address="office")
    for _ in range(5):
        assert cluster.ask(who="bea", address="cafe") == Refusal("cooldown", 30)
    assert cluster.begun(BOB, "bea", address="cafe").resend_in == 30
    cluster.begun("+447400123458", "cat", address="cafe")
    refused = cluster.ask("+447400123459", "dan", address="cafe")
    assert refused.code == "rate_limited"


def test_what_an_address_cannot_pay_is_not_paid_for_a_moment_either(cluster: Bench) -> None:
    know_scripts("redis_cluster")
    cluster.configure(address_asks_per_hour=1)
    cluster.begun(who="ann", address="office")
    with commands("redis_cluster") as seen:
        assert cluster.ask(BOB, "bea", address="office").code == "rate_limited"
    assert seen == ["EVALSHA", "EVALSHA"]  # nothing to be given back


def test_a_refused_ask_on_a_cluster_takes_no_rung_off_the_browsers_waits(cluster: Bench) -> None:
    cluster.begun(who="ann")
    cluster.now += 5
    cluster.begun("+447400123458", "cat", address="car")
    cluster.now += 25
    assert cluster.ask("+447400123458", "ann").code == "cooldown"
    assert cluster.begun("+447400123459", "ann").resend_in == 60


def test_what_is_put_back_on_a_cluster_is_no_later_wait(cluster: Bench) -> None:
    store: Any = cluster.store
    tag = cluster.keys.phone_tag(ALICE)
    price = cluster.price(tag, "ann")
    reserved = store._shared.reserve(price, cluster.now, pay=True)
    assert reserved.paid
    store._shared.succeed(b"[]", price.cooldowns, (), cluster.now)  # of another number, meanwhile
    former, cluster.now = cluster.now, cluster.now + 5
    assert cluster.begun(BOB, "ann").resend_in == 30
    store._shared.undo(reserved, former)
    assert cluster.ask("+447400123459", "ann") == Refusal("cooldown", 30)


# --- opening ----------------------------------------------------------------------------------


def no_database(url: str) -> Any:
    """Redis needs none."""
    raise AssertionError(url)


@pytest.fixture
def forgetful() -> Iterator[str]:
    """The address of a server that evicts keys when it is full."""
    server = servers.plain("--maxmemory-policy", "allkeys-lru")
    yield server.url
    server.end()


def test_a_server_that_evicts_is_refused_in_production_and_named_in_debug(
    forgetful: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingError, match=r"allkeys-lru.*noeviction"):
        open_store(forgetful, no_database, strict=True)
    with caplog.at_level(logging.WARNING):
        open_store(forgetful, no_database).close()
    assert "allkeys-lru" in caplog.text


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"])
def test_a_server_without_eviction_is_welcome(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(servers.start_redis(kind), no_database, strict=True)
    store.ping()
    store.close()
    assert not caplog.records


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hush@host:port/0",
        "redis+cluster://user:hush@host",
        "redis+cluster://user:hush@",
        "redis+sentinel://:hush@host:26379",
        "redis+sentinel://:hush@host:x/house",
    ],
)
def test_a_malformed_address_is_refused_with_its_cure_and_without_its_password(url: str) -> None:
    with pytest.raises(SettingError) as refused:
        RedisServer(url)
    assert "redis://host:6379/0" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_missing_client_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(SettingError, match=r"pip install 'Flask-PhoneAuth\[redis\]'"):
        RedisServer("redis://127.0.0.1:6379/0")


def test_a_unix_socket_is_reached(tmp_path: Path) -> None:
    server = servers.plain("--unixsocket", "socket", "--unixsocketperm", "700")
    store = open_store(f"redis+unix://{server.folder}/socket", no_database)
    store.ping()
    store.close()
    server.end()


# --- a lost server ----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster", "redis+sentinel"])
def test_nobody_at_home_is_told_at_once(scheme: str) -> None:
    (port,) = free_ports(1)
    path = "/house" if scheme == "redis+sentinel" else ""
    with in_time(), pytest.raises(StoreUnavailable):
        open_store(f"{scheme}://127.0.0.1:{port}{path}", no_database)


def test_a_primary_that_sentinel_lost_is_told_at_once(tmp_path: Path) -> None:
    watch, primary = servers.sentinel.__wrapped__()
    with opened("redis", tmp_path) as bench:
        url = f"redis+sentinel://127.0.0.1:{watch.port}/house"
        bench.store = open_store(url, no_database)
        bench.begun()
        primary.stop()
        with pytest.raises(StoreUnavailable):
            bench.ask(BOB)
        primary.start()
        bench.begun(BOB)
        bench.store.close()
    watch.end()
    primary.end()


def test_a_part_of_a_cluster_that_is_silent_holds_its_own_numbers_up_only(tmp_path: Path) -> None:
    with opened("redis_cluster", tmp_path) as bench:
        numbers = [f"+4474001234{n:02d}" for n in range(20)]
        client = bench.store._server.client()
        homes = {n: client.get_node_from_key(_key(bench, n)).port for n in numbers}
        shared = client.get_node_from_key("{shared}").port
        away = next(node for node in servers.cluster() if node.port != shared)
        away.silence()
        try:
            lost = next(n for n in numbers if homes[n] == away.port)
            kept = next(n for n in numbers if homes[n] != away.port)
            with in_time(), pytest.raises(StoreUnavailable):
                bench.ask(lost, "ann", address="a")
            bench.begun(kept, "bea", address="b")
        finally:
            away.wake()
        bench.now += 100
        bench.begun(lost, "cat", address="c")


def _key(bench: Bench, phone: str) -> str:
    return "{" + bench.keys.phone_tag(phone) + "}"


def test_constants_of_the_scripts_are_those_of_the_rules() -> None:
    source, sha = redis_server.script("issue")
    assert source.startswith("local BUCKETS = 6\nlocal REMEMBERED = 600\n")
    assert len(sha) == 40
