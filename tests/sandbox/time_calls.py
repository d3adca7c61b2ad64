"""How tests of messages let time pass."""

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock


def move_on(sandbox: Sandbox, clock: FrozenClock, seconds: float) -> None:
    clock.advance(seconds)
    sandbox.inbox.advance_due()
