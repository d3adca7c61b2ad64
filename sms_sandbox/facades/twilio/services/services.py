"""Messaging Services: their settings, and what is shown of them.

Source: ``twilio_messaging_v1.json`` of Twilio's OpenAPI documents. It names no defaults but that of
the validity period: the others are the sandbox's own.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio import wire
from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.services import senders
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "messaging_service"
DELETED = "messaging_service_deleted"
VALIDITY = 36_000
"""Seconds that a message may wait, where its service does not say."""
_MAX_NAME = 64

_FLAGS: Mapping[str, tuple[str, bool]] = {
    "sticky_sender": ("StickySender", True),
    "mms_converter": ("MmsConverter", True),
    "smart_encoding": ("SmartEncoding", False),
    "fallback_to_long_code": ("FallbackToLongCode", True),
    "area_code_geomatch": ("AreaCodeGeomatch", True),
    "synchronous_validation": ("SynchronousValidation", False),
    "use_inbound_webhook_on_number": ("UseInboundWebhookOnNumber", False),
}
_URLS = {
    "inbound_request_url": "InboundRequestUrl",
    "fallback_url": "FallbackUrl",
    "status_callback": "StatusCallback",
}
_WORDS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "inbound_method": ("InboundMethod", ("GET", "POST"), "POST"),
    "fallback_method": ("FallbackMethod", ("GET", "POST"), "POST"),
    "scan_message_content": ("ScanMessageContent", ("inherit", "enable", "disable"), "inherit"),
    "usecase": (
        "Usecase",
        ("notifications", "marketing", "verification", "discussion", "poll", "undeclared"),
        "undeclared",
    ),
}
_LINKS: Mapping[str, str] = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "messages": "Messages",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
    "channel_senders": "ChannelSenders",
    "destination_alpha_senders": "DestinationAlphaSenders",
}


def create(caller: Caller, form: Mapping[str, str]) -> Record:
    """Store a new service. Raises ``TwilioError``."""
    if not form.get("FriendlyName"):
        raise TwilioError(20001, "Missing required parameter FriendlyName in the post body")
    record = Record(
        provider=PROVIDER,
        account=caller.account,
        kind=KIND,
        id=caller.new_sid("MG"),
        created_at=caller.now,
        updated_at=caller.now,
        data=_settings(form, {}),
    )
    with caller.room.database.write() as connection:
        return records.insert(connection, record)


def get(connection: sqlite3.Connection, caller: Caller, sid: str) -> Record:
    """One service. Raises ``TwilioError`` if there is none."""
    found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is None:
        raise caller.not_found()
    return found


def update(caller: Caller, sid: str, form: Mapping[str, str]) -> Record:
    """Change the settings that a form names. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        found = get(connection, caller, sid)
        changed = replace(found, updated_at=caller.now, data=_settings(form, found.data))
        records.put(connection, changed)
    return changed


def delete(caller: Caller, sid: str) -> None:
    """Forget a service, so that nothing is sent by its SID any more; its numbers stay the
    account's. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        found = get(connection, caller, sid)
        for one in senders.all_of(connection, caller.account, sid):
            senders.leave(connection, caller.account, one.id)
        records.delete(connection, PROVIDER, caller.account, KIND, sid)
        records.insert(connection, replace(found, kind=DELETED, place=0))


def show(caller: Caller, service: Record) -> dict[str, Any]:
    """The Service resource, key for key."""
    url = f"{caller.base}/v1/Services/{service.id}"
    return {
        "account_sid": service.account,
        "sid": service.id,
        "date_created": iso8601(service.created_at),
        "date_updated": iso8601(service.updated_at),
        **service.data,
        "us_app_to_person_registered": False,
        "links": {name: f"{url}/{path}" for name, path in _LINKS.items()},
        "url": url,
    }


def _settings(form: Mapping[str, str], former: Mapping[str, Any]) -> dict[str, Any]:
    name = form.get("FriendlyName") or former.get("friendly_name", "")
    if len(name) > _MAX_NAME or not name.isprintable():
        raise TwilioError(20001, detail=f"FriendlyName has 1 to {_MAX_NAME} letters.")
    settings: dict[str, Any] = {"friendly_name": name}
    for key, parameter in _URLS.items():
        url = form.get(parameter, former.get(key)) or None
        if url is not None and not wire.is_url(url):
            raise TwilioError(20001, detail=f"{parameter} is no URL.")
        settings[key] = url
    for key, (parameter, words, default) in _WORDS.items():
        settings[key] = wire.one_of(form, parameter, words) or former.get(key, default)
    for key, (parameter, flag) in _FLAGS.items():
        said = wire.one_of(form, parameter, ("true", "false"))
        settings[key] = former.get(key, flag) if said is None else said == "true"
    period = former.get("validity_period", VALIDITY)
    settings["validity_period"] = wire.whole(form, "ValidityPeriod", period, 1, VALIDITY)
    return settings
