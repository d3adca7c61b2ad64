"""The accounts that come with the extension."""

from __future__ import annotations

import pytest
from contracts.racing import crowd
from phoneauth.house import ALICE, BOB, START, HandClock
from sqlalchemy import text

from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import NumberTaken
from flask_phoneauth.users.accounts import Accounts

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])


@pytest.fixture
def accounts(database: Database, hand_clock: HandClock) -> Accounts:
    """An empty user store."""
    return Accounts(database, hand_clock)


def test_a_made_account_is_found_by_id_and_by_number(accounts: Accounts) -> None:
    made = accounts.create(ALICE)
    assert (made.phone, made.phone_verified_at, made.blocked_at) == (ALICE, START, None)
    assert accounts.get(made.get_id()) == made
    assert accounts.by_phone(ALICE) == made
    assert accounts.by_phone(BOB) is None


def test_a_number_belongs_to_one_account(accounts: Accounts) -> None:
    first = accounts.create(ALICE)
    with pytest.raises(NumberTaken):
        accounts.create(ALICE)
    second = accounts.create(BOB)
    with pytest.raises(NumberTaken):
        accounts.set_phone(second.get_id(), ALICE)
    assert accounts.by_phone(ALICE) == first
    assert accounts.by_phone(BOB) == second


def test_of_many_that_make_an_account_of_one_number_one_does(accounts: Accounts) -> None:
    def make(_: int) -> str:
        try:
            return accounts.create(ALICE).get_id()
        except NumberTaken:
            return "taken"

    answers = crowd(12, make)
    found = accounts.by_phone(ALICE)
    assert found is not None
    assert sorted(answers) == [found.get_id(), *["taken"] * 11]


def test_an_account_has_no_other_fields(accounts: Accounts) -> None:
    with pytest.raises(TypeError, match="an account has no name: bring a user store"):
        accounts.create(ALICE, name="Ann")
    assert accounts.by_phone(ALICE) is None


def test_another_number_is_proven_at_that_time(accounts: Accounts, hand_clock: HandClock) -> None:
    made = accounts.create(ALICE)
    hand_clock.advance(60)
    accounts.set_phone(made.get_id(), BOB)
    found = accounts.by_phone(BOB)
    assert found is not None
    assert (found.id, found.phone_verified_at) == (made.id, START + 60)
    assert accounts.by_phone(ALICE) is None


def test_a_blocked_account_is_not_active(accounts: Accounts) -> None:
    made = accounts.create(ALICE)
    accounts.set_blocked(made.get_id(), True)
    blocked = accounts.by_phone(ALICE)
    assert blocked is not None
    assert (blocked.blocked_at, blocked.is_active) == (START, False)
    accounts.set_blocked(made.get_id(), False)
    assert accounts.by_phone(ALICE) == made
    assert made.is_active


def test_an_id_is_never_given_again(accounts: Accounts) -> None:
    first = accounts.create(ALICE)
    accounts.delete(first.get_id())
    assert accounts.get(first.get_id()) is None
    assert accounts.create(ALICE).id > first.id


@pytest.mark.parametrize(
    "user_id", ["", "x", "-1", "1.0", "٣", "²", " 1", "1 OR 1=1", "9" * 18, "9" * 5000, "\0"]
)
def test_an_id_that_is_none_is_nobodys(accounts: Accounts, user_id: str) -> None:
    accounts.create(ALICE)
    assert accounts.get(user_id) is None


def test_search_reads_on_from_an_id(accounts: Accounts) -> None:
    made = [accounts.create(f"+44740012340{n}") for n in range(5)]
    accounts.create("+15555550100")
    first = accounts.search("7400", 2, None)
    assert first == made[:2]
    assert accounts.search("7400", 9, first[-1].get_id()) == made[2:]
    assert accounts.search("%", 9, None) == []
    assert accounts.search("_", 9, None) == []


def test_an_account_does_not_show_its_number(accounts: Accounts) -> None:
    assert "7400" not in repr(accounts.create(ALICE))


def test_a_number_of_an_app_that_migrates_may_be_missing(
    accounts: Accounts, database: Database
) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO phoneauth_users (created_at) VALUES (0), (0)"))
    found = accounts.get("2")
    assert found is not None
    assert found.phone is None
