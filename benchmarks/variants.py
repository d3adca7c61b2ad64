"""What is measured; nothing of ours is loaded here, for the floor's memory is measured too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """Where things are kept: challenges, sessions ("" is the SQLite of the accounts), users."""

    store: str
    sessions: str = ""
    own_users: bool = False


def variants(redis: str) -> dict[str, Variant]:
    """What is measured, by name; those on Redis where an address is given."""
    named = {
        "no SQL, memory": Variant("memory://", "memory://", own_users=True),
        "SQL users and sessions, memory": Variant("memory://"),
        "SQLite": Variant(""),
    }
    if not redis:
        return named
    return {
        "no SQL, Redis": Variant(redis, redis, own_users=True),
        "SQL users and sessions, Redis": Variant(redis),
        **named,
    }
