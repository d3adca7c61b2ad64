"""The addresses of sessions beside the one that creates them: a function for each."""

import hmac
from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.plivo import paging, wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import TOO_MANY, PlivoError
from sms_sandbox.facades.plivo.fields import Fields
from sms_sandbox.facades.plivo.verify import sessions
from sms_sandbox.numbers import comparison_key, plan, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_TIME = "session_time"
_STATUSES = ("in-progress", "verified", "expired")
FILTERS = (
    "subaccount",
    "status",
    *paging.span_names(_TIME),
    "country",
    "alias",
    "app_uuid",
    "recipient",
    "brand_name",
    "app_hash",
)


def validate(caller: Caller, session_uuid: str, asked: Fields) -> dict[str, Any]:
    """Compare a code: counted before it is compared, in one transaction. Raises ``PlivoError``
    unless it is right."""
    otp = asked.text("otp", most=64)
    if not otp:
        raise PlivoError(400, "otp parameter not present")
    with caller.room.database.read() as connection:
        recipient = sessions.find(connection, caller, session_uuid).data["recipient"]
    caller.strike(recipient)
    with caller.room.database.write() as connection:
        found = sessions.find(connection, caller, session_uuid)
        _refuse_finished(found, caller.now)
        right = _is_right(found, otp)
        sessions.put(connection, caller, found, checks=found.data["checks"] + 1, verified=right)
    if not right:
        raise PlivoError(400, "otp is incorrect")
    return {"message": "session validated successfully.", "session_uuid": session_uuid}


def fetch(caller: Caller, session_uuid: str) -> dict[str, Any]:
    """One session. Raises ``PlivoError`` if there is none."""
    with caller.room.database.read() as connection:
        found = sessions.find(connection, caller, session_uuid)
        return sessions.show(connection, caller, found)


def list_page(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the sessions that the filters mean, newest first. Raises ``PlivoError``."""
    page = paging.read(f"{caller.root}/Verify/Session/", asked, FILTERS)
    wish = _Wish(asked, caller.now)
    with caller.room.database.read() as connection:
        kept = records.find(
            connection,
            wire.PROVIDER,
            caller.account,
            sessions.KIND,
            parent=asked.get("app_uuid") or None,
            key=wish.key,
            limit=records.KEPT,
        )
        meant = [one for one in kept if wish.means(one)]
        rows = meant[page.offset : page.offset + page.limit]
        shown = [sessions.show(connection, caller, one) for one in rows]
    return {"meta": page.meta(more=page.offset + page.limit < len(meant)), "sessions": shown}


def _refuse_finished(session: Record, now: float) -> None:
    status = sessions.status(session, now)
    if status == "verified":
        raise PlivoError(409, "session is already verified")
    if status == "expired":
        raise PlivoError(400, "session has expired")
    if session.data["checks"] >= sessions.MAX_CHECKS:
        raise PlivoError(429, TOO_MANY, retry_after=sessions.left(session, now))


def _is_right(session: Record, otp: str) -> bool:
    """Whether this is the session's code, and its number one that can be verified."""
    same = hmac.compare_digest(session.data["otp"].encode(), otp.encode("utf-8", "replace"))
    return same and verdict(session.data["recipient"]) != "refused"


class _Wish:
    """Which sessions are meant."""

    def __init__(self, asked: Mapping[str, str], now: float) -> None:
        self._now = now
        self._status = asked.get("status") or None
        if self._status not in (None, *_STATUSES):
            raise PlivoError(400, f"status must be one of {', '.join(_STATUSES)}")
        self._first, self._last = paging.span(asked, _TIME)
        self._country = asked.get("country", "").upper()
        self._equal = {
            "auth_id": asked.get("subaccount"),
            "alias": asked.get("alias") or asked.get("brand_name"),
            "app_hash": asked.get("app_hash"),
        }
        recipient = asked.get("recipient")
        self.key = comparison_key(recipient) if recipient else None

    def means(self, session: Record) -> bool:
        """Whether a session has every value that was asked for."""
        created, data = session.created_at, session.data
        if self._first is not None and created < self._first:
            return False
        if self._last is not None and created > self._last:
            return False
        if self._status not in (None, sessions.status(session, self._now)):
            return False
        if self._country and plan.country_of(data["recipient"]) != self._country:
            return False
        return all(not value or data[name] == value for name, value in self._equal.items())
