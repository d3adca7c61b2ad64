"""The form that asks for a message, and what Twilio says where it cannot be had."""

import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from sms_sandbox.facades.twilio import magic, wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.messages.smart import smart_encoded
from sms_sandbox.facades.twilio.services.pool import Pool
from sms_sandbox.message import Draft, Submission

MAX_BODY = 1600
MAX_MEDIA = 10
EARLIEST, LATEST = 900, 3_024_000
"""How many seconds ahead a message may be scheduled."""
VALIDITY = 36_000
"""Seconds that a message may wait, where it does not say."""

NOT_IMITATED = ("ContentSid", "ContentVariables", "PersistentAction", "ApplicationSid")
"""Parameters that would change what is sent: refused, so that no test passes by mistake."""

_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


def parse_draft(
    account: str,
    form: MultiDict[str, str],
    raw: str,
    *,
    now: float,
    ids: Callable[[int], str],
    status_url: str | None = None,
    pool: Pool | None = None,
) -> Draft:
    """The message that a form asks for at ``now``; ``pool`` is what its Messaging Service has, if
    that was created here. Raises ``TwilioError``."""
    for name in NOT_IMITATED:
        if name in form:
            raise TwilioError(20001, detail=f"{name} is not imitated by this sandbox.")
    recipient = _recipient(form.get("To", ""))
    service = form.get("MessagingServiceSid") or None
    sender = _sender(form.get("From", ""), service, recipient, pool)
    media = _media(form.getlist("MediaUrl"), ids)
    way = "MMS" if media else "SMS"
    magic.refuse(recipient, sender, magic.MESSAGE_TO, magic.MESSAGE_FROM, way=way)
    if sender == recipient:
        raise TwilioError(21266, to=recipient)
    url = _callback_url(form) or (pool and pool.status_callback) or status_url
    body = _body(form.get("Body"), has_media=bool(media))
    is_mms = bool(media) or wire.is_true(form, "SendAsMms")
    return Draft(
        account=account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=sender,
        recipient=recipient,
        body=smart_encoded(body) if _is_smart(form, pool) else body,
        raw=raw,
        kind="media" if media else "text",
        starts="accepted" if service else "queued",
        send_at=_send_at(form, service, now),
        validity=wire.whole(
            form, "ValidityPeriod", pool.validity if pool else VALIDITY, 1, VALIDITY
        ),
        submission=Submission(
            vendor_id=("MM" if is_mms else "SM") + ids(16),
            callback_url=url,
            facts=_facts(form, service, media),
        ),
    )


def parse_reply(
    account: str, asked: list[tuple[str, str]], *, now: float, ids: Callable[[int], str]
) -> Draft:
    """The message that a TwiML answer asks for. Raises ``TwilioError``."""
    draft = parse_draft(account, MultiDict(asked), "", now=now, ids=ids)
    assert draft.submission is not None
    submission = replace(draft.submission, facts={**draft.submission.facts, "reply": True})
    return replace(draft, submission=submission)


def _facts(
    form: Mapping[str, str], service: str | None, media: list[dict[str, Any]]
) -> dict[str, Any]:
    """What shows in the resource beside the message itself."""
    kept: dict[str, Any] = {}
    if service:
        kept["messaging_service_sid"] = service
    if media:
        kept["media"] = media
    if wire.one_of(form, "ContentRetention", ("retain", "discard")) == "discard":
        kept["discards"] = True
    wire.one_of(form, "AddressRetention", ("retain", "obfuscate"))
    wire.one_of(form, "RiskCheck", ("enable", "disable"))
    return kept


def _recipient(text: str) -> str:
    if not text.strip():
        raise TwilioError(21604)
    if wire.is_short_code(text.strip()):
        raise TwilioError(21265, to=text.strip())
    recipient = wire.parse_address(text)
    if not wire.is_number(recipient):
        raise TwilioError(21211, to=recipient[:64])
    return recipient


def service_of(form: Mapping[str, str]) -> str | None:
    """The SID of the Messaging Service that a form names, if it is one."""
    service = form.get("MessagingServiceSid") or ""
    return service if _SERVICE.fullmatch(service) else None


def _is_smart(form: Mapping[str, str], pool: Pool | None) -> bool:
    if "SmartEncoded" in form or pool is None:
        return wire.is_true(form, "SmartEncoded")
    return pool.smart_encoding


def _sender(text: str, service: str | None, recipient: str, pool: Pool | None) -> str:
    if service is not None and not _SERVICE.fullmatch(service):
        raise TwilioError(21705)
    if not text.strip():
        if service is None:
            raise TwilioError(21603)
        if pool is not None:
            return pool.sender_for(recipient)
        # A service that was not created here has always the same number of the range for fiction.
        return f"+12015550{100 + int(service[2:], 16) % 100}"
    sender = wire.parse_address(text)
    if not (wire.is_number(sender) or wire.is_short_code(sender) or wire.is_name(sender)):
        raise TwilioError(21212, sender=sender[:64])
    return sender


def _callback_url(form: Mapping[str, str]) -> str | None:
    url = form.get("StatusCallback") or None
    if url is not None and not wire.is_url(url):
        raise TwilioError(21609, url=url[:200])
    return url


def _body(text: str | None, *, has_media: bool) -> str:
    if not text and has_media:
        return ""
    if text is None:
        raise TwilioError(21619)
    if not text:
        raise TwilioError(21602)
    if len(text) > MAX_BODY:
        raise TwilioError(21617)
    return text


def _media(urls: list[str], ids: Callable[[int], str]) -> list[dict[str, Any]]:
    given = [url for url in urls if url]
    if len(given) > MAX_MEDIA:
        raise TwilioError(21623)
    if not all(wire.is_url(url) for url in given):
        raise TwilioError(21620)
    return [{"sid": "ME" + ids(16), "url": url, "type": _media_type(url)} for url in given]


def _media_type(url: str) -> str:
    """What the address's ending says; the file itself is never fetched."""
    return mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"


def _send_at(form: Mapping[str, str], service: str | None, now: float) -> float | None:
    if wire.one_of(form, "ScheduleType", ("fixed",)) is None:
        if form.get("SendAt"):
            raise TwilioError(20001, detail="SendAt needs ScheduleType=fixed.")
        return None
    if service is None:
        raise TwilioError(35118)
    text = form.get("SendAt")
    if not text:
        raise TwilioError(35111)
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise TwilioError(35114) from None
    if not now + EARLIEST <= seconds <= now + LATEST:
        raise TwilioError(35114)
    return seconds
