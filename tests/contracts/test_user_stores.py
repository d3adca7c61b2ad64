"""What every user store does, ours and those on the models of an app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from contracts.racing import crowd
from contracts.users import KINDS
from phoneauth.house import ALICE, BOB, START, HandClock
from postgres_server import shared_server

from flask_phoneauth.errors import NumberTaken
from flask_phoneauth.users.base import UserStore


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock that stands still until it is moved."""
    return HandClock()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/app.sqlite3"
    return shared_server().clean_database().replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture(params=sorted(KINDS))
def store(request: pytest.FixtureRequest, url: str, hand_clock: HandClock) -> Iterator[UserStore]:
    """An empty store of each kind."""
    with KINDS[request.param](url, hand_clock) as store:
        yield store


def seconds(moment: Any) -> Any:
    """A time as a store keeps it, in seconds since the epoch."""
    if not isinstance(moment, datetime):
        return moment
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def test_a_made_user_is_found_by_id_and_by_number(store: UserStore) -> None:
    made = store.create(ALICE)
    assert made.phone == ALICE
    assert seconds(made.phone_verified_at) == START
    assert made.blocked_at is None
    assert (made.is_authenticated, made.is_active, made.is_anonymous) == (True, True, False)
    for found in (store.get(made.get_id()), store.by_phone(ALICE)):
        assert found is not None
        assert (found.get_id(), found.phone) == (made.get_id(), ALICE)
        assert seconds(found.phone_verified_at) == START
    assert store.by_phone(BOB) is None


def test_a_number_belongs_to_one_user(store: UserStore) -> None:
    first = store.create(ALICE)
    with pytest.raises(NumberTaken):
        store.create(ALICE)
    second = store.create(BOB)
    with pytest.raises(NumberTaken):
        store.set_phone(second.get_id(), ALICE)
    assert store.by_phone(ALICE).get_id() == first.get_id()
    assert store.by_phone(BOB).get_id() == second.get_id()


def test_two_first_logins_at_once_make_one_user(store: UserStore) -> None:
    def first_login(turn: int) -> str:
        try:
            return str(store.create(ALICE).get_id())
        except NumberTaken:
            return str(store.by_phone(ALICE).get_id())

    made = set(crowd(8, first_login)) - {"unavailable"}
    assert len(made) == 1
    assert len(store.search("", 10, None)) == 1


def test_two_users_cannot_both_change_to_one_number(store: UserStore) -> None:
    users = [store.create(f"{ALICE[:-2]}{turn:02d}").get_id() for turn in range(4)]

    def change(turn: int) -> str:
        try:
            store.set_phone(users[turn], BOB)
        except NumberTaken:
            return "taken"
        return "changed"

    answers = crowd(4, change)
    assert answers.count("changed") == 1
    assert store.by_phone(BOB).get_id() == users[answers.index("changed")]


def test_another_number_is_proven_at_that_time(store: UserStore, hand_clock: HandClock) -> None:
    made = store.create(ALICE)
    hand_clock.advance(60)
    store.set_phone(made.get_id(), BOB)
    found = store.by_phone(BOB)
    assert found.get_id() == made.get_id()
    assert seconds(found.phone_verified_at) == START + 60
    assert store.get(made.get_id()).phone == BOB
    assert store.by_phone(ALICE) is None


def test_a_blocked_user_is_not_active_until_unblocked(store: UserStore) -> None:
    made = store.create(ALICE)
    store.set_blocked(made.get_id(), True)
    for found in (store.get(made.get_id()), store.by_phone(ALICE)):
        assert seconds(found.blocked_at) == START
        assert not found.is_active
    store.set_blocked(made.get_id(), False)
    assert store.by_phone(ALICE).blocked_at is None
    assert store.get(made.get_id()).is_active


def test_a_removed_user_is_found_no_more(store: UserStore) -> None:
    made = store.create(ALICE)
    user_id = made.get_id()
    store.delete(user_id)
    assert store.get(user_id) is None
    assert store.by_phone(ALICE) is None
    assert store.search("", 10, None) == []
    store.delete(user_id)
    assert store.create(ALICE).phone == ALICE


def test_changes_to_nobody_change_nothing(store: UserStore) -> None:
    store.set_phone("77", ALICE)
    store.set_blocked("77", True)
    store.delete("77")
    assert store.search("", 10, None) == []


def test_users_are_listed_page_by_page(store: UserStore) -> None:
    ids = [store.create(f"{ALICE[:-2]}{turn:02d}").get_id() for turn in range(5)]
    first = store.search("", 2, None)
    second = store.search("", 10, first[-1].get_id())
    assert [user.get_id() for user in [*first, *second]] == ids
    assert [user.get_id() for user in store.search(ALICE[4:-2] + "04", 10, None)] == [ids[4]]
    assert store.search("%", 10, None) == []
    assert len(store.search("", 10, "no id")) == 5


def test_any_text_is_looked_up_safely(store: UserStore) -> None:
    store.create(ALICE)
    for user_id in ("", "0", "9" * 18, "9" * 30, "x", "-1", "٣", "1 or 1=1", "1.0"):
        assert store.get(user_id) is None
