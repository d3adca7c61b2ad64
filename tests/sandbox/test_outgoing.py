import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sandbox.receiver import Receiver, hang_up, receiving, status

from sms_sandbox.callback import Callback
from sms_sandbox.outgoing import MAX_ANSWER_BYTES, Outgoing, Refused
from sms_sandbox.settings import Settings


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


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
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    outcome = outgoing.send(callback(f"http://127.0.0.1:{port}/"))
    assert (outcome.status, outcome.failure) == (None, "connection")
    assert outcome.error == "Nothing listens there: connection refused."


def test_a_receiver_that_hangs_up_is_told(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(hang_up)
    outcome = outgoing.send(callback(receiver.url))
    assert outcome.failure in ("connection", "other")
    assert outcome.error


def test_a_slow_receiver_is_left_in_time(outgoing: Outgoing, receiver: Receiver) -> None:
    receiver.answers.append(lambda handler: receiver.released.wait(10) and None)
    outcome = outgoing.send(callback(receiver.url, total_timeout=0.2))
    assert (outcome.status, outcome.failure) == (None, "timeout")
    assert 150 < outcome.milliseconds < 3000
    assert outcome.error.startswith("No answer within 0.")


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
    assert outcome.milliseconds < 3000


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
    receiver.answers.append(lambda handler: receiver.released.wait(10) and None)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(outgoing.send(callback(receiver.url))))
    thread.start()
    receiver.await_posts(1)
    outgoing.close()
    thread.join(5)
    assert outcomes[0].error
    assert outgoing.send(callback(receiver.url)).error == "The sandbox is stopping."


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


def test_a_public_address_is_posted_to_from_anywhere() -> None:
    open_wide = Settings(host="0.0.0.0", password="open sesame")
    assert Outgoing(open_wide).resolve("https://93.184.216.34/")


def test_an_address_that_no_request_can_name_is_told(
    outgoing: Outgoing, receiver: Receiver
) -> None:
    outcome = outgoing.send(callback(f"{receiver.url}/\u00fc"))
    assert (outcome.status, outcome.failure) == (None, "other")
    assert outcome.error == "No request can be written to this address: use ASCII."
    assert receiver.posts == []
