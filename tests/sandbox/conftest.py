from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver, receiving
from sandbox.twilio_calls import Phone

from sms_sandbox.app import Sandbox, create_app, open_sandbox
from sms_sandbox.client import SandboxClient
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Draft, Message
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+9901234567"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(1_800_000_000.0)


@pytest.fixture
def make_sandbox(clock: FrozenClock) -> Iterator[Callable[..., Sandbox]]:
    opened: list[Sandbox] = []

    def make(**settings: Any) -> Sandbox:
        opened.append(open_sandbox(Settings(**settings), clock))
        return opened[-1]

    yield make
    for sandbox in opened:
        sandbox.close()


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox()


@pytest.fixture
def inbox(sandbox: Sandbox) -> Inbox:
    return sandbox.inbox


@pytest.fixture
def web(sandbox: Sandbox) -> FlaskClient:
    """The application without a server, time frozen."""
    return create_app(sandbox).test_client()


@pytest.fixture
def put(inbox: Inbox) -> Callable[..., Message]:
    """Accepts an outbound message."""

    def accept(body: str = "Your code is 482913", **changes: Any) -> Message:
        draft = {
            "account": "default",
            "provider": "sandbox",
            "direction": "outbound",
            "sender": "Notes",
            "recipient": NUMBER,
            "body": body,
        }
        return inbox.accept(Draft(**(draft | changes)))

    return accept


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A real server in real time; statuses move fast."""
    with SandboxServer(Settings(port=0, sent_after=0.02, delivered_after=0.04)) as running:
        yield running


@pytest.fixture
def client(server: SandboxServer) -> Iterator[SandboxClient]:
    with SandboxClient(server.url) as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An application that is told what happens."""
    with receiving() as one:
        yield one


@pytest.fixture
def phone(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> Phone:
    return Phone(web, sandbox, clock)
