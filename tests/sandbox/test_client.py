from collections.abc import Iterator

import pytest

from sms_sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+9901234567"


@pytest.fixture
def slow() -> Iterator[SandboxClient]:
    """A client of a sandbox whose statuses stay where they are."""
    with (
        SandboxServer(Settings(port=0, sent_after=600, delivered_after=600)) as server,
        SandboxClient(server.url) as client,
    ):
        yield client


def test_client_sends_reads_replies_moves_and_resets(slow: SandboxClient) -> None:
    client = slow
    sent = client.send(to=NUMBER, body="code 482913", account="a")
    assert client.message(sent["id"])["id"] == sent["id"]
    assert client.code(NUMBER, account="a")["code"] == "482913"
    reply = client.reply(sent["id"], "thanks")
    inbound = client.receive(sender=NUMBER, to="Sandbox", body="hi")
    assert [one["id"] for one in client.messages(direction="inbound", account="a")] == [
        inbound["id"],
        reply["id"],
    ]
    other = client.send(to=NUMBER, body="x", account="b")
    assert client.move(other["id"], "failed", 30003)["error_code"] == 30003
    assert client.reset("a") == 3
    assert client.reset() == 1


def test_filters_are_named_as_in_the_api(client: SandboxClient) -> None:
    client.send(to=NUMBER, body="code 482913", sender="Notes")
    client.send(to=NUMBER, body="hello", sender="Shop")
    found = client.messages(from_="Notes", to=NUMBER, has_code=True, limit=5)
    assert [one["from"] for one in found] == ["Notes"]


def test_wait_goes_on_from_a_cursor(client: SandboxClient) -> None:
    client.send(to=NUMBER, body="old")
    cursor = client.cursor()
    client.send(to=NUMBER, body="new")
    assert [one["body"] for one in client.wait(after=cursor)] == ["new"]


def test_refusal_carries_the_problem_and_its_cure(client: SandboxClient) -> None:
    with pytest.raises(SandboxRefused, match="international form") as refused:
        client.send(to="abc", body="x")
    assert (refused.value.status, refused.value.problem["code"]) == (400, "invalid_request")


def test_unreachable_sandbox_is_named_with_the_cure() -> None:
    with (
        SandboxClient("http://127.0.0.1:1") as client,
        pytest.raises(SandboxUnreachable, match="sms-sandbox serve"),
    ):
        client.messages()


def test_password_is_sent() -> None:
    with SandboxServer(Settings(port=0, password="secret")) as server:
        with SandboxClient(server.url, password="secret") as client:
            assert client.messages() == []
        with SandboxClient(server.url) as client, pytest.raises(SandboxRefused) as refused:
            client.messages()
    assert refused.value.status == 401


def test_events_are_iterated(client: SandboxClient, server: SandboxServer) -> None:
    events = client.events()
    with SandboxClient(server.url) as sender:
        # The stream opens with its first step, so the message is sent from beside it.
        import threading

        def send_once_watched() -> None:
            while not server.sandbox.inbox.watchers:
                pass
            sender.send(to=NUMBER, body="hello")

        thread = threading.Thread(target=send_once_watched)
        thread.start()
        kind, data = next(events)
        thread.join()
    assert (kind, data["body"]) == ("message", "hello")
    events.close()
