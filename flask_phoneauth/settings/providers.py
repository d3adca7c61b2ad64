"""Who sends, and with which credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import address, key_of, setting
from flask_phoneauth.settings.values import SettingError

OURS = ("console", "messagebird", "plivo", "sandbox", "sns", "twilio", "vonage")
"""The providers of this package, whose settings stand here."""

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHAPES = {
    "twilio_account_sid": (re.compile("AC[0-9a-f]{32}"), "AC and 32 letters of 0-9 and a-f"),
    "twilio_messaging_service_sid": (
        re.compile("MG[0-9a-f]{32}"),
        "MG and 32 letters of 0-9 and a-f",
    ),
    "plivo_auth_id": (re.compile("(MA|SA)[A-Z0-9]{18}"), "MA or SA and 18 capitals or digits"),
    "plivo_powerpack_uuid": (_UUID, "a UUID"),
    "vonage_application_id": (_UUID, "a UUID"),
    "sns_region": (re.compile("[a-z]{2,3}(-[a-z]+)+-[0-9]+"), "a region, as 'eu-west-1'"),
    "sns_sender_id": (
        re.compile("(?=.*[A-Za-z])[A-Za-z0-9]{1,11}"),
        "1 to 11 letters and digits, at least one of them a letter",
    ),
}


@dataclass(frozen=True, kw_only=True)
class ProvidersSettings:
    """Who sends, and with which credentials."""

    providers: tuple[str, ...] = setting(
        (),
        "who sends, in this order; default in debug and testing: `sandbox` where "
        "`SANDBOX_URL` is set, else `console`",
    )
    sandbox_url: str = setting("", "address of a running sms_sandbox; refused in production")
    sandbox_account: str = setting("default", "the sandbox account that native sends go to")
    sandbox_password: str = setting("", "the sandbox's `--password`, if it has one", secret=True)
    twilio_account_sid: str = setting(
        "", "the Twilio account, `AC` and 32 letters; with `SANDBOX_URL` any"
    )
    twilio_auth_token: str = setting(
        "", "its auth token, which signs receipts too; with `SANDBOX_URL` any", secret=True
    )
    twilio_from: str = setting("", "the sender: a number, short code or name of that account")
    twilio_messaging_service_sid: str = setting(
        "", "a messaging service that chooses the sender, `MG` and 32 letters"
    )
    plivo_auth_id: str = setting(
        "", "the Plivo account, `MA` (or `SA`) and 18 letters; with `SANDBOX_URL` any"
    )
    plivo_auth_token: str = setting(
        "", "its auth token, which signs receipts too; with `SANDBOX_URL` any", secret=True
    )
    plivo_src: str = setting("", "the sender: a number, short code or name of that account")
    plivo_powerpack_uuid: str = setting("", "a powerpack that chooses the sender, instead")
    messagebird_access_key: str = setting(
        "", "the MessageBird account's key; with `SANDBOX_URL` any", secret=True
    )
    messagebird_signing_key: str = setting(
        "", "what signs its receipts; without it none are asked for", secret=True
    )
    messagebird_originator: str = setting("", "the sender: a number, or a name of 11 letters")
    vonage_api_key: str = setting("", "the Vonage account's key; with `SANDBOX_URL` any")
    vonage_api_secret: str = setting("", "its secret; with `SANDBOX_URL` any", secret=True)
    vonage_signature_secret: str = setting(
        "", "what signs its receipts; without it none are asked for", secret=True
    )
    vonage_from: str = setting("", "the sender: a number, or a name of 11 letters")
    vonage_application_id: str = setting("", "the Vonage application that signs in by a key")
    vonage_private_key: str = setting("", "that application's private key (PEM)", secret=True)
    sns_region: str = setting(
        "", "the AWS region that sends, as `eu-west-1`; default: what boto3 finds"
    )
    sns_access_key_id: str = setting(
        "", "the AWS access key; default: what boto3 finds (environment, profile, role)"
    )
    sns_secret_access_key: str = setting("", "its secret", secret=True)
    sns_sender_id: str = setting("", "the name that is shown as the sender, where a country has it")
    sns_origination_number: str = setting("", "the number of that account that sends")


def check(settings: ProvidersSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    address("sandbox_url", settings.sandbox_url)
    for name, (shape, told) in _SHAPES.items():
        value = getattr(settings, name)
        if value and not shape.fullmatch(value):
            raise SettingError(f"{key_of(name)} must be {told}")
    if settings.plivo_src and settings.plivo_powerpack_uuid:
        raise SettingError(
            "PHONEAUTH_PLIVO_SRC and PHONEAUTH_PLIVO_POWERPACK_UUID exclude each other: take one "
            "out"
        )
    if bool(settings.sns_access_key_id) != bool(settings.sns_secret_access_key):
        raise SettingError(
            "PHONEAUTH_SNS_ACCESS_KEY_ID and PHONEAUTH_SNS_SECRET_ACCESS_KEY go together: set "
            "both, or neither, and boto3 looks for credentials itself"
        )
