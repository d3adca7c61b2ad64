"""The addresses of the SMS API: a function for each."""

import re
from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.sms import form
from sms_sandbox.facades.vonage.sms.errors import invalid, missing
from sms_sandbox.facades.vonage.sms.prices import BALANCE, PRICE
from sms_sandbox.storage import submissions

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def send(caller: Caller, asked: Mapping[str, str], raw: str) -> dict[str, Any]:
    """Take a message in; the answer names each of its parts. Raises ``SmsError``, ``Refused``,
    ``FaultStruck``."""
    wish = form.read(asked, caller)
    draft = form.draft(wish, caller, raw)
    caller.room.inbox.accept(draft)
    assert draft.submission is not None
    common = {
        "to": wire.shown(wish.recipient),
        "status": "0",
        "remaining-balance": wire.money(BALANCE),
        "message-price": wire.money(PRICE),
        "network": wire.NETWORK,
    }
    if wish.reference is not None:
        common["client-ref"] = wish.reference
    if asked.get("account-ref"):
        common["account-ref"] = asked["account-ref"]
    parts = draft.submission.facts["parts"]
    messages = [{"to": common["to"], "message-id": part, **common} for part in parts]
    return {"message-count": str(len(messages)), "messages": messages}


def convert(caller: Caller, asked: Mapping[str, str]) -> None:
    """Note whether a message was of use. Raises ``SmsError``."""
    for name in ("message-id", "delivered"):
        if not asked.get(name):
            raise missing(name)
    delivered = asked["delivered"].casefold()
    if delivered not in ("true", "false", "1", "0"):
        raise invalid("delivered", "true or false")
    if not _MOMENT.fullmatch(asked.get("timestamp") or "2020-01-01 00:00:00"):
        raise invalid("timestamp", "YYYY-MM-DD HH:MM:SS")
    with caller.room.database.read() as connection:
        found = submissions.by_vendor_id(
            connection, wire.PROVIDER, caller.account, asked["message-id"]
        )
    if found is None or found.submission.facts.get("api") != form.NOUN:
        raise invalid("message-id")
    values = {"converted": delivered in ("true", "1")}
    caller.room.inbox.ask_vendor(found.message.id, values)
