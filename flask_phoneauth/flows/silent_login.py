"""A login without a code: the mobile network tells that this device has the number (RULES 14).

The way is kept as a challenge of a purpose of its own. Its binding is the secret in OAuth's
`state`, its code is what only the browser that set out can show: whoever comes back spends the
state, and only with the right code goes on. It stands under a tag of its own, so that nothing
which happens to it touches what typed codes have left of the number's budgets.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.budgets import AskPrice
from flask_phoneauth.errors import (
    Expired,
    InvalidCode,
    InvalidRequest,
    NumberNotVerified,
    SimChanged,
    UnboundCallback,
    Used,
)
from flask_phoneauth.events import CodeRefused
from flask_phoneauth.flows.admit import Admitted, admit
from flask_phoneauth.flows.check_sim import refusal, refuses, takes_second
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.prove import Device
from flask_phoneauth.flows.request_code import SEED_BYTES, Ask, Asked, refuse, request_code
from flask_phoneauth.flows.step_up import Halfway
from flask_phoneauth.flows.weigh_risk import weigh_risk
from flask_phoneauth.operators.base import Operator, Unsure
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.otp.code import digest_code
from flask_phoneauth.phone.number import PhoneNumber, mask, parse
from flask_phoneauth.phone.policy import check_number
from flask_phoneauth.phone.virtual import Verdict, is_virtual, verdict
from flask_phoneauth.prices import proven_otherwise, silent_price, silent_try_price
from flask_phoneauth.records import SMS, Challenge, Client
from flask_phoneauth.stores.base import Ended, Refusal, Right, Wrong

PURPOSE, PROOF = "silent", "silent_proof"
LIFE = 300
"""Seconds from setting out to coming back."""
MAX_CODE = 4096
"""Characters of an operator's code."""
_STATE = re.compile(r"([a-z2-7]{16}\.[A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_NO_LIMIT = 10**6


@dataclass(frozen=True, slots=True)
class SilentAsk:
    """The typed number, who asks, and the S256 of what the same browser will show (RFC 7636)."""

    phone: str = field(repr=False)
    proof: str = field(repr=False)
    client: Client
    redirect_uri: str
    risk_token: str = field(default="", repr=False)
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SetOut:
    """The address that the device is to open, and the id of its way."""

    url: str = field(repr=False)
    challenge_id: str


@dataclass(frozen=True, slots=True)
class Return:
    """What a device brings back, and the `verifier` of its `proof`; "" where it shows nothing."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    proof: str = field(repr=False)
    redirect_uri: str
    verifier: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """The user that the network has let in, and the phone tag of the number.

    `enrolled` tells that the browser's new device token is remembered.
    """

    admitted: Admitted
    phone_tag: str
    payload: Mapping[str, Any] = field(repr=False)
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """The network can not tell: the number is to be proven by a code."""

    phone: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    reason: str = ""


def set_out(parts: Parts, ask: SilentAsk) -> SetOut | Undecided:
    """Ask the operator where the device is to go; the user is not looked up.

    Raises `InvalidRequest` where no operator is configured, and what `request_code` raises of
    the number, of risk and of budgets.
    """
    operator, settings = _operator(parts), parts.settings
    number = parse(
        ask.phone, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    )
    check_number(number, settings, parts.hooks.number_policy)
    weigh_risk(parts, number, ask.client, ask.risk_token, purpose=PURPOSE)
    tag = _own_tag(parts, number.e164)
    secret = secrets.token_urlsafe(32)
    draft = _draft(parts, number, ask, tag, secret)
    device = _trusted(parts, number, ask.client)
    outcome = parts.challenges.issue(
        draft,
        silent_price(settings, tag, parts.keys.hashed("address", ask.client.address), device),
        # what strangers have begun leaves a trusted browser its place: its own asks are counted
        live_limit=_NO_LIMIT if device else settings.max_live_challenges,
        device=b"",
        now=parts.clock.now(),
    )
    if isinstance(outcome, Refusal):
        tag = parts.keys.phone_tag(number.e164)
        refuse(parts, outcome, purpose=PURPOSE, tag=tag, phone=number.e164)
    try:
        state = f"{draft.id}.{secret}"
        url = operator.begin(number.e164, state, ask.redirect_uri, proof=ask.proof)
    except Unsure as unsure:
        return Undecided(number.e164, draft.payload, unsure.reason)
    return SetOut(url, draft.id)


def come_back(
    parts: Parts, back: Return, device_for: Callable[[str], Device]
) -> Known | Halfway | Undecided:
    """Spend the state, ask the operator, let the user in; `device_for` is asked by phone tag.

    Raises `UnboundCallback`, `Expired`, `Used`, `NumberNotVerified`, `SimChanged` or an
    `Unavailable`. A number with a new SIM goes the way of a typed code (`SIM_SWAP`).
    """
    operator = _operator(parts)
    challenge = _spent(parts, back)
    phone = challenge.phone
    try:
        verified = bool(back.code) and operator.verify(
            phone, back.code, back.redirect_uri, verifier=back.verifier
        )
    except Unsure as unsure:
        return Undecided(phone, challenge.payload, unsure.reason)
    if not back.code:
        return Undecided(phone, challenge.payload, "turned_away")
    tag = parts.keys.phone_tag(phone)
    if not verified or (is_virtual(phone) and verdict(phone) is not Verdict.VERIFIED):
        parts.notify(CodeRefused(PURPOSE, mask(phone), NumberNotVerified.code, tag))
        raise NumberNotVerified
    if refuses(parts, phone):
        parts.notify(CodeRefused(PURPOSE, mask(phone), SimChanged.code, tag))
        raise refusal(parts)
    enrolled = _note_proof(parts, tag, phone, device_for(tag))
    try:
        admitted = admit(parts, phone)
    except InvalidCode:  # blocked, or unknown while sign-up is off
        raise NumberNotVerified from None
    if not admitted.new_user and takes_second(parts, admitted.user, phone):
        return Halfway(admitted.user, phone, PURPOSE, challenge.payload)
    return Known(admitted, tag, challenge.payload, enrolled)


def fall_back(parts: Parts, undecided: Undecided, binding: bytes, client: Client) -> Asked:
    """Ask for a code instead; raises what `request_code` raises."""
    host = str(undecided.payload.get("host") or "")
    ask = Ask(undecided.phone, binding, client, host=host, payload=undecided.payload)
    return request_code(parts, ask)


def _operator(parts: Parts) -> Operator:
    if parts.operator is None:
        raise InvalidRequest("This app signs nobody in without a code: ask for one.")
    return parts.operator


def _trusted(parts: Parts, number: PhoneNumber, client: Client) -> bytes:
    """The device that came along, where the number trusts it; the ways have no devices."""
    tag = parts.keys.phone_tag(number.e164)
    device = client.device_for(tag)
    if not device:
        return b""
    look = parts.challenges.look(tag, AskPrice((), ()), device=device, now=parts.clock.now())
    return device if look.trusted else b""


def _own_tag(parts: Parts, phone: str) -> str:
    return parts.keys.phone_tag(f"{PURPOSE}:{phone}")


def _draft(parts: Parts, number: PhoneNumber, ask: SilentAsk, tag: str, secret: str) -> Draft:
    keys = parts.keys.current
    challenge_id = f"{tag}.{secrets.token_urlsafe(16)}"
    return Draft(
        id=challenge_id,
        purpose=PURPOSE,
        phone=number.e164,
        binding=_sha256(secret),
        reference="",
        channel=SMS,
        key_id=keys.id,
        seed=secrets.token_bytes(SEED_BYTES),
        digest=digest_code(keys.check, challenge_id=challenge_id, purpose=PURPOSE, code=ask.proof),
        code_length=parts.settings.code_length,
        code_ttl=LIFE,
        max_tries=1,
        free=number.virtual,
        payload={**ask.payload, "locale": ask.client.locale, "region": number.region},
    )


def _spent(parts: Parts, back: Return) -> Challenge:
    """The way that the state names: from now on it is over, whoever shows it."""
    found = _STATE.fullmatch(back.state)
    if found is None:
        raise UnboundCallback
    challenge_id, secret = found.groups()
    digests = {
        keys.id: digest_code(
            keys.check, challenge_id=challenge_id, purpose=PURPOSE, code=back.proof
        )
        for keys in parts.keys.all
    }
    outcome = parts.challenges.spend_try(
        challenge_id,
        Entry(PURPOSE, _sha256(secret), digests),
        silent_try_price(challenge_id.partition(".")[0]),
        device=b"",
        enrol=b"",
        cooldowns=(),
        now=parts.clock.now(),
    )
    if isinstance(outcome, Right):
        return outcome.challenge
    if isinstance(outcome, Ended):
        raise Expired if outcome.how == Expired.code else Used
    if isinstance(outcome, Wrong):  # the state was ours, and nothing more is known of the number
        parts.notify(CodeRefused(PURPOSE, "", UnboundCallback.code))
    raise UnboundCallback


def _note_proof(parts: Parts, tag: str, phone: str, device: Device) -> bool:
    """The number is proven as by a typed code: locks open, waits end, the browser is trusted.

    Whether its new token is remembered.
    """
    now, keys = parts.clock.now(), parts.keys.current
    parts.challenges.unlock(tag, now=now)
    binding = secrets.token_bytes(32)
    challenge_id = f"{tag}.{secrets.token_urlsafe(16)}"
    code = secrets.token_urlsafe(16)
    digest = digest_code(keys.check, challenge_id=challenge_id, purpose=PROOF, code=code)
    draft = Draft(
        id=challenge_id,
        purpose=PROOF,
        phone=phone,
        binding=binding,
        reference="",
        channel=SMS,
        key_id=keys.id,
        seed=secrets.token_bytes(SEED_BYTES),
        digest=digest,
        code_length=parts.settings.code_length,
        code_ttl=LIFE,
        max_tries=1,
        free=True,
    )
    parts.challenges.issue(draft, AskPrice((), ()), live_limit=_NO_LIMIT, device=b"", now=now)
    outcome = parts.challenges.spend_try(
        challenge_id,
        Entry(PROOF, binding, {keys.id: digest}),
        proven_otherwise(parts.settings, tag),
        device=device.token,
        enrol=device.enrol,
        cooldowns=parts.cooldowns(challenge_id, binding, device.token),
        now=now,
    )
    return isinstance(outcome, Right) and outcome.enrolled


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
