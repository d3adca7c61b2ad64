"""Users in an app's own models: whose session, whose transaction, and what a model must have."""

from __future__ import annotations

import sqlite3
from uuid import UUID, uuid4

import pytest
from flask_login import UserMixin
from phoneauth.house import ALICE, BOB, HandClock
from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint, create_engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from flask_phoneauth import CallableUsers, PhoneAuth, PhoneUserMixin, SQLAlchemyUsers
from flask_phoneauth.errors import Misconfigured, NumberTaken, StoreUnavailable


class Base(DeclarativeBase):
    """The app's models."""


class Reader(PhoneUserMixin, UserMixin, Base):
    """A user who existed before phone login."""

    __tablename__ = "readers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    token: Mapped[str | None] = mapped_column(unique=True)
    books: Mapped[list[Book]] = relationship(back_populates="reader")


class Book(Base):
    """What belongs to a user."""

    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"))
    reader: Mapped[Reader] = relationship(back_populates="books")


class Member(PhoneUserMixin, Base):
    """A user who cannot be without a name, with a key that is no number."""

    __tablename__ = "members"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]


@pytest.fixture
def place(tmp_path):
    """The app's database file."""
    return tmp_path / "app.sqlite3"


@pytest.fixture
def make_session(place):
    """`make_session(**engine_options)`: the app's scoped session over empty tables."""
    made = []

    def make(**options):
        engine = create_engine(f"sqlite:///{place}", **options)
        Base.metadata.create_all(engine)
        session = scoped_session(sessionmaker(engine))
        made.append((session, engine))
        return session

    yield make
    for session, engine in made:
        session.remove()
        engine.dispose()


@pytest.fixture
def session(make_session):
    """The app's scoped session."""
    return make_session()


@pytest.fixture
def users(session):
    """The store over it."""
    return SQLAlchemyUsers(Reader, session=session)


def rows(place, query):
    """What is in the file, whoever has what pending."""
    connection = sqlite3.connect(place)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_user_is_the_apps_own_object(users, session):
    made = users.create(ALICE)
    assert made in session
    assert users.get("1") is made is users.by_phone(ALICE)
    made.name = "Ann"
    made.books.append(Book())
    session.commit()
    session.remove()
    found = users.by_phone(ALICE)
    assert (found.name, len(found.books)) == ("Ann", 1)


def test_what_the_app_has_pending_is_neither_written_nor_lost(users, session, place):
    first = users.create(ALICE)
    first.name = "Ann"
    session.add(Reader(name="draft"))
    users.get("1")
    users.by_phone(ALICE)
    users.create(BOB)
    users.set_blocked("2", True)
    users.set_phone("2", BOB[:-1] + "9")
    users.delete("2")
    assert rows(place, "select name from readers") == [(None,)]
    assert len(session.new) == len(session.dirty) == 1
    session.commit()
    assert rows(place, "select name from readers order by id") == [("Ann",), ("draft",)]


def test_one_connection_is_enough_to_sign_up(make_session):
    session = make_session(pool_size=1, max_overflow=0, pool_timeout=0.1)
    users = SQLAlchemyUsers(Reader, session)
    assert users.by_phone(ALICE) is None
    assert users.create(ALICE) in session


def test_what_the_app_already_holds_is_brought_up_to_date(users, session):
    held = users.create(ALICE)
    users.set_blocked("1", True)
    assert not held.is_active
    users.set_phone("1", BOB)
    assert held.phone == BOB
    assert users.by_phone(BOB) is held
    users.delete("1")
    assert held not in session
    assert held.get_id() == "1"


def test_a_number_that_was_only_claimed_is_nobodys(users, session):
    session.add_all([Reader(name="thief", phone=ALICE), Reader(name="other", phone=BOB)])
    session.commit()
    assert users.by_phone(ALICE) is None
    prover = users.create(ALICE)
    users.set_phone(prover.get_id(), BOB)
    session.expire_all()
    claims = session.execute(select(Reader.name, Reader.phone).order_by(Reader.id)).all()
    assert claims == [("thief", None), ("other", None), (None, BOB)]


def test_a_user_may_prove_the_number_that_the_row_already_claims(users, session):
    session.add(Reader(name="ann", phone=ALICE))
    session.commit()
    users.set_phone("1", ALICE)
    assert users.by_phone(ALICE).name == "ann"


def test_further_fields_reach_the_model(users):
    assert users.create(ALICE, name="Ann").name == "Ann"
    with pytest.raises(TypeError, match="surname"):
        users.create(BOB, surname="Lee")
    assert users.by_phone(BOB) is None


def test_a_model_that_needs_more_than_a_number_says_so_with_the_cure(session, caplog):
    with pytest.raises(Misconfigured):
        SQLAlchemyUsers(Member, session).create(ALICE)
    assert "Member" in caplog.text
    assert "make=" in caplog.text
    assert ALICE not in caplog.text

    def named(**fields):
        return Member(name="somebody", **fields)

    users = SQLAlchemyUsers(Member, session, make=named)
    made = users.create(ALICE)
    assert users.get(made.get_id()) is made
    assert users.get("7") is None
    with pytest.raises(NumberTaken):
        users.create(ALICE)


def test_rows_that_hold_on_to_a_user_keep_the_user(users, session, caplog):
    made = users.create(ALICE)
    made.books.append(Book())
    session.commit()
    with pytest.raises(Misconfigured):
        users.delete("1")
    assert "cascade" in caplog.text
    assert users.by_phone(ALICE) is not None


