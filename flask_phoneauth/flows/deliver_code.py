"""The job behind an ask: look up, word, send, write down. No request waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_phoneauth.budgets import Charge
from flask_phoneauth.delivery.tokens import delivery_token
from flask_phoneauth.delivery.wording import compose
from flask_phoneauth.errors import SendFailed, SendUncertain, Unavailable
from flask_phoneauth.events import CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.notice import deliver_notice
from flask_phoneauth.flows.parts import Parts, code_for, test_code
from flask_phoneauth.otp.challenge import kind_of
from flask_phoneauth.otp.code import digest_code
from flask_phoneauth.otp.keys import KeySet
from flask_phoneauth.phone.number import mask
from flask_phoneauth.records import PHONE_CHANGED, Challenge, Generation, Job, Outbound
from flask_phoneauth.stores.base import Settlement

MAX_AGE = 30.0
"""Seconds after which a waiting message is dropped: its visitor asks again by then (RULES 26)."""


def deliver_code(parts: Parts, job: Job) -> None:
    """Send the message of one generation; its fate is settled in the store and announced."""
    now = parts.clock.now()
    challenge = parts.challenges.load(job, now=now)
    if challenge is not None and challenge.purpose == PHONE_CHANGED:
        deliver_notice(parts, challenge)
    elif challenge is not None:
        _deliver(parts, challenge, job, now)


def _deliver(parts: Parts, challenge: Challenge, job: Job, now: float) -> None:
    keys = parts.keys.find(challenge.key_id)
    generation = next((g for g in challenge.generations if g.number == job.generation), None)
    if keys is None or generation is None or challenge.seed is None:
        return
    if now - job.asked_at > MAX_AGE:
        _not_sent(parts, challenge, job, "late", failures=())
        return
    code = _code(parts, keys, challenge, generation, now)
    digest = digest_code(
        keys.check, challenge_id=challenge.id, purpose=challenge.purpose, code=code
    )
    try:
        if not _may_receive(parts, challenge):
            _settle(parts, challenge, job, Settlement("withheld"))
            return
        outbound = _outbound(parts, challenge, generation, job, code)
        provider = _send(parts, challenge, outbound, now)
    except SendUncertain:
        provider = "uncertain"  # perhaps it was sent: its code must be good (RULES 27)
    except SendFailed as failure:
        _not_sent(parts, challenge, job, failure.reason, failures=parts.failures(challenge))
        return
    except Unavailable:
        # the users' database is away: neither the number's fault nor a provider's
        _not_sent(parts, challenge, job, "store_unavailable", failures=())
        return
    _settle(parts, challenge, job, Settlement("accepted", digest=digest))
    parts.notify(
        CodeSent(challenge.id, kind_of(challenge.purpose), mask(challenge.phone), provider)
    )


def _may_receive(parts: Parts, challenge: Challenge) -> bool:
    """Look up the user for every number alike (RULES 26); blocked and uninvited get nothing."""
    user = parts.users.by_phone(challenge.phone)
    if user is None:
        return not parts.hides_strangers(challenge)
    return user.blocked_at is None


def _code(
    parts: Parts, keys: KeySet, challenge: Challenge, generation: Generation, now: float
) -> str:
    assert challenge.seed is not None
    return code_for(
        parts.settings,
        keys,
        phone=challenge.phone,
        seed=challenge.seed,
        purpose=challenge.purpose,
        generation=generation.number,
        length=challenge.code_length,
        now=now,
    )


def _send(parts: Parts, challenge: Challenge, outbound: Outbound, now: float) -> str:
    if test_code(parts.settings, outbound.to, now) is not None:
        return "test"  # an app reviewer's number: nothing is ever sent (RULES 32)
    return parts.delivery.send(outbound, lost_by=challenge.lost_by).provider


def _outbound(
    parts: Parts, challenge: Challenge, generation: Generation, job: Job, code: str
) -> Outbound:
    body = compose(
        purpose=kind_of(challenge.purpose),
        brand=parts.brand,
        code=code,
        minutes=int((generation.expires_at - challenge.asked_at) // 60),
        host=challenge.payload.get("host", ""),
        locale=challenge.payload.get("locale", "en"),
        reference=challenge.reference,
    )
    reference = f"{challenge.id}:{generation.number}"
    token = delivery_token(parts.keys, challenge.id, job.asked_at)
    return Outbound(challenge.phone, body, reference, token)


def _not_sent(
    parts: Parts, challenge: Challenge, job: Job, reason: str, *, failures: Sequence[Charge]
) -> None:
    # with sign-up off only known numbers can fail: what it gives back would tell them (RULES 28)
    outcome = "withheld" if parts.hides_strangers(challenge) else "failed"
    _settle(parts, challenge, job, Settlement(outcome, reason=reason), failures)
    parts.notify(
        CodeFailed(challenge.id, kind_of(challenge.purpose), mask(challenge.phone), reason)
    )


def _settle(
    parts: Parts,
    challenge: Challenge,
    job: Job,
    settlement: Settlement,
    failures: Sequence[Charge] = (),
) -> None:
    parts.challenges.settle(
        job,
        settlement,
        failures=failures,
        cooldowns=parts.cooldowns(challenge.id, challenge.binding, challenge.device),
        now=parts.clock.now(),
    )
    shown = {"accepted": "sent", "withheld": "sent"}.get(settlement.outcome, "failed")
    parts.notify(DeliveryUpdated(challenge.id, shown))
