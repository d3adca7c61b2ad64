"""The control API: what tests, tools and the inbox page ask the sandbox for."""

from sms_sandbox.control.routes import create_blueprint

__all__ = ["create_blueprint"]
