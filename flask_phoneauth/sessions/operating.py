"""What an operator does to a user's access; no request of the user is at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.errors import UnknownSession
from flask_phoneauth.events import SessionRevoked, UserBlocked, UserDeleted, UserUnblocked
from flask_phoneauth.sessions.login import end_everywhere
from flask_phoneauth.sessions.state import Live


@dataclass(frozen=True, slots=True)
class Gone:
    """What the trail says of a user who is no more."""

    user_id: str
    phone: str = field(repr=False)

    def get_id(self) -> str:
        """The id that the user had."""
        return self.user_id


def block(live: Live, user: Any) -> None:
    """Keep the user out on every path, and end all of the user's sessions."""
    user_id = str(user.get_id())
    live.parts.users.set_blocked(user_id, True)
    live.registry.end_all(user_id)
    live.parts.notify(UserBlocked(user))


def unblock(live: Live, user: Any) -> None:
    """Let the user sign in again; the ended sessions stay ended."""
    user_id = str(user.get_id())
    live.registry.end_all(user_id)  # a login that was under way at the block may have left one
    live.parts.users.set_blocked(user_id, False)
    live.parts.notify(UserUnblocked(user))


def delete(live: Live, user: Any) -> None:
    """Remove the user and all of the user's sessions."""
    user_id = str(user.get_id())
    # taken before: an app's own row may have no number, or no id, once it is gone
    gone = Gone(user_id, str(user.phone or ""))
    live.parts.users.delete(user_id)
    live.registry.end_all(user_id)
    live.parts.notify(UserDeleted(gone))


def sign_out(live: Live, user: Any, session_id: str | None = None) -> None:
    """End one of the user's sessions, or all; raises `UnknownSession` where there is no such."""
    user_id = str(user.get_id())
    if session_id is None:
        end_everywhere(live, user)
    elif not live.registry.end(user_id, session_id):
        raise UnknownSession
    live.parts.notify(SessionRevoked(user, session_id))
