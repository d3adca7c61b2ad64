"""E-mails over a real SMTP server: what arrives, what is refused, and in what time."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mail_server import PASSWORD, USER, MailServer, certificate, mail_server, talking

from flask_phoneauth.channels.email import Mailer
from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.records import Mail
from flask_phoneauth.settings import Settings

SENDER = "login@notes.example"


def mail(to: str = "ann@example.com", **changes: str) -> Mail:
    given = {"subject": "Your Notes code", "body": "482913 is it\n", "sender_name": "Notes"}
    return Mail(to, **{**given, **changes})


def mailer(port: int, **options: Any) -> Mailer:
    given = {"sender": SENDER, "security": "none", "connect_seconds": 5.0, "send_seconds": 5.0}
    return Mailer("127.0.0.1", port, **{**given, **options})


@pytest.fixture
def server() -> Any:
    with mail_server() as running:
        yield running


def failure(sender: Mailer, what: Mail | None = None) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        sender.send(what or mail())
    return caught.value


def test_a_mail_arrives_whole_and_once(server: MailServer) -> None:
    accepted = mailer(server.port).send(mail())
    (message,) = server.box.messages
    assert (accepted.provider, accepted.message_id) == ("email", message["Message-ID"])
    assert server.box.recipients == [["ann@example.com"]]
    assert (message["To"], message["From"]) == ("ann@example.com", f"Notes <{SENDER}>")
    assert message["Subject"] == "Your Notes code"
    assert message.get_content().replace("\r\n", "\n") == "482913 is it\n"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]


def test_letters_of_any_script_arrive_as_they_were(server: MailServer) -> None:
    what = mail(subject="Ihr Bücher-Code 東京", body="482913 ist Ihr Code für Größe\n")
    mailer(server.port).send(what)
    (message,) = server.box.messages
    assert message["Subject"] == what.subject
    assert message.get_content().replace("\r\n", "\n") == what.body


@pytest.mark.parametrize(
    "brand",
    ["Notes, Inc.", 'N "quoted" <x@y>', "Bücher & Töne", "a" * 300, "", "=?utf-8?q?x?="],
)
def test_a_senders_name_stays_a_name_whatever_is_in_it(server: MailServer, brand: str) -> None:
    mailer(server.port).send(mail(sender_name=brand))
    (message,) = server.box.messages
    (sender,) = message["From"].addresses
    assert sender.addr_spec == SENDER
    assert [header for header in message if header.lower() in ("bcc", "cc")] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"sender_name": "Notes\r\nBcc: eve@example.com"},
        {"sender_name": "Notes\nX-Evil: 1"},
        {"subject": "Code\r\nBcc: eve@example.com"},
        {"subject": "Code\n\n<html>"},
    ],
)
def test_a_line_of_ones_own_in_a_header_is_never_sent(
    server: MailServer, changes: dict[str, str]
) -> None:
    assert isinstance(failure(mailer(server.port), mail(**changes)), NumberRefused)
    assert server.box.raw == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com, eve@example.com",
        "ann@example.com>\r\nRCPT TO:<eve@example.com",
        "Ann <ann@example.com>",
        "ann smith@example.com",
        "ann@exa mple.com",
        "ann@-",
        "a" * 65 + "@example.com",
        "ann@" + "x" * 250 + ".com",
        '"a b"@example.com',
        "ann\0@example.com",
        "ann@example..com",
        "ann@" + "é" * 64 + ".example",
    ],
)
def test_what_is_not_one_plain_address_is_refused_before_any_connection(
    server: MailServer, address: str
) -> None:
    failed = failure(mailer(server.port), mail(address))
    assert (type(failed), failed.reason) == (NumberRefused, "address_refused")
    assert server.box.recipients == []


def test_an_address_in_another_script_is_reached(server: MailServer) -> None:
    mailer(server.port).send(mail("jörg@bücher.example"))
    assert server.box.recipients == [["jörg@xn--bcher-kva.example"]]
    (message,) = server.box.messages
    assert message["To"] == "jörg@xn--bcher-kva.example"


def test_a_server_that_cannot_reach_it_is_told_apart() -> None:
    with mail_server(utf8=False) as server:
        mailer(server.port).send(mail("ann@bücher.example"))
        assert server.box.recipients == [["ann@xn--bcher-kva.example"]]
        failed = failure(mailer(server.port), mail("jörg@example.com"))
    assert (type(failed), failed.reason) == (NumberRefused, "address_refused")


def test_it_is_encrypted_and_signed_in_where_that_is_asked_for() -> None:
    with mail_server(tls=True) as server:
        mailer(
            server.port,
            security="starttls",
            username=USER,
            password=PASSWORD,
            tls=certificate()[1],
        ).send(mail())
        assert (server.box.encrypted, server.box.logins) == ([True], [True])


def test_a_wrong_password_is_our_accounts_failure() -> None:
    with mail_server(tls=True) as server:
        wrong = mailer(
            server.port, security="starttls", username=USER, password="no", tls=certificate()[1]
        )
        failed = failure(wrong)
        with pytest.raises(AccountRefused):
            wrong.check()
    assert (type(failed), failed.reason) == (AccountRefused, "credentials_refused")
    assert server.box.raw == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(security: str) -> None:
    with mail_server(tls=True) as server:
        failed = failure(mailer(server.port, security=security))
    assert type(failed) is ProviderDown
    assert server.box.raw == []


def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(
    server: MailServer,
) -> None:
    assert type(failure(mailer(server.port, security="starttls"))) is ProviderDown
    assert server.box.raw == []


@pytest.mark.parametrize(
    ("step", "said", "kind", "reason"),
    [
        ("RCPT", "550 no such user", NumberRefused, "address_refused"),
        ("RCPT", "452 full", NumberRefused, "address_refused"),
        ("DATA", "554 unwanted", ProviderDown, "server_error"),
        ("DATA", "451 later", ProviderDown, "server_error"),
    ],
)
def test_a_refusal_is_told_by_its_kind(
    server: MailServer, step: str, said: str, kind: type[SendFailed], reason: str
) -> None:
    server.box.answers[step] = said
    failed = failure(mailer(server.port))
    assert (type(failed), failed.reason) == (kind, reason)


def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        failed = failure(mailer(bound.getsockname()[1]))
    assert (type(failed), failed.reason) == (ProviderDown, "unreachable")


def drip(visitor: socket.socket) -> None:
    """A greeting without an end."""
    while True:
        visitor.sendall(b"220-wait\r\n")
        if b"QUIT" in _heard(visitor, 0.02):
            return


def mute(visitor: socket.socket) -> None:
    """Says nothing."""
    while visitor.recv(1024):
        pass


def swallow(visitor: socket.socket) -> None:
    """Takes a whole mail and never says so."""
    visitor.sendall(b"220 here\r\n")
    for answer in (b"250 here\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
        visitor.recv(4096)
        visitor.sendall(answer)
    mute(visitor)


def hang_up(visitor: socket.socket) -> None:
    """Is gone at once."""


def _heard(visitor: socket.socket, seconds: float) -> bytes:
    visitor.settimeout(seconds)
    try:
        return visitor.recv(1024)
    except TimeoutError:
        return b""


@pytest.mark.parametrize(
    ("talk", "kind", "greeting"),
    [
        (mute, ProviderDown, 0.3),
        (drip, ProviderDown, 0.3),
        (hang_up, ProviderDown, 0.3),
        (swallow, SendUncertain, 15.0),
    ],
)
def test_no_server_holds_a_worker_longer_than_its_time(
    talk: Any, kind: type[SendFailed], greeting: float
) -> None:
    with talking(talk) as port:
        began = time.monotonic()
        failed = failure(mailer(port, connect_seconds=greeting, send_seconds=0.3))
    assert type(failed) is kind
    assert time.monotonic() - began < 20


def dawdle(visitor: socket.socket) -> None:
    """Takes its time for each answer, and never quite too much."""
    pause = threading.Event()
    for answer in (b"220 here\r\n", b"250-here\r\n250 AUTH PLAIN\r\n", b"235 welcome\r\n"):
        pause.wait(0.3)
        visitor.sendall(answer)
        visitor.recv(4096)


def test_the_time_is_for_all_steps_together() -> None:
    with talking(dawdle) as port:
        sender = mailer(
            port, connect_seconds=0.5, send_seconds=5.0, username=USER, password=PASSWORD
        )
        failed = failure(sender)
    assert (type(failed), failed.reason) == (ProviderDown, "connect_timeout")


def dally(visitor: socket.socket) -> None:
    """Takes the mail in the end, and its time before each word."""
    visitor.sendall(b"220 here\r\n")
    visitor.recv(4096)
    visitor.sendall(b"250 here\r\n")
    for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"250 taken\r\n"):
        visitor.recv(4096)
        threading.Event().wait(0.3)
        visitor.sendall(answer)
    mute(visitor)


def test_the_time_to_hand_a_mail_over_is_for_all_steps_together() -> None:
    with talking(dally) as port:
        failed = failure(mailer(port, connect_seconds=15.0, send_seconds=0.5))
    assert (type(failed), failed.reason) == (SendUncertain, "read_timeout")


def test_many_threads_send_at_once(server: MailServer) -> None:
    sender = mailer(server.port, send_seconds=30.0, connect_seconds=30.0)
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda n: sender.send(mail(f"ann{n}@example.com")), range(12)))
    assert len({accepted.message_id for accepted in sent}) == 12
    assert sorted(server.box.recipients) == sorted([f"ann{n}@example.com"] for n in range(12))


def test_it_sends_from_within_a_running_loop_too(server: MailServer) -> None:
    async def within() -> None:
        mailer(server.port).send(mail())
        with pytest.raises(NumberRefused):
            mailer(server.port).send(mail("nobody"))

    with ThreadPoolExecutor(1) as pool:  # this thread may have a browser's loop already
        pool.submit(lambda: asyncio.run(within())).result()
    assert len(server.box.raw) == 1


def test_a_check_sends_nothing(server: MailServer) -> None:
    mailer(server.port).check()
    assert server.box.raw == []


def test_it_is_built_from_the_settings_without_a_connection() -> None:
    settings = Settings(
        channels=("sms", "email"),
        email_host="192.0.2.1",
        email_from=SENDER,
        email_password=PASSWORD,
    )
    built = Mailer.from_settings(settings)
    assert PASSWORD not in repr(built)
    assert PASSWORD not in repr(settings)
