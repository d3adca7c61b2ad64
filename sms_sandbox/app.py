"""The wiring: one sandbox, and the Flask application that serves it. No decisions."""

from dataclasses import dataclass

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sms_sandbox import control
from sms_sandbox.clock import Clock, RealClock
from sms_sandbox.control.guard import check_host, check_password
from sms_sandbox.control.operations import create_operations
from sms_sandbox.control.routes import MAX_BODY_BYTES
from sms_sandbox.errors import BodyTooLarge, SandboxError, Unauthorized
from sms_sandbox.inbox import Inbox
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database
from sms_sandbox.timeline import Timeline
from sms_sandbox.web.routes import create_blueprint as create_web

_HINTS = {
    404: "The paths are listed at /api/v1/openapi.json.",
    405: "The methods of each path are listed at /api/v1/openapi.json.",
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox's parts, without a server: ``open_sandbox`` makes one."""

    settings: Settings
    clock: Clock
    database: Database
    inbox: Inbox
    timeline: Timeline

    def close(self) -> None:
        """Stop the timeline, end waits and streams, close the database."""
        self.timeline.stop()
        self.inbox.close()
        self.database.close()


def open_sandbox(settings: Settings, clock: Clock | None = None) -> Sandbox:
    """Open the database and start the timeline. Raises ``SettingsError``."""
    clock = clock or RealClock()
    database = Database(settings.db)
    inbox = Inbox(settings, database, clock)
    timeline = Timeline(inbox, clock)
    timeline.start()
    return Sandbox(settings, clock, database, inbox, timeline)


def create_app(sandbox: Sandbox) -> Flask:
    """The WSGI application: control API, operations and the inbox page."""
    app = Flask("sms_sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.before_request
    def guard() -> None:
        check_host(sandbox.settings, request.headers.get("Host"))
        check_password(sandbox.settings, request.path, request.headers.get("Authorization"))

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.register_error_handler(SandboxError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_blueprint(control.create_blueprint(sandbox.inbox))
    app.register_blueprint(create_operations(sandbox.inbox, sandbox.timeline))
    app.register_blueprint(create_web(sandbox))
    return app


def _refuse(error: SandboxError) -> Response:
    response = jsonify(error.as_problem())
    response.status_code = error.status
    response.mimetype = "application/problem+json"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Basic realm="sms-sandbox", charset="UTF-8"'
    return response


def _refuse_http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _refuse(BodyTooLarge("The body is larger than 1 MiB."))
    status = error.code or 500
    name = error.name.casefold()
    problem = {
        "type": f"urn:sms-sandbox:problem:{name.replace(' ', '_')}",
        "title": error.name,
        "status": status,
        "detail": f"{request.method} on this path: {name}.",
        "code": name.replace(" ", "_"),
        "hint": _HINTS.get(status, "The API is described at /api/v1/openapi.json."),
    }
    response = jsonify(problem)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers.extend(
        (key, value) for key, value in error.get_headers() if key.casefold() == "allow"
    )
    return response
