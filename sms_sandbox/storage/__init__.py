"""What the sandbox remembers, in one SQLite file, by noun."""

from sms_sandbox.storage.database import Database
from sms_sandbox.storage.filters import Filter

__all__ = ["Database", "Filter"]
