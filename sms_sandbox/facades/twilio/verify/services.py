"""Verification services: their settings, and what is shown of them.

A service that nobody has created begins with Twilio's defaults when a verification is first
started with its SID, so an app runs with the SID of its configuration; a deleted one stays deleted.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.verify import form as reading
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verify_service"
_DELETED = "verify_service_deleted"
_SID = re.compile(r"VA[0-9a-f]{32}")
_MAX_NAME = 32
_MAX_DIGITS = 4
_DEFAULT_NAME = "SMS sandbox"

_FLAGS: Mapping[str, tuple[str, bool]] = {
    "lookup_enabled": ("LookupEnabled", False),
    "psd2_enabled": ("Psd2Enabled", False),
    "skip_sms_to_landlines": ("SkipSmsToLandlines", False),
    "dtmf_input_required": ("DtmfInputRequired", True),
    "do_not_share_warning_enabled": ("DoNotShareWarningEnabled", False),
    "custom_code_enabled": ("CustomCodeEnabled", False),
    "verify_event_subscription_enabled": ("VerifyEventSubscriptionEnabled", False),
}
_GROUPS: Mapping[str, Mapping[str, str]] = {
    "push": {
        "include_date": "Push.IncludeDate",
        "apn_credential_sid": "Push.ApnCredentialSid",
        "fcm_credential_sid": "Push.FcmCredentialSid",
    },
    "totp": {
        "issuer": "Totp.Issuer",
        "time_step": "Totp.TimeStep",
        "code_length": "Totp.CodeLength",
        "skew": "Totp.Skew",
    },
    "whatsapp": {"msg_service_sid": "Whatsapp.MsgServiceSid", "from": "Whatsapp.From"},
    "passkeys": {
        "authenticator_attachment": "Passkeys.AuthenticatorAttachment",
        "discoverable_credentials": "Passkeys.DiscoverableCredentials",
        "user_verification": "Passkeys.UserVerification",
    },
}
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "Totp.TimeStep": (20, 60),
    "Totp.CodeLength": (3, 8),
    "Totp.Skew": (0, 2),
}
_LINKS: Mapping[str, str] = {
    "verification_checks": "VerificationCheck",
    "verifications": "Verifications",
    "rate_limits": "RateLimits",
    "messaging_configurations": "MessagingConfigurations",
    "entities": "Entities",
    "webhooks": "Webhooks",
    "access_tokens": "AccessTokens",
}


def create(caller: Caller, form: Mapping[str, str]) -> dict[str, Any]:
    """Store a new service. Raises ``TwilioError``."""
    if "FriendlyName" not in form:
        raise reading.invalid("FriendlyName")
    record = _new(caller, caller.new_sid("VA"), _settings(form, {}))
    with caller.room.database.write() as connection:
        records.insert(connection, record)
    return show(caller, record)


def get(connection: sqlite3.Connection, caller: Caller, sid: str) -> Record:
    """One service. Raises ``TwilioError`` if there is none."""
    found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is None:
        raise caller.not_found()
    return found


def fetch(caller: Caller, sid: str) -> Record:
    """One service, in a transaction of its own. Raises ``TwilioError`` if there is none."""
    with caller.room.database.read() as connection:
        return get(connection, caller, sid)


def fetch_or_open(caller: Caller, sid: str) -> Record:
    """One service; a well-formed SID that is new here opens one with the defaults."""
    account = caller.account
    with caller.room.database.read() as connection:
        found = records.get(connection, PROVIDER, account, KIND, sid)
    if found is not None:
        return found
    with caller.room.database.write() as connection:
        found = records.get(connection, PROVIDER, account, KIND, sid)
        if found is not None:
            return found
        deleted = records.get(connection, PROVIDER, account, _DELETED, sid)
        if deleted is not None or not _SID.fullmatch(sid) or caller.room.settings.strict:
            raise caller.not_found()
        settings = _settings({"FriendlyName": _DEFAULT_NAME}, {})
        return records.insert(connection, _new(caller, sid, settings))


def update(caller: Caller, sid: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Change the settings that a form names. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        found = get(connection, caller, sid)
        settings = _settings(form, found.data)
        changed = replace(found, updated_at=caller.now, data=settings)
        records.put(connection, changed)
    return show(caller, changed)


def delete(caller: Caller, sid: str) -> None:
    """Forget a service; its verifications cannot be reached any more. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        found = get(connection, caller, sid)
        records.delete(connection, PROVIDER, caller.account, KIND, sid)
        records.insert(connection, replace(found, kind=_DELETED, place=0))


