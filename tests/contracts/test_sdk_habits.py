"""What vendors' SDKs do by themselves, measured bare: the reference page tells it, no more."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import messagebird
import plivo
import pytest
import twilio.rest
import vonage
from contracts.vendors import PLIVO, SNS, TWILIO, VONAGE
from messagebird.http_client import HttpClient
from requests.adapters import HTTPAdapter
from scripted_server import Behaviour, ScriptedServer, answer, raw
from urllib3 import HTTPConnectionPool, Timeout
from vonage_messages import Sms

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
TO, FROM = "+447911123456", "+15017122661"
HUNG_UP = raw(b"")
BARE: dict[str, Callable[[str], Callable[[], object]]] = {}
TAKES: dict[str, Behaviour] = {
    "twilio": TWILIO.accepts,
    "plivo": PLIVO.accepts,
    "messagebird": answer(201, {"id": "m1", "recipients": {"totalCount": 1, "items": []}}),
    "vonage": VONAGE.accepts,
    "sns": SNS.accepts,
}
FAILS = Exception  # each SDK has errors of its own, and what is counted is requests


def bare(name: str) -> Callable[[Any], Any]:
    def keep(build: Any) -> Any:
        BARE[name] = build
        return build

    return keep


@bare("twilio")
def twilio_sdk(url: str) -> Callable[[], object]:
    client = twilio.rest.Client("AC" + "a" * 32, "token")
    client.api.base_url = url
    return lambda: client.messages.create(to=TO, from_=FROM, body="text")


@bare("plivo")
def plivo_sdk(url: str) -> Callable[[], object]:
    client = plivo.RestClient("MA" + "A" * 18, "token")
    lead(client.session.get_adapter("https://api.plivo.com"), "https://api.plivo.com", url)
    return lambda: client.messages.create(dst=TO, src=FROM, text="text")


@bare("messagebird")
def messagebird_sdk(url: str) -> Callable[[], object]:
    client = messagebird.Client("live_key", http_client=HttpClient(url, "live_key", "tests"))
    return lambda: client.message_create(FROM, TO, "text")


@bare("vonage")
def vonage_sdk(url: str) -> Callable[[], object]:
    client = vonage.Vonage(vonage.Auth(api_key="abcd1234", api_secret="secret-of-1"))
    session = client.http_client._session
    lead(session.get_adapter("https://api.nexmo.com"), "https://api.nexmo.com", url)
    message = Sms(to="447911123456", from_="Notes", text="text")
    return lambda: client.messages.send(message)


@bare("sns")
def sns_sdk(url: str) -> Callable[[], object]:
    client = boto3.client(
        "sns",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
    )
    return lambda: client.publish(PhoneNumber=TO, Message="text")


def lead(adapter: HTTPAdapter, host: str, url: str) -> None:
    """Have an SDK's own adapter go elsewhere, and change nothing else of it."""
    sends = adapter.send

    def send(request: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace(host, url)
        return sends(request, **kwargs)

    adapter.send = send  # type: ignore[method-assign]


@pytest.fixture(params=sorted(BARE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(answer(200)) as server:
        yield server


def told(row: str, name: str) -> str:
    """What the page says of one SDK."""
    lines = [line.strip("| ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    cells = {
        cell[0]: cell[1:] for cell in (re.split(r" *\| *", line) for line in lines) if len(cell) > 5
    }
    vendors = [re.sub(r"\W", "", cell) for cell in cells["By itself"]]
    return cells[row][vendors.index(name)]


def posts(server: ScriptedServer, name: str, behaviour: Behaviour) -> str:
    server.behaviour = behaviour
    send = BARE[name](server.url)
    with contextlib.suppress(FAILS):
        send()
    return str(len(server.requests))


def test_how_often_it_posts_when_the_vendor_hangs_up(name: str, server: ScriptedServer) -> None:
    assert posts(server, name, HUNG_UP) == told("Posts when the vendor hangs up", name)


def test_how_often_it_posts_when_the_vendor_is_down(name: str, server: ScriptedServer) -> None:
    assert posts(server, name, answer(503)) == told("Posts when it answers 503", name)


def test_whether_it_follows_a_redirect(name: str, server: ScriptedServer) -> None:
    with ScriptedServer(answer(200)) as stranger:
        posts(server, name, answer(307, b"", Location=stranger.url))
        followed = "yes" if stranger.requests else "no"
    assert followed == told("Follows a redirect", name)


def test_how_long_it_waits(
    name: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time-out that reaches the connection, which is what counts."""
    waits: list[Any] = []
    connects = HTTPConnectionPool.urlopen

    def urlopen(pool: Any, *args: Any, **kwargs: Any) -> Any:
        given = kwargs.get("timeout", pool.timeout)
        waits.append(given.read_timeout if isinstance(given, Timeout) else given)
        return connects(pool, *args, **kwargs)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", urlopen)
    posts(server, name, TAKES[name])
    waited = "without end" if waits[0] is None else f"{waits[0]:g} s"
    assert waited == told("Waits for an answer", name)


def test_whether_it_keeps_its_connections(name: str, server: ScriptedServer) -> None:
    server.behaviour = TAKES[name]
    send = BARE[name](server.url)
    for _ in range(3):
        send()
    kept = {1: "kept", 3: "one a message"}[max(r.connection for r in server.requests)]
    assert kept == told("Connections", name)
