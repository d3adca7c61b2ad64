"""Redis with replicas, for tests that lose a primary: plain, under a Sentinel, or a Cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ports import cluster_ports
from servers import SLOTS, RedisServer, plain, until

DOWN_AFTER = 1000
"""Milliseconds without an answer after which a Sentinel takes a server for lost."""
QUICK = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")


@dataclass(frozen=True)
class Family:
    """A primary and what copies it."""

    primary: RedisServer
    replicas: tuple[RedisServer, ...]

    def detach(self) -> None:
        """The replicas get nothing any more: stopped, and their connections cut."""
        for replica in self.replicas:
            replica.silence()
        self.primary.client.client_kill_filter(_type="replica")
        until(lambda: not self.attached())

    def attach(self) -> None:
        """They come again and catch up."""
        for replica in self.replicas:
            replica.wake()
        self.copied()

    def copied(self) -> None:
        """Wait until every replica has all that was written so far."""
        until(lambda: self.attached() == len(self.replicas))
        written = self.primary.client.info("replication")["master_repl_offset"]
        until(lambda: all(_has(replica, written) for replica in self.replicas))

    def end(self) -> None:
        """Stop all of them."""
        for server in (self.primary, *self.replicas):
            server.end()

    def attached(self) -> int:
        """How many replicas have been heard; to one that has just come nothing is sent before."""
        told = self.primary.client.info("replication")
        found = (told[f"slave{n}"] for n in range(int(told["connected_slaves"])))
        return sum(replica["state"] == "online" and replica["offset"] > 0 for replica in found)


def _has(replica: RedisServer, written: int) -> bool:
    told = replica.client.info("replication")
    return told["master_link_status"] == "up" and int(told["slave_repl_offset"]) >= written


def family(replicas: int = 1) -> Family:
    """A primary with so many replicas that have caught up."""
    primary = plain(*QUICK)
    copies = tuple(plain("--replicaof", "127.0.0.1", str(primary.port)) for _ in range(replicas))
    made = Family(primary, copies)
    made.copied()
    return made


@dataclass(frozen=True)
class Watched:
    """A family called `house` and the Sentinel that chooses another primary when it is lost.

    One only: the votes of several may be split, and they wait for long before they vote again.
    """

    family: Family
    watcher: RedisServer

    @property
    def url(self) -> str:
        """Its address as `STORE_URL` names it."""
        return f"redis+sentinel://127.0.0.1:{self.watcher.port}/house"

    def primary_port(self) -> int:
        """Who the Sentinel says is the primary."""
        return int(self._told()["port"])

    def ready(self) -> bool:
        """Whether the Sentinel knows the family."""
        return int(self._told()["num-slaves"]) == len(self.family.replicas)

    def end(self) -> None:
        """Stop all of them."""
        self.watcher.end()
        self.family.end()

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.watcher.client.sentinel_master("house")
        return told


def watched(replicas: int) -> Watched:
    """A family of its own and a Sentinel that knows it."""
    house = family(replicas)
    config = (
        f"sentinel monitor house 127.0.0.1 {house.primary.port} 1\n"
        f"sentinel down-after-milliseconds house {DOWN_AFTER}\n"
        "sentinel failover-timeout house 3000\n"
    )
    made = Watched(house, RedisServer(None, "--sentinel", config=config))
    until(made.ready)
    return made


def replicated_cluster() -> tuple[str, tuple[Family, ...]]:
    """The address of a Cluster of three primaries, each with a replica, and these pairs."""
    ports = cluster_ports(6)
    nodes = [_node(port) for port in ports]
    edges = [SLOTS * n // 3 for n in range(4)]
    for n, node in enumerate(nodes[:3]):
        node.client.execute_command("CLUSTER", "ADDSLOTS", *range(edges[n], edges[n + 1]))
    for n, node in enumerate(nodes):
        node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
    for node in nodes[1:]:
        nodes[0].client.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port)
    until(lambda: all(_known(node) == len(nodes) for node in nodes))
    families = tuple(Family(nodes[n], (nodes[n + 3],)) for n in range(3))
    for pair in families:
        name = pair.primary.client.execute_command("CLUSTER", "MYID").decode()
        pair.replicas[0].client.execute_command("CLUSTER", "REPLICATE", name)
    until(lambda: all(pair.attached() for pair in families))
    until(lambda: all(_sound(node) for node in nodes))
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports), families


def _node(port: int) -> RedisServer:
    options = ("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
    timeout = ("--cluster-node-timeout", "2000")
    return RedisServer(port, "--save", "", "--appendonly", "no", *options, *timeout, *QUICK)


def _known(node: RedisServer) -> int:
    return int(_info(node)["cluster_known_nodes"])


def _sound(node: RedisServer) -> bool:
    told = _info(node)
    return told["cluster_state"] == "ok" and int(told["cluster_size"]) == 3


def _info(node: RedisServer) -> dict[str, str]:
    told = node.client.execute_command("CLUSTER", "INFO")
    if isinstance(told, dict):
        return told
    return dict(line.split(":", 1) for line in told.decode().split())
