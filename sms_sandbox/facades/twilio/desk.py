"""What the addresses of 2010-04-01 share: who asks, and which resource is meant."""

from collections.abc import Callable, Collection

from flask import Response, request

from sms_sandbox.facades import asking
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import login
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.message import is_final
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Submitted


class Desk:
    """Lets callers in and finds what they ask for, below the blueprint's ``prefix``."""

    def __init__(self, room: Room, prefix: str) -> None:
        self.room = room
        self._prefix = prefix

    def enter(self, account: str) -> str:
        """The account that a path names, once the caller has shown its credentials. Raises
        ``TwilioError``."""
        login.check(self.room, request.authorization, account, self.path())
        return self.room.inbox.account_of(account)

    def find(self, account: str, sid: str, prefixes: Collection[str]) -> Submitted:
        """One of an account's resources. Raises ``TwilioError``."""
        found = None
        if sid[:2] in prefixes:
            with self.room.database.read() as connection:
                found = submissions.by_vendor_id(connection, PROVIDER, account, sid)
        if found is None:
            raise self.not_found()
        return found

    def forget(self, found: Submitted) -> Response:
        """Forget a resource that is final. Raises ``TwilioError``."""
        if not is_final(found.message.status):
            raise TwilioError(20009)
        with self.room.database.write() as connection:
            submissions.delete(connection, found.message.seq)
        return Response(status=204)

    def ids(self, account: str) -> Callable[[int], str]:
        """A source of ids for one account."""
        return lambda size: self.room.ids.hex(account, size)

    def not_found(self) -> TwilioError:
        """What Twilio says of a path that leads nowhere."""
        return TwilioError(20404, path=self.path())

    def path(self) -> str:
        """The path as it is on Twilio's own host."""
        return request.path.removeprefix(self._prefix)


def transcript() -> str:
    """The present request as text, its credentials blanked."""
    # The form has been parsed by now, and with it the body has gone: it is written anew.
    body = "&".join(f"{name}={value}" for name, value in request.form.items(multi=True))
    return asking.transcript(body.encode())
