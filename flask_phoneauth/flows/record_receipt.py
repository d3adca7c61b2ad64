"""A vendor tells what became of a message: verified, matched, moved forward (RULES 29)."""

from __future__ import annotations

from flask_phoneauth.delivery.tokens import read_token
from flask_phoneauth.errors import BadSignature, Busy
from flask_phoneauth.events import DeliveryUpdated
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.health import Tally, region_of
from flask_phoneauth.otp.challenge import BUSY, phone_tag_of
from flask_phoneauth.prices import replacement_price
from flask_phoneauth.records import SMS, Job, RawRequest
from flask_phoneauth.stores.base import Replacement, Settlement


def record_receipt(parts: Parts, provider: str, token: str, request: RawRequest) -> None:
    """Write a receipt down; a repeated, late or foreign one changes nothing.

    A message that it calls lost is sent anew, once a challenge, while the code lives and within
    the number's budgets. Raises `BadSignature` for what the vendor did not sign,
    `StoreUnavailable`.
    """
    receipts = parts.delivery.receipts(provider)
    if receipts is None:
        raise BadSignature
    receipt = receipts.read(request)
    named = read_token(parts.keys, token)
    if named is None or not receipt.delivery:
        return
    challenge_id, asked_at = named
    # a call that nobody took is not repeated: the visitor chooses what comes next
    lost = receipt.delivery == "failed" and receipt.channel == SMS
    advanced = parts.challenges.advance(
        challenge_id,
        asked_at,
        receipt.delivery,
        receipt.reason,
        replacement=_replacement(parts, provider, *named) if lost else None,
        tally=_tally(parts, provider) if receipt.channel == SMS else None,
        now=parts.clock.now(),
    )
    if advanced is None:
        return
    parts.notify(DeliveryUpdated(challenge_id, receipt.delivery, provider))
    parts.alarm.note(advanced.totals, parts.notify, parts.clock.now())
    if advanced.job is not None:
        _submit(parts, advanced.job)


def _tally(parts: Parts, provider: str) -> Tally:
    return Tally(provider, parts.settings.delivered_window)


def _replacement(
    parts: Parts, provider: str, challenge_id: str, asked_at: float
) -> Replacement | None:
    # with sign-up off only known numbers have receipts: what it costs would tell them (RULES 28)
    if not parts.settings.signup:
        return None
    # the id does not tell the country and the neighbours of the number
    found = parts.challenges.load(Job(challenge_id, 0, asked_at), now=parts.clock.now())
    if found is None:
        return None
    challenge = found.challenge
    place = parts.place(challenge.phone, region_of(challenge))
    price = replacement_price(parts.settings, phone_tag_of(challenge_id), place)
    return Replacement(provider, price)


def _submit(parts: Parts, job: Job) -> None:
    try:
        parts.dispatch.submit(job)
    except Busy:  # the vendor need not come again: the message is lost, and the page says so
        parts.challenges.settle(
            job,
            Settlement("failed", reason=BUSY),
            failures=(),  # our own queue was full: no provider failed
            cooldowns=(),  # it began no wait
            now=parts.clock.now(),
        )
