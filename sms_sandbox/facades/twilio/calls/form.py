"""The form that asks for a call, or changes one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from sms_sandbox.facades.twilio import magic, twiml, wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.message import Draft, Submission

CALL = "call"
"""The kind of a message that is a call, among its facts."""
MAX_TWIML = 4000
EVENTS = ("initiated", "ringing", "answered", "completed")
_METHODS = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Script:
    """Where a call's script is: at an address, or in the request itself."""

    url: str | None = None
    method: str = "POST"
    twiml: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The script as JSON values."""
        return {"url": self.url, "method": self.method, "twiml": self.twiml}


def parse_call(
    account: str, form: MultiDict[str, str], raw: str, *, ids: Callable[[int], str]
) -> Draft:
    """The call that a form asks for. Raises ``TwilioError``."""
    if "ApplicationSid" in form:
        raise TwilioError(20001, detail="ApplicationSid is not imitated by this sandbox.")
    recipient, sender = _numbers(form)
    script = parse_script(form)
    if script is None:
        raise TwilioError(21205, "Url parameter is required.")
    return Draft(
        account=account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=sender,
        recipient=recipient,
        body="",
        raw=raw,
        kind="call",
        starts="accepted",
        submission=Submission(
            vendor_id="CA" + ids(16),
            callback_url=_url(form, "StatusCallback"),
            facts={
                "kind": CALL,
                "script": script.as_json(),
                "fallback": _fallback(form),
                "events": _events(form),
                "callback_method": _method(form, "StatusCallbackMethod"),
                "answered_by": "human" if form.get("MachineDetection") else None,
            },
        ),
    )


def parse_script(form: Mapping[str, str]) -> Script | None:
    """The script that a form names, if it names one. Raises ``TwilioError``."""
    text = form.get("Twiml")
    if text:
        if len(text) > MAX_TWIML:
            raise TwilioError(20001, detail=f"Twiml has at most {MAX_TWIML} characters.")
        try:
            twiml.parse(text)
        except twiml.BadTwiml as error:
            raise TwilioError(20001, detail=f"Twiml cannot be read. {error}") from None
        return Script(twiml=text)
    url = _url(form, "Url")
    return None if url is None else Script(url=url, method=_method(form, "Method"))


def _numbers(form: Mapping[str, str]) -> tuple[str, str]:
    for name, code in (("To", 21201), ("From", 21213)):
        if not form.get(name, "").strip():
            raise TwilioError(code)
    recipient, sender = wire.parse_address(form["To"]), wire.parse_address(form["From"])
    if not wire.is_number(recipient):
        raise TwilioError(21217, to=recipient[:64])
    if not wire.is_number(sender):
        raise TwilioError(21212, sender=sender[:64])
    magic.refuse(recipient, sender, magic.CALL_TO, magic.CALL_FROM)
    return recipient, sender


def _fallback(form: Mapping[str, str]) -> dict[str, Any] | None:
    url = _url(form, "FallbackUrl")
    return None if url is None else Script(url, _method(form, "FallbackMethod")).as_json()


def _events(form: MultiDict[str, str]) -> list[str]:
    # The SDKs repeat the name; by hand several are written into one value.
    asked = " ".join(form.getlist("StatusCallbackEvent")).replace(",", " ").split()
    if any(event not in EVENTS for event in asked):
        raise TwilioError(20001, detail=f"StatusCallbackEvent is {', '.join(EVENTS)}.")
    return asked or ["completed"]


def _url(form: Mapping[str, str], name: str) -> str | None:
    url = form.get(name) or None
    if url is not None and not wire.is_url(url):
        if name == "StatusCallback":
            raise TwilioError(21609, url=url[:200])
        raise TwilioError(21205, url=url[:200])
    return url


def _method(form: Mapping[str, str], name: str) -> str:
    return wire.one_of({name: form.get(name, "POST").upper()}, name, _METHODS) or "POST"
