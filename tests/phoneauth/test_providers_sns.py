"""AWS's own SDK for SNS, held to bounded waits and to our four kinds of failure."""

from __future__ import annotations

import pytest
from contracts.refusals import by_aws
from contracts.sides import Sending, failure
from contracts.vendors import SNS
from scripted_server import ScriptedServer

from flask_phoneauth.errors import AccountRefused
from flask_phoneauth.providers.sns import SnsProvider
from flask_phoneauth.settings import SettingError, Settings

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
VENDOR = SNS

pytestmark = pytest.mark.usefixtures("without_aws")


def test_the_text_is_published_as_no_promotion_from_our_sender(sent: Sending) -> None:
    request = sent(
        sns_region="eu-west-1",
        sns_access_key_id=KEY,
        sns_secret_access_key=SECRET,
        sns_sender_id="Notes",
        sns_origination_number="+12015550123",
    )
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


def test_a_sandbox_needs_no_credentials(sent: Sending) -> None:
    assert "Credential=sandbox/" in sent().headers["authorization"]


def test_what_the_environment_says_of_aws_is_used_without_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    provider = SNS.built()
    assert provider._client.meta.endpoint_url == "https://sns.eu-central-1.amazonaws.com"
    provider.close()


def test_a_missing_region_is_named_with_its_cure() -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_SNS_REGION is missing.*'eu-west-1'"):
        SNS.built()


def test_a_profile_that_is_not_there_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingError, match=r"\(ProfileNotFound\): mend what AWS_PROFILE"):
        SNS.built(sns_region="eu-west-1")


def test_retries_that_the_environment_asks_for_are_off(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    server.behaviour = by_aws(400, "Throttling")
    provider = SNS.built(sandbox_url=server.url)
    assert failure(provider).reason == "throttled"
    provider.close()
    assert len(server.requests) == 1


def test_without_anything_to_sign_with_nothing_was_sent() -> None:
    provider = SNS.built(sns_region="eu-west-1")
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


def test_an_account_that_may_only_publish_passes_the_check(
    server: ScriptedServer, provider: SnsProvider
) -> None:
    server.behaviour = by_aws(403, "AuthorizationError")
    provider.check()
    assert server.requests[0].form["Action"] == "GetSMSAttributes"
    server.behaviour = by_aws(403, "InvalidClientTokenId")
    with pytest.raises(AccountRefused):
        provider.check()
