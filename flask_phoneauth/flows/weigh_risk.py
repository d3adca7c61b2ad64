"""Before anything is spent: does this ask look like abuse, and has its puzzle been solved?"""

from __future__ import annotations

import logging

from flask_phoneauth.errors import RiskChallenge, RiskRefused
from flask_phoneauth.events import CodeRefused
from flask_phoneauth.flows.alarm import CHALLENGE_AT
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.otp.challenge import kind_of
from flask_phoneauth.phone.number import PhoneNumber, line_type
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Client
from flask_phoneauth.risk.base import ALLOW, CHALLENGE, REFUSE, VERDICTS, RiskRequest

logger = logging.getLogger("flask_phoneauth")


def weigh_risk(
    parts: Parts, number: PhoneNumber, client: Client, token: str, *, purpose: str
) -> bool:
    """Whether a solved puzzle pays for this ask, and not the budget of the hour.

    Raises `RiskChallenge` or `RiskRefused`. The store is looked at only where somebody asks.
    """
    now = parts.clock.now()
    percent = parts.alarm.spray_percent(now)
    attacked = parts.puzzle is not None and percent >= CHALLENGE_AT
    verdict = ALLOW
    if parts.hooks.risk is not None or attacked:
        request = _request(parts, number, client, token, purpose=purpose)
        verdict = _verdict(parts, request)
        if verdict == ALLOW and attacked and not request.device_known:
            verdict = CHALLENGE
    if verdict == REFUSE:
        _tell(parts, number, purpose, RiskRefused.code)
        raise RiskRefused
    solved = bool(token) and parts.puzzle is not None and parts.puzzle.solved(token, client.address)
    if verdict == CHALLENGE and not solved:
        _tell(parts, number, purpose, RiskChallenge.code)
        raise RiskChallenge
    return solved


def _request(
    parts: Parts, number: PhoneNumber, client: Client, token: str, *, purpose: str
) -> RiskRequest:
    now, tag = parts.clock.now(), parts.keys.phone_tag(number.e164)
    price = number_price(parts.settings, tag)
    look = parts.challenges.look(tag, price, device=client.device_for(tag), now=now)
    spent = {charge.key: n for charge, n in zip(price.charges, look.spent, strict=True)}
    return RiskRequest(
        purpose=kind_of(purpose),
        phone_tag=tag,
        region=number.region,
        line_type="virtual" if number.virtual else line_type(number.e164),
        address=client.address,
        user_agent=client.user_agent,
        place=client.place,
        device_known=look.trusted,
        proven=look.known,
        sends=next((n for key, n in spent.items() if key.endswith(":sends")), 0),
        wrong=next((n for key, n in spent.items() if key.endswith(":tries")), 0),
        spray_percent=parts.alarm.spray_percent(now),
        token=token,
    )


def _verdict(parts: Parts, request: RiskRequest) -> str:
    if parts.hooks.risk is None:
        return ALLOW
    verdict = parts.hooks.risk(request)
    if verdict not in VERDICTS:
        logger.error("the risk hook answered %r: it must be one of %s", verdict, VERDICTS)
        return REFUSE
    return verdict


def _tell(parts: Parts, number: PhoneNumber, purpose: str, code: str) -> None:
    tag = parts.keys.phone_tag(number.e164)
    parts.notify(CodeRefused(kind_of(purpose), number.masked, code, tag))
