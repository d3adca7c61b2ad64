"""What the sandbox answers when it cannot do what was asked.

SandboxError
├── InvalidRequest 400 · UnknownParameter 400
├── Unauthorized 401
├── UnknownMessage 404 · NoCode 404 · UnknownWebhook 404 · UnknownFault 404
├── WaitTimeout 408
├── StatusConflict 409 · UnwantedMessage 409 · AliasTaken 409 · NoListener 409
├── TooManyFaults 409 · TooManyAccounts 409
├── Refused 422 (429 or 503 where the sender is to try again)
├── FaultStruck (the status that a fault rule names)
├── BodyTooLarge 413
├── UnsupportedMediaType 415
├── TurnedAway
│   ├── CrossSite 403
│   └── Misdirected 421
├── Busy 503 · StorageUnavailable 503
└── SettingsError (at start, never over HTTP)
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sms_sandbox.reasons import Refusal


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


class TurnedAway(SandboxError):
    """A request that a browser was led to send from elsewhere; no façade's vendor has a word for
    it, so the sandbox's own are shown."""


class CrossSite(TurnedAway):
    """A request that another site's page has sent."""

    code = "cross_site"
    status = 403
    title = "The request comes from a foreign page"

    def __init__(self) -> None:
        hint = "Send it from a program or from the sandbox's own page."
        super().__init__("Another site's page sent this request.", hint=hint)


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


class UnknownFault(SandboxError):
    """No fault rule has this id: it never existed, or was deleted."""

    code = "unknown_fault"
    status = 404
    title = "There is no such fault rule"


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


class NoListener(SandboxError):
    """Keys were pressed where no call asks for them."""

    code = "no_listener"
    status = 409
    title = "Nobody waits for keys"


class TooManyFaults(SandboxError):
    """As many fault rules as the sandbox keeps are there already."""

    code = "too_many_faults"
    status = 409
    title = "There are too many fault rules"


class TooManyAccounts(SandboxError):
    """As many accounts as the sandbox keeps have something set for them already."""

    code = "too_many_accounts"
    status = 409
    title = "There are too many accounts"

    def __init__(self, most: int, what: str) -> None:
        super().__init__(
            f"{most:,} {what} are kept already.",
            hint="POST /api/v1/reset?account=NAME takes away what was set for one.",
        )


class AliasTaken(SandboxError):
    """A further name of an account that leads somewhere else already."""

    code = "alias_taken"
    status = 409
    title = "The name is taken"


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


class Misdirected(TurnedAway):
    """The Host header names a host that this sandbox is not (DNS rebinding)."""

    code = "misdirected"
    status = 421
    title = "This host is not served here"


class Refused(SandboxError):
    """The network would not take this message, for a ``reason`` that each façade says in its
    vendor's own words."""

    code = "refused"
    title = "The message was refused"

    def __init__(self, reason: Refusal, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(
            detail,
            hint="GET /api/v1/numbers lists the numbers that refuse, /api/v1/handsets/{number} "
            "tells whom a handset declines, /api/v1/settings the account's limits.",
            members={"reason": reason},
            retry_after=retry_after,
        )
        self.reason: Refusal = reason

    @property
    def status(self) -> int:  # type: ignore[override]
        """429 for a limit, 503 for an outage, else 422."""
        return {"throttled": 429, "queue_full": 429, "unavailable": 503}.get(self.reason, 422)


class FaultStruck(SandboxError):
    """A fault rule refuses the request with an HTTP ``status``; ``vendor_code`` and ``text`` are
    what it says in the vendor's form, where the rule names them."""

    code = "fault_struck"
    title = "A fault rule refused the request"

    def __init__(
        self,
        status: int,
        code: str | int | None = None,
        text: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(
            text or f"A fault answers {status}.",
            hint="GET /api/v1/faults lists the rules, GET /api/v1/numbers the numbers that do it.",
            members={} if code is None else {"error_code": code},
            retry_after=retry_after,
        )
        self.vendor_code = code
        self.text = text
        self._status = status

    @property
    def status(self) -> int:  # type: ignore[override]
        """The status that the rule names."""
        return self._status


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
