"""What the sandbox remembers, in one SQLite file, by noun."""

from sms_sandbox.storage.database import Database
from sms_sandbox.storage.filters import Filter
from sms_sandbox.storage.search import counted_to

__all__ = ["Database", "Filter", "counted_to"]
