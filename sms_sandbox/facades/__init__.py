"""The façades: each imitates one vendor's HTTP interface, and none knows another."""

from sms_sandbox.facades.aws.facade import Aws
from sms_sandbox.facades.base import Facade, Room, facade_of
from sms_sandbox.facades.messagebird.facade import MessageBird
from sms_sandbox.facades.plivo.facade import Plivo
from sms_sandbox.facades.twilio.facade import Twilio
from sms_sandbox.facades.vonage.facade import Vonage

FACADES: tuple[Facade, ...] = (Twilio(), Plivo(), MessageBird(), Vonage(), Aws())
"""Every imitated vendor."""


def is_a_vendors(host: str) -> bool:
    """Whether a host name, in small letters, is one of an imitated vendor's own."""
    return any(facade.hosts.fullmatch(host) for facade in FACADES)


__all__ = ["FACADES", "Facade", "Room", "facade_of", "is_a_vendors"]
