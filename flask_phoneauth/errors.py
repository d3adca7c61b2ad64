"""Everything that can go wrong, each with a machine code, an HTTP status and a cure.

    PhoneAuthError
    ├── InvalidRequest 400 · InvalidCode 400
    ├── NotSignedIn 401
    ├── FreshLoginRequired · CrossSite · CsrfFailed · NumberNotVerified ·
    │   SimChanged · UnboundCallback 403
    ├── NumberBlocked 403: CountryBlocked · LineTypeBlocked
    ├── RiskChallenge · RiskRefused 403
    ├── UnknownChallenge · UnknownSession 404
    ├── NumberTaken 409
    ├── Gone 410: Expired · TooManyTries · Used
    ├── UnsupportedMediaType 415
    ├── InvalidPhone 422
    ├── Refused 429: Cooldown · RateLimited · Locked · BudgetExhausted
    ├── Misconfigured 500
    └── Unavailable 503: ProviderUnavailable · StoreUnavailable · Busy

    SendFailed (between a provider and its caller, never shown to a visitor)
    ├── NumberRefused · AccountRefused · ProviderDown   nothing was sent
    └── SendUncertain                                   perhaps it was

`detail` is an English sentence with named places; the web translates it and fills them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class PhoneAuthError(Exception):
    """Base of every error that a visitor or a program may see (RFC 9457 problem)."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    default: ClassVar[str] = "Something went wrong."

    def __init__(
        self,
        detail: str | None = None,
        *,
        pointer: str | None = None,
        retry_after: int | None = None,
        tries_left: int | None = None,
        places: Mapping[str, object] | None = None,
    ) -> None:
        """`pointer` is the JSON pointer of a wrong input, `retry_after` whole seconds from 1."""
        self.detail = detail or self.default
        self.pointer = pointer
        self.retry_after = None if retry_after is None else max(1, retry_after)
        self.tries_left = tries_left
        self.places = {"retry_after": self.retry_after, "tries_left": tries_left, **(places or {})}
        super().__init__(self.detail.format_map(self.places))


class InvalidRequest(PhoneAuthError):
    """The request is not of the form that this address takes."""

    code, status, title = "invalid_request", 400, "Invalid request"
    default = "The request could not be understood."


class InvalidCode(PhoneAuthError):
    """The code does not fit; `tries_left` is absent where the try was not counted."""

    code, status, title = "invalid_code", 400, "Wrong code"
    default = "That code is not right."


class NotSignedIn(PhoneAuthError):
    """Nobody is signed in."""

    code, status, title = "not_signed_in", 401, "Not signed in"
    default = "Please sign in first."


class FreshLoginRequired(PhoneAuthError):
    """The login is older than ten minutes."""

    code, status, title = "fresh_login_required", 403, "Please sign in again"
    default = "Please sign in again to do this."


class CrossSite(PhoneAuthError):
    """The request was sent by another site's page."""

    code, status, title = "cross_site", 403, "Request from another site"
    default = "This request came from another site's page."


class CsrfFailed(PhoneAuthError):
    """A form came without its CSRF token, or with an old one."""

    code, status, title = "csrf", 403, "The page has expired"
    default = "The page has expired. Please try again."


class NumberNotVerified(PhoneAuthError):
    """The network says that the number is not the device's."""

    code, status, title = "number_not_verified", 403, "Number not verified"
    default = "This number could not be verified."


class SimChanged(PhoneAuthError):
    """The number has a new SIM card, and nothing else tells that it is still its owner's."""

    code, status, title = "sim_changed", 403, "The SIM card was changed"
    default = (
        "The SIM card of this number was changed a short while ago, and its account has no "
        "verified e-mail address to confirm it. Add one where you are still signed in. Otherwise "
        "wait until {hours} hours have passed since the change, or ask our support."
    )

    def __init__(self, detail: str | None = None, *, hours: int) -> None:
        super().__init__(detail, places={"hours": hours})


class UnboundCallback(PhoneAuthError):
    """A device came back from its operator that did not set out from here; nobody is told more."""

    code, status, title = "unbound_callback", 403, "This browser did not begin it"
    default = "This sign-in was not begun in this browser. Please start again."


class NumberBlocked(PhoneAuthError):
    """The number policy does not serve this number, whoever asks."""

    status = 403


class CountryBlocked(NumberBlocked):
    """Numbers of this country, or of no country, are not accepted here."""

    code, title = "country_blocked", "Country not supported"
    default = "Phone numbers of this country are not supported."


class LineTypeBlocked(NumberBlocked):
    """Numbers of this kind are not accepted here: premium, pager and the like."""

    code, title = "line_type_blocked", "This kind of number is not supported"
    default = "This kind of number is not supported. Please use the number of a mobile phone."


class RiskChallenge(PhoneAuthError):
    """A puzzle must be solved first; its answer goes into `risk_token`."""

    code, status, title = "risk_challenge", 403, "One more step"
    default = "Please confirm that you are not a robot, then ask again."


