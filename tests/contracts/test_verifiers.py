"""What every verifier promises, before a real sandbox and before servers that fail."""

from __future__ import annotations

import itertools
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from contracts.vendors import ENOUGH, patience_with
from scripted_server import Behaviour, ScriptedServer, answer, drip, drop, raw, silence

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import VERIFIERS, load_verifier
from flask_phoneauth.providers.base import Checkable
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.verifiers.base import Verifier, Wish
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer

NUMBER = "+447911123456"
TOKEN = "a secret that is nobody else's"
HASH = "FA+9qCX9VSu"
_accounts = itertools.count(1)
_numbers = itertools.count(1)


@pytest.fixture(params=VERIFIERS.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(url: str, **changes: Any) -> Settings:
    account = next(_accounts)
    values = {
        "sandbox_url": url,
        "twilio_account_sid": f"AC{account:032x}",
        "twilio_auth_token": TOKEN,
        "vonage_api_key": f"key{account:05d}",
        "vonage_api_secret": TOKEN,
    }
    return Settings(**values | changes)


@pytest.fixture
def verifier(name: str, server: SandboxServer, inbox: SandboxClient) -> Iterator[Verifier]:
    one: Verifier = load_verifier(name).from_settings(settings(server.url))
    yield one
    one.close()


def fresh() -> str:
    """A number that no test has asked about."""
    return f"+4479111{next(_numbers):05d}"


def wish(number: str, **changes: Any) -> Wish:
    values = {"channel": "sms", "code_length": 6, "seconds": 300, "brand": "Notes"}
    return Wish(number=number, **values | changes)


def code_of(inbox: SandboxClient, number: str) -> str:
    return str(inbox.claim_code(number, timeout=15)["code"])


class TestEveryVerifier:
    def test_the_vendors_code_is_right_once(self, verifier: Verifier, inbox: SandboxClient) -> None:
        number = fresh()
        vendor_id = verifier.start(wish(number))
        code = code_of(inbox, number)
        assert (len(code), code.isdigit()) == (6, True)
        assert verifier.judge(vendor_id, "000000" if code != "000000" else "111111") == "wrong"
        assert verifier.judge(vendor_id, code) == "right"
        assert verifier.judge(vendor_id, code) == "unknown"

    def test_a_call_speaks_it(self, verifier: Verifier, inbox: SandboxClient) -> None:
        number = fresh()
        vendor_id = verifier.start(wish(number, channel="voice"))
        (message,) = inbox.wait(match={"to": number}, until_status="sent", claim=False, timeout=15)
        if verifier.name == "twilio_verify":  # it asks for a key first
            inbox.press(message["id"], "1")
        assert verifier.judge(vendor_id, code_of(inbox, number)) == "right"

    def test_the_hash_of_an_android_app_ends_the_text_and_is_in_no_call(
        self, verifier: Verifier, inbox: SandboxClient
    ) -> None:
        number, other = fresh(), fresh()
        verifier.start(wish(number, app_hash=HASH))
        (text,) = inbox.wait(match={"to": number}, claim=False, timeout=15)
        assert text["body"].endswith(HASH)
        assert text["code"] in text["body"]
        verifier.start(wish(other, app_hash=HASH, channel="voice"))
        (call,) = inbox.wait(match={"to": other}, claim=False, timeout=15)
        assert HASH not in call["body"]

    def test_a_further_start_sends_a_message_whose_code_is_right(
        self, verifier: Verifier, inbox: SandboxClient
    ) -> None:
        number = fresh()
        first = verifier.start(wish(number))
        code_of(inbox, number)
        second = verifier.start(wish(number, former=first))
        assert verifier.judge(second, code_of(inbox, number)) == "right"

    def test_who_asks_while_another_verification_runs_shares_its_code(
        self, verifier: Verifier, inbox: SandboxClient
    ) -> None:
        number = fresh()
        verifier.start(wish(number))
        code = code_of(inbox, number)
        other = verifier.start(wish(number))
        if verifier.name == "vonage_verify":
            verifier.cancel(other)  # what it has only joined, it does not end
        assert verifier.judge(other, code) == "right"

    def test_too_many_wrong_codes_end_it(self, verifier: Verifier, inbox: SandboxClient) -> None:
        number = fresh()
        vendor_id = verifier.start(wish(number))
        code = code_of(inbox, number)
        wrong = "000000" if code != "000000" else "111111"
        said = [verifier.judge(vendor_id, wrong) for _ in range(6)]
        assert said[:2] == ["wrong", "wrong"]
        assert "over" in said
        assert verifier.judge(vendor_id, code) in ("over", "unknown")

    def test_a_cancelled_one_takes_no_code_and_may_be_cancelled_again(
        self, verifier: Verifier, inbox: SandboxClient
    ) -> None:
        number = fresh()
        vendor_id = verifier.start(wish(number))
        verifier.cancel(vendor_id)
        verifier.cancel(vendor_id)
        assert verifier.judge(vendor_id, code_of(inbox, number)) == "unknown"

    def test_what_nobody_has_started_is_unknown(self, verifier: Verifier) -> None:
        for vendor_id in (verifier.nobodys(), verifier.nobodys(), "VE" + "0" * 32):
            assert verifier.judge(vendor_id, "123456") == "unknown"

    def test_virtual_numbers_end_as_their_last_digits_say(self, verifier: Verifier) -> None:
        even, odd = "+99012345678", "+99012345677"
        assert verifier.judge(verifier.start(wish(even)), "345678") == "right"
        assert verifier.judge(verifier.start(wish(odd)), "345677") == "wrong"
        with pytest.raises(ProviderDown):
            verifier.start(wish("+99011111199"))

    def test_a_number_that_takes_no_texts_is_the_numbers_fault(self, verifier: Verifier) -> None:
        with pytest.raises(NumberRefused):
            verifier.start(wish("+123"))

    def test_a_wrong_secret_is_the_accounts_fault(
        self, name: str, server: SandboxServer, verifier: Verifier
    ) -> None:
        known = settings(server.url)
        load_verifier(name).from_settings(known).start(wish(fresh()))
        changed = {"twilio_auth_token": "wrong", "vonage_api_secret": "wrong"}
        kept = {field: getattr(known, field) for field in ("twilio_account_sid", "vonage_api_key")}
        other = load_verifier(name).from_settings(settings(server.url, **kept, **changed))
        with pytest.raises(AccountRefused, match="credentials_refused"):
            other.start(wish(fresh()))
        other.close()

    def test_a_vendor_in_trouble_is_down(self, verifier: Verifier, inbox: SandboxClient) -> None:
        number = fresh()
        for status, reason in ((429, "throttled"), (500, "server_error"), (503, "server_error")):
            effect = {"type": "error", "status": status}
            inbox.add_fault({"match": {"to": number}, "times": 1, "effect": effect})
            with pytest.raises(ProviderDown, match=reason):
                verifier.start(wish(number))
        verifier.start(wish(number))

    def test_it_can_be_asked_without_a_message(
        self, name: str, verifier: Verifier, inbox: SandboxClient, server: SandboxServer
    ) -> None:
        assert isinstance(verifier, Checkable)
        verifier.check()
        assert inbox.messages() == []
        assert inbox.faults() == []
        refused = settings(server.url)
        load_verifier(name).from_settings(refused).check()
        kept = {key: getattr(refused, key) for key in ("twilio_account_sid", "vonage_api_key")}
        changed = {"twilio_auth_token": "wrong", "vonage_api_secret": "wrong"}
        other = load_verifier(name).from_settings(settings(server.url, **kept, **changed))
        with pytest.raises(AccountRefused, match="credentials_refused"):
            other.check()

    def test_many_threads_verify_at_once(self, verifier: Verifier, inbox: SandboxClient) -> None:
        numbers = [fresh() for _ in range(12)]
        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(lambda number: verifier.start(wish(number)), numbers))
        codes = [code_of(inbox, number) for number in numbers]
        with ThreadPoolExecutor(4) as pool:
            said = list(pool.map(verifier.judge, ids, codes))
        assert said == ["right"] * 12

    def test_it_may_be_closed_twice_and_used_again(self, verifier: Verifier) -> None:
        verifier.close()
        verifier.close()
        assert verifier.start(wish(fresh()))


