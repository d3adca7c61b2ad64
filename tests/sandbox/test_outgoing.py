import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sandbox.receiver import Receiver, hang_up, status

from sms_sandbox.callback import Callback
from sms_sandbox.outgoing import MAX_ANSWER_BYTES, Outgoing, Refused
from sms_sandbox.settings import Settings


@pytest.fixture
def outgoing() -> Iterator[Outgoing]:
    one = Outgoing(Settings())
    yield one
    one.close()


def callback(url: str, **changes: Any) -> Callback:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Callback(**({"kind": "status", "url": url, "headers": headers, "body": "a=1"} | changes))


def test_a_callback_is_posted_as_it_stands(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(status(200, b"thanks"))
    outcome = outgoing.send(callback(f"{receiver.url}/x?y=1"))
    assert (outcome.status, outcome.answer, outcome.error) == (200, "thanks", None)
    (post,) = receiver.posts
    assert (post.path, post.body) == ("/x?y=1", "a=1")
    assert post.headers["Host"] == receiver.url.removeprefix("http://")


def test_at_most_8_kib_of_an_answer_are_kept(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(status(200, b"x" * 100_000))
    answer = outgoing.send(callback(receiver.url)).answer
    assert answer == "x" * MAX_ANSWER_BYTES


def test_a_redirect_is_not_followed(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(status(302, Location=f"{receiver.url}/elsewhere"))
    outcome = outgoing.send(callback(receiver.url))
    assert outcome.status == 302
    assert outcome.error == "The receiver answered 302; redirects are not followed."
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(("code", "failure"), [(403, "4xx"), (500, "5xx")])
def test_a_refusal_is_told(outgoing: Outgoing, receiver: Receiver, code: int, failure: str) -> None:
    receiver.answers.append(status(code, b"no"))
    outcome = outgoing.send(callback(receiver.url))
    assert (outcome.status, outcome.answer, outcome.failure) == (code, "no", failure)


def test_a_dead_receiver_is_told(outgoing: Outgoing) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and not listening: nobody else can take the port
        outcome = outgoing.send(callback(f"http://127.0.0.1:{closed.getsockname()[1]}/"))
    assert (outcome.status, outcome.failure) == (None, "connection")
    assert outcome.error == "Nothing listens there: connection refused."


def test_a_receiver_that_hangs_up_is_told(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(hang_up)
    outcome = outgoing.send(callback(receiver.url))
    assert outcome.failure in ("connection", "other")
    assert outcome.error


def test_a_slow_receiver_is_left_in_time(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(lambda handler: receiver.released.wait(60) and None)
    outcome = outgoing.send(callback(receiver.url, total_timeout=0.2))
    assert (outcome.status, outcome.failure) == (None, "timeout")
    assert outcome.milliseconds >= 200
    assert outcome.error.startswith("No answer within ")


def test_a_receiver_that_drips_is_left_in_time(outgoing: Outgoing, receiver: Receiver) -> None:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not receiver.released.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    receiver.answers.append(drip)
    outcome = outgoing.send(callback(receiver.url, total_timeout=0.3))
    assert outcome.failure == "timeout"


def test_what_is_no_http_is_told(outgoing: Outgoing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ready\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = outgoing.send(callback(f"http://127.0.0.1:{server.getsockname()[1]}/"))
        thread.join()
    assert outcome.error == "The answer is not HTTP: BadStatusLine."


def test_stopping_breaks_off_what_is_under_way(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(lambda handler: receiver.released.wait(60) and None)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(outgoing.send(callback(receiver.url))))
    thread.start()
    receiver.await_posts(1)
    outgoing.close()
    thread.join(60)
    assert outcomes[0].error
    assert outgoing.send(callback(receiver.url)).error == "The sandbox is stopping."


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What a name server answers: of each name the addresses, look-up by look-up."""
    answers: dict[str, list[list[str]]] = {}
    look_up = socket.getaddrinfo

    def asked(host: str, *wanted: Any, **more: Any) -> list[Any]:
        addresses = answers[host].pop(0) if host in answers else [host]
        return [one for address in addresses for one in look_up(address, *wanted, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    return answers


def test_a_name_is_looked_up_once_so_that_a_second_answer_leads_nowhere_else(
    outgoing: Outgoing, receiver: Receiver, names: dict[str, list[list[str]]]
) -> None:
    names["shop.example"] = [["127.0.0.1"], ["169.254.169.254"]]
    place = f"shop.example:{urlsplit(receiver.url).port}"
    assert outgoing.send(callback(f"http://{place}/")).status == 204
    assert receiver.posts[0].headers["Host"] == place
    assert names["shop.example"] == [["169.254.169.254"]]


def test_a_name_with_one_address_that_is_never_posted_to_is_refused(
    outgoing: Outgoing, receiver: Receiver, names: dict[str, list[list[str]]]
) -> None:
    names["shop.example"] = [["127.0.0.1", "169.254.169.254"]]
    place = f"shop.example:{urlsplit(receiver.url).port}"
    assert outgoing.send(callback(f"http://{place}/")).failure == "refused"
    assert receiver.posts == []


def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(
    outgoing: Outgoing, tmp_path: Path
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError), signed_by_itself(tmp_path, connection) as secured:
                heard.append(secured.recv(65536))

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = outgoing.send(callback(f"https://127.0.0.1:{server.getsockname()[1]}/"))
        thread.join(60)
    assert (outcome.status, outcome.failure) == (None, "connection")
    assert outcome.error is not None
    assert outcome.error.startswith("TLS failed: ")
    assert b"".join(heard) == b""


def signed_by_itself(folder: Path, connection: socket.socket) -> ssl.SSLSocket:
    """The server's side of a connection, with a certificate that it has made."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = made.add_extension(x509.SubjectAlternativeName([place]), critical=False)
    both = folder / "both.pem"
    certificate = made.sign(key, SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context.wrap_socket(connection, server_side=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
        "http://2852039166/",
        "http://224.0.0.1/",
        "ftp://127.0.0.1/",
    ],
)
def test_some_addresses_are_never_posted_to(url: str) -> None:
    everything = Outgoing(Settings(webhook_allow=("0.0.0.0/0", "::/0")))
    with pytest.raises(Refused):
        everything.resolve(url)
    assert everything.send(callback(url)).failure == "refused"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://10.1.2.3/", "http://[::1]/"])
def test_private_addresses_are_for_a_sandbox_on_loopback(url: str) -> None:
    assert Outgoing(Settings()).resolve(url)
    open_wide = Settings(host="0.0.0.0", password="open sesame")
    with pytest.raises(Refused, match="--webhook-allow"):
        Outgoing(open_wide).resolve(url)


def test_a_private_network_can_be_allowed() -> None:
    settings = Settings(host="0.0.0.0", password="open sesame", webhook_allow=("10.0.0.0/8",))
    assert Outgoing(settings).resolve("http://10.1.2.3/")
    with pytest.raises(Refused):
        Outgoing(settings).resolve("http://192.168.1.1/")


@pytest.mark.parametrize("host", ["93.184.216.34", "[64:ff9b::5db8:d822]", "[2002:5db8:d822::]"])
def test_a_public_address_is_posted_to_from_anywhere(host: str) -> None:
    open_wide = Settings(host="0.0.0.0", password="open sesame")
    assert Outgoing(open_wide).resolve(f"https://{host}/")


def test_an_address_that_no_request_can_name_is_told(
    outgoing: Outgoing, receiver: Receiver
) -> None:
    outcome = outgoing.send(callback(f"{receiver.url}/\u00fc"))
    assert (outcome.status, outcome.failure) == (None, "other")
    assert outcome.error == "No request can be written to this address: use ASCII."
    assert receiver.posts == []
