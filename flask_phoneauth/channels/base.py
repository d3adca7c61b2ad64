"""What sends e-mails, as flows see it."""

from __future__ import annotations

from typing import Protocol

from flask_phoneauth.records import Accepted, Mail


class Mailing(Protocol):
    """Sends e-mails; called by many threads at once."""

    def send(self, mail: Mail) -> Accepted:
        """Hand it to the server within seconds; raises a `SendFailed`, no other error."""

    def check(self) -> None:
        """Whether the server takes us, without an e-mail; raises a `SendFailed`."""
