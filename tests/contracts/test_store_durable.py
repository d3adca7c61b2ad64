"""Stores that survive a restart, and what a thief of one would have (RULES 1, 33)."""

from __future__ import annotations

from pathlib import Path

import pytest
from contracts.stores import BACKENDS, opened

from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.stores.base import Refusal, Right, Wrong

DURABLE = sorted(name for name, backend in BACKENDS.items() if backend.durable)


@pytest.mark.parametrize("name", DURABLE)
def test_a_restart_keeps_challenges_and_budgets(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as before:
        challenge_id = before.begun().challenge.id
        assert before.enter(challenge_id, before.wrong(challenge_id)) == Wrong(4)
    with opened(name, tmp_path) as after:
        after.now, after.made, after.seeds = before.now + 1, before.made, before.seeds
        assert after.ask(who="bea") == Refusal("cooldown", 29)
        assert after.enter(challenge_id, after.wrong(challenge_id)) == Wrong(3)
        assert isinstance(after.enter(challenge_id, after.code(challenge_id)), Right)


@pytest.mark.parametrize("name", DURABLE)
def test_a_leaked_store_without_the_key_yields_no_code(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as bench:
        bench.configure(code_length=10)
        begun = bench.begun()
        bench.settle(begun.job, "accepted")
        challenge_id = begun.challenge.id
        code, seed = bench.code(challenge_id), bench.seeds[challenge_id]
        leaked = BACKENDS[name].leaked(bench.store, tmp_path)
    assert seed in leaked  # it is the real store that was read
    for form in (code.encode(), code.encode("utf-16-le"), int(code).to_bytes(8, "big")):
        assert form not in leaked
    assert bench.keys.current.code not in leaked
    assert bench.keys.current.check not in leaked
    for guess in (b"", b"bench2", seed):
        key = Keyring(guess).current.code
        assert derive_code(key, seed=seed, purpose="login", generation=0, length=10) != code