def test_a_model_whose_id_is_another_attribute_names_it(make_session):
    class Aliased(Reader):
        """Flask-Login's alternative tokens."""

        def get_id(self):
            return self.token

    session = make_session()
    users = SQLAlchemyUsers(Aliased, session, key="token")
    made = users.create(ALICE, token="t-1")
    session.remove()
    assert users.get(made.get_id()).phone == ALICE
    assert users.get("1") is None
    users.set_blocked("t-1", True)
    assert users.by_phone(ALICE).blocked_at is not None


def test_times_come_from_the_clock_in_utc(make_session):
    users = SQLAlchemyUsers(Reader, make_session(), clock=HandClock(0.0))
    assert users.create(ALICE).phone_verified_at.isoformat() == "1970-01-01T00:00:00"


def test_blocked_users_are_not_active_beside_flask_logins_mixin(users):
    users.create(ALICE)
    users.set_blocked("1", True)
    assert users.get("1").is_active is False


def test_a_locked_database_is_told_in_our_words(make_session, place, caplog):
    users = SQLAlchemyUsers(Reader, make_session(connect_args={"timeout": 0.05}))
    lock = sqlite3.connect(place, isolation_level=None)
    lock.execute("begin exclusive")
    for call in (
        lambda: users.get("1"),
        lambda: users.by_phone(ALICE),
        lambda: users.create(ALICE),
        lambda: users.set_phone("1", ALICE),
        lambda: users.set_blocked("1", True),
        lambda: users.delete("1"),
        lambda: users.search("", 1, None),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    lock.execute("rollback")
    lock.close()
    assert "locked" in caplog.text
    assert ALICE not in caplog.text
    assert users.create(ALICE).phone == ALICE


def test_a_table_without_the_columns_is_told_by_its_name(session, place, caplog):
    rows(place, "drop index ix_readers_phone")
    rows(place, "alter table readers drop column phone")
    with pytest.raises(StoreUnavailable):
        SQLAlchemyUsers(Reader, session).by_phone(ALICE)
    assert "no such column: readers.phone" in caplog.text


def test_a_pool_that_is_used_up_is_told_in_our_words(make_session):
    session = make_session(pool_size=1, max_overflow=0, pool_timeout=0.05)
    users = SQLAlchemyUsers(Reader, session)
    session.execute(select(Reader.id))
    with pytest.raises(StoreUnavailable):
        users.by_phone(ALICE)
    session.rollback()
    assert users.by_phone(ALICE) is None


def test_one_statement_finds_a_user_and_two_make_one(make_session):
    session = make_session()
    users = SQLAlchemyUsers(Reader, session)
    said = []
    event.listen(
        session.get_bind(), "before_cursor_execute", lambda *told: said.append(told[2].split()[0])
    )
    users.create(ALICE)
    assert said == ["INSERT", "SELECT"]
    session.remove()
    said.clear()
    users.get("1")
    assert said == ["SELECT"]


class Bare(Base):
    """A model without the mixin."""

    __tablename__ = "bare"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(16))


class Twice(PhoneUserMixin, Base):
    """Two of a number are possible."""

    __tablename__ = "twice"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(16))


class Constrained(PhoneUserMixin, Base):
    """A unique number by a constraint of the table, and two columns as key."""

    __tablename__ = "constrained"
    one: Mapped[int] = mapped_column(Integer, primary_key=True)
    two: Mapped[int] = mapped_column(Integer, primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(16))
    __table_args__ = (UniqueConstraint("phone"),)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (dict, "dict: it is no mapped model"),
        (CallableUsers, "CallableUsers: it is no mapped model"),
        (Bare, r"Bare has no phone_verified_at, blocked_at: write class Bare\(PhoneUserMixin"),
        (Twice, "Twice.phone must be unique"),
        (Constrained, "Constrained has a primary key of several columns: say key="),
    ],
)
def test_a_model_that_does_not_fit_is_refused_at_once(session, model, told):
    with pytest.raises(TypeError, match=told):
        SQLAlchemyUsers(model, session)


def test_a_session_that_does_not_fit_is_refused_at_once(session):
    with pytest.raises(TypeError, match=r"SQLAlchemyUsers\(Reader, session=Session\)"):
        PhoneAuth(users=Reader)
    with pytest.raises(TypeError, match="scoped_session or a sessionmaker"):
        SQLAlchemyUsers(Reader, session())


class Person:
    """A user of no database."""

    phone = ALICE
    blocked_at = None

    def get_id(self):
        """Always the same."""
        return "p"


def test_functions_are_enough_for_a_login():
    users = CallableUsers(
        get={"p": Person()}.get, by_phone=lambda e164: None, create=lambda e164: Person()
    )
    assert users.get("p").phone == ALICE
    assert users.get("q") is None
    assert users.by_phone(BOB) is None
    for call in (
        lambda: users.search("", 1, None),
        lambda: users.set_phone("p", BOB),
        lambda: users.set_blocked("p", True),
        lambda: users.delete("p"),
    ):
        with pytest.raises(TypeError, match=r"CallableUsers\(..., \w+=function\)"):
            call()


def test_a_function_that_gives_no_user_is_named():
    users = CallableUsers(
        get=lambda user_id: user_id, by_phone=lambda e164: Person(), create=lambda e164: None
    )
    with pytest.raises(TypeError, match="str that get gave has no get_id, phone, blocked_at"):
        users.get("p")
    with pytest.raises(TypeError, match="create must return the user"):
        users.create(ALICE)
