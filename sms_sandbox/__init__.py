"""A local SMS gateway simulator: every message lands in an inbox that people and tests can read."""

from sms_sandbox.settings import Settings

__all__ = ["Settings"]
