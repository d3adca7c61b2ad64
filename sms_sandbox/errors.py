"""What the sandbox answers when it cannot do what was asked.

SandboxError
├── InvalidRequest 400 · UnknownParameter 400
├── Unauthorized 401
├── CrossSite 403
├── UnknownMessage 404 · NoCode 404 · UnknownWebhook 404
├── WaitTimeout 408
├── StatusConflict 409 · UnwantedMessage 409
├── BodyTooLarge 413
├── UnsupportedMediaType 415
├── Misdirected 421
├── Busy 503 · StorageUnavailable 503
└── SettingsError (at start, never over HTTP)
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class SandboxError(Exception):
    """A refusal: machine ``code``, HTTP ``status``, one sentence, and a ``hint`` with the cure."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The sandbox failed"

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        pointer: str | None = None,
        members: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.pointer = pointer
        self.members = dict(members or {})
        self.retry_after = retry_after

    def as_problem(self) -> dict[str, Any]:
        """The RFC 9457 object of this refusal."""
        problem: dict[str, Any] = {
            "type": f"urn:sms-sandbox:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.hint:
            problem["hint"] = self.hint
        if self.pointer:
            problem["errors"] = [{"pointer": self.pointer, "detail": self.detail}]
        if self.retry_after is not None:
            problem["retry_after"] = self.retry_after
        return problem | self.members


class InvalidRequest(SandboxError):
    """The request can be read but a value in it cannot be used; ``pointer`` names the value."""

    code = "invalid_request"
    status = 400
    title = "The request is not valid"


class UnknownParameter(SandboxError):
    """A query key that this URL does not know; a typo would otherwise widen the filter."""

    code = "unknown_parameter"
    status = 400
    title = "The query holds an unknown key"


class Unauthorized(SandboxError):
    """The sandbox has a password and the request did not show it."""

    code = "unauthorized"
    status = 401
    title = "A password is needed"


class CrossSite(SandboxError):
    """A write that a foreign web page could have caused."""

    code = "cross_site"
    status = 403
    title = "The request comes from a foreign page"


class UnknownMessage(SandboxError):
    """No message has this id: it never existed, was deleted, or was pruned."""

    code = "unknown_message"
    status = 404
    title = "There is no such message"


class NoCode(SandboxError):
    """No message to this number holds a code."""

    code = "no_code"
    status = 404
    title = "There is no code for this number"


class UnknownWebhook(SandboxError):
    """No webhook attempt has this id: it never existed, or went with its message."""

    code = "unknown_webhook"
    status = 404
    title = "There is no such webhook attempt"


class WaitTimeout(SandboxError):
    """Nothing matched in time; ``arrived`` lists the near misses."""

    code = "timeout"
    status = 408
    title = "Nothing matched in time"


class StatusConflict(SandboxError):
    """A status may only move forward."""

    code = "status_conflict"
    status = 409
    title = "The status cannot move there"


class UnwantedMessage(SandboxError):
    """A message arrived in a window that had to stay quiet; ``message`` shows it."""

    code = "unwanted_message"
    status = 409
    title = "A message arrived"


class BodyTooLarge(SandboxError):
    """The request's body is over the limit."""

    code = "body_too_large"
    status = 413
    title = "The body is too large"


class UnsupportedMediaType(SandboxError):
    """A write without ``Content-Type: application/json``."""

    code = "unsupported_media_type"
    status = 415
    title = "The body must be JSON"


class Misdirected(SandboxError):
    """The Host header names a host that this sandbox is not (DNS rebinding)."""

    code = "misdirected"
    status = 421
    title = "This host is not served here"


class Busy(SandboxError):
    """A bounded resource (waits, event streams) is used up for the moment."""

    code = "busy"
    status = 503
    title = "The sandbox is busy"


class StorageUnavailable(SandboxError):
    """The database file is locked, full or gone."""

    code = "storage_unavailable"
    status = 503
    title = "The storage is not available"


class SettingsError(SandboxError):
    """A switch has a value that cannot be used; said at start in one sentence."""

    code = "settings"
    title = "A setting is not valid"
