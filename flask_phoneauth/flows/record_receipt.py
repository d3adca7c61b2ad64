"""A vendor tells what became of a message: verified, matched, moved forward (RULES 29)."""

from __future__ import annotations

from flask_phoneauth.delivery.tokens import read_token
from flask_phoneauth.errors import BadSignature, Busy
from flask_phoneauth.events import DeliveryUpdated
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import replacement_price
from flask_phoneauth.records import Job, RawRequest
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
    lost = receipt.delivery == "failed"
    advanced = parts.challenges.advance(
        challenge_id,
        asked_at,
        receipt.delivery,
        receipt.reason,
        replacement=_replacement(parts, provider, challenge_id) if lost else None,
        now=parts.clock.now(),
    )
    if advanced is None:
        return
    parts.notify(DeliveryUpdated(challenge_id, receipt.delivery, provider))
    if advanced.job is not None:
        _submit(parts, advanced.job)


def _replacement(parts: Parts, provider: str, challenge_id: str) -> Replacement | None:
    # with sign-up off only known numbers have receipts: what it costs would tell them (RULES 28)
    if not parts.settings.signup:
        return None
    return Replacement(provider, replacement_price(parts.settings, phone_tag_of(challenge_id)))


def _submit(parts: Parts, job: Job) -> None:
    try:
        parts.dispatch.submit(job)
    except Busy:  # the vendor need not come again: the message is lost, and the page says so
        parts.challenges.settle(
            job,
            Settlement("failed", reason="busy"),
            failures=(),  # our own queue was full: no provider failed
            cooldowns=(),  # it began no wait
            now=parts.clock.now(),
        )
