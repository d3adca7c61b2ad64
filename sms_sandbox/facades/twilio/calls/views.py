"""The addresses of calls: a method for each."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from sms_sandbox.errors import Refused, StatusConflict
from sms_sandbox.facades.asking import answer
from sms_sandbox.facades.twilio import paging, wire
from sms_sandbox.facades.twilio.calls import form, resource
from sms_sandbox.facades.twilio.desk import Desk, transcript
from sms_sandbox.facades.twilio.errors import TwilioError, of_refusal
from sms_sandbox.message import Status
from sms_sandbox.storage.submissions import Query, Submitted

_PREFIXES = ("CA",)
_UNANSWERED: tuple[Status, ...] = ("accepted", "queued")
_REACHED: Mapping[str, Status] = {
    "queued": "accepted",
    "ringing": "queued",
    "in-progress": "sent",
    "completed": "delivered",
}


class Calls:
    """One method a URL; ``desk`` checks who asks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = desk.room

    def rules(self) -> list[tuple[str, str, Any]]:
        """Method, path below the account, view."""
        return [
            ("POST", "/Calls", self.create),
            ("GET", "/Calls", self.list),
            ("GET", "/Calls/<sid>", self.fetch),
            ("POST", "/Calls/<sid>", self.update),
            ("DELETE", "/Calls/<sid>", self.delete),
        ]

    def create(self, account: str) -> Response:
        """Call somebody."""
        account = self._desk.enter(account)
        draft = form.parse_call(account, request.form, transcript(), ids=self._desk.ids(account))
        try:
            message = self._room.inbox.accept(draft)
        except Refused as refusal:
            raise of_refusal(refusal, draft.recipient, draft.sender, is_call=True) from None
        assert draft.submission is not None
        return answer(resource.show_call(Submitted(message, draft.submission, None)), 201)

    def list(self, account: str) -> Response:
        """One page, newest first."""
        account = self._desk.enter(account)
        return jsonify(paging.page(self._room, account, LISTING, request.args))

    def fetch(self, account: str, sid: str) -> Response:
        """One call as it now is."""
        return jsonify(resource.show_call(self._find(account, sid)))

    def update(self, account: str, sid: str) -> Response:
        """End a call, or let it go on with another script."""
        found = self._find(account, sid)
        status = wire.one_of(request.form, "Status", ("canceled", "completed"))
        script = form.parse_script(request.form)
        if status is None and script is None:
            raise TwilioError(20001, detail="Status, Url or Twiml is needed.")
        if status is not None:
            self._end(found, status)
        elif script is not None:
            self._redirect(found, script)
        return self.fetch(account, sid)

    def delete(self, account: str, sid: str) -> Response:
        """Forget a call that is over; the inbox keeps it."""
        return self._desk.forget(self._find(account, sid))

    def _find(self, account: str, sid: str) -> Submitted:
        return self._desk.find(self._desk.enter(account), sid, _PREFIXES)

    def _end(self, found: Submitted, status: str) -> None:
        inbox, message = self._room.inbox, found.message
        try:
            if message.status in _UNANSWERED:
                inbox.move(message.id, "failed", "canceled")
            elif status == "completed":
                inbox.move(message.id, "delivered")
        except StatusConflict:
            return  # It has ended by itself, which is as good.

    def _redirect(self, found: Submitted, script: form.Script) -> None:
        is_live = found.message.status == "sent"
        if not (is_live and self._room.inbox.ask_vendor(found.message.id, script.as_json())):
            raise TwilioError(21220)


def _query(account: str, filters: Mapping[str, str]) -> Query:
    first, last = paging.span(filters, "StartTime")
    statuses, codes, other = _lost_or_reached(filters.get("Status"))
    return Query(
        provider=wire.PROVIDER,
        account=account,
        prefixes=_PREFIXES,
        statuses=statuses,
        codes=codes,
        other_codes=other,
        recipient=wire.parse_address(filters["To"]) if "To" in filters else None,
        sender=wire.parse_address(filters["From"]) if "From" in filters else None,
        sent_from=first,
        sent_until=last,
    )


def _lost_or_reached(
    status: str | None,
) -> tuple[tuple[Status, ...], tuple[str | int | None, ...], bool]:
    if status is None:
        return (), (), False
    if status in _REACHED:
        return (_REACHED[status],), (), False
    lost: tuple[Status, ...] = ("undelivered", "failed")
    if status in resource.STATUS_CODES:
        return lost, _either(resource.STATUS_CODES[status]), False
    if status != "failed":
        raise TwilioError(20001, detail="Status is none that a call can have.")
    every = tuple(code for codes in resource.STATUS_CODES.values() for code in codes)
    return lost, _either(every), True


def _either(codes: tuple[str, ...]) -> tuple[str | int, ...]:
    """Codes as they may be kept: a number set by the sandbox, a text set by hand."""
    return (*codes, *(int(code) for code in codes if code.isdigit()))


LISTING = paging.Listing(
    noun="Calls",
    key="calls",
    filters=("To", "From", "Status", "StartTime", "StartTime>", "StartTime<"),
    query=_query,
    show=resource.show_call,
)
"""The list of calls."""
