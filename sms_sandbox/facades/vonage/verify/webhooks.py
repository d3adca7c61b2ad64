"""The webhooks of a request: what a channel waits for, how it ended, the summary of all.

Source: https://developer.vonage.com/en/api/verify.v2 (webhooks) and the fixtures of vonage-java.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_sandbox.callback import Callback
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.posting import post_json
from sms_sandbox.facades.vonage.verify import requests
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.storage.records import Record

EVENT = "verify_event"
SUMMARY = "verify_summary"
PRICE = Decimal("0.05")
"""Euros for a completed request; the sandbox's own figure."""


def of_action(request: Record, scene: Scene) -> tuple[Callback, ...]:
    """The phone is to open an address."""
    step = requests.current(request) | {"status": "action_pending"}
    action = {"type": "check", "check_url": step["check_url"]}
    return _event(request, step, scene, {"action": action})


def of_end(request: Record, number: int, scene: Scene) -> tuple[Callback, ...]:
    """A step has ended, and perhaps its request with it."""
    if request.data.get("application_id") is None:
        return ()
    finalized = {"finalized_at": wire.moment(scene.now)}
    event = _event(request, request.data["workflow"][number], scene, finalized)
    if request.data["status"] == requests.PENDING:
        return event
    return event + _post(request, SUMMARY, _summary(request), scene)


def _event(
    request: Record, step: Mapping[str, Any], scene: Scene, more: Mapping[str, Any]
) -> tuple[Callback, ...]:
    content = {
        "request_id": request.id,
        "triggered_at": wire.moment(scene.now),
        "type": "event",
        "channel": step["channel"],
        "status": step["status"],
        **more,
        **_client_ref(request),
    }
    return _post(request, EVENT, content, scene)


def _summary(request: Record) -> dict[str, Any]:
    return {
        "request_id": request.id,
        "submitted_at": wire.moment(request.created_at),
        "status": request.data["status"],
        "type": "summary",
        "channel_timeout": request.data["channel_timeout"],
        "workflow": [_shown(one) for one in request.data["workflow"]],
        "price": wire.money(PRICE if request.data["status"] == "completed" else Decimal(0)),
        **_client_ref(request),
    }


def _shown(step: dict[str, Any]) -> dict[str, Any]:
    shown = {"channel": step["channel"], "status": step["status"]}
    if step["initiated_at"] is not None:
        shown["initiated_at"] = wire.moment(step["initiated_at"])
    return shown


def _client_ref(request: Record) -> dict[str, str]:
    client_ref = request.data.get("client_ref")
    return {} if client_ref is None else {"client_ref": client_ref}


def _post(
    request: Record, kind: str, content: dict[str, Any], scene: Scene
) -> tuple[Callback, ...]:
    """Only what an application has asked for is told of, where its account says an address."""
    application, url = request.data.get("application_id"), scene.settings.status_url
    if application is None or url is None:
        return ()
    return (post_json(kind, url, content, scene, {"application_id": application}),)
