"""Redis by URL: one server, a Cluster or a Sentinel's primary; bounded waits, no hidden retries."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from flask_phoneauth import budgets, health
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import EMAIL
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores import charging, facts
from flask_phoneauth.stores.redis_replicas import acknowledged

CONNECT_SECONDS = 0.5
COMMAND_SECONDS = 1
POOL_WAIT_SECONDS = 0.5
POOL_SIZE = 64
SCHEMES = ("redis", "rediss", "redis+unix", "redis+cluster", "redis+sentinel")
UNAWAITED = frozenset({"load", "peek", "look", "session_list", "session_touch", "standing"})
"""The scripts that write nothing, or nothing that anybody would miss."""
CURE = (
    "PHONEAUTH_STORE_URL must be as redis://host:6379/0, rediss://host:6379/0, "
    "redis+unix:///run/redis.sock, redis+cluster://host:7000,host:7001 or "
    "redis+sentinel://host:26379,host:26380/mymaster"
)
_CONSTANTS = {
    "BUCKETS": budgets.BUCKETS,
    "REMEMBERED": life.REMEMBERED,
    "REPEAT_FLOOR": life.REPEAT_FLOOR,
    "REPEAT_SHARE": life.REPEAT_SHARE,
    "MAX_LIVE_CODES": life.MAX_LIVE_CODES,
    "BUSY": f"'{life.BUSY}'",
    "HOLD": f"'{life.HOLD}'",
    "JUDGE": f"'{life.JUDGE}'",
    "HELD": f"'{life.HELD}'",
    "HELD_FOR": life.HELD_FOR,
    "MOST_RUNS": life.MOST_RUNS,
    "REMEMBERED_RUNS": life.REMEMBERED_RUNS,
    "LEASE": health.LEASE,
    "RESERVED": charging.RESERVED,
    "FORGOTTEN": health.FORGOTTEN,
    "ENDS": "{" + ", ".join(f"{word} = '{end}'" for word, end in health.ENDS.items()) + "}",
    "LOCKED": f"'{budgets.LOCKED}'",
    "EMAIL": f"'{EMAIL}'",
    "DAY": budgets.DAY,
    "KEPT_FOR": facts.KEPT_FOR,
    "LONGEST_LOCK": facts.LONGEST_LOCK,
    "AFTER_SENT": "{" + ", ".join(f"{name} = true" for name in life.AFTER_SENT) + "}",
}

logger = logging.getLogger("flask_phoneauth")


class RedisServer:
    """Runs our scripts; raises `StoreUnavailable` where Redis does not answer in time.

    `is_cluster` tells that one script cannot reach the keys of two hash tags. What a script writes
    counts once `replicas` of them have it.
    """

    def __init__(self, url: str, *, replicas: int = 0) -> None:
        """Connects at the first use; raises `SettingError` for an address that is malformed."""
        try:
            self._redis = _module("redis")
        except ImportError:
            raise SettingError(
                "PHONEAUTH_STORE_URL names Redis: pip install 'Flask-PhoneAuth[redis]'"
            ) from None
        self._connect, self.is_cluster = _connector(url)
        self.replicas = replicas
        self._lock = threading.Lock()
        self._client: Any = None

    def run(self, verb: str, keys: Sequence[str], *arguments: str | bytes) -> Any:
        """Run that verb's script in one command; in two where the server has lost the script."""
        source, sha = script(verb)
        send = self._send if verb in UNAWAITED or not self.replicas else self._send_and_wait
        with self._in_our_words():
            try:
                return send("EVALSHA", sha, len(keys), *keys, *arguments)
            except self._redis.exceptions.NoScriptError:
                return send("EVAL", source, len(keys), *keys, *arguments)

    def _send(self, *command: Any) -> Any:
        if self.is_cluster:
            return self.client().execute_command(*command)
        # as the client does, but without its metrics and its retries, which are off: less CPU
        pool = self.client().connection_pool
        connection = pool.get_connection()
        try:
            connection.send_command(*command)
            return connection.read_response()
        finally:
            pool.release(connection)

    def _send_and_wait(self, *command: Any) -> Any:
        _, _, _, key, *_ = command
        return acknowledged(
            self.client(), key, command, wanted=self.replicas, is_cluster=self.is_cluster
        )

    def get(self, key: str) -> bytes | None:
        """What is kept under that key."""
        with self._in_our_words():
            found: bytes | None = self._send("GET", key)
            return found

    def ping(self) -> None:
        """Ask whether it answers."""
        with self._in_our_words():
            self.client().ping()

    def evicts(self) -> str:
        """The policy by which it may forget budgets when its memory is full, or nothing."""
        nodes = self._info("memory")
        policies = {str(node.get("maxmemory_policy", "noeviction")) for node in nodes}
        return ", ".join(sorted(policies - {"noeviction"}))

    def replicated(self) -> int:
        """How many replicas it has; of a Cluster's primaries the one with the fewest counts."""
        return min(int(node.get("connected_slaves", 0)) for node in self._info("replication"))

    def _info(self, section: str) -> Sequence[Mapping[str, Any]]:
        where = {"target_nodes": "primaries"} if self.is_cluster else {}
        with self._in_our_words():
            told = self.client().info(section, **where)
        return list(told.values()) if self.is_cluster else [told]

    def client(self) -> Any:
        """The client of redis-py, made once and shared by all threads."""
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._connect()
        return self._client

    def close(self) -> None:
        """Let the connections go."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            if not self.is_cluster:  # it closes the pools of its nodes itself
                client.connection_pool.disconnect()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except redis_errors() as error:
            # neither redis-py nor our scripts put a value into these words
            logger.error("Redis does not answer: %s: %s", type(error).__name__, str(error)[:200])
            raise StoreUnavailable from None


@cache
def script(verb: str) -> tuple[str, str]:
    """A verb's source, with what all verbs share in front, and its SHA-1 (Redis' name for it)."""
    folder = files("flask_phoneauth.stores") / "lua"
    parts = [f"local {name} = {value}" for name, value in _CONSTANTS.items()]
    parts += [(folder / f"{part}.lua").read_text(encoding="utf-8") for part in ("prelude", verb)]
    source = "\n".join(parts)
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def _connector(url: str) -> tuple[Callable[[], Any], bool]:
    try:
        parts = urlsplit(url)
        if parts.scheme == "redis+cluster":
            return _cluster(parts), True
        if parts.scheme == "redis+sentinel":
            return _sentinel(parts), False
        return _single(url), False
    except ValueError:  # its text may hold a password: it is not repeated
        raise SettingError(f"A Redis address cannot be read: {CURE}") from None


def redis_errors() -> tuple[type[Exception], ...]:
    """Whatever redis-py raises where a server is lost or refuses."""
    errors = _module("redis.exceptions")
    return (errors.RedisError, errors.RedisClusterException)


def bounds() -> dict[str, Any]:
    """Options of a client of redis-py by which it gives up in time (RULES 35)."""
    return {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": COMMAND_SECONDS,
        "retry": _module("redis.retry").Retry(_module("redis.backoff").NoBackoff(), 0),
        "protocol": 2,
    }


def _module(name: str) -> Any:
    """A part of redis-py, which is installed where Redis is used only."""
    return import_module(name)


def _single(url: str) -> Callable[[], Any]:
    redis = _module("redis")
    asked = _module("redis.connection").parse_url(url.replace("redis+unix://", "unix://", 1))
    asked.pop("decode_responses", None)  # seeds are bytes
    options = {"max_connections": POOL_SIZE, "timeout": POOL_WAIT_SECONDS, **asked, **bounds()}
    return lambda: redis.Redis(connection_pool=redis.BlockingConnectionPool(**options))


def _cluster(parts: SplitResult) -> Callable[[], Any]:
    redis, cluster = _module("redis"), _module("redis.cluster")
    addresses = _addresses(parts)
    first, port = addresses[0]

    def connect() -> Any:
        return cluster.RedisCluster(
            # only with an address of this form are the nodes' pools of the class that is asked for
            url=f"redis://[{first}]:{port}" if ":" in first else f"redis://{first}:{port}",
            startup_nodes=[cluster.ClusterNode(*address) for address in addresses],
            connection_pool_class=redis.BlockingConnectionPool,
            max_connections=POOL_SIZE,
            timeout=POOL_WAIT_SECONDS,
            **_login(parts),
            **bounds(),
        )

    return connect


def _sentinel(parts: SplitResult) -> Callable[[], Any]:
    sentinel = _module("redis.sentinel")
    addresses, service = _addresses(parts), parts.path.strip("/")
    if not service:
        raise SettingError(f"A Sentinel's address ends with the name of its service: {CURE}")

    def connect() -> Any:
        options = {**_login(parts), **bounds()}
        watching = sentinel.Sentinel(addresses, sentinel_kwargs=options, **options)
        # this pool does not wait: a thread more than it holds is told that Redis is lost
        return watching.master_for(service, max_connections=POOL_SIZE * 4)

    return connect


def _login(parts: SplitResult) -> dict[str, str]:
    named = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in named.items() if value}


def _addresses(parts: SplitResult) -> list[tuple[str, int]]:
    """`host:port,host:port`, as `limits` reads them."""
    found = []
    for place in parts.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{place.strip()}")
        if not one.hostname or not one.port:
            raise SettingError(f"A Redis address needs a host and a port: {CURE}")
        found.append((one.hostname, one.port))
    return found
