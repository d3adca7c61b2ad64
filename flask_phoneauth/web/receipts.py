"""Where vendors' servers report what became of a message."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_limiter import Limiter
from werkzeug.exceptions import RequestEntityTooLarge

from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.flows.record_receipt import record_receipt
from flask_phoneauth.providers.base import receipts_url
from flask_phoneauth.records import RawRequest
from flask_phoneauth.sessions.state import current_live
from flask_phoneauth.web.inputs import MAX_BODY

ENDPOINT = "phoneauth.receipt"


def receipt(provider: str, delivery: str) -> Any:
    """A vendor's signed callback; 200 without a body, whatever it changed."""
    live = current_live()
    raw = raw_request(f"{receipts_url(live.parts.settings, provider)}/{delivery}")
    record_receipt(live.parts, provider, delivery, raw)
    return Response(status=200)


def exempt(limiter: Limiter) -> None:
    """Keep a host's own limits away: all of a vendor's callbacks come from a few addresses."""
    limiter.exempt(receipt)


def raw_request(url: str) -> RawRequest:
    """The request of a vendor's server that was given `url`; raises `InvalidRequest`."""
    request.max_content_length = MAX_BODY
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise InvalidRequest("The form is too large.") from None
    query = request.query_string.decode("latin-1")
    return RawRequest(
        method=request.method,
        url=f"{url}?{query}" if query else url,
        headers={name.lower(): value for name, value in request.headers},
        body=body,
    )
