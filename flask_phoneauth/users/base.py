"""What a user store must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class UserStore(Protocol):
    """Users by id and by number; `create` raises `NumberTaken` where the number has one."""

    def get(self, user_id: str) -> Any | None:
        """The user of that id, or None."""

    def by_phone(self, e164: str) -> Any | None:
        """The user with that verified number, or None."""

    def search(self, text: str, limit: int, after: str | None) -> Sequence[Any]:
        """Users whose number holds `text`, by id, from behind the id `after`."""

    def create(self, e164: str, **fields: Any) -> Any:
        """Make the user of a number that was just proven."""

    def set_phone(self, user_id: str, e164: str) -> None:
        """Give a user another proven number; raises `NumberTaken`."""

    def set_blocked(self, user_id: str, blocked: bool) -> None:
        """Block or unblock a user."""

    def delete(self, user_id: str) -> None:
        """Remove a user."""


class HasEmail(Protocol):
    """A `UserStore` that knows addresses: only with it is the channel `email` offered."""

    def email_of(self, user: Any) -> str | None:
        """The user's *verified* address, or None; an address that was only typed is none."""
