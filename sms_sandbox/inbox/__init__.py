"""The inbox: everything that can happen to a message, and the only place that tells others."""

from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.room import Inbox
from sms_sandbox.inbox.search import Page
from sms_sandbox.inbox.wait import Outcome
from sms_sandbox.inbox.waiters import Wish

__all__ = ["Inbox", "Match", "Outcome", "Page", "Wish"]
