"""Each sending of a code: what became of it, in lists, one by one and in sum."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sms_sandbox.errors import UnknownMessage
from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.lookup import packages
from sms_sandbox.facades.twilio.meta_paging import show_page
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.message import Message
from sms_sandbox.numbers import comparison_key, plan
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verify_attempt"
PRICE = 0.05
"""Dollars for one sending; the sandbox's own figure, shown once a message is sent."""
FILTERS = (
    "DateCreatedAfter",
    "DateCreatedBefore",
    "ChannelData.To",
    "Country",
    "Channel",
    "VerifyServiceSid",
    "VerificationSid",
    "Status",
)
_BATCH = 500


def insert(connection: sqlite3.Connection, caller: Caller, verification: Record, sid: str) -> None:
    """Write down that a code is about to be sent."""
    data = {
        "service": verification.parent,
        "to": verification.data["to"],
        "channel": verification.data["channel"],
        "code_length": len(verification.data["code"]),
        "country": plan.country_of(verification.data["to"]) or None,
        "message": None,
        "converted": False,
    }
    now = caller.now
    record = Record(
        provider=PROVIDER,
        account=caller.account,
        kind=KIND,
        id=sid,
        parent=verification.id,
        key=comparison_key(verification.data["to"]),
        created_at=now,
        updated_at=now,
        data=data,
    )
    records.insert(connection, record)


def change(connection: sqlite3.Connection, caller: Caller, sid: str, **changes: Any) -> None:
    """Write down which message it became, or that its code was the one entered."""
    found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is not None:
        data = {**found.data, **changes}
        records.put(connection, replace(found, updated_at=caller.now, data=data))


def fetch(caller: Caller, sid: str) -> dict[str, Any]:
    """One attempt. Raises ``TwilioError`` if there is none."""
    with caller.room.database.read() as connection:
        found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is None:
        raise caller.not_found()
    return show(caller, found)


def list_page(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the attempts that the filters mean, newest first. Raises ``TwilioError``."""
    wish = _Wish(asked)

    def find(older: int | None, newer: int | None, limit: int) -> list[Record]:
        return _select(caller, wish, older, newer, limit)

    def show_one(record: Record) -> dict[str, Any]:
        return show(caller, record)

    return show_page(caller, asked, "attempts", find=find, show=show_one, filters=FILTERS)


def summary(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """How many attempts the filters mean, and how many of them led to an approval."""
    found = _select(caller, _Wish(asked), None, None, records.KEPT)
    converted = sum(one.data["converted"] for one in found)
    rate = f"{100 * converted / len(found):.9f}" if found else "0"
    return {
        "total_attempts": len(found),
        "total_converted": converted,
        "total_unconverted": len(found) - converted,
        "conversion_rate_percentage": rate.rstrip("0").rstrip(".") if "." in rate else rate,
        "url": caller.base + caller.path,
    }


def show(caller: Caller, attempt: Record) -> dict[str, Any]:
    """The attempt resource, key for key."""
    data = attempt.data
    message = _message(caller, data["message"])
    sent = message is not None and message.status in ("sent", "delivered", "undelivered")
    error = None if message is None else message.error_code
    return {
        "sid": attempt.id,
        "account_sid": attempt.account,
        "service_sid": data["service"],
        "verification_sid": attempt.parent,
        "date_created": iso8601(attempt.created_at),
        "date_updated": iso8601(attempt.updated_at),
        "conversion_status": "converted" if data["converted"] else "unconverted",
        "channel": data["channel"],
        "price": {"value": f"{PRICE:g}", "currency": "usd"} if sent else None,
        "channel_data": {
            "verification_sid": attempt.parent,
            "to": data["to"],
            "status": "confirmed" if data["converted"] else "unconfirmed",
            "message_status": None if message is None else message.status,
            "error_code": None if error is None else str(error),
            "country": data["country"],
            "code_length": data["code_length"],
            "locale": "en",
            "mcc": packages.COUNTRY_CODE,
            "mnc": packages.NETWORK_CODE,
            "carrier": packages.CARRIER,
        },
        "url": f"{caller.base}/v2/Attempts/{attempt.id}",
    }


def _message(caller: Caller, message_id: str | None) -> Message | None:
    try:
        return None if message_id is None else caller.room.inbox.get(message_id)
    except UnknownMessage:
        return None


class _Wish:
    """Which attempts are meant."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.after = _moment(asked, "DateCreatedAfter")
        self.before = _moment(asked, "DateCreatedBefore")
        to = asked.get("ChannelData.To")
        self.key = comparison_key(to) if to else None
        self.parent = asked.get("VerificationSid") or None
        self.equal = {
            "country": asked.get("Country"),
            "channel": asked.get("Channel"),
            "service": asked.get("VerifyServiceSid"),
        }
        status = asked.get("Status", "").casefold()
        if status not in ("", "converted", "unconverted"):
            raise TwilioError(20001, detail="Status is converted or unconverted.")
        self.converted = None if not status else status == "converted"

    def means(self, attempt: Record) -> bool:
        """Whether an attempt has every value that was asked for."""
        created, data = attempt.created_at, attempt.data
        if self.after is not None and created < self.after:
            return False
        if self.before is not None and created > self.before:
            return False
        if self.converted is not None and data["converted"] != self.converted:
            return False
        return all(not value or data[name] == value for name, value in self.equal.items())


def _select(
    caller: Caller, wish: _Wish, older: int | None, newer: int | None, limit: int
) -> list[Record]:
    """Read batch by batch until the page is full: what is kept of one kind is bounded."""
    found: list[Record] = []
    with caller.room.database.read() as connection:
        while len(found) < limit:
            batch = records.find(
                connection,
                PROVIDER,
                caller.account,
                KIND,
                parent=wish.parent,
                key=wish.key,
                older_than=older,
                newer_than=newer,
                limit=_BATCH,
            )
            meant = [one for one in batch if wish.means(one)]
            found = found + meant if newer is None else meant + found
            if len(batch) < _BATCH:
                break
            older, newer = (batch[-1].place, None) if newer is None else (None, batch[0].place)
    return found[:limit] if newer is None else found[-limit:]


def _moment(asked: Mapping[str, str], name: str) -> float | None:
    text = asked.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise TwilioError(20001, detail=f"{name} is YYYY-MM-DDTHH:MM:SSZ.") from None
