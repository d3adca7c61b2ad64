"""Twilio's official SDK, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import base64
import gzip

import pytest
from contracts.refusals import by_twilio
from contracts.sides import TOKEN as DELIVERY
from contracts.sides import Sending, message
from contracts.vendors import TWILIO
from scripted_server import ScriptedServer, answer

from flask_phoneauth.errors import AccountRefused, ProviderDown
from flask_phoneauth.providers.base import Checkable
from flask_phoneauth.providers.twilio import TwilioProvider
from flask_phoneauth.settings import SettingError, Settings

ACCOUNT = "AC" + "a" * 32
SERVICE = "MG" + "c" * 32
TOKEN = "a-token-of-the-account"
VENDOR = TWILIO
SOUND = {
    "twilio_account_sid": ACCOUNT,
    "twilio_auth_token": TOKEN,
    "twilio_from": "+15017122661",
}


def test_the_message_is_created_in_our_account_with_sender_and_callback(sent: Sending) -> None:
    request = sent(
        public_url="https://notes.example/app/", twilio_messaging_service_sid=SERVICE, **SOUND
    )
    assert request.path == f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{ACCOUNT}:{TOKEN}")
    assert request.form == {
        "To": "+447911123456",
        "From": "+15017122661",
        "MessagingServiceSid": SERVICE,
        "Body": "Your code: 481920",
        "StatusCallback": f"https://notes.example/app/auth/receipts/twilio/{DELIVERY}",
    }


def test_a_sandbox_needs_no_credentials(sent: Sending) -> None:
    request = sent()
    assert request.form["From"] == "+15005550006"
    assert request.path.split("/")[4] == "AC" + "0" * 32


def test_a_messaging_service_does_without_a_sender() -> None:
    TWILIO.built(**{**SOUND, "twilio_from": "", "twilio_messaging_service_sid": SERVICE}).close()


@pytest.mark.parametrize(
    "setting",
    [{"TWILIO_ACCOUNT_SID": "SK" + "a" * 32}, {"TWILIO_MESSAGING_SERVICE_SID": SERVICE[:-1]}],
)
def test_a_malformed_id_is_refused_at_the_start(setting: dict[str, str]) -> None:
    [(name, value)] = setting.items()
    with pytest.raises(SettingError, match=f"PHONEAUTH_{name} must be .. and 32"):
        Settings.from_config({f"PHONEAUTH_{name}": value})


def test_without_a_sandbox_it_speaks_to_twilio_by_tls_and_in_the_sdks_own_way() -> None:
    provider = TWILIO.built(**SOUND)
    assert provider._client.api.base_url == "https://api.twilio.com"
    assert provider._session.trust_env
    assert provider._session.get_adapter("https://api.twilio.com").max_retries.total == 0
    provider.close()


def test_what_the_environment_says_of_proxies_edges_and_regions_leaves_the_sandbox_alone(
    sent: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    sent()


def test_a_compressed_answer_is_read(server: ScriptedServer, provider: TwilioProvider) -> None:
    server.behaviour = answer(201, gzip.compress(b'{"sid": "SM1"}'), Content_Encoding="gzip")
    assert provider.send(message()).message_id == "SM1"


def test_the_account_can_be_checked_without_a_message(
    server: ScriptedServer, provider: TwilioProvider
) -> None:
    assert isinstance(provider, Checkable)
    server.behaviour = answer(200, {"sid": ACCOUNT})
    provider.check()
    assert server.requests[0].path == f"/2010-04-01/Accounts/{ACCOUNT}.json"
    for behaviour, kind in (
        (by_twilio(401, 20003), AccountRefused),
        (by_twilio(500, 20500), ProviderDown),
    ):
        server.behaviour = behaviour
        with pytest.raises(kind):
            provider.check()
