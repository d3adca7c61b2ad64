"""What every provider promises; a new one joins by one `Vendor` in `contracts/vendors.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
import urllib3
from contracts.sides import (
    CODE,
    NUMBER,
    Sent,
    Side,
    console_side,
    failure,
    message,
    vendor_side,
)
from contracts.vendors import LITTLE, SECRET, VENDORS, Vendor
from scripted_server import (
    ScriptedServer,
    answer,
    drop,
    silence,
)

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import PROVIDERS, load_provider
from flask_phoneauth.providers.base import Checkable, Provider
from flask_phoneauth.providers.sandbox import SandboxProvider
from flask_phoneauth.records import Accepted
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Credential
from sms_sandbox.settings import Settings as SandboxSettings


@pytest.fixture(params=[None, *VENDORS], ids=lambda one: one.name if one else "console")
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """Every provider, before a real sandbox where it has a network."""
    if request.param is None:
        side = console_side(request.getfixturevalue("capsys"))
    else:
        side = vendor_side(request.param, request.getfixturevalue("sms_server").url)
    yield side
    side.provider.close()


class TestEveryProvider:
    def test_a_message_arrives_whole_and_once_from_its_sender(self, side: Side) -> None:
        side.provider.send(message())
        sender = side.vendor.sender if side.vendor else ""
        assert side.arrived() == [Sent(NUMBER, f"Your code: {CODE}", sender)]

    def test_lines_and_letters_of_any_script_arrive_as_they_were(self, side: Side) -> None:
        body = f"Código Größe 東京 🙂 {{}} [] €\n\n@example.com #{CODE}"
        side.provider.send(message(body))
        assert [sent.body for sent in side.arrived()] == [body]

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
        judged = side.vendor is not None and side.vendor.judge is not None
        assert (side.provider.receipts is not None) is judged

    def test_close_may_be_called_twice_and_a_later_send_opens_anew(self, side: Side) -> None:
        side.provider.send(message("one"))
        side.provider.close()
        side.provider.close()
        side.provider.send(message("two"))
        assert sorted(sent.body for sent in side.arrived()) == ["one", "two"]

    def test_its_repr_shows_no_setting(self, side: Side) -> None:
        assert NUMBER not in repr(side.provider)
        assert "http" not in repr(side.provider)
        assert SECRET not in repr(side.provider)


class Struck(NamedTuple):
    """A provider whose account is struck by a fault rule; `hits` counts the requests struck."""

    provider: Provider
    hits: Callable[[], int]


@pytest.fixture
def strike(vendor: Vendor, sms_server: SandboxServer) -> Iterator[Callable[..., Struck]]:
    """`strike(effect)`: every request of a fresh account meets that effect."""
    made: list[Provider] = []

    def struck(effect: dict[str, Any]) -> Struck:
        side = vendor_side(vendor, sms_server.url)
        made.append(side.provider)
        rules = f"{sms_server.url}/api/v1/faults"
        rule = {"match": {"account": side.account}, "effect": effect}
        added = urllib3.request("POST", rules, json=rule, timeout=30).json()

        def hits() -> int:
            listed = urllib3.request("GET", f"{rules}?account={side.account}", timeout=30)
            found = listed.json()["faults"]
            return int(next(one["hits"] for one in found if one["id"] == added["id"]))

        return Struck(side.provider, hits)

    yield struck
    for provider in made:
        provider.close()


class TestEveryVendorInTheSandbox:
    def test_a_number_that_it_refuses_is_the_numbers_failure(
        self, vendor: Vendor, sms_server: SandboxServer
    ) -> None:
        side = vendor_side(vendor, sms_server.url)
        failed = failure(side.provider, message(to="+12"))
        side.provider.close()
        assert (type(failed), failed.reason) == (NumberRefused, "number_refused")

    @pytest.mark.parametrize(
        ("effect", "kind", "reason"),
        [
            ({"type": "error", "status": 500}, ProviderDown, "server_error"),
            ({"type": "error", "status": 503, "retry_after": 7}, ProviderDown, "server_error"),
            ({"type": "error", "status": 429, "retry_after": 7}, ProviderDown, "throttled"),
            ({"type": "disconnect"}, SendUncertain, "connection_lost"),
            ({"type": "truncate"}, SendUncertain, "unreadable_answer"),
        ],
        ids=["500", "503", "429", "disconnect", "truncate"],
    )
    def test_what_its_vendor_does_wrong_is_told_by_its_kind_after_one_request(
        self, strike: Any, effect: dict[str, Any], kind: type[SendFailed], reason: str
    ) -> None:
        struck = strike(effect)
        failed = failure(struck.provider)
        assert (type(failed), failed.reason) == (kind, reason)
        assert struck.hits() == 1


ACCOUNTS = {one.name: one.new_account() for one in VENDORS}


@pytest.fixture(scope="module")
def strict() -> Iterator[SandboxServer]:
    """A sandbox that lets nobody in but one credential of each vendor."""
    credentials = tuple(
        Credential(provider=name, name=account, secret=SECRET, account=account)
        for name, account in ACCOUNTS.items()
        if name != "sandbox"
    )
    settings = SandboxSettings(port=0, strict=True, credentials=credentials)
    with SandboxServer(settings) as server:
        yield server


class TestCredentials:
    @pytest.mark.parametrize(
        "vendor", [one for one in VENDORS if one.name != "sandbox"], ids=lambda one: one.name
    )
    def test_a_wrong_secret_is_the_accounts_failure_and_the_right_one_is_taken(
        self, vendor: Vendor, strict: SandboxServer
    ) -> None:
        for secret, taken in (("another-secret-of-another-account", False), (SECRET, True)):
            settings = vendor.settings(strict.url, ACCOUNTS[vendor.name], secret)
            provider = load_provider(vendor.name).from_settings(settings)
            assert isinstance(provider, Checkable)
            if taken:
                assert provider.send(message()).message_id
                provider.check()
            else:
                failed = failure(provider)
                assert (type(failed), failed.reason) == (AccountRefused, "credentials_refused")
                with pytest.raises(AccountRefused, match="credentials_refused"):
                    provider.check()
            provider.close()

    def test_a_check_sends_nothing_and_tells_a_vendor_that_is_down(self, vendor: Vendor) -> None:
        with ScriptedServer(answer(503)) as server:
            provider = vendor.toward(server.url, LITTLE)
            assert isinstance(provider, Checkable)
            for server.behaviour in (answer(503), silence, drop):
                with pytest.raises(ProviderDown):
                    provider.check()
            provider.close()


def test_every_built_in_provider_is_under_the_contract() -> None:
    assert sorted(("console", *(one.name for one in VENDORS))) == sorted(PROVIDERS.rows)


class TestTheSandboxItself:
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
