"""A real SMTP server on 127.0.0.1, with its own certificate, that keeps what it takes."""

from __future__ import annotations

import datetime
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_ports

PATIENCE = 60.0
"""Seconds within which it serves, on a busy machine."""
USER, PASSWORD = "phoneauth", "a-password-of-the-mail-server"


@dataclass
class Mailbox:
    """What arrived: recipients as they were named on the wire, and messages as they were sent."""

    recipients: list[list[str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """What is answered to `RCPT` and `DATA` in place of a yes."""

    @property
    def messages(self) -> list[EmailMessage]:
        """Each one read."""
        parsed = [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]
        return [message for message in parsed if isinstance(message, EmailMessage)]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """One recipient."""
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """The message itself."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.recipients.append(list(envelope.rcpt_tos))
        self.raw.append(envelope.content)
        self.encrypted.append(session.ssl is not None)
        return "250 taken"

    def log_in(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        """Whether they are who we know."""
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        self.logins.append(isinstance(data, LoginPassword) and data == known)
        return AuthResult(success=self.logins[-1], handled=False)


@dataclass(frozen=True)
class MailServer:
    """Where it listens, and what it has."""

    port: int
    box: Mailbox


@contextmanager
def mail_server(*, tls: bool = False, utf8: bool = True) -> Iterator[MailServer]:
    """Serve until the block ends; with `tls` only the encrypted and known are taken."""
    box = Mailbox()
    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if tls:
        options |= {
            "tls_context": certificate()[0],
            "require_starttls": True,
            "authenticator": box.log_in,
            "auth_required": True,
        }
    (port,) = free_ports(1)
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE, **options)
    controller.start()
    try:
        yield MailServer(controller.port, box)
    finally:
        controller.stop()


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does with its one visitor whatever `talk` says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                visitor, _ = listening.accept()
                with visitor:
                    talk(visitor)
            except OSError:  # the visitor, or the test, is gone
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.close()
        thread.join(15)


@cache
def certificate() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's side and the client's of a certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), _loopback()])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        path = Path(folder, "both.pem")
        path.write_bytes(pem + secret)
        server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client


def _loopback() -> x509.IPAddress:
    import ipaddress

    return x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
