"""The fields of a vendor's callback, read before anybody knows who sent it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.records import RawRequest

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
