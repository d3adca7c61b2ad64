"""The numbers that an account has bought, and what is shown of them.

A number is kept under its SID, and its SID under the number, so that a message from a handset
finds both. Source: IncomingPhoneNumbers in ``twilio_api_v2010.json`` of Twilio's OpenAPI documents.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio import magic, wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "phone_number"
SID_OF = "phone_number_sid"
MOST = 1000
"""Numbers of one account."""
_MAX_NAME = 64
_AREA = re.compile(r"[2-9][0-9]{2}")
_AMERICAN = re.compile(r"\+1([2-9][0-9]{2})([0-9]{3})([0-9]{4})")
_CAPABILITIES = {"voice": True, "sms": True, "mms": True, "fax": False}


def buy(
    connection: sqlite3.Connection,
    account: str,
    form: Mapping[str, str],
    *,
    now: float,
    ids: Callable[[int], str],
) -> Record:
    """Store the number that a form asks for. Raises ``TwilioError``."""
    number = _number(connection, account, form)
    if _owned(connection, account, number):
        raise TwilioError(21422, number=number)
    if len(all_of(connection, account)) >= MOST:
        raise TwilioError(20403, f"This sandbox keeps {MOST} numbers of an account.")
    data = _data(form, {"friendly_name": _pretty(number), "sms_url": "", "sms_method": "POST"})
    bought = Record(
        provider=PROVIDER,
        account=account,
        kind=KIND,
        id="PN" + ids(16),
        key=number,
        created_at=now,
        updated_at=now,
        data=data,
    )
    records.insert(
        connection, replace(bought, kind=SID_OF, id=number, key="", data={"sid": bought.id})
    )
    return records.insert(connection, bought)


def get(connection: sqlite3.Connection, account: str, sid: str) -> Record | None:
    """The number with this SID."""
    return records.get(connection, PROVIDER, account, KIND, sid)


def all_of(connection: sqlite3.Connection, account: str) -> list[Record]:
    """Every number of an account, newest first."""
    return records.find(connection, PROVIDER, account, KIND, limit=MOST)


def change(
    connection: sqlite3.Connection, number: Record, form: Mapping[str, str], now: float
) -> Record:
    """Keep what a form says of a number. Raises ``TwilioError``."""
    changed = replace(number, updated_at=now, data=_data(form, number.data))
    records.put(connection, changed)
    return changed


def give_back(connection: sqlite3.Connection, number: Record) -> None:
    """Forget a number."""
    records.delete(connection, PROVIDER, number.account, KIND, number.id)
    records.delete(connection, PROVIDER, number.account, SID_OF, number.key)


def fits(number: Record, filters: Mapping[str, str]) -> bool:
    """Whether a list's filters mean this number; of ``PhoneNumber`` a part will do, in which ``*``
    stands for any digit."""
    wanted = filters.get("PhoneNumber", "").strip().removeprefix("+")
    pattern = re.escape(wanted).replace(r"\*", "[0-9]")
    name = filters.get("FriendlyName")
    return bool(re.search(pattern, number.key)) and name in (None, number.data["friendly_name"])


def show(number: Record) -> dict[str, Any]:
    """The IncomingPhoneNumber resource, key for key."""
    data = number.data
    return {
        "account_sid": number.account,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": wire.API_VERSION,
        "beta": False,
        "bundle_sid": None,
        "capabilities": dict(_CAPABILITIES),
        "date_created": wire.rfc2822(number.created_at),
        "date_updated": wire.rfc2822(number.updated_at),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": data["friendly_name"],
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.key,
        "sid": number.id,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": data["sms_method"],
        "sms_url": data["sms_url"],
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": f"{wire.account_uri(number.account)}/IncomingPhoneNumbers/{number.id}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": "",
    }


def _owned(connection: sqlite3.Connection, account: str, number: str) -> bool:
    return records.get(connection, PROVIDER, account, SID_OF, number) is not None


def _number(connection: sqlite3.Connection, account: str, form: Mapping[str, str]) -> str:
    area = form.get("AreaCode")
    if area is not None and "PhoneNumber" not in form:
        return _in_area(connection, account, area)
    number = wire.parse_address(form.get("PhoneNumber", ""))
    if not wire.is_number(number):
        raise TwilioError(21421, number=number[:64])
    if number in magic.BOUGHT:
        raise TwilioError(magic.BOUGHT[number], number=number)
    return number


def _in_area(connection: sqlite3.Connection, account: str, area: str) -> str:
    """The first of an area's numbers for fiction that the account has not bought yet."""
    numbers = [f"+1{area}55501{last:02}" for last in range(100)] if _AREA.fullmatch(area) else []
    free = (one for one in numbers if not _owned(connection, account, one))
    number = next(free, None)
    if number is None:
        raise TwilioError(21422, number=f"in area code {area[:16]}")
    return number


def _data(form: Mapping[str, str], former: Mapping[str, Any]) -> dict[str, Any]:
    name, url = form.get("FriendlyName"), form.get("SmsUrl")
    if name is not None and not (0 < len(name) <= _MAX_NAME and name.isprintable()):
        raise TwilioError(20001, detail=f"FriendlyName has 1 to {_MAX_NAME} letters.")
    if url and not wire.is_url(url):
        raise TwilioError(20001, detail="SmsUrl is no URL.")
    return {
        "friendly_name": former["friendly_name"] if name is None else name,
        "sms_url": former["sms_url"] if url is None else url,
        "sms_method": wire.one_of(form, "SmsMethod", ("GET", "POST")) or former["sms_method"],
    }


def _pretty(number: str) -> str:
    american = _AMERICAN.fullmatch(number)
    return "({}) {}-{}".format(*american.groups()) if american else number
