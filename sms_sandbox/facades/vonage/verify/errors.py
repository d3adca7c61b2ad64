"""The problems of Verify v2, in Vonage's own words.

Source: https://developer.vonage.com/en/api/verify.v2 and the test data of Vonage's SDKs, whose
problems are still named by the address of Nexmo.
"""

from sms_sandbox.facades.vonage.errors import Problem, VonageError, as_problem

ROOT = "https://developer.nexmo.com/api-errors"


def refuse(error: Exception) -> VonageError:
    """A refusal as Verify v2 says it."""
    refusal = as_problem(error)
    if isinstance(refusal, Problem):
        refusal.root = ROOT
    return refusal


def unknown(request_id: str) -> Problem:
    """There is no request with this id that still waits."""
    detail = f"Request {request_id[:64]} was not found or it has been verified already."
    return Problem(404, detail)


def wrong_code() -> Problem:
    """The code is not the request's; it may be tried again."""
    return Problem(
        400,
        "The code you provided does not match the expected value.",
        title="Invalid Code",
        kind="#bad-request",
    )


def last_wrong_code() -> Problem:
    """The code is not the request's, and was the last that could be tried."""
    return Problem(
        410,
        "An incorrect code has been provided too many times. Workflow terminated.",
        title="Invalid Code",
        kind="#gone",
    )


def concurrent(request_id: str) -> Problem:
    """The number has a request that still runs."""
    detail = "Concurrent verifications to the same number are not allowed"
    return Problem(409, detail, members={"request_id": request_id})


def no_code_yet() -> Problem:
    """Silent authentication has no code until the phone has opened the address."""
    return Problem(409, "The current Verify workflow step does not support a code.")


def no_more_events() -> Problem:
    """The request has no channel left."""
    return Problem(409, "There are no more events left to trigger.")


def network_error() -> Problem:
    """The operator cannot say whose phone it is."""
    return Problem(
        409,
        "The Silent Auth request could not be completed due to formatting or the carrier is not"
        " supported.",
        title="Network error",
        kind="/verify#network-error",
    )


def another_number() -> Problem:
    """The operator says that the phone has another number."""
    return Problem(
        403,
        "The Silent Auth request was completed, and the device does not have this number.",
        title="User rejected",
        kind="/verify#user-rejected",
    )