BROKEN: dict[str, tuple[Behaviour, type[SendFailed]]] = {
    "silence": (silence, SendUncertain),
    "a dropped connection": (drop, SendUncertain),
    "garbage": (raw(b"no HTTP at all\r\n\r\n"), SendUncertain),
    "an answer that cannot be read": (answer(201, b"<html>"), SendUncertain),
    "an answer of another kind": (answer(202, ["no", "object"]), SendUncertain),
    "an answer that never ends": (drip, SendUncertain),
    "a redirect": (answer(302, Location="http://127.0.0.1:9/elsewhere"), AccountRefused),
    "an error that cannot be read": (answer(500, b"<html>"), ProviderDown),
    "an error of another kind": (answer(400, [1]), AccountRefused),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_breaks_is_told_in_our_words_and_never_repeated(name: str, what: str) -> None:
    behaviour, kind = BROKEN[what]
    with ScriptedServer(behaviour) as server:
        one = build(name, server.url, patience_with(behaviour))
        with pytest.raises(SendFailed) as failed:
            one.start(wish(NUMBER))
        assert isinstance(failed.value, kind), failed.value
        assert server.count(1) == 1
        one.close()


def test_a_server_that_is_not_there_is_a_known_failure(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        one = build(name, f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ProviderDown, match="unreachable"):
            one.start(wish(NUMBER))
        with pytest.raises(ProviderDown, match="unreachable"):
            one.judge("VE" + "0" * 32, "123456")
        one.close()


ALL_OF_IT = f"{NUMBER} {TOKEN} 481920"
SAYING: dict[str, dict[str, Any]] = {
    "in a sentence": {"detail": ALL_OF_IT},
    "as a code": {"detail": "x", "code": int(NUMBER), "message": ALL_OF_IT},
    "as short a code": {"code": 481920, "message": ALL_OF_IT},
    "as a status": {"type": ALL_OF_IT, "title": ALL_OF_IT, "status": ALL_OF_IT, "code": ALL_OF_IT},
}


@pytest.mark.parametrize("said", SAYING.values(), ids=SAYING)
def test_neither_secret_nor_number_nor_code_is_told(
    name: str, said: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    with (
        caplog.at_level(logging.DEBUG, logger="flask_phoneauth"),
        ScriptedServer(answer(400, said)) as server,
    ):
        one = build(name, server.url)
        told.append(repr(one) + repr(wish(NUMBER)))
        deeds: tuple[Callable[[], object], ...] = (
            lambda: one.start(wish(NUMBER)),
            lambda: one.cancel("VE1"),
        )
        for deed in deeds:
            with pytest.raises(SendFailed) as failed:
                deed()
            told.append(f"{failed.value} {failed.value!r} {failed.value.told}")
        one.close()
    told += [record.getMessage() for record in caplog.records]
    for secret in (TOKEN, NUMBER.removeprefix("+"), "481920"):
        assert secret not in " ".join(told)


def test_what_is_missing_is_named_with_its_cure() -> None:
    for name, keys in (
        ("twilio_verify", ("twilio_account_sid", "twilio_auth_token", "twilio_verify_service_sid")),
        ("vonage_verify", ("vonage_api_key", "vonage_api_secret")),
    ):
        given: dict[str, Any] = {}
        for key in keys:
            with pytest.raises(SettingError, match=f"PHONEAUTH_{key.upper()} is missing"):
                load_verifier(name).from_settings(Settings(**given))
            given[key] = {"twilio_account_sid": "AC" + "0" * 32}.get(key, "VA" + "0" * 32)
        load_verifier(name).from_settings(Settings(**given)).close()
    with pytest.raises(SettingError, match="PHONEAUTH_VONAGE_PRIVATE_KEY is missing"):
        load_verifier("vonage_verify").from_settings(Settings(vonage_application_id="x"))


def build(name: str, url: str, patience: float = ENOUGH) -> Any:
    """A verifier that waits so many seconds for its vendor's answer."""
    known = settings(url)
    kind = load_verifier(name)
    if name == "twilio_verify":
        account = (known.twilio_account_sid, known.twilio_auth_token, "VA" + "0" * 32)
        return kind(*account, base_url=f"{url}/twilio", read_timeout=patience)
    return kind(
        known.vonage_api_key,
        known.vonage_api_secret,
        base_url=f"{url}/vonage",
        read_timeout=patience,
    )


@pytest.mark.parametrize("status", ["failed", "expired", "canceled", "Completed", "", None, True])
def test_only_the_vendors_own_word_makes_a_code_right(name: str, status: object) -> None:
    told = {"sid": "VE1", "request_id": "one", "valid": True, "status": status}
    with ScriptedServer(answer(200, told)) as server:
        one = load_verifier(name).from_settings(settings(server.url))
        try:
            verdict: str = one.judge("VE1", "123456")
        except SendFailed as failed:
            verdict = failed.reason
        one.close()
        assert len(server.requests) == 1
    assert verdict in ("wrong", "unknown", "unreadable_answer")
