"""The present request to a façade: who may send it, how it is written down and answered."""

from typing import Any

from flask import Response, jsonify, request

from sms_sandbox.errors import CrossSite
from sms_sandbox.transcript import sent_headers, transcribe


def refuse_foreign_page(wrong_method: Exception) -> None:
    """Refuse a GET that another site's page leads a browser to: for those that change something.
    Raises ``CrossSite``, and ``wrong_method`` for a HEAD: who only looks uses nothing up."""
    if request.method == "HEAD":
        raise wrong_method
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise CrossSite()


def transcript(body: bytes | None = None) -> str:
    """The request as text, its credentials blanked; ``body`` stands for one that is read."""
    target = request.full_path.rstrip("?")
    shown = request.get_data() if body is None else body
    return transcribe(request.method, target, sent_headers(request.environ), shown)


def answer(
    content: dict[str, Any], status: int = 200, *, retry_after: int | None = None
) -> Response:
    """A JSON answer, ``retry_after`` in whole seconds."""
    response = jsonify(content)
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
