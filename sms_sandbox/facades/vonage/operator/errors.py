"""The operator's refusals: OAuth's and CAMARA's form. (Network enablement writes problems.)

Sources: RFC 6749, section 5.2; CAMARA's ``ErrorInfo`` and the codes of each of its APIs.
"""

import re
from collections.abc import Mapping

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError, TurnedAway
from sms_sandbox.facades.vonage.errors import Denied, Unserved, VonageError, respond_json

CORRELATOR = "x-correlator"
"""The header that every answer of a CAMARA API repeats."""
NOT_BY_NETWORK = "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"

_CORRELATOR = re.compile(r"[a-zA-Z0-9-_:;.\/<>{}]{0,256}")
_TOO_LARGE = "The body is larger than 1 MiB."
_CAMARA: Mapping[int, tuple[str, str]] = {
    400: (
        "INVALID_ARGUMENT",
        "Client specified an invalid argument, request body or query param.",
    ),
    401: (
        "UNAUTHENTICATED",
        "Request not authenticated due to missing, invalid, or expired credentials. "
        "A new authentication is required.",
    ),
    403: (
        "PERMISSION_DENIED",
        "Client does not have sufficient permissions to perform this action.",
    ),
    404: ("NOT_FOUND", "The specified resource is not found."),
    405: ("METHOD_NOT_ALLOWED", "The requested method is not allowed on this resource."),
    409: ("CONFLICT", "The request conflicts with what is already there."),
    422: ("SERVICE_NOT_APPLICABLE", "The service is not available for the provided identifier."),
    429: ("TOO_MANY_REQUESTS", "Rate limit reached."),
    500: ("INTERNAL", "Unknown server error. Typically a server bug."),
    503: ("UNAVAILABLE", "Service Unavailable."),
    504: ("TIMEOUT", "Request timeout exceeded."),
}
_OAUTH: Mapping[int, str] = {
    401: "invalid_client",
    403: "access_denied",
    429: "temporarily_unavailable",
    503: "temporarily_unavailable",
}


class OAuthError(VonageError):
    """What the authorization server refuses: one of OAuth's words and a sentence."""

    def __init__(
        self, error: str, detail: str, status: int = 400, *, retry_after: int | None = None
    ) -> None:
        self.error = error
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        super().__init__(detail)

    def respond(self) -> Response:
        """``error`` and ``error_description``."""
        content = {"error": self.error, "error_description": self.detail}
        return respond_json(content, self.status, retry_after=self.retry_after)


class CamaraError(VonageError):
    """What a CAMARA API refuses; without ``code`` and ``detail`` in the words of its status."""

    def __init__(
        self, status: int, code: str = "", detail: str = "", *, retry_after: int | None = None
    ) -> None:
        usual_code, usual_detail = _CAMARA.get(status) or _CAMARA[400 if status < 500 else 500]
        self.status = status
        self.code = code or usual_code
        self.detail = detail or usual_detail
        self.retry_after = retry_after
        super().__init__(self.detail)

    def respond(self) -> Response:
        """``status``, ``code`` and ``message``."""
        content = {"status": self.status, "code": self.code, "message": self.detail}
        return correlated(respond_json(content, self.status, retry_after=self.retry_after))


def correlated(response: Response) -> Response:
    """The answer with the ``x-correlator`` of its request, where that has the right form."""
    shown = request.headers.get(CORRELATOR)
    if shown is not None and is_correlator(shown):
        response.headers[CORRELATOR] = shown
    return response


def is_correlator(text: str) -> bool:
    """Whether a text can correlate a request with its answer."""
    return bool(_CORRELATOR.fullmatch(text))


def as_oauth(error: Exception) -> VonageError:
    """A refusal as an authorization server says it; a fault's own code is the ``error``."""
    if isinstance(error, VonageError):
        return error
    if isinstance(error, Denied):
        return OAuthError("invalid_client", error.why, 401)
    if isinstance(error, Unserved):
        return OAuthError("invalid_request", "This path does not take that method.", error.status)
    if isinstance(error, RequestEntityTooLarge):
        return OAuthError("invalid_request", _TOO_LARGE, 413)
    assert isinstance(error, SandboxError)
    usual = "invalid_request" if error.status < 500 else "server_error"
    word = _OAUTH.get(error.status, usual)
    if isinstance(error, FaultStruck) and error.vendor_code is not None:
        word = str(error.vendor_code)
    return OAuthError(word, _sentence(error), error.status, retry_after=error.retry_after)


def as_camara(error: Exception) -> VonageError:
    """A refusal as CAMARA says it; a fault's own code is the ``code``."""
    if isinstance(error, VonageError):
        return error
    if isinstance(error, Denied):
        return CamaraError(401)
    if isinstance(error, Unserved):
        return CamaraError(error.status)
    if isinstance(error, RequestEntityTooLarge):
        return CamaraError(400, detail=_TOO_LARGE)
    assert isinstance(error, SandboxError)
    if isinstance(error, FaultStruck):
        code = "" if error.vendor_code is None else str(error.vendor_code)
        return CamaraError(error.status, code, error.text or "", retry_after=error.retry_after)
    return CamaraError(error.status, detail=_sentence(error), retry_after=error.retry_after)


def _sentence(error: SandboxError) -> str:
    told = isinstance(error, (TurnedAway, InvalidRequest, Refused)) and error.hint
    return f"{error.detail} {error.hint}" if told else error.detail
