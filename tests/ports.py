"""Ports of 127.0.0.1 that stay this process's own, also while nobody listens on them.

A port that is looked up, let go and taken later may meanwhile be another test's. So each is kept
by a socket that is bound and never listens: the system gives such a port to nobody who asks for
any port, refuses connections to it, and leaves it to a server that asks for it by its number and
with `SO_REUSEADDR`, as every server here does, also when it is started once more.
"""

from __future__ import annotations

import socket

_HIGHEST = 65_535
_BUS = 10_000
"""A node of a Redis Cluster listens on the port above its own by so much as well."""
_kept: list[socket.socket] = []


def free_ports(count: int) -> list[int]:
    """So many ports that nobody else takes before this process ends."""
    return [_take(also=0) for _ in range(count)]


def cluster_ports(count: int) -> list[int]:
    """The same for nodes of a Redis Cluster: each with the port of its bus."""
    return [_take(also=_BUS) for _ in range(count)]


def _take(*, also: int) -> int:
    while True:
        port = _keep(0)
        if not also or (port + also <= _HIGHEST and _is_kept(port + also)):
            return port


def _is_kept(port: int) -> bool:
    try:
        _keep(port)
    except OSError:  # it is somebody's
        return False
    return True


def _keep(port: int) -> int:
    keeper = socket.socket()
    try:
        keeper.bind(("127.0.0.1", port))
    except OSError:
        keeper.close()
        raise
    # only now: before, it would share the port with another keeper
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _kept.append(keeper)
    return int(keeper.getsockname()[1])