def show(caller: Caller, service: Record) -> dict[str, Any]:
    """The service resource, key for key."""
    url = f"{caller.base}/v2/Services/{service.id}"
    data = service.data
    return {
        "sid": service.id,
        "account_sid": service.account,
        "friendly_name": data["friendly_name"],
        "code_length": data["code_length"],
        "lookup_enabled": data["lookup_enabled"],
        "psd2_enabled": data["psd2_enabled"],
        "skip_sms_to_landlines": data["skip_sms_to_landlines"],
        "dtmf_input_required": data["dtmf_input_required"],
        "tts_name": data["tts_name"],
        "do_not_share_warning_enabled": data["do_not_share_warning_enabled"],
        "custom_code_enabled": data["custom_code_enabled"],
        "push": data["push"],
        "totp": data["totp"],
        "whatsapp": data["whatsapp"],
        "passkeys": data["passkeys"],
        "default_template_sid": None,
        "verify_event_subscription_enabled": data["verify_event_subscription_enabled"],
        "date_created": iso8601(service.created_at),
        "date_updated": iso8601(service.updated_at),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in _LINKS.items()},
    }


def _new(caller: Caller, sid: str, settings: dict[str, Any]) -> Record:
    now = caller.now
    return Record(
        provider=PROVIDER,
        account=caller.account,
        kind=KIND,
        id=sid,
        created_at=now,
        updated_at=now,
        data=settings,
    )


def _settings(form: Mapping[str, str], former: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("DefaultTemplateSid"):
        raise TwilioError(20001, detail="DefaultTemplateSid is not imitated by this sandbox.")
    settings: dict[str, Any] = {
        "friendly_name": _name(form, former.get("friendly_name")),
        "code_length": reading.whole(form, "CodeLength", 4, 10, former.get("code_length", 6)),
        "tts_name": reading.text(form, "TtsName", most=64) or former.get("tts_name"),
    }
    for key, (name, default) in _FLAGS.items():
        settings[key] = reading.flag(form, name, former.get(key, default))
    for group, members in _GROUPS.items():
        settings[group] = _group(form, members, former.get(group, {}))
    settings["push"]["include_date"] = bool(settings["push"]["include_date"])
    relying_party = former.get("passkeys", {}).get("relying_party", {})
    settings["passkeys"] = {
        "relying_party": _relying_party(form, relying_party),
        **settings["passkeys"],
    }
    return settings


def _name(form: Mapping[str, str], former: str | None) -> str:
    name = reading.text(form, "FriendlyName", most=_MAX_NAME)
    if name is None:
        assert former is not None, "A new service has been asked for its name."
        return former
    # Twilio keeps phone numbers out of the name: at most four digits.
    if not name.strip() or sum(character.isdigit() for character in name) > _MAX_DIGITS:
        raise reading.invalid("FriendlyName")
    return name


def _group(
    form: Mapping[str, str], members: Mapping[str, str], former: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, name in members.items():
        if name not in form:
            found[key] = former.get(key)
        elif name in _NUMBERS:
            found[key] = reading.whole(form, name, *_NUMBERS[name], None)
        elif name == "Push.IncludeDate":
            found[key] = reading.flag(form, name, False)
        else:
            found[key] = reading.text(form, name, most=256)
    return found


def _relying_party(form: Mapping[str, str], former: Mapping[str, Any]) -> dict[str, Any]:
    origins = reading.text(form, "Passkeys.RelyingParty.Origins", most=1024)
    return {
        "id": reading.text(form, "Passkeys.RelyingParty.Id", most=256) or former.get("id"),
        "name": reading.text(form, "Passkeys.RelyingParty.Name", most=256) or former.get("name"),
        "origins": former.get("origins") if origins is None else origins.split(","),
    }
