"""What a message takes from the Messaging Service that sends it."""

import hashlib
import sqlite3
from dataclasses import dataclass

from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.services import senders, services
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A service's senders, and what it says where the message does not."""

    senders: tuple[str, ...]
    status_callback: str | None
    smart_encoding: bool
    validity: int

    def sender_for(self, recipient: str) -> str:
        """The sender that this number always hears from, as a sticky one does. Raises
        ``TwilioError`` where there is none."""
        if not self.senders:
            raise TwilioError(21704)
        digest = hashlib.sha256(recipient.encode()).digest()
        return self.senders[int.from_bytes(digest[:8]) % len(self.senders)]


def find(connection: sqlite3.Connection, account: str, sid: str) -> Pool | None:
    """The pool of a service that was created here; ``None`` for a SID that nobody has created.
    Raises ``TwilioError`` for one that was deleted."""
    service = records.get(connection, PROVIDER, account, services.KIND, sid)
    if service is None:
        if records.get(connection, PROVIDER, account, services.DELETED, sid):
            raise TwilioError(21701)
        return None
    return Pool(
        senders=tuple(one.key for one in reversed(senders.all_of(connection, account, sid))),
        status_callback=service.data["status_callback"],
        smart_encoding=service.data["smart_encoding"],
        validity=service.data["validity_period"],
    )
