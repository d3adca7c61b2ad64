"""From an outcome or an error to HTTP: JSON, problems, pages' common headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, make_response

from flask_phoneauth.errors import PhoneAuthError
from flask_phoneauth.flows.look_up_challenge import Status
from flask_phoneauth.flows.request_code import Asked
from flask_phoneauth.locales.catalogue import catalogue_for
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.web.binding import Binding

PROBLEM_TYPE = "urn:flask-phoneauth:problem:"
FRAMING = "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": FRAMING,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a visitor reads it: translated, its places filled in."""

    code: str
    status: int
    title: str
    detail: str
    retry_after: int | None
    tries_left: int | None
    pointer: str | None


def problem_of(error: PhoneAuthError, locale: str) -> Problem:
    """The error in the reader's language."""
    gettext = catalogue_for(locale).gettext
    return Problem(
        code=error.code,
        status=error.status,
        title=gettext(error.title),
        detail=gettext(error.detail).format_map(error.places),
        retry_after=error.retry_after,
        tries_left=error.tries_left,
        pointer=error.pointer,
    )


def problem_json(problem: Problem) -> Response:
    """RFC 9457 `application/problem+json`."""
    body: dict[str, Any] = {
        "type": PROBLEM_TYPE + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.tries_left is not None:
        body["tries_left"] = problem.tries_left
    if problem.retry_after is not None:
        body["retry_after"] = problem.retry_after
    if problem.pointer is not None:
        body["errors"] = [{"pointer": problem.pointer, "detail": problem.detail}]
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return with_status(response, problem)


def with_status(response: Response, problem: Problem) -> Response:
    """The problem's status and its `Retry-After`."""
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def asked_json(asked: Asked, binding: Binding) -> Response:
    """202: a code is on its way, as far as anybody may know."""
    body: dict[str, Any] = {
        "challenge_id": asked.challenge_id,
        "masked_phone": asked.masked_phone,
        "reference": asked.reference,
        "channel": asked.channel,
        "code_length": asked.code_length,
        "expires_in": asked.expires_in,
        "resend_in": asked.resend_in,
    }
    if not binding.by_cookie:
        body["challenge_secret"] = binding.secret
    return make_response(jsonify(body), 202)


def status_json(status: Status) -> Response:
    """What became of a challenge."""
    return jsonify(
        status=status.status,
        delivery=status.delivery,
        resend_in=status.asked.resend_in,
        expires_in=status.asked.expires_in,
    )


def user_json(user: Any) -> dict[str, Any]:
    """A user as programs see one."""
    return {"id": str(user.get_id()), "phone": user.phone}


def no_content() -> Response:
    """204."""
    return Response(status=204)


def session_fields(record: SessionRecord, current: SessionRecord | None) -> dict[str, Any]:
    """A session's public facts; times are seconds since the epoch."""
    return {
        "id": record.id,
        "current": current is not None and current.id == record.id,
        "created_at": record.created_at,
        "authenticated_at": record.authenticated_at,
        "last_seen_at": record.last_seen_at,
        "ip": record.ip,
        "user_agent": record.user_agent,
    }


def session_row(record: SessionRecord, current: SessionRecord | None) -> dict[str, Any]:
    """What the page shows of a session: its public facts, and where it began."""
    return {**session_fields(record, current), "place": record.place}


def harden(response: Response) -> Response:
    """Never cached, never framed, and told apart by form and by cookie."""
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    if "Vary" in headers:
        response.vary.update(("Accept", "Cookie"))
    else:
        headers["Vary"] = "Accept, Cookie"
    present = {name.lower() for name, _ in headers}
    for name, value in _SAFE.items():
        if name.lower() not in present:
            headers.add(name, value)
    return response
