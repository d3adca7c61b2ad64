"""A vendor's callback: its fields, read before anybody knows who sent it, and its status."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.records import RawRequest, Receipt

MAX_FIELDS = 200
"""Fields of a callback that are read; vendors send ten to thirty."""


def callback_fields(request: RawRequest) -> list[tuple[str, str]]:
    """The fields of a posted form, or of the query of any other method.

    Raises `BadSignature` for what is no form, or an endless one.
    """
    text = request.body if request.method == "POST" else urlsplit(request.url).query.encode()
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadSignature from None


def receipt(message_id: str, status: str, deliveries: Mapping[str, str]) -> Receipt:
    """What `status` means by the vendor's `deliveries`; the word itself is why a message failed."""
    delivery = deliveries.get(status, "")
    return Receipt(message_id, delivery, status if delivery == "failed" else "")
