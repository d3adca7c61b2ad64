"""The refusals of the older APIs: HTTP 200, and a status of its own that is not 0."""

from collections.abc import Mapping
from typing import ClassVar, Self

from sms_sandbox.errors import FaultStruck, Refused, SandboxError
from sms_sandbox.facades.vonage.errors import Denied, VonageError, as_problem


class StatusError(VonageError):
    """A status with its sentence; ``http`` where a fault breaks the HTTP too. Of an API: ``texts``
    of its statuses, the status that is ``forbidden`` in its words, and what it says of a number
    that is ``unreachable``."""

    texts: ClassVar[Mapping[str, str]]
    forbidden: ClassVar[str]
    unreachable: ClassVar[tuple[str, str]]

    def __init__(
        self, status: str, text: str = "", *, http: int = 200, retry_after: int | None = None
    ) -> None:
        self.status = status
        self.text = text or self.texts[status]
        self.http = http
        self.retry_after = retry_after
        super().__init__(self.text)

    @classmethod
    def of(cls, error: Exception) -> VonageError:
        """A refusal in the API's form, but for what the API says in words of its own."""
        if isinstance(error, VonageError):
            return error
        if isinstance(error, Denied):
            return cls("4")
        if isinstance(error, FaultStruck):
            return cls._of_fault(error)
        if isinstance(error, Refused):
            return cls._of_refusal(error)
        if isinstance(error, SandboxError) and error.status == 503:
            return cls("5", error.detail, http=503, retry_after=error.retry_after or 1)
        return as_problem(error)

    @classmethod
    def _of_fault(cls, error: FaultStruck) -> Self:
        code = str(error.vendor_code)
        if code in cls.texts:
            # The API says so with HTTP 200, whatever status the rule had to name.
            return cls(code, error.text or "")
        known = {401: "4", 402: "9", 403: cls.forbidden, 429: "1"}
        status = known.get(error.status, "5" if error.status >= 500 else "3")
        return cls(status, error.text or "", http=error.status, retry_after=error.retry_after)

    @classmethod
    def _of_refusal(cls, error: Refused) -> Self:
        if error.status == 429:
            return cls("1", retry_after=error.retry_after)
        if error.status == 503:
            return cls("5", error.detail, http=503, retry_after=error.retry_after)
        return cls("7") if error.reason == "opted_out" else cls(*cls.unreachable)
