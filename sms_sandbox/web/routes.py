"""The inbox page and its static files; everything else the page asks of the control API."""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint, Response, make_response, render_template, request

from sms_sandbox.inbox import Inbox
from sms_sandbox.settings import Settings
from sms_sandbox.web.page import Place, build_page
from sms_sandbox.web.present import FILTERS
from sms_sandbox.web.ways import ways

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Sandbox(Protocol):
    """What the page needs of the wired sandbox."""

    @property
    def inbox(self) -> Inbox:
        """The messages."""

    @property
    def settings(self) -> Settings:
        """How the sandbox is served."""


def create_blueprint(sandbox: Sandbox) -> Blueprint:
    """The blueprint `web`: the inbox at `/` and `/messages/<id>`, its files at `/assets/`."""
    web = Blueprint(
        "web",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )
    for name, function in FILTERS.items():
        web.add_app_template_filter(function, name)

    @web.get("/")
    def index() -> Response:
        return _answer(sandbox, "")

    @web.get("/messages/<message_id>")
    def message(message_id: str) -> Response:
        return _answer(sandbox, message_id)

    web.after_request(_protect)
    return web


def _answer(sandbox: Sandbox, message_id: str) -> Response:
    base = request.host_url.rstrip("/")
    page, status = build_page(
        sandbox.inbox,
        Place.read(request.args),
        base=base,
        ways=ways(base, with_password=sandbox.settings.password is not None),
        message_id=message_id,
    )
    html = render_template("sms_sandbox/inbox.html", page=page, missing=status == 404)
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _protect(answer: Response) -> Response:
    # Message text is whatever someone sent: the page may run and load nothing but its own files.
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
