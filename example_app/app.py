"""The application factory: `create_app()`, also found by `flask --app example_app run --debug`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import phonenumbers
from flask import Flask, Response, flash, render_template, request
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from example_app.notebook import Notebook
from example_app.tutorial import add_tutorial
from example_app.views import pages
from flask_phoneauth import PhoneAuth
from flask_phoneauth.signals import phone_changed, user_signed_out

DATA_FOLDER = ".demo"
NOTES_FILE = "notes.sqlite3"
SANDBOX_URL = "http://127.0.0.1:8025"
MOST_BYTES = 64 * 1024
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WORDS = {
    404: ("Not found", "There is nothing here, or it is not yours."),
    405: ("Not like this", "This address does not open by itself."),
    413: ("Too large", "What you sent is too large to be a note. Go back and shorten it."),
    500: ("Our mistake", "Something went wrong on our side. What happened is in the log."),
}


phone_auth = PhoneAuth()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The notes application; `config` overrides `FLASK_*` of the environment and the defaults.

    Accounts, notes and keys live in `DATA_FOLDER` (default: `.demo` in the current folder).
    """
    given = dict(config or {})
    folder = Path(given.pop("DATA_FOLDER", DATA_FOLDER)).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Flask("example_app", instance_path=str(folder))
    _configure(app, given)
    phone_auth.init_app(app)
    app.extensions["notebook"] = Notebook(folder / NOTES_FILE)
    app.register_blueprint(pages)
    add_tutorial(app)
    app.register_error_handler(HTTPException, _error_page)
    app.after_request(_harden)
    app.add_template_filter(readable)
    app.context_processor(lambda: {"csrf_token": generate_csrf, "inbox_url": _inbox_url(app)})
    user_signed_out.connect(_say_goodbye, app)
    phone_changed.connect(_confirm_number, app)
    return app


def _configure(app: Flask, given: Mapping[str, Any]) -> None:
    app.config.from_mapping(
        SESSION_COOKIE_NAME="notes_session",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MOST_BYTES,
        PHONEAUTH_BRAND="Notes",
        PHONEAUTH_PROVIDERS=["sandbox"],
        PHONEAUTH_SANDBOX_URL=SANDBOX_URL,
    )
    app.config.from_prefixed_env()
    app.config.update(given)
    # the sandbox plays the mobile operator, too
    app.config.setdefault(
        "PHONEAUTH_OPERATOR", "vonage" if app.config["PHONEAUTH_SANDBOX_URL"] else ""
    )
    # numbers whose codes everybody knows are for trying things out
    app.config.setdefault("PHONEAUTH_VIRTUAL_NUMBERS", app.debug or app.testing)


def readable(e164: str) -> str:
    """A number as it is written internationally: `+44 7400 123456`."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164  # virtual numbers belong to no country
    written: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return written


def _inbox_url(app: Flask) -> str:
    """Where codes can be read: the sandbox sends them, or stands in a vendor's place."""
    if set(app.config["PHONEAUTH_PROVIDERS"]) == {"console"}:
        return ""
    return str(app.config["PHONEAUTH_SANDBOX_URL"])


def _say_goodbye(_app: Flask, everywhere: bool, **_event: Any) -> None:
    flash("You are signed out on all your devices." if everywhere else "You are signed out.")


def _confirm_number(_app: Flask, **_event: Any) -> None:
    flash("Your number is changed. Your other devices are signed out.")


def _error_page(error: HTTPException) -> BaseResponse:
    response = error.get_response()
    title, sentence = WORDS.get(error.code or 500, (error.name, error.description or ""))
    response.set_data(render_template("error.html", title=title, sentence=sentence))
    response.mimetype = "text/html"
    return response


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if not (request.endpoint or "").endswith("static"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
