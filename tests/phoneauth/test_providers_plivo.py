"""Plivo's official SDK, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import base64

import plivo
import pytest
from contracts.sides import TOKEN as DELIVERY
from contracts.sides import Sending, failure, message
from contracts.vendors import PLIVO
from scripted_server import ScriptedServer

from flask_phoneauth.errors import NumberRefused
from flask_phoneauth.providers.plivo import PlivoProvider
from flask_phoneauth.settings import SettingError, Settings

ACCOUNT = "MA" + "A" * 18
TOKEN = "a-token-of-the-account"
POWERPACK = "db3ce55a-7f1d-41e1-8ea7-1231380bc196"
VENDOR = PLIVO
SOUND = {"plivo_auth_id": ACCOUNT, "plivo_auth_token": TOKEN, "plivo_src": "+15017122661"}


def test_the_message_is_created_in_our_account_with_sender_and_callback(sent: Sending) -> None:
    request = sent(public_url="https://notes.example/app/", **SOUND)
    assert (request.method, request.path) == ("POST", f"/plivo/v1/Account/{ACCOUNT}/Message/")
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{ACCOUNT}:{TOKEN}")
    assert request.json == {
        "dst": "+447911123456",
        "src": "+15017122661",
        "text": "Your code: 481920",
        "type": "sms",
        "url": f"https://notes.example/app/auth/receipts/plivo/{DELIVERY}",
        "method": "POST",
        "log": "true",
        "trackable": False,
    }


def test_a_powerpack_takes_the_place_of_the_sender(sent: Sending) -> None:
    settings = {**SOUND, "plivo_src": "", "plivo_powerpack_uuid": POWERPACK}
    request = sent(**settings)
    assert request.json["powerpack_uuid"] == POWERPACK
    assert "src" not in request.json
    PLIVO.built(**settings).close()


def test_a_sandbox_needs_no_credentials(sent: Sending) -> None:
    request = sent()
    assert request.json["src"] == "+15005550006"
    assert request.path.split("/")[4] == "MA" + "0" * 18


@pytest.mark.parametrize(
    "setting",
    [
        {"PLIVO_AUTH_ID": "AC" + "A" * 18},
        {"PLIVO_AUTH_ID": ACCOUNT[:-1]},
        {"PLIVO_POWERPACK_UUID": "a powerpack"},
        {"PLIVO_SRC": "Notes", "PLIVO_POWERPACK_UUID": POWERPACK},
    ],
)
def test_what_is_malformed_is_refused_at_the_start(setting: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=f"PHONEAUTH_{next(iter(setting))}"):
        Settings.from_config({f"PHONEAUTH_{name}": value for name, value in setting.items()})


def test_nothing_of_the_sdk_is_changed_for_others(sent: Sending) -> None:
    sent()
    assert plivo.rest.client.PLIVO_API_BASE_URI == "https://api.plivo.com/v1/Account"
    assert not plivo.RestClient(ACCOUNT, TOKEN).session.adapters.keys() & {"https://api.plivo.com"}


def test_our_own_number_is_refused_unsent(server: ScriptedServer, provider: PlivoProvider) -> None:
    failed = failure(provider, message("text", "+15017122661"))
    assert type(failed) is NumberRefused
    assert server.requests == []
