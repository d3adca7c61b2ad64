"""What each route takes and answers, for the OpenAPI document; a test holds it to the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_phoneauth.errors import (
    BadSignature,
    BudgetExhausted,
    Busy,
    Cooldown,
    CountryBlocked,
    CrossSite,
    CsrfFailed,
    Expired,
    FreshLoginRequired,
    InvalidCode,
    InvalidPhone,
    InvalidRequest,
    LineTypeBlocked,
    Locked,
    Misconfigured,
    NotSignedIn,
    NumberNotVerified,
    NumberTaken,
    PhoneAuthError,
    ProviderUnavailable,
    RateLimited,
    RiskChallenge,
    RiskRefused,
    SimChanged,
    StoreUnavailable,
    TooManyTries,
    UnboundCallback,
    UnknownChallenge,
    UnknownSession,
    UnsupportedMediaType,
    Used,
)

Errors = tuple[type[PhoneAuthError], ...]

ALWAYS: Errors = (Misconfigured, RateLimited, StoreUnavailable)
"""What the door to every route may answer."""
BODY: Errors = (InvalidRequest, CrossSite, CsrfFailed, UnsupportedMediaType)
OVER: Errors = (Expired, TooManyTries, Used)
JUDGED: Errors = (CountryBlocked, LineTypeBlocked, RiskChallenge, RiskRefused)
"""What the number, or the manner of the ask, may be answered with before anything is spent."""
ASKING: Errors = (Cooldown, BudgetExhausted, Locked, Busy)

PAGE = "text/html"
SCRIPT = "text/xml"
NOTHING = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route.

    `answers` maps a status to a shape's name, `PAGE`, `SCRIPT` or `NOTHING`; `body` is the shape
    of the request, as JSON or as a form. `page` marks routes that answer people with HTML,
    `limited` those that count each address's requests.
    """

    summary: str
    answers: Mapping[int, str]
    errors: Errors = ()
    body: str = ""
    page: bool = False
    signed_in: bool = False
    query: tuple[str, ...] = ()
    header: str = ""
    limited: bool = True

    @property
    def problems(self) -> Errors:
        """Every error that it may answer."""
        always = (kind for kind in ALWAYS if self.limited or kind is not RateLimited)
        return (*self.errors, *(BODY if self.body else ()), *always)


_ASKED = {202: "Asked", 303: NOTHING}
_DONE = {204: NOTHING, 303: NOTHING}
_RECEIPT = Operation(
    "A vendor's signed callback about a message",
    {200: NOTHING},
    (BadSignature, InvalidRequest),
    limited=False,
)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("login", "GET"): Operation(
        "The page that asks for a number",
        {200: PAGE, 303: NOTHING},
        page=True,
        query=("next", "again"),
    ),
    ("login", "POST"): Operation(
        "Ask for a code",
        _ASKED,
        (InvalidPhone, *JUDGED, *ASKING, ProviderUnavailable),
        body="Login",
        page=True,
    ),
    ("verify", "GET"): Operation(
        "The page that asks for the code",
        {200: PAGE, 303: NOTHING},
        (UnknownChallenge,),
        page=True,
        query=("challenge_id",),
    ),
    ("verify", "POST"): Operation(
        "Type the code: one try",
        {200: "SignedIn", **_ASKED},
        (InvalidCode, UnknownChallenge, *OVER, *ASKING, NumberNotVerified, SimChanged),
        body="Code",
        page=True,
    ),
    ("resend", "POST"): Operation(
        "Ask for the code once more",
        _ASKED,
        (UnknownChallenge, *OVER, *JUDGED, *ASKING, InvalidPhone, ProviderUnavailable),
        body="Resend",
        page=True,
    ),
    ("challenge", "GET"): Operation(
        "What became of a challenge", {200: "Challenge"}, (UnknownChallenge,), header="secret"
    ),
    ("phone", "GET"): Operation(
        "The page that asks for the account's number",
        {200: PAGE, 303: NOTHING},
        page=True,
        signed_in=True,
        query=("next",),
    ),
    ("phone", "POST"): Operation(
        "Ask for a code to link or change the number",
        _ASKED,
        (
            NotSignedIn,
            FreshLoginRequired,
            InvalidPhone,
            *JUDGED,
            *ASKING,
            ProviderUnavailable,
        ),
        body="Phone",
        page=True,
        signed_in=True,
    ),
    ("verify_phone", "GET"): Operation(
        "The page that asks for the code",
        {200: PAGE, 303: NOTHING},
        (UnknownChallenge,),
        page=True,
        signed_in=True,
        query=("challenge_id",),
    ),
    ("verify_phone", "POST"): Operation(
        "Type the code: the account has the number",
        {200: "Me", 303: NOTHING},
        (
            NotSignedIn,
            FreshLoginRequired,
            InvalidCode,
            UnknownChallenge,
            NumberTaken,
            *OVER,
            Locked,
            NumberNotVerified,
        ),
        body="Code",
        page=True,
        signed_in=True,
    ),
    ("silent", "POST"): Operation(
        "Ask the mobile network instead of sending a code",
        {200: "Silent", **_ASKED},
        (InvalidPhone, *JUDGED, *ASKING, ProviderUnavailable),
        body="SilentLogin",
        page=True,
    ),
    ("silent_callback", "GET"): Operation(
        "The device comes back from its mobile network",
        {200: "SignedIn", **_ASKED},
        (
            InvalidRequest,
            UnboundCallback,
            NumberNotVerified,
            SimChanged,
            Expired,
            Used,
            InvalidPhone,
            *JUDGED,
            *ASKING,
            ProviderUnavailable,
        ),
        page=True,
        query=("code", "state", "error", "verifier"),
    ),
    ("logout", "POST"): Operation(
        "End this session, or all of the user's", _DONE, body="Logout", page=True
    ),
    ("me", "GET"): Operation("Who is signed in", {200: "Me"}, (NotSignedIn,), signed_in=True),
    ("sessions", "GET"): Operation(
        "The user's signed-in devices",
        {200: "Sessions", 303: NOTHING},
        (NotSignedIn,),
        page=True,
        signed_in=True,
    ),
    ("sessions", "DELETE"): Operation(
        "End all of the user's other sessions",
        {204: NOTHING},
        (NotSignedIn, CrossSite),
        signed_in=True,
    ),
    ("session", "DELETE"): Operation(
        "End one of the user's sessions",
        {204: NOTHING},
        (NotSignedIn, CrossSite, UnknownSession),
        signed_in=True,
    ),
    ("revoke_sessions", "POST"): Operation(
        "The form that ends all other sessions",
        _DONE,
        (NotSignedIn,),
        body="Empty",
        page=True,
        signed_in=True,
    ),
    ("revoke_session", "POST"): Operation(
        "The form that ends one session",
        _DONE,
        (NotSignedIn, UnknownSession),
        body="Empty",
        page=True,
        signed_in=True,
    ),
    ("receipt", "GET"): _RECEIPT,
    ("receipt", "POST"): _RECEIPT,
    ("voice", "POST"): Operation(
        "A vendor asks what a call is to say",
        {200: SCRIPT},
        (BadSignature, InvalidRequest),
        limited=False,
    ),
    ("openapi", "GET"): Operation("This document", {200: "Document"}),
}
"""By endpoint (without the blueprint's name) and method."""