class RiskRefused(PhoneAuthError):
    """The ask looks like abuse; waiting or asking from elsewhere may help."""

    code, status, title = "risk_refused", 403, "We cannot send a code"
    default = "We cannot send a code to you at the moment."


class UnknownChallenge(PhoneAuthError):
    """There is no such challenge, or it belongs to another browser or program."""

    code, status, title = "unknown_challenge", 404, "Unknown challenge"
    default = "This sign-in is not known here. Please ask for a new code."


class UnknownSession(PhoneAuthError):
    """There is no such session among the user's own."""

    code, status, title = "unknown_session", 404, "Unknown session"
    default = "There is no such session."


class NumberTaken(PhoneAuthError):
    """Another account has this number."""

    code, status, title = "number_taken", 409, "Number taken"
    default = "This number belongs to another account."


class Gone(PhoneAuthError):
    """The challenge is over; the cure is a new code."""

    status = 410


class Expired(Gone):
    """The code's life is over."""

    code, title = "expired", "Code expired"
    default = "This code has expired. Please ask for a new one."


class TooManyTries(Gone):
    """The last try of this challenge is spent."""

    code, title = "too_many_tries", "Too many tries"
    default = "Too many wrong codes. Please ask for a new one."


class Used(Gone):
    """The code was used already."""

    code, title = "used", "Code already used"
    default = "This code was already used. Please ask for a new one."


class UnsupportedMediaType(PhoneAuthError):
    """The body is neither JSON nor a form, or is labelled as what it is not."""

    code, status, title = "unsupported_media_type", 415, "Unsupported media type"
    default = "Send JSON as application/json, or a form."


class InvalidPhone(PhoneAuthError):
    """The text is not a phone number that can receive a message."""

    code, status, title = "invalid_phone", 422, "Invalid phone number"
    default = "This is not a phone number that can receive messages."


class Refused(PhoneAuthError):
    """Too much, too soon; `retry_after` says when it will pass."""

    status = 429

    def __init__(self, *, retry_after: int, tries_left: int | None = None) -> None:
        super().__init__(retry_after=retry_after, tries_left=tries_left)


class Cooldown(Refused):
    """A code was sent a moment ago."""

    code, title = "cooldown", "Please wait a moment"
    default = "A code was sent a moment ago. Please wait {retry_after} seconds."


class RateLimited(Refused):
    """Too many requests from one address."""

    code, title = "rate_limited", "Too many requests"
    default = "Too many requests. Please wait {retry_after} seconds."


class Locked(Refused):
    """Too many wrong codes for this number."""

    code, title = "locked", "Too many wrong codes"
    default = "Too many wrong codes for this number. Please try again later."


class BudgetExhausted(Refused):
    """Too many messages were asked for."""

    code, title = "budget_exhausted", "Too many codes asked for"
    default = "Too many codes were asked for. Please try again later."


class BadSignature(PhoneAuthError):
    """A callback that the vendor did not sign with the key that we know, for this address."""

    code, status, title = "bad_signature", 403, "The signature does not fit"
    default = "This callback is not signed by the vendor for this address."


class Misconfigured(PhoneAuthError):
    """The application's settings do not fit; the log names the key and the cure."""

    code, status, title = "misconfigured", 500, "Not set up"
    default = "Sign-in is not set up correctly. The server's log says what to change."


class Unavailable(PhoneAuthError):
    """A part that is needed does not answer; nothing was decided."""

    status = 503

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, retry_after=retry_after)


class ProviderUnavailable(Unavailable):
    """No message can be sent at the moment."""

    code, title = "provider_unavailable", "Messages cannot be sent"
    default = "We cannot send messages at the moment. Please try again shortly."


class StoreUnavailable(Unavailable):
    """The database or store does not answer in time."""

    code, title = "store_unavailable", "Temporarily unavailable"
    default = "Sign-in is temporarily unavailable. Please try again shortly."


class Busy(Unavailable):
    """A queue or pool is full."""

    code, title = "busy", "Busy"
    default = "We are very busy. Please try again shortly."


class SendFailed(Exception):
    """A provider could not send; `reason` is a short machine word without number or code.

    `answer` is what the vendor itself calls it: its status, and its code where it gave one.
    """

    def __init__(self, reason: str, answer: str = "") -> None:
        self.reason, self.answer = reason, answer
        super().__init__(reason)

    @property
    def told(self) -> str:
        """For operators: the reason, then what the vendor calls it, if it answered."""
        return f"{self.reason}, {self.answer}" if self.answer else self.reason


class NumberRefused(SendFailed):
    """Permanent for this number: the vendor will not send to it."""


class AccountRefused(SendFailed):
    """Permanent for our account there: credentials, balance, sender."""


class ProviderDown(SendFailed):
    """Nothing was sent: refused, unreachable, throttled or failing."""


class SendUncertain(SendFailed):
    """The vendor took the request and did not answer: the message may have been sent."""


REFUSALS: Mapping[str, type[Refused]] = {
    kind.code: kind for kind in (Cooldown, RateLimited, Locked, BudgetExhausted)
}
ENDINGS: Mapping[str, type[Gone]] = {kind.code: kind for kind in (Expired, TooManyTries, Used)}
