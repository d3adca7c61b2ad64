"""One request to MessageBird: who asks, for what, and how it is answered."""

from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, request

from sms_sandbox.errors import CrossSite
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.messagebird import login
from sms_sandbox.facades.messagebird.errors import MessageBirdError
from sms_sandbox.facades.messagebird.wire import PROVIDER
from sms_sandbox.transcript import transcribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """``key`` is the access key that asks, ``account`` what it opens."""

    room: Room
    key: str = field(repr=False)
    account: str = field(repr=False)

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    @property
    def is_test(self) -> bool:
        """Whether nothing that it sends is to go out."""
        return login.is_test(self.key)

    def new_id(self) -> str:
        """The next id of the account."""
        return self.room.ids.hex(self.account, 16)

    def strike(self, number: str) -> None:
        """Let the fault rules act on a request that brings no message. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number)


def enter(room: Room) -> Caller:
    """The caller of the present request. Raises ``MessageBirdError`` for a wrong key."""
    key, account = login.check(room, request.headers.get("Authorization"))
    return Caller(room=room, key=key, account=account)


def refuse_foreign_page() -> None:
    """Refuse what a page of another site leads a browser to, where a GET changes something.
    Raises ``CrossSite``, and ``MessageBirdError`` for a HEAD: who only looks uses nothing up."""
    if request.method == "HEAD":
        raise MessageBirdError(405)
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise CrossSite(
            "Another site's page sent this request.",
            hint="Send it from a program or from the sandbox's own page.",
        )


def answer(content: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    response = jsonify(content)
    response.status_code = status
    return response


def transcript() -> str:
    """The present request as text, its credentials blanked."""
    target = request.full_path.rstrip("?")
    return transcribe(request.method, target, request.headers.items(), request.get_data())
