"""The addresses of messages: a method for each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, jsonify, request

from sms_sandbox.errors import Refused, StatusConflict
from sms_sandbox.facades.asking import answer
from sms_sandbox.facades.twilio import paging, wire
from sms_sandbox.facades.twilio.desk import Desk, transcript
from sms_sandbox.facades.twilio.errors import TwilioError, of_refusal
from sms_sandbox.facades.twilio.messages import form, resource
from sms_sandbox.facades.twilio.services import pool
from sms_sandbox.facades.twilio.services.pool import Pool
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Query, Submitted

_PREFIXES = ("SM", "MM")
_FILTERS = ("To", "From", "DateSent", "DateSent>", "DateSent<")


class Messages:
    """One method a URL; ``desk`` checks who asks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = desk.room

    def rules(self) -> list[tuple[str, str, Any]]:
        """Method, path below the account, view."""
        one = "/Messages/<sid>"
        return [
            ("POST", "/Messages", self.create),
            ("GET", "/Messages", self.list),
            ("GET", one, self.fetch),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
            ("GET", f"{one}/Media", self.list_media),
            ("GET", f"{one}/Media/<media>", self.fetch_media),
            ("DELETE", f"{one}/Media/<media>", self.delete_media),
            ("POST", f"{one}/Feedback", self.feedback),
        ]

    def create(self, account: str) -> Response:
        """Send, or schedule."""
        account = self._desk.enter(account)
        draft = form.parse_draft(
            account,
            request.form,
            transcript(),
            now=self._room.clock.now(account),
            ids=self._desk.ids(account),
            status_url=self._room.inbox.account_settings(account).status_url,
            pool=self._pool(account),
        )
        try:
            message = self._room.inbox.accept(draft)
        except Refused as refusal:
            raise of_refusal(refusal, draft.recipient, draft.sender) from None
        assert draft.submission is not None
        shown = resource.show_message(Submitted(message, draft.submission, None), created=True)
        return answer(shown, 201)

    def list(self, account: str) -> Response:
        """One page, newest first."""
        account = self._desk.enter(account)
        return jsonify(paging.page(self._room, account, LISTING, request.args))

    def fetch(self, account: str, sid: str) -> Response:
        """One message as it now is."""
        return jsonify(resource.show_message(self._find(account, sid)))

    def update(self, account: str, sid: str) -> Response:
        """Redact, or cancel what is scheduled."""
        found = self._find(account, sid)
        body, status = request.form.get("Body"), request.form.get("Status")
        if (body is None) == (status is None) or body or status not in (None, "canceled"):
            raise TwilioError(30400)
        if status is None:
            self._keep(found, {"redacted": True})
        else:
            self._cancel(found)
        return self.fetch(account, sid)

    def delete(self, account: str, sid: str) -> Response:
        """Forget what is final; the handset keeps it."""
        return self._desk.forget(self._find(account, sid))

    def list_media(self, account: str, sid: str) -> Response:
        """The media of a message, all on one page."""
        found = self._find(account, sid)
        root = f"{resource.uri_of(found.message, found.submission)}/Media.json"
        rows = [resource.show_media(found, one) for one in _media(found)]
        return jsonify(paging.whole_list(root, "media_list", rows))

    def fetch_media(self, account: str, sid: str, media: str) -> Response:
        """One medium."""
        found = self._find(account, sid)
        return jsonify(resource.show_media(found, self._medium(found, media)))

    def delete_media(self, account: str, sid: str, media: str) -> Response:
        """Forget one medium."""
        found = self._find(account, sid)
        gone = self._medium(found, media)
        self._keep(found, {"media": [one for one in _media(found) if one != gone]})
        return Response(status=204)

    def feedback(self, account: str, sid: str) -> Response:
        """Keep what the application says of the delivery."""
        found = self._find(account, sid)
        outcome = wire.one_of(request.form, "Outcome", ("confirmed", "unconfirmed"))
        now = self._room.clock.now(found.message.account)
        before = found.submission.facts.get("feedback", {"created_at": now})
        said = {**before, "updated_at": now, "outcome": outcome or "confirmed"}
        kept = self._keep(found, {"feedback": said})
        return jsonify(resource.show_feedback(kept))

    def _pool(self, account: str) -> Pool | None:
        service = form.service_of(request.form)
        if service is None:
            return None
        with self._room.database.read() as connection:
            return pool.find(connection, account, service)

    def _find(self, account: str, sid: str) -> Submitted:
        return self._desk.find(self._desk.enter(account), sid, _PREFIXES)

    def _medium(self, found: Submitted, sid: str) -> Mapping[str, Any]:
        medium = next((one for one in _media(found) if one["sid"] == sid), None)
        if medium is None:
            raise self._desk.not_found()
        return medium

    def _keep(self, found: Submitted, changes: Mapping[str, Any]) -> Submitted:
        facts = {**found.submission.facts, **changes}
        with self._room.database.write() as connection:
            submissions.set_facts(connection, found.message.seq, facts)
        return replace(found, submission=replace(found.submission, facts=facts))

    def _cancel(self, found: Submitted) -> None:
        try:
            self._room.inbox.move(found.message.id, "canceled")
        except StatusConflict:
            raise TwilioError(30409) from None


def _media(found: Submitted) -> list[dict[str, Any]]:
    return list(found.submission.facts.get("media", ()))


def _query(account: str, filters: Mapping[str, str]) -> Query:
    first, last = paging.span(filters, "DateSent")
    return Query(
        provider=wire.PROVIDER,
        account=account,
        prefixes=_PREFIXES,
        recipient=wire.parse_address(filters["To"]) if "To" in filters else None,
        sender=wire.parse_address(filters["From"]) if "From" in filters else None,
        sent_from=first,
        sent_until=last,
    )


LISTING = paging.Listing(
    noun="Messages",
    key="messages",
    filters=_FILTERS,
    query=_query,
    show=resource.show_message,
)
"""The list of messages."""
