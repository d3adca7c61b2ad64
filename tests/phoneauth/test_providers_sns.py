"""AWS's own SDK for SNS, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Behaviour, ScriptedServer, answer

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.sns import SnsProvider
from flask_phoneauth.records import Outbound
from flask_phoneauth.settings import SettingError, Settings

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NAMESPACE = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
MESSAGE = Outbound("+447911123456", "Your code: 481920", "AB", "delivery-token")
TAKEN = answer(
    200,
    f"<PublishResponse {NAMESPACE}><PublishResult><MessageId>m-1</MessageId></PublishResult>"
    "</PublishResponse>".encode(),
)


def error(status: int, code: str, text: str = "not to +447911123456", head: str = "") -> Behaviour:
    document = (
        f"{head}<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{text}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    )
    return answer(status, document.encode())


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any AWS configuration of its own."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKEN) as server:
        yield server


@pytest.fixture
def provider(server: ScriptedServer) -> Iterator[SnsProvider]:
    provider = SnsProvider(
        region="eu-west-1",
        access_key_id=KEY,
        secret_access_key=SECRET,
        base_url=server.url,
        read_timeout=0.3,
    )
    yield provider
    provider.close()


def built(**settings: Any) -> SnsProvider:
    provider: SnsProvider = load_provider("sns").from_settings(Settings(**settings))
    return provider


def failure(provider: SnsProvider) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(MESSAGE)
    return caught.value


def test_the_text_is_published_as_no_promotion_from_our_sender(server: ScriptedServer) -> None:
    provider = built(
        sandbox_url=server.url + "/",
        sns_region="eu-west-1",
        sns_access_key_id=KEY,
        sns_secret_access_key=SECRET,
        sns_sender_id="Notes",
        sns_origination_number="+12015550123",
    )
    assert provider.send(MESSAGE).message_id == "m-1"
    provider.close()
    [request] = server.requests
    assert request.path == "/aws"
    signed = request.headers["authorization"]
    assert signed.startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/")
    assert "/eu-west-1/sns/aws4_request" in signed
    form = request.form
    assert (form["Action"], form["PhoneNumber"], form["Message"]) == (
        "Publish",
        "+447911123456",
        "Your code: 481920",
    )
    attributes = {
        form[f"MessageAttributes.entry.{n}.Name"]: form[
            f"MessageAttributes.entry.{n}.Value.StringValue"
        ]
        for n in (1, 2, 3)
    }
    assert attributes == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": "Notes",
        "AWS.MM.SMS.OriginationNumber": "+12015550123",
    }


def test_a_sandbox_needs_no_credentials(server: ScriptedServer) -> None:
    provider = built(sandbox_url=server.url)
    provider.send(MESSAGE)
    provider.close()
    assert "Credential=sandbox/" in server.requests[0].headers["authorization"]
    assert provider.receipts is None


def test_what_the_environment_says_of_aws_is_used_without_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    provider = built()
    assert provider._client.meta.endpoint_url == "https://sns.eu-central-1.amazonaws.com"
    provider.close()


def test_a_missing_region_is_named_with_its_cure() -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_SNS_REGION is missing.*'eu-west-1'"):
        built()


def test_a_profile_that_is_not_there_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingError, match=r"\(ProfileNotFound\): mend what AWS_PROFILE"):
        built(sns_region="eu-west-1")


def test_retries_that_the_environment_asks_for_are_off(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    server.behaviour = error(400, "Throttling")
    provider = built(sandbox_url=server.url)
    assert failure(provider).reason == "throttled"
    provider.close()
    assert len(server.requests) == 1


def test_without_anything_to_sign_with_nothing_was_sent() -> None:
    provider = built(sns_region="eu-west-1")
    failed = failure(provider)
    provider.close()
    assert (type(failed), failed.reason) == (AccountRefused, "credentials_missing")


@pytest.mark.parametrize(
    "setting",
    [
        {"SNS_REGION": "Ireland"},
        {"SNS_SENDER_ID": "twelve-signs"},
        {"SNS_SENDER_ID": "123456"},
        {"SNS_ACCESS_KEY_ID": KEY},
        {"SNS_SECRET_ACCESS_KEY": SECRET},
    ],
)
def test_what_is_malformed_is_refused_at_the_start(setting: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_SNS_") as caught:
        Settings.from_config({f"PHONEAUTH_{name}": value for name, value in setting.items()})
    assert SECRET not in str(caught.value)


def test_without_a_sandbox_a_proxy_of_the_environment_is_used(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, server.url)  # it answers 501 to CONNECT
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    provider = SnsProvider(region="eu-west-1", access_key_id=KEY, secret_access_key=SECRET)
    failed = failure(provider)
    provider.close()
    assert type(failed) is ProviderDown
    assert server.requests == []


def test_a_handshake_that_fails_sent_nothing(server: ScriptedServer) -> None:
    url = server.url.replace("http://", "https://")
    provider = SnsProvider(
        region="eu-west-1", access_key_id=KEY, secret_access_key=SECRET, base_url=url
    )
    failed = failure(provider)
    provider.close()
    assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")


NOT_A_NUMBER = "Invalid parameter: PhoneNumber Reason: +447 is not valid to publish to"


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (error(400, "InvalidParameter", NOT_A_NUMBER), NumberRefused, "number_refused"),
        (error(400, "ParameterValueInvalid", NOT_A_NUMBER), NumberRefused, "number_refused"),
        (error(400, "InvalidParameter", "Empty message"), AccountRefused, "request_refused"),
        (error(400, "OptedOut"), NumberRefused, "number_refused"),
        (error(403, "AuthorizationError"), AccountRefused, "not_allowed"),
        (error(403, "AccessDenied"), AccountRefused, "not_allowed"),
        (error(403, "InvalidClientTokenId"), AccountRefused, "credentials_refused"),
        (error(403, "SignatureDoesNotMatch"), AccountRefused, "credentials_refused"),
        (error(403, "ExpiredToken"), AccountRefused, "credentials_refused"),
        (error(403, "OfTomorrow"), AccountRefused, "credentials_refused"),
        (error(400, "KMSDisabled"), AccountRefused, "request_refused"),
        (error(400, "Throttling"), ProviderDown, "throttled"),
        (error(429, "Throttled"), ProviderDown, "throttled"),
        (error(400, "ThrottlingException"), ProviderDown, "throttled"),
        (error(500, "InternalError"), ProviderDown, "server_error"),
        (error(503, "ServiceUnavailable"), ProviderDown, "server_error"),
        (
            error(400, "Throttling", head="<?xml version='1.0' encoding='utf-8'?>\n"),
            ProviderDown,
            "throttled",
        ),
        (answer(200, b"<PublishResponse/>"), SendUncertain, "unreadable_answer"),
        (
            answer(200, b"<PublishResponse><PublishResult/></PublishResponse>"),
            SendUncertain,
            "unreadable_answer",
        ),
        (answer(400, b"<ErrorResponse"), SendUncertain, "unreadable_answer"),
    ],
)
def test_every_refusal_has_its_kind(
    server: ScriptedServer,
    provider: SnsProvider,
    behaviour: Behaviour,
    kind: type[SendFailed],
    reason: str,
) -> None:
    server.behaviour = behaviour
    failed = failure(provider)
    assert (type(failed), failed.reason) == (kind, reason)
    assert len(server.requests) == 1


def test_the_operator_reads_awss_own_code_and_nobody_the_number(
    server: ScriptedServer, provider: SnsProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behaviour = error(403, "AuthorizationError")
    failure(provider)
    assert "provider sns answered 403, error code AuthorizationError" in caplog.text
    assert "7911123456" not in caplog.text


def test_an_account_that_may_only_publish_passes_the_check(
    server: ScriptedServer, provider: SnsProvider
) -> None:
    server.behaviour = error(403, "AuthorizationError")
    provider.check()
    assert server.requests[0].form["Action"] == "GetSMSAttributes"
    server.behaviour = error(403, "InvalidClientTokenId")
    with pytest.raises(AccountRefused):
        provider.check()
