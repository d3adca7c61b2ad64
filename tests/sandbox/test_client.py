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


def test_clock_settings_and_names_of_an_account(client: SandboxClient) -> None:
    assert client.set_clock(frozen=True, now="2031-05-06T07:00:00Z", account="a") == {
        "frozen": True,
        "now": "2031-05-06T07:00:00.000Z",
    }
    message = client.send(to=NUMBER, body="x", account="a")
    assert client.advance_clock(90, "a")["now"] == "2031-05-06T07:01:30.000Z"
    assert client.message(message["id"])["status"] == "delivered"
    assert client.clock("a")["frozen"] is True
    assert client.clock()["frozen"] is False
    client.put_settings("a", limits={"messages_per_second": 5})
    assert client.settings("a")["limits"]["messages_per_second"] == 5
    assert client.put_aliases("a", ["app"]) == {"id": "a", "aliases": ["app"]}
    assert client.messages(account="app")[0]["id"] == message["id"]


def test_fault_rules_come_and_go(client: SandboxClient) -> None:
    rule = client.add_fault({"match": {}, "effect": {"type": "disconnect"}}, "a")
    other = client.add_fault({"match": {}, "effect": {"type": "disconnect"}}, "b")
    assert [one["id"] for one in client.faults("a")] == [rule["id"]]
    client.remove_fault(other["id"])
    assert client.faults() == [rule]
    assert client.clear_faults("a") == 1
    assert client.clear_faults() == 0


def test_webhooks_are_listed_and_sent_again(client: SandboxClient) -> None:
    message = client.send(to=NUMBER, body="x")
    assert client.webhooks(message["id"]) == []
    with pytest.raises(SandboxRefused) as refused:
        client.resend_webhook("whk_0", "stale")
    assert refused.value.status == 404


def test_keys_are_pressed_only_during_a_call(client: SandboxClient) -> None:
    sent = client.send(to=NUMBER, body="x")
    with pytest.raises(SandboxRefused) as caught:
        client.press(sent["id"], "1")
    assert caught.value.status == 409
