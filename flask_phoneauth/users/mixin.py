"""The columns that a model of the application's own needs for a phone login."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String
from sqlalchemy.orm import Mapped, mapped_column, object_mapper


class PhoneUserMixin:
    """Three columns, times in UTC, and what Flask-Login asks of a user.

    Name it before Flask-Login's `UserMixin`, whose `is_active` knows no blocked users.
    """

    # a unique index, not a constraint: SQLite can add it to a table that is there already
    phone: Mapped[str | None] = mapped_column(String(16), unique=True, index=True)
    phone_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    blocked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def is_authenticated(self) -> bool:
        """Whoever has a row is somebody."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """The contrary."""
        return False

    @property
    def is_active(self) -> bool:
        """False once blocked."""
        return self.blocked_at is None

    def get_id(self) -> str:
        """The primary key as text."""
        return str(object_mapper(self).primary_key_from_instance(self)[0])
