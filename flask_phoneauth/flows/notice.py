"""The message to the number that an account has left: no code, and no budget in its way.

It waits as a challenge that nobody can answer, so a queue carries neither number nor text.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from flask_phoneauth.delivery.failover import NOWHERE
from flask_phoneauth.delivery.wording import compose_notice
from flask_phoneauth.errors import InvalidPhone, NumberBlocked
from flask_phoneauth.flows.parts import Parts, test_code
from flask_phoneauth.otp.challenge import NO_CODE, Draft
from flask_phoneauth.phone.number import PhoneNumber, mask, parse
from flask_phoneauth.phone.policy import check_number
from flask_phoneauth.prices import notice_price
from flask_phoneauth.records import PHONE_CHANGED, Job, Outbound
from flask_phoneauth.stores.base import Issued, Loaded, Settlement

NOTICE_LIFE = 120
"""Seconds within which a notice is sent; a queue that takes longer loses it."""
NO_LIMIT = 1_000_000
"""Challenges that may be open beside a notice: a stranger's asks must not keep it away."""

logger = logging.getLogger("flask_phoneauth")


def record_notice(parts: Parts, phone: str | None, payload: Mapping[str, Any]) -> Job | None:
    """Write the notice down, to be sent once the change is done; None where there is no number."""
    number = _former(parts, phone)
    if number is None:
        return None
    tag = parts.keys.phone_tag(number.e164)
    issued = parts.challenges.issue(
        _draft(parts, number, tag, payload),
        notice_price(parts.settings, tag),
        live_limit=NO_LIMIT,
        device=b"",
        now=parts.clock.now(),
    )
    return issued.job if isinstance(issued, Issued) else None


def deliver_notice(parts: Parts, loaded: Loaded, job: Job) -> None:
    """Send it; what fails is logged, for nobody waits for it."""
    challenge, now = loaded.challenge, parts.clock.now()
    passage = NOWHERE  # an app reviewer's number: nothing is ever sent (RULES 32)
    if test_code(parts.settings, challenge.phone, now) is None:
        body = compose_notice(brand=parts.brand, locale=challenge.payload.get("locale", "en"))
        outbound = Outbound(challenge.phone, body, f"{challenge.id}:0")
        passage = parts.delivery.carry(outbound, parts.order(loaded, now))
    if passage.failure is not None:
        logger.warning(
            "the notice of a changed number to %s was not sent: %s",
            mask(challenge.phone),
            passage.failure.reason,
        )
    told = parts.met(Settlement("accepted", digest=NO_CODE), loaded, passage, now)
    if told.news:
        parts.challenges.settle(job, told, failures=(), cooldowns=(), now=now)


def _former(parts: Parts, phone: str | None) -> PhoneNumber | None:
    """The number if a message may go there; an app's older rows may hold anything."""
    try:
        number = parse(phone or "", virtual_numbers=parts.settings.virtual_numbers)
        check_number(number, parts.settings, parts.hooks.number_policy)
    except (InvalidPhone, NumberBlocked):
        return None
    return number


def _draft(parts: Parts, number: PhoneNumber, tag: str, payload: Mapping[str, Any]) -> Draft:
    return Draft(
        id=f"{tag}.{secrets.token_urlsafe(16)}",
        purpose=PHONE_CHANGED,
        phone=number.e164,
        binding=secrets.token_bytes(32),  # nobody's
        reference="",
        channel="sms",
        key_id=parts.keys.current.id,
        seed=secrets.token_bytes(16),
        digest=NO_CODE,
        code_length=parts.settings.code_length,
        code_ttl=NOTICE_LIFE,
        max_tries=1,
        payload={"locale": payload.get("locale", "en")},
    )
