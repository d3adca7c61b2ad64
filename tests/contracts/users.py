"""Every kind of user store over one empty database of an app, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, has_app_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from flask_phoneauth import CallableUsers, PhoneUserMixin, SQLAlchemyUsers
from flask_phoneauth.clock import Clock
from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.users.accounts import Accounts
from flask_phoneauth.users.base import UserStore


class Base(DeclarativeBase):
    """The base of a plain SQLAlchemy app."""


class PlainUser(PhoneUserMixin, Base):
    """Its users."""

    __tablename__ = "plain_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]


db = SQLAlchemy()


class FlaskUser(PhoneUserMixin, db.Model):
    """Users of a Flask-SQLAlchemy app."""

    __tablename__ = "flask_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]


@contextmanager
def accounts(url: str, clock: Clock) -> Iterator[UserStore]:
    """Our own table."""
    database = Database(url)
    migrate.upgrade(database)
    yield Accounts(database, clock)
    database.close()


@contextmanager
def flask_sqlalchemy(url: str, clock: Clock) -> Iterator[UserStore]:
    """A Flask-SQLAlchemy model; each thread is in an app context, as a request is."""
    app = Flask("host")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    with app.app_context():
        db.drop_all()
        db.create_all()
        yield InContext(app, SQLAlchemyUsers(FlaskUser, clock=clock))
        db.session.remove()
        db.engine.dispose()


class InContext:
    """A store whose calls have an app context of their own where their thread has none."""

    def __init__(self, app: Flask, store: UserStore) -> None:
        self._app, self._store = app, store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*args: Any, **fields: Any) -> Any:
            if has_app_context():
                return method(*args, **fields)
            with self._app.app_context():
                return method(*args, **fields)

        return call


@contextmanager
def plain(url: str, clock: Clock, scoped: bool) -> Iterator[UserStore]:
    """A plain SQLAlchemy 2 model, with a session for each thread or a factory."""
    engine = create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    factory = sessionmaker(engine)
    sessions = scoped_session(factory) if scoped else factory
    yield SQLAlchemyUsers(PlainUser, sessions, clock=clock)
    if isinstance(sessions, scoped_session):
        sessions.remove()
    engine.dispose()


@contextmanager
def callables(url: str, clock: Clock) -> Iterator[UserStore]:
    """Functions around another store."""
    with plain(url, clock, scoped=False) as store:
        yield CallableUsers(
            get=store.get,
            by_phone=store.by_phone,
            create=store.create,
            search=store.search,
            set_phone=store.set_phone,
            set_blocked=store.set_blocked,
            delete=store.delete,
        )


KINDS: dict[str, Callable[[str, Clock], Any]] = {
    "accounts": accounts,
    "flask-sqlalchemy": flask_sqlalchemy,
    "scoped session": lambda url, clock: plain(url, clock, scoped=True),
    "session factory": lambda url, clock: plain(url, clock, scoped=False),
    "callables": callables,
}
