"""Where a message goes that a handset sends: its number, or the number's service, may say so."""

from typing import NamedTuple

from sms_sandbox.facades.twilio.numbers import bought
from sms_sandbox.facades.twilio.posting import Method
from sms_sandbox.facades.twilio.services import senders, services
from sms_sandbox.inbox.hooks import Scene


class Destination(NamedTuple):
    """An address and how it is asked."""

    url: str
    method: Method


def destination(number: str, scene: Scene) -> Destination | None:
    """What is set for a number of the application, else what its service or the account says."""
    named = scene.recall(bought.SID_OF, number)
    own = named and scene.recall(bought.KIND, named.data["sid"])
    member = own and scene.recall(senders.KIND, own.id)
    service = member and scene.recall(services.KIND, member.parent)
    if service and not service.data["use_inbound_webhook_on_number"]:
        url, method = service.data["inbound_request_url"], service.data["inbound_method"]
    else:
        url, method = (own.data["sms_url"], own.data["sms_method"]) if own else ("", "POST")
    if url:
        return Destination(url, method)
    general = scene.settings.inbound_url
    return Destination(general, scene.settings.webhook_method or "POST") if general else None
