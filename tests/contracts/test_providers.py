"""What every provider promises; a new one joins by one line in `RIGS`."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
import urllib3
from scripted_server import Behaviour, ScriptedServer, answer, drop, silence

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import PROVIDERS, load_provider
from flask_phoneauth.providers.base import Provider
from flask_phoneauth.providers.sandbox import SandboxProvider
from flask_phoneauth.providers.twilio import TwilioProvider
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

NUMBER = "+447911123456"
CODE = "481920"
SECRET = "a-password-of-the-vendor"


class Sent(NamedTuple):
    """A message as it arrived at the other side."""

    to: str
    body: str


Arrived = Callable[[], list[Sent]]


class Rig(NamedTuple):
    """How to reach one provider's other side for real.

    `begin` gives its settings and a way to read what arrived there. `toward` builds a provider of
    little patience that leads to any address; None for one that uses no network.
    """

    name: str
    begin: Callable[[pytest.FixtureRequest], tuple[Settings, Arrived]]
    toward: Callable[[str], Provider] | None = None
    has_receipts: bool = False


def console(request: pytest.FixtureRequest) -> tuple[Settings, Arrived]:
    capsys = request.getfixturevalue("capsys")
    printed: list[str] = []

    def arrived() -> list[Sent]:
        printed.append(capsys.readouterr().err)
        rule = "\n" + "-" * 64 + "\n"
        sheets = [s for s in "".join(printed).split(rule) if s.startswith("SMS to ")]
        return [_read_sheet(sheet) for sheet in sheets]

    return Settings(), arrived


def _read_sheet(sheet: str) -> Sent:
    head, *lines = sheet.split("\n")
    return Sent(head.removeprefix("SMS to "), "\n".join(line[2:] for line in lines))


def sandbox(request: pytest.FixtureRequest) -> tuple[Settings, Arrived]:
    sms = request.getfixturevalue("sms")
    settings = Settings(sandbox_url=sms.url, sandbox_account=sms.account)
    return settings, arrived_in(sms.url, sms.account)


def arrived_in(url: str, account: str) -> Arrived:
    def arrived() -> list[Sent]:
        with urllib3.PoolManager(retries=False, timeout=5.0) as client:
            found = client.request(
                "GET", f"{url}/api/v1/messages", fields={"account": account, "limit": "100"}
            ).json()
        return [Sent(message["to"], message["body"]) for message in found["messages"]]

    return arrived


def toward_sandbox(url: str) -> Provider:
    return SandboxProvider(url, password=SECRET, read_timeout=0.3)


def twilio(request: pytest.FixtureRequest) -> tuple[Settings, Arrived]:
    sms = request.getfixturevalue("sms")
    account = f"AC{uuid.uuid4().hex}"
    settings = Settings(
        sandbox_url=sms.url,
        public_url="http://127.0.0.1:9",
        twilio_account_sid=account,
        twilio_auth_token=SECRET,
        twilio_from="+15017122661",
    )
    return settings, arrived_in(sms.url, account)


def toward_twilio(url: str) -> Provider:
    return TwilioProvider(
        f"AC{'a' * 32}", SECRET, sender="+15017122661", base_url=url, read_timeout=0.3
    )


RIGS = [
    Rig("console", console),
    Rig("sandbox", sandbox, toward_sandbox),
    Rig("twilio", twilio, toward_twilio, has_receipts=True),
]
NETWORKED = [rig for rig in RIGS if rig.toward is not None]


def message(body: str = f"Your code: {CODE}", to: str = NUMBER) -> Outbound:
    return Outbound(to=to, body=body, reference="AB")


class Side(NamedTuple):
    """A provider and what arrived at its other side."""

    provider: Provider
    arrived: Arrived
    has_receipts: bool


@pytest.fixture(params=RIGS, ids=lambda rig: rig.name)
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    rig: Rig = request.param
    settings, arrived = rig.begin(request)
    provider: Provider = load_provider(rig.name).from_settings(settings)
    yield Side(provider, arrived, rig.has_receipts)
    provider.close()


class TestEveryProvider:
    def test_a_message_arrives_whole_and_once(self, side: Side) -> None:
        side.provider.send(message())
        assert side.arrived() == [Sent(NUMBER, f"Your code: {CODE}")]

    def test_lines_and_letters_of_any_script_arrive_as_they_were(self, side: Side) -> None:
        body = f"Código Größe 東京 🙂 {{}} [] €\n\n@example.com #{CODE}"
        side.provider.send(message(body))
        assert side.arrived() == [Sent(NUMBER, body)]

    def test_the_acceptance_names_the_provider_and_an_id_of_its_own(self, side: Side) -> None:
        accepted = [side.provider.send(message()) for _ in range(3)]
        assert {a.provider for a in accepted} == {side.provider.name}
        assert len({a.message_id for a in accepted}) == 3
        assert all(isinstance(a, Accepted) and a.message_id for a in accepted)

    def test_many_threads_send_at_once(self, side: Side) -> None:
        bodies = [f"text {number}" for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            accepted = list(pool.map(lambda body: side.provider.send(message(body)), bodies))
        assert len({a.message_id for a in accepted}) == 40
        assert sorted(sent.body for sent in side.arrived()) == sorted(bodies)

    def test_it_says_whether_it_has_receipts(self, side: Side) -> None:
        assert (side.provider.receipts is not None) is side.has_receipts

    def test_close_may_be_called_twice(self, side: Side) -> None:
        side.provider.send(message())
        side.provider.close()
        side.provider.close()

    def test_its_repr_shows_no_setting(self, side: Side) -> None:
        assert NUMBER not in repr(side.provider)
        assert "http" not in repr(side.provider)


@pytest.fixture(params=NETWORKED, ids=lambda rig: rig.name)
def provider_to(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Provider]]:
    rig: Rig = request.param
    assert rig.toward is not None
    toward = rig.toward
    made: list[Provider] = []

    def build(url: str) -> Provider:
        made.append(toward(url))
        return made[-1]

    yield build
    for provider in made:
        provider.close()


def failure(provider: Provider) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(message())
    return caught.value


class TestEveryProviderWithANetwork:
    def test_a_refused_connection_sent_nothing(self, provider_to: Any) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # and not listening: nobody else can take the port
            failed = failure(provider_to(f"http://127.0.0.1:{bound.getsockname()[1]}"))
        assert type(failed) is ProviderDown

    def test_it_is_built_without_a_request(self, provider_to: Any) -> None:
        with ScriptedServer(answer(500)) as server:
            provider_to(server.url)
            assert server.requests == []

    @pytest.mark.parametrize(
        ("behaviour", "kind"),
        [
            (silence, SendUncertain),
            (drop, SendUncertain),
            (answer(200, b"?"), SendUncertain),
            (answer(429), ProviderDown),
            (answer(500), ProviderDown),
            (answer(503), ProviderDown),
        ],
        ids=["silence", "drop", "unreadable", "429", "500", "503"],
    )
    def test_a_failure_is_told_by_its_kind_and_not_retried(
        self, provider_to: Any, behaviour: Behaviour, kind: type[SendFailed]
    ) -> None:
        with ScriptedServer(behaviour) as server:
            failed = failure(provider_to(server.url))
            assert type(failed) is kind
            assert len(server.requests) == 1

    def test_a_reason_is_a_short_word_that_tells_no_secret(self, provider_to: Any) -> None:
        for behaviour in (answer(400, b"?"), answer(401), answer(500), drop):
            with ScriptedServer(behaviour) as server:
                failed = failure(provider_to(server.url))
            assert failed.reason.isidentifier(), failed.reason
            assert len(failed.reason) <= 40
            assert not any(digit in failed.reason for digit in "0123456789")

    def test_its_repr_shows_no_secret(self, provider_to: Any) -> None:
        assert SECRET not in repr(provider_to("http://127.0.0.1:9"))


def test_every_built_in_provider_is_under_the_contract() -> None:
    assert sorted(rig.name for rig in RIGS) == sorted(PROVIDERS.rows)


class TestTheSandboxItself:
    def test_a_number_that_it_refuses_is_the_numbers_failure(self, sms: Any) -> None:
        provider = SandboxProvider(sms.url, account=sms.account)
        with pytest.raises(NumberRefused):
            provider.send(message(to="+12"))
        provider.close()

    def test_a_text_that_it_refuses_is_not_the_numbers_failure(self, sms: Any) -> None:
        provider = SandboxProvider(sms.url, account=sms.account)
        with pytest.raises(AccountRefused):
            provider.send(message(body=""))
        provider.close()
        assert sms.messages == []

    def test_its_password_is_needed_and_enough(self) -> None:
        with SandboxServer(SandboxSettings(port=0, password=SECRET)) as server:
            stranger = SandboxProvider(server.url)
            with pytest.raises(AccountRefused, match="credentials_refused"):
                stranger.send(message())
            friend = SandboxProvider(server.url, password=SECRET)
            assert friend.send(message()).message_id
            stranger.close()
            friend.close()
