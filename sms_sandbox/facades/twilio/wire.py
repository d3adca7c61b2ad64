"""Twilio's messages on the wire: the form that asks for one, and the object that shows one."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.twilio.errors import DELIVERY_TEXTS, TwilioError, masked
from sms_sandbox.message import Draft, Message, Submission
from sms_sandbox.numbers import parse_number
from sms_sandbox.storage.submissions import Submitted

API_VERSION = "2010-04-01"
PRICE = 0.0075
"""Dollars for one part; the sandbox's own figure, shown once a message is sent."""

_MAX_BODY = 1600
_MAX_URL = 4000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")
_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_URL = re.compile(r"[\x21-\x7e]+")

# Twilio's test numbers (https://www.twilio.com/docs/iam/test-credentials); here they act for
# every account, and any other sender is taken for the account's own.
_MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}

NOT_IMITATED = (
    "MediaUrl",
    "ContentSid",
    "ContentVariables",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
    "FallbackFrom",
)
"""Parameters that would change what is sent: refused, so that no test passes by mistake."""


def parse_draft(account: str, form: Mapping[str, str], raw: str) -> Draft:
    """The message that a form asks for. Raises ``TwilioError``."""
    for name in NOT_IMITATED:
        if name in form:
            raise TwilioError(20001, detail=f"{name} is not imitated by this sandbox.")
    recipient = _recipient(form.get("To", ""))
    service = form.get("MessagingServiceSid") or None
    sender = _sender(form.get("From", ""), service)
    _refuse_magic(recipient, sender)
    url = form.get("StatusCallback") or None
    if url is not None:
        _check_url(url)
    facts = {"messaging_service_sid": service} if service else {}
    return Draft(
        account=account,
        provider="twilio",
        direction="outbound",
        sender=sender,
        recipient=recipient,
        body=_body(form.get("Body")),
        raw=raw,
        starts="accepted" if service else "queued",
        submission=Submission(
            vendor_id="SM" + secrets.token_hex(16), callback_url=url, facts=facts
        ),
    )


def show_message(one: Submitted, *, created: bool = False) -> dict[str, Any]:
    """The message resource: exactly Twilio's twenty keys."""
    message, submission = one.message, one.submission
    chosen = message.status != "accepted"
    code = _error_code(message)
    uri = f"{account_uri(message.account)}/Messages/{submission.vendor_id}"
    links = {"media": f"{uri}/Media.json"}
    if not created:
        links["feedback"] = f"{uri}/Feedback.json"
    priced = message.status in ("sent", "delivered", "undelivered")
    return {
        "account_sid": message.account,
        "api_version": API_VERSION,
        "body": "" if submission.facts.get("redacted") else message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": None if one.sent_at is None else rfc2822(one.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": "outbound-api",
        "error_code": code,
        "error_message": DELIVERY_TEXTS.get(code) if isinstance(code, int) else None,
        "from": message.sender if chosen else None,
        "messaging_service_sid": submission.facts.get("messaging_service_sid"),
        "num_media": "0",
        "num_segments": str(message.segments) if chosen else "0",
        "price": f"-{message.segments * PRICE:.5f}" if priced else None,
        "price_unit": "USD",
        "sid": submission.vendor_id,
        "status": status_of(message),
        "subresource_uris": links,
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def show_account(sid: str, moment: float) -> dict[str, Any]:
    """The account resource, which programs fetch to try their credentials. The token is never
    repeated; both dates are the moment of asking."""
    uri = account_uri(sid)
    return {
        "auth_token": None,
        "date_created": rfc2822(moment),
        "date_updated": rfc2822(moment),
        "friendly_name": "SMS sandbox",
        "owner_account_sid": sid,
        "sid": sid,
        "status": "active",
        "subresource_uris": {"messages": f"{uri}/Messages.json"},
        "type": "Full",
        "uri": f"{uri}.json",
    }


def account_uri(sid: str) -> str:
    """An account's path on Twilio's own host: no host, no prefix of the sandbox."""
    return f"/{API_VERSION}/Accounts/{sid}"


def status_of(message: Message) -> str:
    """The status in Twilio's words, which are the sandbox's own."""
    return message.status


def rfc2822(moment: float) -> str:
    """``moment`` (seconds since 1970) as ``Thu, 24 Aug 2023 05:01:45 +0000``."""
    return format_datetime(datetime.fromtimestamp(moment, UTC))


def parse_address(text: str) -> str:
    """A number in E.164 (a leading blank is a plus that was not escaped), else the text.

    Without a plus a number could be of any country: it is left as it is.
    """
    if not text.startswith(("+", " ")):
        return text.strip()
    try:
        return parse_number(text, "")
    except InvalidRequest:
        return text.strip()


def _recipient(text: str) -> str:
    if not text.strip():
        raise TwilioError(21604)
    if _SHORT_CODE.fullmatch(text.strip()):
        raise TwilioError(21265, to=text.strip())
    recipient = parse_address(text)
    if not _E164.fullmatch(recipient):
        raise TwilioError(21211, to=masked(recipient[:64]))
    return recipient


def _sender(text: str, service: str | None) -> str:
    if service is not None and not _SERVICE.fullmatch(service):
        raise TwilioError(21705)
    if not text.strip():
        if service is None:
            raise TwilioError(21603)
        # A service picks from its pool: here always the same number of the range for fiction.
        return f"+12015550{100 + int(service[2:], 16) % 100}"
    sender = parse_address(text)
    if not (_E164.fullmatch(sender) or _SHORT_CODE.fullmatch(sender) or _NAME.fullmatch(sender)):
        raise TwilioError(21212, sender=sender[:64])
    return sender


def _refuse_magic(recipient: str, sender: str) -> None:
    for code in (_MAGIC_FROM.get(sender), _MAGIC_TO.get(recipient)):
        if code is not None:
            shown = masked(recipient) if code in (21211, 21408) else recipient
            raise TwilioError(code, to=shown, sender=sender)
    if sender == recipient:
        raise TwilioError(21266, to=masked(recipient))


def _body(text: str | None) -> str:
    if text is None:
        raise TwilioError(21619)
    if not text:
        raise TwilioError(21602)
    if len(text) > _MAX_BODY:
        raise TwilioError(21617)
    return text


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise TwilioError(21609, url=url[:200]) from None
    host = parts.hostname or ""
    if (
        len(url) > _MAX_URL
        or not _URL.fullmatch(url)
        or parts.scheme.casefold() not in ("http", "https")
        or not host
        or "_" in host
        or not port_fits
        or parts.username is not None
    ):
        raise TwilioError(21609, url=url[:200])


def _error_code(message: Message) -> int | str | None:
    code = message.error_code
    return int(code) if isinstance(code, str) and code.isascii() and code.isdigit() else code
