"""A message from a handset, told to the application in the form of the API that its account
uses: Messages where the account is an application's or its ``signature_method`` is ``jwt``, else
the SMS API.

Sources: https://developer.vonage.com/en/messaging/sms/guides/inbound-sms and
https://developer.vonage.com/en/api/messages#inbound-message.
"""

from typing import Any

from sms_sandbox.callback import Callback
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.posting import post_json, post_parameters
from sms_sandbox.inbox.hooks import Reaction, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.segments import segment

KIND = "inbound"
JWT = "jwt"
"""The ``signature_method`` of an account that uses the Messages API."""

_STOP = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET"))
_START = frozenset(("START", "UNSTOP"))


def received(message: Message, scene: Scene) -> Reaction:
    """Give the message its id, heed STOP and START, and post it to the application."""
    is_newer = uses_messages(message.account, scene)
    vendor_id = wire.uuid_of(scene.ids(16)) if is_newer else f"0B{scene.ids(7).upper()}"
    return Reaction(
        submission=Submission(vendor_id=vendor_id, facts={"api": KIND}),
        callbacks=_posts(message, vendor_id, scene, is_newer=is_newer),
        opted_out=_wish(message.body),
    )


def uses_messages(account: str, scene: Scene) -> bool:
    """Whether an account's inbound messages come in the form of the Messages API."""
    method = (scene.settings.signature_method or "").casefold()
    return method == JWT or (not method and wire.is_uuid(account))


def _posts(
    message: Message, vendor_id: str, scene: Scene, *, is_newer: bool
) -> tuple[Callback, ...]:
    url = scene.settings.inbound_url
    if url is None:
        return ()
    if is_newer:
        return (_as_message(message, vendor_id, url, scene),)
    return _as_parts(message, vendor_id, url, scene)


def _as_message(message: Message, vendor_id: str, url: str, scene: Scene) -> Callback:
    content: dict[str, Any] = {
        "channel": "sms",
        "message_uuid": vendor_id,
        "to": wire.shown(message.recipient),
        "from": wire.shown(message.sender),
        "timestamp": wire.moment(message.created_at),
        "text": message.body,
        "message_type": "text",
        "sms": {"num_messages": str(message.segments), "keyword": _keyword(message.body)},
        "usage": {"currency": "EUR", "price": "0.0"},
        "origin": {"network_code": wire.NETWORK},
    }
    return post_json(KIND, url, content, scene, account_claims(message.account))


def account_claims(account: str) -> dict[str, str]:
    """Whose webhook it is, as its token says."""
    return {"application_id": account} if wire.is_uuid(account) else {"api_key": account}


def _as_parts(message: Message, vendor_id: str, url: str, scene: Scene) -> tuple[Callback, ...]:
    """One callback for each part of a long text, as the network brings them."""
    cut = segment(message.body)
    common = {
        "msisdn": wire.shown(message.sender),
        "to": wire.shown(message.recipient),
        "type": "text" if cut.encoding == "GSM-7" else "unicode",
        "keyword": _keyword(message.body),
        "api-key": message.account,
        "message-timestamp": wire.legacy_moment(message.created_at),
    }
    if cut.count == 1:
        whole = {"messageId": vendor_id, "text": message.body, **common}
        return (post_parameters(KIND, url, whole, scene),)
    joined = {"concat": "true", "concat-ref": vendor_id[-2:], "concat-total": str(cut.count)}
    return tuple(
        post_parameters(
            KIND,
            url,
            {
                "messageId": vendor_id if place == 1 else f"0B{scene.ids(7).upper()}",
                "text": text,
                **common,
                **joined,
                "concat-part": str(place),
            },
            scene,
        )
        for place, text in enumerate(cut.parts, start=1)
    )


def _keyword(body: str) -> str:
    words = body.split(maxsplit=1)
    return words[0].upper() if words else ""


def _wish(body: str) -> bool | None:
    """Whether the handset wants no more, by the one word that its message is."""
    word = body.strip().upper()
    return True if word in _STOP else False if word in _START else None
