"""Users in a model of the application's own, of Flask-SQLAlchemy or of plain SQLAlchemy 2."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import inspect, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from flask_phoneauth.clock import Clock, system
from flask_phoneauth.errors import Misconfigured, NumberTaken, PhoneAuthError, StoreUnavailable
from flask_phoneauth.users.models import (
    COLUMNS,
    EMAIL_COLUMNS,
    check_model,
    key_attribute,
    key_of,
)

Sessions = scoped_session[Any] | sessionmaker[Any]

logger = logging.getLogger("flask_phoneauth")


class SQLAlchemyUsers:
    """A `UserStore` on a model with `PhoneUserMixin`'s columns.

    Users are handed out in the app's own session, and written by short ones of the same factory:
    what the app has pending is neither flushed nor committed here.
    """

    def __init__(
        self,
        model: type[Any],
        session: Sessions | None = None,
        *,
        make: Callable[..., Any] | None = None,
        key: str | None = None,
        clock: Clock = system,
    ) -> None:
        """`session` is a `scoped_session`, or a `sessionmaker`, of which users come detached.

        A Flask-SQLAlchemy model needs none. `make(phone=, phone_verified_at=)` builds a new user
        (default: the model). `key` names the attribute that the model's `get_id()` gives (default:
        the primary key). Raises `TypeError` for a model or session that does not fit.
        """
        check_model(model)
        _check_session(model, session)
        self._model, self._given = model, session
        self._make: Callable[..., Any] = make or model
        self._key = key_attribute(model, key)
        self._by_primary_key = key is None
        self._clock = clock
        if all(hasattr(model, column) for column in EMAIL_COLUMNS):
            self.email_of = _verified_email

    def get(self, user_id: str) -> Any | None:
        """The user of that id, in the app's session; None where there is none."""
        home = self._home()
        if home is None:
            with self._short() as session:
                return self._find(session, user_id)
        with _told(), home.no_autoflush:
            return self._find(home, user_id)

    def by_phone(self, e164: str) -> Any | None:
        """The user who proved that number; one who only claims it is not found (RULES 9)."""
        with self._short() as session:
            user = self._proven(session, e164)
        return None if user is None else self._bring_home(user)

    def search(self, text: str, limit: int, after: str | None) -> Sequence[Any]:
        """Users whose number holds `text`, by key, from behind the id `after`; detached."""
        query = select(self._model).where(self._model.phone.contains(text, autoescape=True))
        query = query.order_by(self._key).limit(limit)
        with self._short() as session:
            key = None if after is None else self._as_key(session, after)
            if key is not None:
                query = query.where(self._key > key)
            return session.scalars(query).unique().all()

    def create(self, e164: str, **fields: Any) -> Any:
        """Make the user of a proven number; raises `NumberTaken`, `TypeError` for fields."""

        def write(session: Session) -> Any:
            user = self._make(phone=e164, phone_verified_at=self._now(), **fields)
            session.add(user)
            session.flush()
            session.refresh(user)
            return user

        return self._bring_home(self._prove(e164, write))

    def set_phone(self, user_id: str, e164: str) -> None:
        """Give a user another proven number; raises `NumberTaken`."""
        values = {"phone": e164, "phone_verified_at": self._now()}
        self._renew(self._prove(e164, lambda session: self._change(session, user_id, values)))

    def set_blocked(self, user_id: str, blocked: bool) -> None:
        """Block or unblock a user."""
        with self._short() as session:
            values = {"blocked_at": self._now() if blocked else None}
            user = self._change(session, user_id, values)
        self._renew(user)

    def delete(self, user_id: str) -> None:
        """Remove a user, and what the model's relationships cascade to."""
        try:
            with self._short() as session:
                user = self._find(session, user_id)
                if user is not None:
                    session.delete(user)
        except IntegrityError:
            raise self._misfit("rows that belong to a user keep it: let them cascade") from None
        known = self._known(user)
        if known is not None:
            inspect(known).session.expunge(known)

    def _find(self, session: Session, user_id: str) -> Any | None:
        key = self._as_key(session, user_id)
        if key is None:
            return None
        if self._by_primary_key:
            return session.get(self._model, key)
        return session.scalars(select(self._model).where(self._key == key)).unique().first()

    def _as_key(self, session: Session, user_id: str) -> Any | None:
        dialect = session.get_bind(inspect(self._model)).dialect.name
        return key_of(self._key, user_id, dialect)

    def _proven(self, session: Session, e164: str) -> Any | None:
        model = self._model
        query = select(model).where(model.phone == e164, model.phone_verified_at.is_not(None))
        return session.scalars(query).unique().first()

    def _prove(self, e164: str, write: Callable[[Session], Any]) -> Any:
        """A write that takes a number; who only claimed the number loses it (RULES 9)."""
        model = self._model
        claim = update(model).where(model.phone == e164, model.phone_verified_at.is_(None))
        for release in (False, True):
            try:
                with self._short() as session:
                    if release:
                        session.execute(claim.values(phone=None))
                    return write(session)
            except IntegrityError:
                with self._short() as session:
                    if self._proven(session, e164) is not None:
                        raise NumberTaken from None
        raise self._misfit(
            "a row cannot be written with a number alone: let its other columns be NULL, "
            "give them defaults, or pass SQLAlchemyUsers(..., make=your_function)"
        )

    def _change(self, session: Session, user_id: str, values: dict[str, Any]) -> Any | None:
        user = self._find(session, user_id)
        if user is not None:
            for name, value in values.items():
                setattr(user, name, value)
        return user

    def _misfit(self, cure: str) -> PhoneAuthError:
        logger.error("The model %s: %s", self._model.__name__, cure)
        return Misconfigured()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def _sessions(self) -> Sessions:
        # asked each time: tests often put another session into Flask-SQLAlchemy's object
        return self._given or self._model.__fsa__.session

    def _home(self) -> Session | None:
        """The app's session of this moment; None where there is only a factory."""
        sessions = self._sessions()
        return sessions() if isinstance(sessions, scoped_session) else None

    @contextmanager
    def _short(self) -> Iterator[Session]:
        """A session of our own for one transaction; its users keep their values when it ends."""
        sessions = self._sessions()
        if isinstance(sessions, scoped_session):
            sessions = sessions.session_factory
        session: Session = sessions()
        session.expire_on_commit = False
        with _told(), session, session.begin():
            yield session

    def _bring_home(self, user: Any) -> Any:
        """The same user in the app's session, without a statement where it was not there."""
        home = self._home()
        if home is None:
            return user
        return self._renew(user) or home.merge(user, load=False)

    def _renew(self, user: Any | None) -> Any | None:
        """The app's own copy, if it has one, with our columns to be read anew."""
        known = self._known(user)
        if known is not None:
            inspect(known).session.expire(known, COLUMNS)
        return known

    def _known(self, user: Any | None) -> Any | None:
        home = self._home()
        if home is None or user is None:
            return None
        return home.identity_map.get(inspect(user).key)


def _verified_email(user: Any) -> str | None:
    """The address of a model with `email` and `email_verified_at`; None until it is verified."""
    verified = user.email_verified_at is not None
    return str(user.email) if verified and user.email else None


def _check_session(model: type[Any], session: object) -> None:
    if session is None and not hasattr(model, "__fsa__"):
        raise TypeError(
            f"{model.__name__} is no Flask-SQLAlchemy model: "
            f"pass SQLAlchemyUsers({model.__name__}, session=Session)"
        )
    if session is not None and not isinstance(session, scoped_session | sessionmaker):
        raise TypeError(
            "session must be a scoped_session or a sessionmaker: one Session cannot serve "
            "several requests at once"
        )


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the app's database in our words; an `IntegrityError` is left to the caller."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        logger.error("The application's database does not answer: %s", _cause(error))
        raise StoreUnavailable from None


def _cause(error: Exception) -> str:
    """The kind of error, with the driver's first line only where it cannot hold a value."""
    original = getattr(error, "orig", None)
    if isinstance(error, OperationalError | ProgrammingError):
        return f"{type(original).__name__}: {str(original).partition(chr(10))[0]}"
    return type(original or error).__name__
