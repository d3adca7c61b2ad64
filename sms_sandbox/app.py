"""The wiring: one sandbox, and the Flask application that serves it. No decisions."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sms_sandbox import control
from sms_sandbox.clock import Clock, Clocks, RealClock
from sms_sandbox.control.guard import check_host, check_page, check_password
from sms_sandbox.control.operations import create_operations
from sms_sandbox.control.routes import MAX_BODY_BYTES
from sms_sandbox.errors import BodyTooLarge, SandboxError, Unauthorized
from sms_sandbox.exchange import ConnectionDropped, Exchanges
from sms_sandbox.facades import FACADES, Facade, Room, facade_of
from sms_sandbox.ids import Ids
from sms_sandbox.inbox import Inbox
from sms_sandbox.outgoing import Outgoing
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database
from sms_sandbox.storage import ids as storage_ids
from sms_sandbox.timeline import Timeline
from sms_sandbox.web.routes import create_blueprint as create_web
from sms_sandbox.webhooks import Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ON_EVERY_ANSWER = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))
_HINTS = {
    404: "The paths are listed at /api/v1/openapi.json.",
    405: "The methods of each path are listed at /api/v1/openapi.json.",
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox's parts, without a server: ``open_sandbox`` makes one."""

    settings: Settings
    clock: Clocks
    ids: Ids
    database: Database
    inbox: Inbox
    timeline: Timeline
    webhooks: Webhooks

    def close(self) -> None:
        """Stop the webhooks and the timeline, end waits and streams, close the database."""
        self.webhooks.stop()
        self.timeline.stop()
        self.inbox.close()
        self.database.close()


def open_sandbox(settings: Settings, clock: Clock | None = None) -> Sandbox:
    """Open the database, start the timeline and the webhooks. Raises ``SettingsError``."""
    clocks = Clocks(clock or RealClock())
    ids = Ids(settings.seed)
    database = Database(settings.db)
    if settings.seed is not None:
        with database.read() as connection:
            storage_ids.load(connection, ids)
        database.before_commit.append(lambda connection: storage_ids.keep(connection, ids))
    inbox = Inbox(settings, database, clocks, ids, {one.provider: one for one in FACADES})
    timeline = Timeline(inbox, clocks)
    webhooks = Webhooks(inbox, clocks, Outgoing(settings))
    timeline.start()
    webhooks.start()
    return Sandbox(settings, clocks, ids, database, inbox, timeline, webhooks)


def create_app(sandbox: Sandbox) -> Flask:
    """The WSGI application: control API, operations, the inbox page and the façades."""
    facades = {one.prefix: one for one in FACADES}
    app = Flask("sms_sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json = _Json(app)

    @app.before_request
    def guard() -> None:
        environ, path = request.environ, request.path
        check_host(sandbox.settings, environ.get("HTTP_HOST"))
        check_page(environ)
        # A façade's Authorization header is the vendor's: it checks the password itself.
        if facade_of(path, facades) is None:
            check_password(sandbox.settings, path, environ.get("HTTP_AUTHORIZATION"))

    app.register_error_handler(SandboxError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(ConnectionDropped, _say_nothing)
    app.register_blueprint(control.create_blueprint(sandbox.inbox))
    app.register_blueprint(create_operations(sandbox.inbox, sandbox.timeline))
    app.register_blueprint(create_web(sandbox))
    room = Room(
        settings=sandbox.settings,
        clock=sandbox.clock,
        database=sandbox.database,
        inbox=sandbox.inbox,
        ids=sandbox.ids,
    )
    for facade in FACADES:
        app.register_blueprint(facade.create_blueprint(room))
    app.wsgi_app = Exchanges(  # type: ignore[method-assign]
        _ByHost(app.wsgi_app, FACADES), headers=_ON_EVERY_ANSWER
    )
    return app


class _Json(DefaultJSONProvider):
    """Short JSON in the order in which it was built, by one encoder for all answers."""

    sort_keys = False
    _encoder = json.JSONEncoder(separators=(",", ":"))

    def response(self, *args: Any, **kwargs: Any) -> Response:
        content = self._prepare_response_obj(args, kwargs)
        return Response(f"{self._encoder.encode(content)}\n", mimetype=self.mimetype)


class _ByHost:
    """Leads a request that arrives with a vendor's own host name to that vendor's façade."""

    def __init__(self, app: "WSGIApplication", facades: Iterable[Facade]) -> None:
        self._app = app
        self._facades = tuple(facades)
        self._prefix_of = lru_cache(maxsize=64)(self._find_prefix)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        prefix = self._prefix_of(environ.get("HTTP_HOST", ""))
        if prefix:
            # A signature may cover the path as its sender wrote it.
            environ["sms_sandbox.path"] = environ.get("PATH_INFO", "")
            environ["PATH_INFO"] = prefix + environ.get("PATH_INFO", "")
        return self._app(environ, start_response)

    def _find_prefix(self, host: str) -> str:
        name = host.partition(":")[0].rstrip(".").casefold()
        return next((one.prefix for one in self._facades if one.hosts.fullmatch(name)), "")


def _refuse(error: SandboxError) -> Response:
    response = jsonify(error.as_problem())
    response.status_code = error.status
    response.mimetype = "application/problem+json"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Basic realm="sms-sandbox", charset="UTF-8"'
    return response


def _say_nothing(_: ConnectionDropped) -> Response:
    """What is never sent: the middleware closes the connection."""
    return Response(status=204)


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
