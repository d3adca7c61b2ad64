"""AWS's refusals: a code, a text and a status; SNS writes them as XML, End User Messaging as JSON.

Sources: botocore's models of both services, and
https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html.
"""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.reasons import Failing

_STATUSES: Mapping[str, int] = {
    "AuthorizationError": 403,
    "InternalError": 500,
    "InternalServerException": 500,
    "InvalidClientTokenId": 403,
    "MalformedQueryString": 404,
    "MissingAuthenticationToken": 403,
    "NotFound": 404,
    "ResourceNotFound": 404,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SignatureDoesNotMatch": 403,
    "Throttled": 429,
    "UnknownOperationException": 404,
}
_BAD_REQUEST = 400

_JSON_CODES: Mapping[str, str] = {
    "IncompleteSignature": "IncompleteSignatureException",
    "InternalError": "InternalServerException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "InvalidParameter": "ValidationException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "NotFound": "ResourceNotFoundException",
    "AuthorizationError": "AccessDeniedException",
    "ServiceUnavailable": "ServiceUnavailableException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "Throttled": "ThrottlingException",
    "Throttling": "ThrottlingException",
}
"""What the JSON protocol calls an error that both protocols have; all but a few are status 400."""

RATE_EXCEEDED = "Rate exceeded"

FAILINGS: Mapping[Failing, str | int] = {
    "unreachable": "Phone is currently unreachable/unavailable",
    "unknown_handset": "Invalid phone number",
    "landline": "Unknown error attempting to reach phone",
    "filtered": "Blocked as spam by phone carrier",
    "blocked": "Phone has blocked SMS",
    "handset_full": "Phone is currently unreachable/unavailable",
    "no_route": "Phone carrier is currently unreachable/unavailable",
    "expired": "Phone is currently unreachable/unavailable",
    "unknown": "Unknown error attempting to reach phone",
}
"""``providerResponse`` of SNS's delivery log:
https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html."""


class AwsError(Exception):
    """A refusal in AWS's words; ``members`` are what the JSON protocol says beside the text."""

    def __init__(
        self,
        code: str,
        text: str,
        *,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status or _STATUSES.get(code, _BAD_REQUEST)
        self.members = dict(members or {})
        self.retry_after = retry_after

    def in_json(self) -> "AwsError":
        """The same refusal as the JSON protocol names it."""
        code = _JSON_CODES.get(self.code)
        if code is None:
            return self
        members = {"Reason": "INVALID_PARAMETER"} if code == "ValidationException" else {}
        return AwsError(
            code, self.text, members=members | self.members, retry_after=self.retry_after
        )


def invalid(text: str) -> AwsError:
    """SNS's ``InvalidParameter``, which says what was wrong after a fixed beginning."""
    return AwsError("InvalidParameter", f"Invalid parameter: {text}")


def code_for(status: int) -> str:
    """The code that fits a status for which nothing more is known."""
    known = {403: "AuthorizationError", 404: "NotFound", 429: "Throttled", 500: "InternalError"}
    return known.get(status) or ("ServiceUnavailable" if status > 500 else "InvalidParameter")
