"""The façades: each imitates one vendor's HTTP interface, and none knows another."""

from sms_sandbox.facades.aws.facade import Aws
from sms_sandbox.facades.base import Facade, Room, facade_of
from sms_sandbox.facades.plivo.facade import Plivo
from sms_sandbox.facades.twilio.facade import Twilio

FACADES: tuple[Facade, ...] = (Twilio(), Plivo(), Aws())
"""Every imitated vendor."""

__all__ = ["FACADES", "Facade", "Room", "facade_of"]
