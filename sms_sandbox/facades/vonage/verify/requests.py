"""A request: the steps of its workflow, how long it lives, what ends it. Pure but for the records.

Verify v1 keeps its requests in the same form: it has fewer channels and other figures.

Sources: https://developer.vonage.com/en/api/verify.v2 and the test data of Vonage's SDKs.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verify_request"
MAX_CHECKS = 3
"""Wrong codes that end a request."""
PENDING = "pending"
UNUSED = "unused"
SILENT = "silent_auth"

Version = Literal["v1", "v2"]
Outcome = Literal["completed", "failed", "expired", "user_rejected", "cancelled"]


def new(
    caller: Caller,
    version: Version,
    request_id: str,
    steps: Sequence[Mapping[str, Any]],
    data: Mapping[str, Any],
) -> Record:
    """A request that is to begin with the first of ``steps``: each names its ``channel``, ``to``
    and ``life`` (seconds until the next one's turn); ``data`` are the API's own."""
    now = caller.now
    workflow = [{**one, "status": UNUSED, "initiated_at": None} for one in steps]
    workflow[0] |= {"status": PENDING, "initiated_at": now}
    common = {"status": PENDING, "checks": [], "step": 0, "finished_at": None}
    return Record(
        provider=PROVIDER,
        account=caller.account,
        kind=KIND,
        id=request_id,
        parent=version,
        key=comparison_key(workflow[0]["to"]),
        created_at=now,
        updated_at=now,
        data={**data, **common, "workflow": workflow},
    )


def new_code(caller: Caller, number: str, length: int) -> str:
    """A code for ``number``: a virtual number's is made of its own digits."""
    if verdict(number) is not None:
        return number[1:][-length:].rjust(length, "0")
    return f"{int(caller.room.ids.hex(caller.account, 16), 16) % 10**length:0{length}d}"


def kept(code: str) -> str:
    """The code of silent authentication as it is kept: no message shows it, so nothing else may."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def find(
    connection: sqlite3.Connection, account: str, version: Version, request_id: str
) -> Record | None:
    """The request with this id, whatever has become of it."""
    found = records.get(connection, PROVIDER, account, KIND, request_id)
    return found if found is not None and found.parent == version else None


def running(
    connection: sqlite3.Connection, caller: Caller, version: Version, number: str
) -> Record | None:
    """The request of a number that is not over yet."""
    found = records.find(
        connection,
        PROVIDER,
        caller.account,
        KIND,
        parent=version,
        key=comparison_key(number),
        limit=1,
    )
    return found[0] if found and is_pending(found[0], caller.now) else None


def status(request: Record, now: float) -> str:
    """What has become of a request by ``now``."""
    stored = str(request.data["status"])
    return "expired" if stored == PENDING and now >= ends_at(request) else stored


def is_pending(request: Record, now: float) -> bool:
    """Whether a code may still come."""
    return status(request, now) == PENDING


def ends_at(request: Record) -> float:
    """When the last channel's time is over, if no channel fails before."""
    left = request.data["workflow"][request.data["step"] :]
    return float(left[0]["initiated_at"]) + sum(float(one["life"]) for one in left)


def current(request: Record) -> dict[str, Any]:
    """The step whose turn it is, or that was the last one."""
    step: dict[str, Any] = request.data["workflow"][request.data["step"]]
    return step


def turns_at(request: Record) -> float:
    """When it is the next channel's turn."""
    step = current(request)
    return float(step["initiated_at"]) + float(step["life"])


def has_next(request: Record) -> bool:
    """Whether a channel is left."""
    return int(request.data["step"]) + 1 < len(request.data["workflow"])


def turn(request: Record, outcome: Outcome, now: float) -> Record:
    """The request once its channel has come to ``outcome``: the next channel's turn, or over."""
    if not has_next(request):
        return finish(request, outcome, now)
    step = int(request.data["step"]) + 1
    workflow = _ended(request, outcome)
    workflow[step] = {**workflow[step], "status": PENDING, "initiated_at": now}
    return _changed(request, now, workflow=workflow, step=step)


def finish(request: Record, outcome: Outcome, now: float) -> Record:
    """The request once it is over."""
    return _changed(
        request, now, status=outcome, finished_at=now, workflow=_ended(request, outcome)
    )


def checked(request: Record, entered: str, *, right: bool, now: float) -> Record:
    """The request after a code was compared: completed, or a try fewer, or failed by the last."""
    checks = [*request.data["checks"], {"at": now, "code": entered[:16], "right": right}]
    counted = _changed(request, now, checks=checks)
    if right:
        return finish(counted, "completed", now)
    return finish(counted, "failed", now) if len(checks) >= MAX_CHECKS else counted


def change(request: Record, now: float, **data: Any) -> Record:
    """The request with other ``data``."""
    return _changed(request, now, **data)


def change_step(request: Record, now: float, **data: Any) -> Record:
    """The request with other ``data`` of the step whose turn it is."""
    workflow = [dict(one) for one in request.data["workflow"]]
    workflow[request.data["step"]] |= data
    return _changed(request, now, workflow=workflow)


def _ended(request: Record, outcome: Outcome) -> list[dict[str, Any]]:
    workflow = [dict(one) for one in request.data["workflow"]]
    workflow[request.data["step"]]["status"] = outcome
    return workflow


def _changed(request: Record, now: float, **data: Any) -> Record:
    return replace(request, updated_at=now, data={**request.data, **data})
