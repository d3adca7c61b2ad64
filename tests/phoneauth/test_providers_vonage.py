"""Vonage's official SDK, held to bounded waits, to one request and to our four kinds of failure."""

from __future__ import annotations

import base64

import jwt
import pytest
import vonage
from contracts.refusals import by_vonage
from contracts.sides import TOKEN, Sending, failure, message
from contracts.vendors import VONAGE
from sandbox.vonage_calls import APPLICATION, private_key, private_pem
from scripted_server import ScriptedServer

from flask_phoneauth.errors import AccountRefused, NumberRefused, ProviderDown
from flask_phoneauth.providers.vonage import VonageProvider
from flask_phoneauth.settings import SettingError

KEY, SECRET = "abcd1234", "a-secret-of-the-account"
VENDOR = VONAGE
SOUND = {"vonage_api_key": KEY, "vonage_api_secret": SECRET, "vonage_from": "+15017122661"}


def test_the_message_is_sent_for_our_key_with_sender_and_webhook(sent: Sending) -> None:
    request = sent(public_url="https://notes.example/app/", vonage_signature_secret=SECRET, **SOUND)
    assert (request.method, request.path) == ("POST", "/vonage/v1/messages")
    kind, _, word = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(word).decode()) == ("Basic", f"{KEY}:{SECRET}")
    assert request.json == {
        "to": "447911123456",
        "from": "15017122661",
        "text": "Your code: 481920",
        "channel": "sms",
        "message_type": "text",
        "client_ref": TOKEN,
        "webhook_url": f"https://notes.example/app/auth/receipts/vonage/{TOKEN}",
    }


def test_an_application_signs_in_by_its_key(sent: Sending) -> None:
    request = sent(vonage_application_id=APPLICATION, vonage_private_key=private_pem(), **SOUND)
    kind, _, token = request.headers["authorization"].partition(" ")
    claims = jwt.decode(token, private_key("application").public_key(), algorithms=["RS256"])
    assert (kind, claims["application_id"]) == ("Bearer", APPLICATION)


def test_an_application_needs_no_other_credential() -> None:
    application = {"vonage_application_id": APPLICATION, "vonage_private_key": private_pem()}
    VONAGE.built(vonage_from="Notes", **application).close()


@pytest.mark.parametrize("missing", ["vonage_application_id", "vonage_private_key"])
def test_half_an_application_is_refused(missing: str) -> None:
    application = {"vonage_application_id": APPLICATION, "vonage_private_key": private_pem()}
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing"):
        VONAGE.built(**{**SOUND, **application, missing: ""})


@pytest.mark.parametrize(
    "key",
    [
        "no key",
        "/no/such/file.key",
        "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_key_that_is_none_is_refused_at_the_start_and_not_shown(key: str) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_VONAGE_PRIVATE_KEY is no private") as caught:
        VONAGE.built(vonage_application_id=APPLICATION, vonage_private_key=key, **SOUND)
    assert "bm8=" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_sandbox_needs_no_credentials(sent: Sending) -> None:
    assert sent().json["from"] == "15005550006"


def test_one_word_does_for_a_sandbox_that_signs(sent: Sending) -> None:
    settings = {"public_url": "http://127.0.0.1:9", "vonage_signature_secret": "word"}
    request = sent(**settings)
    shown = request.headers["authorization"].partition(" ")[2]
    assert base64.b64decode(shown).decode().endswith(":word")
    assert TOKEN in request.json["webhook_url"]


def test_nothing_of_the_sdk_is_changed_for_others(sent: Sending) -> None:
    sent()
    other = vonage.Vonage(vonage.Auth(api_key=KEY, api_secret=SECRET))
    session = other.http_client._session
    assert "https://api.nexmo.com" not in session.adapters
    assert session.hooks == {"response": []}
    assert other.http_client.http_client_options.pool_maxsize == 10


@pytest.mark.parametrize("number", ["+12", "447911123456x", "+0447911123", "", "+" + "4" * 16])
def test_what_is_no_number_is_refused_unsent(
    server: ScriptedServer, provider: VonageProvider, number: str
) -> None:
    failed = failure(provider, message("text", number))
    assert (type(failed), failed.reason) == (NumberRefused, "number_refused")
    assert server.requests == []


def test_what_the_sdk_itself_refuses_is_told_without_its_words(
    server: ScriptedServer, provider: VonageProvider
) -> None:
    failed = failure(provider, message("x" * 4000))
    assert (type(failed), failed.reason) == (AccountRefused, "request_refused")
    assert failed.__context__ is None
    assert server.requests == []


def test_a_check_sends_no_message_and_is_content_to_be_let_in(
    server: ScriptedServer, provider: VonageProvider
) -> None:
    server.behaviour = by_vonage(422, "1150", "to", "from", "text")
    provider.check()
    [request] = server.requests
    assert request.json == {}
    for server.behaviour, kind in (
        (by_vonage(401, "unauthorized"), AccountRefused),
        (by_vonage(402, "low-balance"), AccountRefused),
        (by_vonage(429, "1000"), ProviderDown),
    ):
        with pytest.raises(kind):
            provider.check()
