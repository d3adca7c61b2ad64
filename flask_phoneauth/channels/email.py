"""Sends one e-mail at a time over SMTP, in the time that a job may take, with `aiosmtplib`.

It is chosen for its deadline over a whole exchange (the standard library's time-out begins anew
with each line), for its checked certificates, and for addresses in any script (SMTPUTF8).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Self

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.records import Accepted, Mail
from flask_phoneauth.settings import Settings

CONNECT_SECONDS = 5.0
"""Until the server has greeted, encrypted and let us in."""
SEND_SECONDS = 10.0
"""From the sender's address to the server's word that it has the mail."""
QUIT_SECONDS = 1.0
LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
NAME = "email"


class Mailer:
    """Opens a connection for each mail; safe for many threads and across a fork."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        security: str = "starttls",
        username: str = "",
        password: str = "",
        connect_seconds: float = CONNECT_SECONDS,
        send_seconds: float = SEND_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`security` is `starttls`, `tls` or `none`; `tls` replaces the system's authorities."""
        self._host, self._port, self._sender = host, port, sender
        self._security = security
        # made once: it reads all of the system's authorities
        self._tls = None if security == "none" else tls or ssl.create_default_context()
        self._username, self._password = username, password
        self._connect_seconds, self._send_seconds = connect_seconds, send_seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `EMAIL_...` settings, without any connection."""
        return cls(
            settings.email_host,
            settings.email_port,
            sender=settings.email_from,
            security=settings.email_security,
            username=settings.email_username,
            password=settings.email_password,
        )

    def send(self, mail: Mail) -> Accepted:
        """Hand it to the server; raises the `SendFailed` tree, the reason a short machine word."""
        message, recipient = self._message(mail)
        _run(self._send(message, recipient))
        return Accepted(NAME, str(message["Message-ID"]))

    def check(self) -> None:
        """Connect and sign in, nothing else; raises `AccountRefused` or `ProviderDown`."""
        _run(self._send(None, ""))

    async def _send(self, message: EmailMessage | None, recipient: str) -> None:
        client = self._client()
        try:
            try:
                async with asyncio.timeout(self._connect_seconds):
                    await client.connect()
                    if self._username:
                        await client.login(self._username, self._password)
            except (SMTPException, OSError, TimeoutError, ValueError) as broken:
                raise _not_let_in(broken) from None
            if message is not None:
                await self._hand_over(client, message, recipient)
            with suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(QUIT_SECONDS):
                    await client.quit()
        finally:
            client.let_go()

    async def _hand_over(self, client: SMTP, message: EmailMessage, recipient: str) -> None:
        try:
            async with asyncio.timeout(self._send_seconds):
                await client.send_message(message, sender=self._sender, recipients=[recipient])
        except (SMTPException, OSError, TimeoutError, ValueError) as broken:
            raise _not_taken(broken) from None

    def _client(self) -> _Client:
        return _Client(
            hostname=self._host,
            port=self._port,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls,
            timeout=self._connect_seconds + self._send_seconds,
            local_hostname=self._sender.rpartition("@")[2],
        )

    def _message(self, mail: Mail) -> tuple[EmailMessage, str]:
        message = EmailMessage()
        domain = self._sender.rpartition("@")[2]
        try:
            recipient = _address(mail.to)
            message["From"] = Address(mail.sender_name, addr_spec=self._sender)
            message["To"] = recipient
            message["Subject"] = mail.subject
        except (ValueError, MessageError, IndexError):  # what is not one address, or two lines
            raise NumberRefused("address_refused") from None
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
        message.set_content(mail.body)
        return message, recipient


def _address(text: str) -> str:
    """One plain address, its domain in ASCII; raises `ValueError` for anything else."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or len(local) > LONGEST_LOCAL_PART or len(text) > LONGEST_ADDRESS:
        raise ValueError("no address")
    if not all(letter.isprintable() and letter not in ' ,;:<>()[]"\\@' for letter in local):
        raise ValueError("no plain local part")
    ascii_domain = domain.encode("idna").decode("ascii")
    if not all(label and label.replace("-", "").isalnum() for label in ascii_domain.split(".")):
        raise ValueError("no domain")
    return f"{local}@{ascii_domain}"


_Meaning = tuple[type[SendFailed], str]
_NOT_LET_IN: tuple[tuple[type[Exception], _Meaning], ...] = (
    (SMTPAuthenticationError, (AccountRefused, "credentials_refused")),
    (ssl.SSLError, (ProviderDown, "tls_failed")),
    (TimeoutError, (ProviderDown, "connect_timeout")),
    (SMTPException, (ProviderDown, "unreachable")),
    (OSError, (ProviderDown, "unreachable")),
)
# a full answer, whatever its figure, says that the server has not taken it
_NOT_TAKEN: tuple[tuple[type[Exception], _Meaning], ...] = (
    (SMTPRecipientsRefused, (NumberRefused, "address_refused")),
    (SMTPNotSupported, (NumberRefused, "address_refused")),
    (SMTPSenderRefused, (AccountRefused, "sender_refused")),
    (SMTPResponseException, (ProviderDown, "server_error")),
    (TimeoutError, (SendUncertain, "read_timeout")),
    (SMTPException, (SendUncertain, "connection_lost")),
    (OSError, (SendUncertain, "connection_lost")),
)


def _not_let_in(broken: Exception) -> SendFailed:
    cause = broken.__cause__ or broken.__context__
    of_tls = cause if isinstance(cause, ssl.SSLError) else broken
    return _first(_NOT_LET_IN, of_tls, (AccountRefused, "request_refused"))


def _not_taken(broken: Exception) -> SendFailed:
    return _first(_NOT_TAKEN, broken, (NumberRefused, "address_refused"))


def _first(
    table: tuple[tuple[type[Exception], _Meaning], ...], broken: Exception, otherwise: _Meaning
) -> SendFailed:
    kind, reason = next((m for known, m in table if isinstance(broken, known)), otherwise)
    return kind(reason)


class _Client(SMTP):
    """Remembers its transports, the plain and the encrypted one, to let go of all of them."""

    def __init__(self, **options: Any) -> None:
        self._present: asyncio.BaseTransport | None = None
        self._opened: list[asyncio.WriteTransport] = []
        super().__init__(**options)

    @property
    def transport(self) -> asyncio.BaseTransport | None:
        """The one in use."""
        return self._present

    @transport.setter
    def transport(self, transport: asyncio.BaseTransport | None) -> None:
        self._present = transport
        if isinstance(transport, asyncio.WriteTransport):
            self._opened.append(transport)

    def let_go(self) -> None:
        """At once: an orderly end would wait for the other side, and the loop ends before."""
        self.close()
        for transport in self._opened:
            transport.abort()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """To its end, in a thread of its own where this one has a loop that runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    failures: list[SendFailed] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except SendFailed as failure:
            failures.append(failure)

    thread = threading.Thread(target=run, name="flask-phoneauth-email")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
