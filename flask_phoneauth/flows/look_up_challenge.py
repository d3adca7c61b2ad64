"""What became of a challenge: for the code page and the status URL (RULES 5, 28)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask_phoneauth.errors import UnknownChallenge
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import Asked, asked
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import CHANGE_PHONE, LOGIN, STEP_UP, Challenge, Client
from flask_phoneauth.stores.base import Missing, Peek

TYPED = (LOGIN, CHANGE_PHONE, STEP_UP)
"""The purposes whose code a visitor is sent, and types."""
SHOWN = {"": "pending", "used": "verified", "expired": "expired", "too_many_tries": "dead"}


UNDECIDED_FOR = 15
"""Seconds after a right code for which the operator may still be asked about the number's SIM."""


@dataclass(frozen=True, slots=True)
class Status:
    """`pending`, `verified`, `expired` or `dead`; how far the message came; where login leads.

    Of a right code `led_to` is the id of the second challenge that it asked for; `undecided` says
    that it may yet ask for one.
    """

    status: str
    delivery: str
    asked: Asked
    tries_left: int
    next: str
    purpose: str
    led_to: str = ""
    undecided: bool = False


def look_up_challenge(parts: Parts, challenge_id: str, binding: bytes, client: Client) -> Status:
    """Look without spending anything; raises `UnknownChallenge` for another's too."""
    now = parts.clock.now()
    peek = peek_at(parts, challenge_id, binding, client, now)
    challenge = peek.challenge
    return Status(
        status=SHOWN[life.ending(challenge, now)],
        delivery=_delivery(parts, challenge, now),
        asked=asked(challenge, peek.resend_in, now),
        tries_left=challenge.tries_left,
        next=str(challenge.payload.get("next") or ""),
        purpose=life.kind_of(challenge.purpose),
        led_to=challenge.led_to,
        undecided=_undecided(parts, challenge, now),
    )


def peek_at(parts: Parts, challenge_id: str, binding: bytes, client: Client, now: float) -> Peek:
    """The challenge as it stands; raises `UnknownChallenge` for another's too."""
    tag = life.phone_tag_of(challenge_id)
    price = parts.price(tag, binding, client)
    device = client.device_for(tag)
    peek = parts.challenges.peek(challenge_id, binding, price, device=device, now=now)
    # the others hold no typed code: who knows the secret of a silent one could have it sent
    if isinstance(peek, Missing) or life.kind_of(peek.challenge.purpose) not in TYPED:
        raise UnknownChallenge
    return peek


def second_of(parts: Parts, first: Status, binding: bytes, client: Client) -> Asked | None:
    """The second challenge that a used one has led to; None unless it is open.

    What is typed on a used challenge is compared with nothing: who holds its secret holds that of
    the second one too, and gains nothing that the right code has not brought already.
    """
    if not first.led_to:
        return None
    try:
        second = look_up_challenge(parts, first.led_to, binding, client)
    except UnknownChallenge:
        return None
    return second.asked if second.status == "pending" else None


def _undecided(parts: Parts, challenge: Challenge, now: float) -> bool:
    if parts.settings.sim_swap != "step_up" or challenge.purpose != LOGIN or challenge.led_to:
        return False
    asks = challenge.ended == "used" and life.proves_number(challenge.channel)
    return asks and now < challenge.ended_at + UNDECIDED_FOR


def _delivery(parts: Parts, challenge: Challenge, now: float) -> str:
    if parts.hides_strangers(challenge):  # known and unknown numbers must read alike
        challenge = replace(challenge, delivery="withheld")
    return life.delivery_shown(challenge, now)
