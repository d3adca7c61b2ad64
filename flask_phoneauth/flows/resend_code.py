"""The code did not come: the same one once more, or a new one where time is short (RULES 6)."""

from __future__ import annotations

from flask_phoneauth.errors import ENDINGS, UnknownChallenge
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import Asked, dispatched, refuse
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import LOGIN, Client
from flask_phoneauth.stores.base import Ended, Missing, Refusal


def resend_code(parts: Parts, challenge_id: str, binding: bytes, client: Client) -> Asked:
    """Queue the message again; raises `UnknownChallenge`, a `Gone`, `Refused` or `Unavailable`."""
    now = parts.clock.now()
    price = parts.price(phone_tag_of(challenge_id), binding, client)
    outcome = parts.challenges.resend(challenge_id, binding, price, now=now)
    if isinstance(outcome, Missing):
        raise UnknownChallenge
    if isinstance(outcome, Ended):
        raise ENDINGS[outcome.how]
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=LOGIN, phone="")
    return dispatched(parts, outcome, now)
