"""Silent authentication: the phone opens an address, three redirects lead it through its operator's
network, and it ends with a code for the application, or with an error.

Its address is its credential: whoever opens it needs a request's id, which only the application
has. So a page may lead a browser here, as it does with Vonage.

Sources: https://developer.vonage.com/en/verify/guides/silent-authentication (synchronous,
asynchronous, sandbox) and, for virtual numbers, .../virtual-operator.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.addresses import own_url
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.errors import Problem, Unserved, respond_json
from sms_sandbox.facades.vonage.verify import errors, going_on, requests
from sms_sandbox.facades.vonage.verify.requests import Outcome
from sms_sandbox.facades.vonage.verify.start import DOOR, NOBODY
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_CODES: Mapping[str, str] = {"failed": "network_error", "user_rejected": "user_rejected"}


def begin(room: Room, request_id: str) -> Response:
    """The phone opens the address and is sent to its operator."""
    caller, found = _enter(room, request_id)
    caller.strike(requests.current(found)["to"])
    return _on(caller, found, "operator")


def operate(room: Room, request_id: str) -> Response:
    """The operator's network recognises the phone and sends it back."""
    caller, found = _enter(room, request_id)
    _pass(found)
    return _on(caller, found, "confirm")


def confirm(room: Room, request_id: str) -> Response:
    """The phone comes back: it gets the code, or learns that there is none."""
    caller, found = _enter(room, request_id)
    _pass(found)
    step = requests.current(found)
    outcome = _outcome(caller, step)
    if outcome != "completed":
        going_on.fall(caller, found, outcome)
        return _refuse(step, found.id, outcome)
    code = room.ids.hex(caller.account, 8, "silent")
    with room.database.write() as connection:
        fresh = _fresh(requests.find(connection, caller.account, "v2", request_id), caller)
        _pass(fresh)
        kept = requests.kept(code)
        changed = requests.change_step(fresh, caller.now, code=kept, door=None)
        records.put(connection, changed)
    name = "token" if step["mode"] == "advanced" else "code"
    return _answer(step, {"request_id": found.id, name: code})


def _enter(room: Room, request_id: str) -> tuple[Caller, Record]:
    """The request that waits for its phone. Raises ``Problem``."""
    # Whoever only looks shall use nothing up.
    if request.method == "HEAD":
        raise Unserved(405)
    with room.database.read() as connection:
        door = records.get(connection, PROVIDER, NOBODY, DOOR, request_id)
        account = "" if door is None else str(door.data["account"])
        found = requests.find(connection, account, "v2", request_id)
    caller = Caller(room=room, account=account)
    return caller, _fresh(found, caller, request_id)


def _fresh(found: Record | None, caller: Caller, request_id: str = "") -> Record:
    if found is None or not requests.is_pending(found, caller.now):
        raise errors.unknown(found.id if found else request_id)
    step = requests.current(found)
    if step["channel"] != requests.SILENT or step["code"] is not None:
        raise Problem(409, "The phone has been here already, or its time is over.")
    return found


def _on(caller: Caller, found: Record, hop: str) -> Response:
    """One redirect further, by a token for this hop only."""
    token = caller.room.ids.hex(caller.account, 16, "silent")
    with caller.room.database.write() as connection:
        fresh = _fresh(requests.find(connection, caller.account, "v2", found.id), caller)
        records.put(connection, requests.change_step(fresh, caller.now, door=_hash(hop, token)))
    query = urlencode({"token": token})
    return _redirect(own_url(f"/v2/verify/{found.id}/silent-auth/{hop}?{query}"))


def _pass(found: Record) -> None:
    """Let in who has come by the redirect before. Raises ``Problem``."""
    hop = request.path.rstrip("/").rpartition("/")[2]
    expected = requests.current(found)["door"] or ""
    if not hmac.compare_digest(expected, _hash(hop, request.args.get("token", ""))):
        raise Problem(409, "This redirect was followed before, or out of its order.")


def _outcome(caller: Caller, step: Mapping[str, Any]) -> Outcome:
    """What the operator says, by the number's last digits where they mean something."""
    inbox = caller.room.inbox
    network = inbox.account_settings(caller.account).operator.network
    if network not in (None, "on") or inbox.handset(caller.account, step["to"]).state == "off":
        return "failed"
    digits = comparison_key(step["to"])
    if step["sandbox"]:
        if digits.endswith(("00", "99")):
            return "failed"
        return "completed" if int(digits[-1]) % 2 == 0 else "user_rejected"
    found = verdict(step["to"])
    if found == "error":
        return "failed"
    return "user_rejected" if found == "refused" else "completed"


def _refuse(step: Mapping[str, Any], request_id: str, outcome: str) -> Response:
    problem = errors.network_error() if outcome == "failed" else errors.another_number()
    if step["redirect_url"] is None:
        raise problem
    said = {"error_code": _CODES[outcome], "error_description": problem.detail}
    return _answer(step, {"request_id": request_id, **said})


def _answer(step: Mapping[str, Any], content: Mapping[str, str]) -> Response:
    if step["redirect_url"] is None:
        return respond_json(content)
    return _redirect(f"{step['redirect_url']}#{urlencode(content)}")


def _redirect(url: str) -> Response:
    response = Response(status=302)
    response.headers["Location"] = url
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _hash(hop: str, token: str) -> str:
    return hashlib.sha256(f"{hop}:{token}".encode("utf-8", "surrogatepass")).hexdigest()
