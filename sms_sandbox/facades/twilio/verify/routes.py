"""Verify's URLs."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio.caller import Caller, enter
from sms_sandbox.facades.twilio.desk import transcript
from sms_sandbox.facades.twilio.meta_paging import page_of
from sms_sandbox.facades.twilio.products import add_rules
from sms_sandbox.facades.twilio.verify import (
    attempts,
    checks,
    rate_limits,
    services,
    start,
)
from sms_sandbox.storage.records import Record

_Show = Callable[[Caller, Record], dict[str, Any]]


def register(blueprint: Blueprint, room: Room, prefix: str) -> None:
    """Add Verify's routes; they lie beside those of the other products."""
    views = _Views(room, prefix)
    one = "/v2/Services/<service>"
    limit = f"{one}/RateLimits/<limit>"
    bucket = f"{limit}/Buckets/<bucket>"
    rules = (
        ("POST", "/v2/Services", views.create_service),
        ("GET", "/v2/Services", views.list_services),
        ("GET", one, views.fetch_service),
        ("POST", one, views.update_service),
        ("DELETE", one, views.delete_service),
        ("POST", f"{one}/Verifications", views.start),
        ("GET", f"{one}/Verifications/<name>", views.fetch),
        ("POST", f"{one}/Verifications/<name>", views.update),
        ("POST", f"{one}/VerificationCheck", views.check),
        ("POST", f"{one}/RateLimits", views.create_limit),
        ("GET", f"{one}/RateLimits", views.list_limits),
        ("GET", limit, views.fetch_limit),
        ("POST", limit, views.update_limit),
        ("DELETE", limit, views.delete_limit),
        ("POST", f"{limit}/Buckets", views.create_bucket),
        ("GET", f"{limit}/Buckets", views.list_buckets),
        ("GET", bucket, views.fetch_bucket),
        ("POST", bucket, views.update_bucket),
        ("DELETE", bucket, views.delete_bucket),
        ("GET", "/v2/Attempts", views.list_attempts),
        ("GET", "/v2/Attempts/Summary", views.summary),
        ("GET", "/v2/Attempts/<sid>", views.fetch_attempt),
    )
    add_rules(blueprint, "verify", rules)


class _Views:
    """One method a URL."""

    def __init__(self, room: Room, prefix: str) -> None:
        self._room = room
        self._prefix = prefix

    def create_service(self) -> tuple[Response, int]:
        return jsonify(services.create(self._enter(), request.form)), 201

    def list_services(self) -> Response:
        return self._page(self._enter(), services.KIND, "services", services.show)

    def fetch_service(self, service: str) -> Response:
        caller = self._enter()
        return jsonify(services.show(caller, services.fetch(caller, service)))

    def update_service(self, service: str) -> Response:
        return jsonify(services.update(self._enter(), service, request.form))

    def delete_service(self, service: str) -> tuple[str, int]:
        services.delete(self._enter(), service)
        return "", 204

    def start(self, service: str) -> tuple[Response, int]:
        return jsonify(start.start(self._enter(), service, request.form, transcript())), 201

    def fetch(self, service: str, name: str) -> Response:
        return jsonify(checks.fetch(self._enter(), service, name))

    def update(self, service: str, name: str) -> Response:
        return jsonify(checks.update(self._enter(), service, name, request.form))

    def check(self, service: str) -> Response:
        return jsonify(checks.check(self._enter(), service, request.form))

    def create_limit(self, service: str) -> tuple[Response, int]:
        return jsonify(rate_limits.create(self._enter(), service, request.form)), 201

    def list_limits(self, service: str) -> Response:
        caller = self._enter()
        services.fetch(caller, service)
        return self._page(caller, rate_limits.KIND, "rate_limits", rate_limits.show, service)

    def fetch_limit(self, service: str, limit: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            found = rate_limits.get(connection, caller, service, limit)
        return jsonify(rate_limits.show(caller, found))

    def update_limit(self, service: str, limit: str) -> Response:
        return jsonify(rate_limits.update(self._enter(), service, limit, request.form))

    def delete_limit(self, service: str, limit: str) -> tuple[str, int]:
        rate_limits.delete(self._enter(), service, limit)
        return "", 204

    def create_bucket(self, service: str, limit: str) -> tuple[Response, int]:
        shown = rate_limits.create_bucket(self._enter(), service, limit, request.form)
        return jsonify(shown), 201

    def list_buckets(self, service: str, limit: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            rate_limits.get(connection, caller, service, limit)
        kind = rate_limits.BUCKET_KIND
        return self._page(caller, kind, "buckets", rate_limits.show_bucket, limit)

    def fetch_bucket(self, service: str, limit: str, bucket: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            found = rate_limits.get_bucket(connection, caller, service, limit, bucket)
        return jsonify(rate_limits.show_bucket(caller, found))

    def update_bucket(self, service: str, limit: str, bucket: str) -> Response:
        caller = self._enter()
        return jsonify(rate_limits.update_bucket(caller, service, limit, bucket, request.form))

    def delete_bucket(self, service: str, limit: str, bucket: str) -> tuple[str, int]:
        rate_limits.delete_bucket(self._enter(), service, limit, bucket)
        return "", 204

    def list_attempts(self) -> Response:
        return jsonify(attempts.list_page(self._enter(), request.args))

    def summary(self) -> Response:
        return jsonify(attempts.summary(self._enter(), request.args))

    def fetch_attempt(self, sid: str) -> Response:
        return jsonify(attempts.fetch(self._enter(), sid))

    def _enter(self) -> Caller:
        return enter(self._room, self._prefix)

    def _page(
        self, caller: Caller, kind: str, key: str, show: _Show, parent: str | None = None
    ) -> Response:
        return jsonify(page_of(caller, request.args, kind, key, show=show, parent=parent))
