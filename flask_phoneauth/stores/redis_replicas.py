"""A write that counts only once replicas have it: the script and its WAIT in one round trip."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from flask_phoneauth.errors import StoreUnavailable

WAIT_SECONDS = 0.5

Commands = tuple[tuple[Any, ...], ...]

logger = logging.getLogger("flask_phoneauth")


def acknowledged(
    client: Any, key: str, command: tuple[Any, ...], *, wanted: int, is_cluster: bool
) -> Any:
    """The command's answer, once so many replicas of the key's primary have what it wrote.

    Raises `StoreUnavailable` where they do not in time: the write stands, and nobody may build
    on it. Raises whatever redis-py raises, too.
    """
    commands = (command, ("WAIT", wanted, int(WAIT_SECONDS * 1000)))
    reply, having = _to_owner(client, key, commands) if is_cluster else _send(client, commands)
    for told in (reply, having):
        if isinstance(told, Exception):
            raise told
    if having < wanted:
        logger.error("Redis: %d replicas have a write in time, REDIS_WAIT is %d", having, wanted)
        raise StoreUnavailable
    return reply


def _to_owner(client: Any, key: str, commands: Commands) -> list[Any]:
    """WAIT tells of its own connection's writes, so both go to the node that has the slot."""
    errors = import_module("redis.exceptions")
    layout = client.nodes_manager
    try:
        replies = _send(_owner(client, key), commands)
    except (errors.ConnectionError, errors.TimeoutError, errors.RedisClusterException):
        layout.initialize()  # another node may have taken over: the next command finds it
        raise
    if isinstance(replies[0], errors.ClusterError):
        layout.initialize()
    if not isinstance(replies[0], errors.MovedError):
        return replies
    layout.initialize()  # it was not run there: its slot has moved
    return _send(_owner(client, key), commands)


def _owner(client: Any, key: str) -> Any:
    return client.get_redis_connection(client.get_node_from_key(key))


def _send(client: Any, commands: Commands) -> list[Any]:
    with client.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        return list(pipe.execute(raise_on_error=False))
