"""Somebody types a number and asks for a code: the same answer and work for every number."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from flask_phoneauth.errors import REFUSALS, Busy, ProviderUnavailable
from flask_phoneauth.events import CodeAsked, CodeRefused
from flask_phoneauth.flows.alarm import LONG_CODE, LONG_CODES_AT
from flask_phoneauth.flows.channels import check_channel
from flask_phoneauth.flows.parts import Parts, code_for, test_code
from flask_phoneauth.flows.vendor_codes import JUDGED, MARK, manages, tries
from flask_phoneauth.flows.weigh_risk import weigh_risk
from flask_phoneauth.otp.challenge import BUSY, Draft, kind_of
from flask_phoneauth.otp.code import digest_code
from flask_phoneauth.phone.number import PhoneNumber, mask, parse
from flask_phoneauth.phone.policy import check_number
from flask_phoneauth.phone.virtual import Verdict, verdict
from flask_phoneauth.records import LOGIN, STEP_UP, Challenge, Client, Job
from flask_phoneauth.stores.base import Issued, Refusal, Settlement

SEED_BYTES = 16
MAX_USER_AGENT = 200
REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Ask:
    """The typed number, who asks, and what is to happen after the proof.

    `by_app` says that a program asks which may be an Android app; `follows` is the challenge whose
    right code asks for this one.
    """

    phone: str = field(repr=False)
    binding: bytes = field(repr=False)
    client: Client
    host: str = ""
    by_app: bool = False
    purpose: str = LOGIN
    channel: str = "sms"
    risk_token: str = field(default="", repr=False)
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the code page needs to know; times in whole seconds."""

    challenge_id: str
    masked_phone: str
    reference: str
    channel: str
    code_length: int
    expires_in: int
    resend_in: int


def request_code(parts: Parts, ask: Ask) -> Asked:
    """Make or continue a challenge and queue its message.

    Raises `InvalidRequest` for a channel, `InvalidPhone`, a `NumberBlocked`, `RiskChallenge`,
    `RiskRefused`, a `Refused` with its wait, or an `Unavailable`.
    """
    settings = parts.settings
    check_channel(parts, ask.channel, ask.purpose)
    number = parse(
        ask.phone, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    )
    check_number(number, settings, parts.hooks.number_policy)
    if number.virtual and verdict(number.e164) is Verdict.ERROR:
        raise ProviderUnavailable
    solved = weigh_risk(parts, number, ask.client, ask.risk_token, purpose=ask.purpose)
    return issue_challenge(parts, number, ask, solved=solved)


def issue_challenge(parts: Parts, number: PhoneNumber, ask: Ask, *, solved: bool = False) -> Asked:
    """The same for a number that was judged; raises a `Refused` with its wait or `Unavailable`."""
    settings, now = parts.settings, parts.clock.now()
    tag = parts.keys.phone_tag(number.e164)
    place = parts.place(number.e164, number.region, ask.channel)
    outcome = parts.challenges.issue(
        _draft(parts, number, ask, now),
        parts.price(tag, ask.binding, ask.client, place, solved=solved),
        live_limit=settings.max_live_challenges,
        device=ask.client.device_for(tag),
        now=now,
    )
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=ask.purpose, tag=tag, phone=number.e164)
    return dispatched(parts, outcome, now)


def dispatched(parts: Parts, issued: Issued, now: float) -> Asked:
    """Queue the message, if one is to be sent, and tell what the code page needs."""
    challenge = issued.challenge
    parts.alarm.note(issued.totals, parts.notify, now)
    if issued.job is not None:
        purpose = kind_of(challenge.purpose)
        parts.notify(CodeAsked(challenge.id, purpose, mask(challenge.phone), challenge.channel))
        _submit(parts, challenge, issued.job)
    return asked(challenge, issued.resend_in, now)


def asked(challenge: Challenge, resend_in: int, now: float) -> Asked:
    """What the code page needs of a challenge."""
    return Asked(
        challenge_id=challenge.id,
        masked_phone=mask(challenge.phone),
        reference=challenge.reference,
        channel=challenge.channel,
        code_length=challenge.code_length,
        expires_in=max(0, int(challenge.newest.expires_at - now)),
        resend_in=resend_in,
    )


def refuse(parts: Parts, refusal: Refusal, *, purpose: str, tag: str, phone: str = "") -> NoReturn:
    """Tell the listeners and raise the refusal as its error; `tag` stands for the number."""
    parts.notify(CodeRefused(kind_of(purpose), mask(phone), refusal.code, tag))
    raise REFUSALS[refusal.code](retry_after=refusal.retry_after)


def _draft(parts: Parts, number: PhoneNumber, ask: Ask, now: float) -> Draft:
    settings, keys = parts.settings, parts.keys.current
    free = number.virtual or test_code(settings, number.e164, now) is not None
    managed = manages(parts, number.e164, ask.channel, now)
    length = settings.code_length if free or managed else _code_length(parts, now)
    challenge_id = f"{parts.keys.phone_tag(number.e164)}.{secrets.token_urlsafe(16)}"
    seed = secrets.token_bytes(SEED_BYTES)
    code = (
        JUDGED
        if managed
        else code_for(
            settings,
            keys,
            phone=number.e164,
            seed=seed,
            purpose=ask.purpose,
            generation=0,
            length=length,
            now=now,
        )
    )
    return Draft(
        id=challenge_id,
        purpose=ask.purpose,
        phone=number.e164,
        binding=ask.binding,
        reference="".join(secrets.choice(REFERENCE_LETTERS) for _ in range(2)),
        channel=ask.channel,
        key_id=keys.id,
        seed=seed,
        digest=digest_code(keys.check, challenge_id=challenge_id, purpose=ask.purpose, code=code),
        code_length=length,
        code_ttl=settings.code_ttl,
        max_tries=tries(parts) if managed else settings.max_tries,
        free=free,
        payload={
            **{name: value for name, value in ask.payload.items() if name != MARK},
            "host": ask.host,
            **({"app": True} if ask.by_app else {}),
            **({MARK: settings.verifier} if managed else {}),
            "locale": ask.client.locale,
            "region": number.region,
            **_fingerprint(ask.client),
        },
        # who begins anew proves the number anew
        ends=STEP_UP if ask.purpose == LOGIN else "",
        follows=ask.follows,
    )


def _fingerprint(client: Client) -> dict[str, str]:
    """Who asked, for whoever looks into it later."""
    return {
        "address": client.address,
        "user_agent": client.user_agent[:MAX_USER_AGENT],
        "place": client.place,
    }


def _code_length(parts: Parts, now: float) -> int:
    """Under a wide attack codes are longer; a fixed one cannot be."""
    length = parts.settings.code_length
    attacked = parts.alarm.spray_percent(now) >= LONG_CODES_AT
    return max(length, LONG_CODE) if attacked else length


def _submit(parts: Parts, challenge: Challenge, job: Job) -> None:
    try:
        parts.dispatch.submit(job)
    except Busy:
        parts.challenges.settle(
            job,
            Settlement("failed", reason=BUSY),
            failures=(),  # our own queue was full: no provider failed
            cooldowns=parts.cooldowns(challenge.id, challenge.binding, challenge.device),
            now=parts.clock.now(),
        )
        raise
