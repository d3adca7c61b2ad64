"""The job behind an ask: look up, word, send, write down. No request waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_phoneauth.budgets import Charge
from flask_phoneauth.channels.base import Mailing
from flask_phoneauth.delivery.failover import NOWHERE, Passage
from flask_phoneauth.delivery.tokens import delivery_token
from flask_phoneauth.delivery.wording import compose, compose_email, one_line
from flask_phoneauth.errors import (
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
    Unavailable,
)
from flask_phoneauth.events import CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.channels import mark_of, recipient_of
from flask_phoneauth.flows.check_sim import SIM_CHANGED, refuses
from flask_phoneauth.flows.notice import deliver_notice
from flask_phoneauth.flows.parts import Parts, code_of, test_code
from flask_phoneauth.flows.vendor_codes import JUDGED, is_managed, start
from flask_phoneauth.otp.challenge import kind_of, run_of
from flask_phoneauth.otp.code import digest_code
from flask_phoneauth.phone.number import mask
from flask_phoneauth.records import (
    EMAIL,
    PHONE_CHANGED,
    VOICE,
    Accepted,
    Challenge,
    Generation,
    Job,
    Mail,
    Outbound,
)
from flask_phoneauth.stores.base import Loaded, Settlement

MAX_AGE = 30.0
"""Seconds after which a waiting message is dropped: its visitor asks again by then (RULES 26)."""


def deliver_code(parts: Parts, job: Job) -> None:
    """Send the message of one generation; its fate is settled in the store and announced."""
    now = parts.clock.now()
    loaded = parts.challenges.load(job, routes=parts.all_routes, now=now)
    if loaded is not None and loaded.challenge.purpose == PHONE_CHANGED:
        deliver_notice(parts, loaded, job)
    elif loaded is not None:
        _deliver(parts, loaded, job, now)


def _deliver(parts: Parts, loaded: Loaded, job: Job, now: float) -> None:
    challenge = loaded.challenge
    keys = parts.keys.find(challenge.key_id)
    generation = next((g for g in challenge.generations if g.number == job.generation), None)
    if keys is None or generation is None or challenge.seed is None:
        return
    late = now - job.asked_at > MAX_AGE
    run = run_of(challenge, job)
    if late and (run is None or run.begun == 1):
        _not_sent(parts, loaded, job, NOWHERE, "late", failures=())
        return
    managed = is_managed(challenge)
    code = JUDGED if managed else code_of(parts.settings, keys, challenge, generation.number, now)
    digest = digest_code(
        keys.check, challenge_id=challenge.id, purpose=challenge.purpose, code=code
    )
    try:
        recipient = recipient_of(parts, challenge)
    except Unavailable:
        # the users' database is away: neither the number's fault nor a provider's
        _not_sent(parts, loaded, job, NOWHERE, "store_unavailable", failures=())
        return
    if recipient is None:
        _settle(parts, loaded, job, NOWHERE, Settlement("withheld"))
        return
    if late:  # too late to send, and the worker that was lost may have sent it
        passage = Passage(failure=SendUncertain("late"))
    elif managed:
        passage = _start(parts, challenge, generation.expires_at - now)
    else:
        passage = _send(parts, loaded, _Code(challenge, generation, job, code), recipient, now)
    failure = passage.failure
    if failure is not None and not isinstance(failure, SendUncertain):
        failures = () if passage.nobody_asked else parts.failures(challenge)
        _not_sent(parts, loaded, job, passage, failure.reason, failures=failures)
        return
    # perhaps it was sent: then its code must be good (RULES 27)
    provider = passage.accepted.provider if passage.accepted else "uncertain"
    vendor_id = passage.accepted.message_id if managed and passage.accepted else ""
    if challenge.channel == EMAIL:
        vendor_id = mark_of(parts, recipient)
    settlement = Settlement("accepted", digest=digest, vendor_id=vendor_id)
    _settle(parts, loaded, job, passage, settlement)
    masked, purpose = mask(challenge.phone), kind_of(challenge.purpose)
    parts.notify(CodeSent(challenge.id, purpose, masked, provider, challenge.channel))


@dataclass(frozen=True, slots=True)
class _Code:
    """What is to be sent, and for which ask."""

    challenge: Challenge
    generation: Generation
    job: Job
    code: str = field(repr=False)

    @property
    def minutes(self) -> int:
        """Whole ones, for which it is good."""
        return int((self.generation.expires_at - self.challenge.asked_at) // 60)

    @property
    def locale(self) -> str:
        """The language of whoever asked."""
        return str(self.challenge.payload.get("locale") or "en")


def _start(parts: Parts, challenge: Challenge, seconds: float) -> Passage:
    if refuses(parts, challenge.phone):
        return Passage(failure=NumberRefused(SIM_CHANGED))
    return start(parts, challenge, seconds)


def _send(parts: Parts, loaded: Loaded, what: _Code, recipient: str, now: float) -> Passage:
    challenge = what.challenge
    if test_code(parts.settings, challenge.phone, now) is not None:
        return Passage(Accepted("test", ""))  # nothing is ever sent to reviewers (RULES 32)
    if challenge.channel != EMAIL and refuses(parts, challenge.phone):
        return Passage(failure=NumberRefused(SIM_CHANGED))
    try:
        if challenge.channel == EMAIL:
            return Passage(_mailer(parts).send(_mail(parts, what, recipient)))
    except SendFailed as failure:
        return Passage(failure=failure)
    if challenge.channel == VOICE:  # what it says is asked for when it is answered
        return parts.calls.carry(_outbound(parts, what, ""), parts.callers(loaded, now))
    outbound = _outbound(parts, what, _text(parts, what))
    order = parts.order(loaded, now)
    return parts.delivery.carry(outbound, order, again=bool(challenge.lost_by))


def _mailer(parts: Parts) -> Mailing:
    if parts.mailer is None:  # e-mail was switched off since; never by a message instead
        raise ProviderDown("no_mail_server")
    return parts.mailer


def _text(parts: Parts, what: _Code) -> str:
    return compose(
        purpose=kind_of(what.challenge.purpose),
        brand=parts.brand,
        code=what.code,
        minutes=what.minutes,
        host=what.challenge.payload.get("host", ""),
        locale=what.locale,
        reference=what.challenge.reference,
        app_hash=parts.settings.app_hash if what.challenge.payload.get("app") else "",
    )


def _mail(parts: Parts, what: _Code, recipient: str) -> Mail:
    subject, body = compose_email(
        purpose=kind_of(what.challenge.purpose),
        brand=parts.brand,
        code=what.code,
        minutes=what.minutes,
        locale=what.locale,
        reference=what.challenge.reference,
    )
    return Mail(recipient, subject, body, one_line(parts.brand))


def _outbound(parts: Parts, what: _Code, body: str) -> Outbound:
    challenge = what.challenge
    reference = f"{challenge.id}:{what.generation.number}"
    token = delivery_token(parts.keys, challenge.id, what.job.asked_at)
    return Outbound(challenge.phone, body, reference, token)


def _not_sent(
    parts: Parts,
    loaded: Loaded,
    job: Job,
    passage: Passage,
    reason: str,
    *,
    failures: Sequence[Charge],
) -> None:
    challenge = loaded.challenge
    # with sign-up off only known numbers can fail: what it gives back would tell them (RULES 28)
    outcome = "withheld" if parts.hides_strangers(challenge) else "failed"
    _settle(parts, loaded, job, passage, Settlement(outcome, reason=reason), failures=failures)
    masked, purpose = mask(challenge.phone), kind_of(challenge.purpose)
    parts.notify(CodeFailed(challenge.id, purpose, masked, reason, challenge.channel))


def _settle(
    parts: Parts,
    loaded: Loaded,
    job: Job,
    passage: Passage,
    settlement: Settlement,
    *,
    failures: Sequence[Charge] = (),
) -> None:
    challenge, now = loaded.challenge, parts.clock.now()
    parts.challenges.settle(
        job,
        parts.met(settlement, loaded, passage, now),
        failures=failures,
        cooldowns=parts.cooldowns(challenge.id, challenge.binding, challenge.device),
        now=now,
    )
    shown = {"accepted": "sent", "withheld": "sent"}.get(settlement.outcome, "failed")
    parts.notify(DeliveryUpdated(challenge.id, shown))
