"""The code did not come: the same one once more, or a new one where time is short (RULES 6)."""

from __future__ import annotations

from flask_phoneauth.errors import ENDINGS, UnknownChallenge
from flask_phoneauth.flows.look_up_challenge import peek_at
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import Asked, dispatched, refuse
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import Client
from flask_phoneauth.stores.base import Ended, Missing, Refusal


def resend_code(parts: Parts, challenge_id: str, binding: bytes, client: Client) -> Asked:
    """Queue the message again; raises `UnknownChallenge`, a `Gone`, `Refused` or `Unavailable`."""
    now = parts.clock.now()
    tag = phone_tag_of(challenge_id)
    # looked at first, for the id does not tell the country and the neighbours of the number
    found = peek_at(parts, challenge_id, binding, client, now).challenge
    place = parts.place(found.phone, str(found.payload.get("region") or ""))
    price = parts.price(tag, binding, client, place)
    device = client.device_for(tag)
    outcome = parts.challenges.resend(challenge_id, binding, price, device=device, now=now)
    if isinstance(outcome, Missing):
        raise UnknownChallenge
    if isinstance(outcome, Ended):
        raise ENDINGS[outcome.how]
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=found.purpose, tag=tag, phone=found.phone)
    return dispatched(parts, outcome, now)
