"""Health, readiness and metrics, for scripts and containers."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from sms_sandbox.inbox import Inbox
from sms_sandbox.storage import Filter
from sms_sandbox.timeline import Timeline


def create_operations(inbox: Inbox, timeline: Timeline) -> Blueprint:
    """The blueprint of ``/healthz``, ``/readyz`` and ``/metrics``."""
    blueprint = Blueprint("operations", __name__)

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(
            status="ok",
            messages=inbox.count(Filter()),
            retention=asdict(inbox.retention(None)),
            bytes=inbox.stored_bytes(None),
            pruned=inbox.counters.get("pruned_messages", 0),
        )

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        ready = timeline.running
        inbox.count(Filter(account=""))
        return jsonify(status="ready" if ready else "starting"), 200 if ready else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(_exposition(inbox), mimetype="text/plain; version=0.0.4")

    return blueprint


def _exposition(inbox: Inbox) -> str:
    gauges = {
        "stored_messages": inbox.count(Filter()),
        "stored_bytes": inbox.stored_bytes(None),
        "retention_messages": inbox.retention(None).messages or 0,
        "retention_bytes": inbox.retention(None).bytes or 0,
        "open_waits": inbox.waiting,
        "open_streams": inbox.watchers,
    }
    lines = []
    for name, value in gauges.items():
        lines += [f"# TYPE sms_sandbox_{name} gauge", f"sms_sandbox_{name} {value}"]
    for name, value in sorted(inbox.counters.items()):
        lines += [
            f"# TYPE sms_sandbox_{name}_total counter",
            f"sms_sandbox_{name}_total {value}",
        ]
    return "\n".join(lines) + "\n"
