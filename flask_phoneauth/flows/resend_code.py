"""The code did not come: the same one once more, or a new one where time is short (RULES 6)."""

from __future__ import annotations

from flask_phoneauth.errors import ENDINGS, TooManyTries, UnknownChallenge
from flask_phoneauth.flows.channels import check_channel
from flask_phoneauth.flows.look_up_challenge import peek_at
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import Ask, Asked, dispatched, refuse, request_code
from flask_phoneauth.flows.step_up import check_lasts
from flask_phoneauth.otp.challenge import ending, phone_tag_of, proves_number
from flask_phoneauth.records import STEP_UP, Challenge, Client
from flask_phoneauth.stores.base import Ended, Missing, Refusal


def resend_code(
    parts: Parts, challenge_id: str, binding: bytes, client: Client, *, channel: str = ""
) -> Asked:
    """Queue the message again, by another channel where one is named.

    To e-mail and from it another challenge is opened, with another code (RULES 10). Raises
    `InvalidRequest` for a channel, `UnknownChallenge`, a `Gone`, `Refused` or `Unavailable`, and
    what `request_code` raises.
    """
    now = parts.clock.now()
    tag = phone_tag_of(challenge_id)
    # looked at first, for the id does not tell the country and the neighbours of the number
    found = peek_at(parts, challenge_id, binding, client, now).challenge
    if not (found.tries_left or found.ended):  # a vendor that was away has judged none of them
        raise TooManyTries
    channel = channel or found.channel
    check_channel(parts, channel, found.purpose)
    if proves_number(channel) != proves_number(found.channel):
        if how := ending(found, now):
            raise ENDINGS[how]
        return request_code(parts, _again(found, binding, client, channel))
    if found.purpose == STEP_UP and not found.ended:
        check_lasts(found, now)
    place = parts.place(found.phone, str(found.payload.get("region") or ""), channel)
    price = parts.price(tag, binding, client, place)
    device = client.device_for(tag)
    outcome = parts.challenges.resend(
        challenge_id, binding, price, device=device, channel=channel, now=now
    )
    if isinstance(outcome, Missing):
        raise UnknownChallenge
    if isinstance(outcome, Ended):
        raise ENDINGS[outcome.how]
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=found.purpose, tag=tag, phone=found.phone)
    return dispatched(parts, outcome, now)


def _again(found: Challenge, binding: bytes, client: Client, channel: str) -> Ask:
    """The same number, browser and wishes."""
    return Ask(
        found.phone,
        binding,
        client,
        host=str(found.payload.get("host") or ""),
        purpose=found.purpose,
        channel=channel,
        by_app=bool(found.payload.get("app")),
        payload=found.payload,
    )
