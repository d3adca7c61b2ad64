"""What a request for a message asks for, and what the API says where it cannot be had.

Source: https://developer.vonage.com/en/api/messages
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sms_sandbox.facades.posting import is_url
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.errors import Problem
from sms_sandbox.facades.vonage.messages.errors import LATE, invalid
from sms_sandbox.facades.vonage.messages.failover import MAX_FAILOVER, standing_by
from sms_sandbox.facades.vonage.noun import API
from sms_sandbox.message import Draft, Submission

NOUN = "messages"
MAX_TEXT = 3200
MAX_REFERENCE = 100
EXPIRES = 72 * 3600
"""Seconds after which a message that was not delivered expires, where it does not say."""
TTL = (20, 604_800)
"""Seconds for which delivery may be tried."""
CHANNELS = ("sms", "mms", "rcs", "whatsapp", "messenger", "viber_service", "email")

_KNOWN = frozenset(
    (
        "message_type",
        "channel",
        "to",
        "from",
        "text",
        "ttl",
        "client_ref",
        "webhook_url",
        "webhook_version",
        "sms",
        "trusted_recipient",
        "failover",
    )
)
_OPTIONS = ("encoding_type", "content_id", "entity_id", "pool_id")


@dataclass(frozen=True, slots=True)
class _Fields:
    """The values of one message, each read by its kind; ``at`` is where the object stands."""

    values: Mapping[str, Any] = field(repr=False)
    at: str = ""

    def text(self, name: str, *, most: int = 10_000) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.invalid(name, "must be a string")
        if value is not None and len(value) > most:
            raise self.invalid(name, f"must have at most {most} characters")
        return value

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self.invalid(name, "is required")
        return value

    def one_of(self, name: str, words: Sequence[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in words:
            raise self.invalid(name, f"must be one of {', '.join(words)}")
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.invalid(name, f"must be a whole number from {low} to {high}")
        return value

    def flag(self, name: str) -> None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(name, "must be true or false")

    def inner(self, name: str) -> "_Fields":
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.invalid(name, "must be an object")
        return _Fields(value or {}, f"{self.at}{name}.")

    def invalid(self, name: str, reason: str) -> Problem:
        return invalid(f"{self.at}{name}", reason)


def read(values: Mapping[str, Any], caller: Caller, raw: str) -> Draft:
    """The message that a request asks for, with those that stand by for it. Raises ``Problem``."""
    first = _draft(_Fields(values), caller, raw)
    others = [_draft(one, caller, raw) for one in _others(values)]
    if not others:
        return first
    assert first.submission is not None
    kept = standing_by(others, caller.room.ids.hex(caller.account, 24))
    facts = {**first.submission.facts, **kept}
    return replace(first, submission=replace(first.submission, facts=facts))


def _others(values: Mapping[str, Any]) -> Iterator[_Fields]:
    others = values.get("failover")
    if others is None:
        return
    if not isinstance(others, list) or not 0 < len(others) <= MAX_FAILOVER:
        raise invalid("failover", f"must be a list of 1 to {MAX_FAILOVER} messages")
    for place, one in enumerate(others):
        if not isinstance(one, dict) or "failover" in one:
            raise invalid(f"failover.{place}", "must be a message without failover")
        yield _Fields(one, f"failover.{place}.")


def _draft(asked: _Fields, caller: Caller, raw: str) -> Draft:
    _check_kind(asked)
    settings = caller.room.inbox.account_settings(caller.account)
    recipient = wire.parse_number(asked.needed("to"))
    if recipient is None:
        raise asked.invalid("to", "must be 7 to 15 digits, the country's code first")
    sender = wire.parse_sender(asked.needed("from"))
    if sender is None:
        raise asked.invalid("from", "must be a number, or a name of at most 11 characters")
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=sender,
        recipient=recipient,
        body=_text(asked),
        raw=raw,
        validity=asked.whole("ttl", *TTL) or EXPIRES,
        late=LATE,
        submission=Submission(
            vendor_id=caller.new_uuid(),
            callback_url=_webhook(asked) or settings.status_url,
            facts=dict(_facts(asked, caller)),
        ),
    )


def _check_kind(asked: _Fields) -> None:
    unknown = sorted(set(asked.values) - _KNOWN)
    if asked.one_of("channel", CHANNELS) is None:
        raise asked.invalid("channel", "is required")
    if asked.values["channel"] != "sms":
        raise asked.invalid("channel", "only sms is imitated by this sandbox")
    if asked.needed("message_type") != "text":
        raise asked.invalid("message_type", "must be text for channel sms")
    if unknown:
        raise asked.invalid(unknown[0][:64], "is not a parameter of an SMS")


def _text(asked: _Fields) -> str:
    text = asked.needed("text")
    if len(text) > MAX_TEXT:
        raise asked.invalid("text", f"must have at most {MAX_TEXT} characters")
    asked.flag("trusted_recipient")
    options = asked.inner("sms")
    options.one_of("encoding_type", ("text", "unicode", "auto"))
    for name in _OPTIONS:
        options.text(name)
    unknown = sorted(set(options.values) - set(_OPTIONS))
    if unknown:
        raise options.invalid(unknown[0][:64], "is not an option of an SMS")
    return text


def _webhook(asked: _Fields) -> str | None:
    asked.one_of("webhook_version", ("v0.1", "v1"))
    if asked.values.get("webhook_version") == "v0.1":
        raise asked.invalid("webhook_version", "only v1 is imitated by this sandbox")
    url = asked.text("webhook_url") or None
    if url is not None and not is_url(url):
        raise asked.invalid("webhook_url", "must be an http or https URL")
    return url


def _facts(asked: _Fields, caller: Caller) -> Iterator[tuple[str, str]]:
    yield API, NOUN
    if caller.api_key is not None:
        yield "api_key", caller.api_key
    if caller.application_id is not None:
        yield "application_id", caller.application_id
    reference = asked.text("client_ref", most=MAX_REFERENCE)
    if reference:
        yield "client_ref", reference
