"""Users behind a few functions, for apps whose users are in no SQLAlchemy model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

NEEDED = ("get_id", "phone", "blocked_at")


class CallableUsers:
    """A `UserStore` of functions; three are needed, the others when their work is asked for."""

    def __init__(
        self,
        *,
        get: Callable[[str], Any | None],
        by_phone: Callable[[str], Any | None],
        create: Callable[..., Any],
        search: Callable[[str, int, str | None], Sequence[Any]] | None = None,
        set_phone: Callable[[str, str], None] | None = None,
        set_blocked: Callable[[str, bool], None] | None = None,
        delete: Callable[[str], None] | None = None,
        email_of: Callable[[Any], str | None] | None = None,
    ) -> None:
        """Each is as the method of `UserStore`; `create` raises `NumberTaken` for a second user.

        A user must have `get_id()`, `phone` and `blocked_at`, None for who is not blocked.
        `email_of(user)` tells the user's verified address, None where there is none.
        """
        self._get, self._by_phone, self._create = get, by_phone, create
        self._search, self._set_phone = search, set_phone
        self._set_blocked, self._delete = set_blocked, delete
        if email_of is not None:  # the channel `email` is offered where this is there
            self.email_of = email_of

    def get(self, user_id: str) -> Any | None:
        """The user of that id, or None."""
        return _checked("get", self._get(user_id))

    def by_phone(self, e164: str) -> Any | None:
        """The user with that verified number, or None."""
        return _checked("by_phone", self._by_phone(e164))

    def create(self, e164: str, **fields: Any) -> Any:
        """Make the user of a number that was just proven."""
        user = _checked("create", self._create(e164, **fields))
        if user is None:
            raise TypeError("CallableUsers: create must return the user that it made")
        return user

    def search(self, text: str, limit: int, after: str | None) -> Sequence[Any]:
        """Users whose number holds `text`; raises `TypeError` where no function was given."""
        found: Sequence[Any] = _given("search", self._search)(text, limit, after)
        return found

    def set_phone(self, user_id: str, e164: str) -> None:
        """Give a user another proven number; raises `TypeError` where no function was given."""
        _given("set_phone", self._set_phone)(user_id, e164)

    def set_blocked(self, user_id: str, blocked: bool) -> None:
        """Block or unblock a user; raises `TypeError` where no function was given."""
        _given("set_blocked", self._set_blocked)(user_id, blocked)

    def delete(self, user_id: str) -> None:
        """Remove a user; raises `TypeError` where no function was given."""
        _given("delete", self._delete)(user_id)


def _given(name: str, function: Callable[..., Any] | None) -> Callable[..., Any]:
    if function is None:
        raise TypeError(f"these users cannot do that: pass CallableUsers(..., {name}=function)")
    return function


def _checked(name: str, user: Any | None) -> Any | None:
    """A user that lacks something is told here, not as a wrong page later."""
    missing = [] if user is None else [need for need in NEEDED if not hasattr(user, need)]
    if missing:
        raise TypeError(
            f"CallableUsers: the {type(user).__name__} that {name} gave has no {', '.join(missing)}"
        )
    return user
