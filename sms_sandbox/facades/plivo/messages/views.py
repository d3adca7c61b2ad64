"""The addresses of messages: a function for each.

Source: https://www.plivo.com/docs/messaging/api/message/list-all-messages/
"""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.errors import Refused
from sms_sandbox.facades.plivo import paging, wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import DELIVERED, PlivoError
from sms_sandbox.facades.plivo.fields import Fields
from sms_sandbox.facades.plivo.messages import form, resource
from sms_sandbox.message import Direction
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Query, Submitted

WINDOW = 86_400
"""How far back a list goes, in seconds, where the request names no time."""

COUNTED = 100_000
"""How many records ``total_count`` counts at most."""

_TIME = "message_time"
_STATES = ("queued", "sent", "failed", "delivered", "undelivered", "received", "rejected", "read")
_KINDS = ("sms", "mms")
_NOBODYS = ("tendlc_campaign_id", "tendlc_registration_status", "conversation_id")
FILTERS = (
    "subaccount",
    "message_direction",
    *paging.span_names(_TIME),
    "message_state",
    "message_type",
    "error_code",
    "powerpack_id",
    "from_number",
    "to_number",
    "destination_country_iso2",
    *_NOBODYS,
    "conversation_origin",
)


def create(caller: Caller, asked: Fields, raw: str) -> tuple[dict[str, Any], int]:
    """Take one message for each destination in; the answer and its status. Raises
    ``PlivoError``, ``Refused``, ``FaultStruck``."""
    wish = form.read(asked, caller)
    queued: list[str] = []
    invalid = [*wish.invalid]
    for recipient in wish.recipients:
        draft = form.draft(wish, recipient, caller, raw)
        assert draft.submission is not None
        try:
            caller.room.inbox.accept(draft)
        except Refused as refused:
            if refused.reason != "invalid_number":
                raise
            invalid.append(wire.shown(recipient))
        else:
            queued.append(draft.submission.vendor_id)
    if not queued:
        raise form.no_destination(tuple(invalid))
    content: dict[str, Any] = {"message": "message(s) queued", "message_uuid": queued}
    return (content | {"invalid_number": invalid}, 207) if invalid else (content, 202)


def fetch(caller: Caller, message_uuid: str) -> dict[str, Any]:
    """One record. Raises ``PlivoError`` if there is none."""
    return resource.show(caller, _find(caller, message_uuid))


def media(caller: Caller, message_uuid: str) -> dict[str, Any]:
    """The media of a message, all on one page. Raises ``PlivoError``."""
    found = _find(caller, message_uuid)
    uploaded = wire.record_time(found.message.created_at)
    root = f"{caller.root}/Message/{message_uuid}/Media"
    rows = [
        {
            "content_type": one["type"],
            "media_id": one["id"],
            "media_url": f"{root}/{one['id']}/",
            "message_uuid": message_uuid,
            "size": 0,
            "upload_time": uploaded,
        }
        for one in found.submission.facts.get("media", ())
    ]
    whole = paging.Page(root=f"{root}/", limit=paging.MAX_LIMIT, offset=0, filters=())
    return {"meta": {**whole.meta(more=False), "total_count": len(rows)}, "objects": rows}


def list_page(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the records that the filters mean, newest first. Raises ``PlivoError``."""
    page = paging.read(f"{caller.root}/Message/", asked, FILTERS)
    query = _query(caller, asked)
    found: list[Submitted] = []
    total = 0
    if query is not None:
        with caller.room.database.read() as connection:
            total = submissions.count(connection, query, most=COUNTED)
            found = submissions.select(connection, query, limit=page.limit + 1, skip=page.offset)
    rows = [resource.show(caller, one) for one in found[: page.limit]]
    meta = page.meta(more=len(found) > page.limit)
    return {"meta": {**meta, "total_count": total}, "objects": rows}


def _find(caller: Caller, message_uuid: str) -> Submitted:
    with caller.room.database.read() as connection:
        found = submissions.by_vendor_id(connection, wire.PROVIDER, caller.account, message_uuid)
    if found is None or "type" not in found.submission.facts:
        raise PlivoError(404)
    return found


def _query(caller: Caller, asked: Mapping[str, str]) -> Query | None:
    """What the filters mean; ``None``: nothing that there could be here."""
    states = _states(asked)
    direction = _word(asked, "message_direction", ("inbound", "outbound"))
    kind = _word(asked, "message_type", (*_KINDS, "whatsapp"))
    if any(asked.get(name) for name in (*_NOBODYS, "conversation_origin")) or kind == "whatsapp":
        return None
    if states == ():
        return None
    first, last = paging.span(asked, _TIME)
    if first is None and last is None:
        first = caller.now - WINDOW
    facts = {
        "auth_id": asked.get("subaccount"),
        "powerpack_id": asked.get("powerpack_id"),
        "country": asked.get("destination_country_iso2", "").upper(),
    }
    code = asked.get("error_code") or None
    return Query(
        provider=wire.PROVIDER,
        account=caller.account,
        direction=_direction(direction),
        states=states or (),
        codes=() if code in (None, DELIVERED) else _spellings(code),
        facts=(
            ("type", _KINDS if kind is None else (kind,)),
            *((name, (value,)) for name, value in facts.items() if value),
        ),
        sender=asked.get("from_number") or None,
        recipient=asked.get("to_number") or None,
        created_from=first,
        created_until=last,
    )


def _states(asked: Mapping[str, str]) -> tuple[str, ...] | None:
    """The states that may be listed, as storage has them; ``None``: any, empty: none."""
    wanted = _word(asked, "message_state", _STATES)
    if asked.get("error_code") == DELIVERED:
        # A delivery has this code, and nothing else has.
        return ("delivered",) if wanted in (None, "delivered") else ()
    if wanted is None:
        return None
    return tuple({status for status, state in resource.STATES.items() if state == wanted})


def _direction(word: str | None) -> Direction | None:
    if word is None:
        return None
    return "inbound" if word == "inbound" else "outbound"


def _spellings(code: str | None) -> tuple[str | int, ...]:
    """A code as text and, where somebody wrote it so, as a number."""
    assert code is not None
    is_number = code.isascii() and code.isdigit() and len(code) < 10
    return (code, int(code)) if is_number else (code,)


def _word(asked: Mapping[str, str], name: str, values: tuple[str, ...]) -> str | None:
    word = asked.get(name) or None
    if word is not None and word not in values:
        raise PlivoError(400, f"{name} must be one of {', '.join(values)}")
    return word
