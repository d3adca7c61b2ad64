"""Challenges and budgets in this process's memory: for tests and for one-process toys."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import Challenge
from flask_phoneauth.stores.charging import State
from flask_phoneauth.stores.transactional import TransactionalStore
from flask_phoneauth.stores.units import Unit


class MemoryStore(TransactionalStore):
    """A `ChallengeStore` under one lock; what is over is swept out."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._states: dict[str, State] = {}
        self._challenges: dict[str, Challenge] = {}
        self._by_tag: dict[str, list[str]] = {}

    @contextmanager
    def _write(self) -> Iterator[Unit]:
        with self._lock:
            yield _MemoryUnit(self._states, self._challenges, self._by_tag)

    _read = _write

    def close(self) -> None:
        """Nothing is held."""


class _MemoryUnit:
    def __init__(
        self,
        states: dict[str, State],
        challenges: dict[str, Challenge],
        by_tag: dict[str, list[str]],
    ) -> None:
        self._states, self._challenges, self._by_tag = states, challenges, by_tag

    def lock(self, keys: Iterable[str]) -> dict[str, State]:
        return {key: self._states.get(key, State()) for key in sorted(keys)}

    look = lock

    def write(self, states: Mapping[str, State]) -> None:
        self._states.update(states)

    def challenge(self, challenge_id: str, *, lock: bool = False) -> Challenge | None:
        del lock  # the whole store is locked
        return self._challenges.get(challenge_id)

    def challenge_with(
        self, challenge_id: str, keys: Iterable[str]
    ) -> tuple[Challenge | None, dict[str, State]]:
        return self.challenge(challenge_id), self.look(keys)

    def challenges_of(self, phone_tag: str, *, lock: bool = False) -> list[Challenge]:
        del lock
        return [self._challenges[key] for key in self._by_tag.get(phone_tag, ())]

    def add(self, challenge: Challenge) -> None:
        self._challenges[challenge.id] = challenge
        self._by_tag.setdefault(life.phone_tag_of(challenge.id), []).append(challenge.id)

    def update(self, challenge: Challenge) -> None:
        self._challenges[challenge.id] = challenge

    def sweep(self, now: float) -> bool:
        for key in [key for key, state in self._states.items() if state.expires_at <= now]:
            del self._states[key]
        for found in list(self._challenges.values()):
            if life.forgotten(found, now):
                self._forget(found.id)
            elif found.seed is not None and life.ending(found, now):
                self._challenges[found.id] = replace(found, seed=None)
        return False

    def _forget(self, challenge_id: str) -> None:
        del self._challenges[challenge_id]
        tag = life.phone_tag_of(challenge_id)
        self._by_tag[tag].remove(challenge_id)
        if not self._by_tag[tag]:
            del self._by_tag[tag]
