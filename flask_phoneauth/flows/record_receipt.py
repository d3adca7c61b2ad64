"""A vendor tells what became of a message: verified, matched, moved forward (RULES 29)."""

from __future__ import annotations

from flask_phoneauth.delivery.tokens import read_token
from flask_phoneauth.errors import BadSignature
from flask_phoneauth.events import DeliveryUpdated
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.records import RawRequest


def record_receipt(parts: Parts, provider: str, token: str, request: RawRequest) -> None:
    """Write a receipt down; a repeated, late or foreign one changes nothing.

    Raises `BadSignature` for what the vendor did not sign, `StoreUnavailable`.
    """
    receipts = parts.delivery.receipts(provider)
    if receipts is None:
        raise BadSignature
    receipt = receipts.read(request)
    named = read_token(parts.keys, token)
    if named is None or not receipt.delivery:
        return
    challenge_id, asked_at = named
    moved = parts.challenges.advance(
        challenge_id, asked_at, receipt.delivery, receipt.reason, now=parts.clock.now()
    )
    if moved:
        parts.notify(DeliveryUpdated(challenge_id, receipt.delivery))
