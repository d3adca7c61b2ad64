"""What a step of a workflow sends: a text, a call, or for silent authentication an entry that only
says that the phone is to open an address."""

from collections.abc import Mapping
from typing import Any, get_args

from sms_sandbox.facades.vonage.noun import API
from sms_sandbox.facades.vonage.verify import requests
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.message import Draft, Submission
from sms_sandbox.numbers import verdict
from sms_sandbox.reasons import Refusal
from sms_sandbox.storage.records import Record

NOUN = "verify"
_CODES: Mapping[Refusal, str | int] = {"landline": "9", "no_route": "11", "opted_out": "4"}
_FAILED = "1"


def vendor_id(request: Record, step: int) -> str:
    """The id of a step's message."""
    return f"{request.id}/{step}"


def draft(request: Record, raw: str = "") -> Draft:
    """The message of the step whose turn it is. That of a later step fails where the first one's
    is refused: nobody waits for the answer."""
    step, number = requests.current(request), int(request.data["step"])
    channel = step["channel"]
    is_later = number > 0
    late = {**dict.fromkeys(get_args(Refusal), _FAILED), **_CODES} if is_later else _CODES
    errs = verdict(step["to"]) == "error" and channel != requests.SILENT
    facts = {
        API: NOUN,
        "request": request.id,
        "step": number,
        "channel": channel,
        "text": _text(request) if channel == "voice" else "",
    }
    return Draft(
        account=request.account,
        provider=PROVIDER,
        direction="outbound",
        sender=step["from"] or _pooled(request),
        recipient=step["to"],
        body=_body(request, step),
        raw=raw,
        kind="call" if channel in ("voice", requests.SILENT) else "text",
        fails=_FAILED if errs else None,
        late=late,
        submission=Submission(vendor_id=vendor_id(request, number), facts=facts),
    )


def _body(request: Record, step: Mapping[str, Any]) -> str:
    if step["channel"] == requests.SILENT:
        return (
            f"{request.data['brand']}: silent authentication. The phone opens {step['check_url']}"
        )
    if step["channel"] == "voice":
        return ""
    text = _text(request)
    return f"{text}\n\n{step['app_hash']}" if step.get("app_hash") else text


def _text(request: Record) -> str:
    data = request.data
    left = requests.ends_at(request) - float(requests.current(request)["initiated_at"])
    minutes = max(1, int(left // 60))
    unit = "minute" if minutes == 1 else "minutes"
    purpose = f" to pay {data['amount']} EUR to {data['brand']}" if data.get("amount") else ""
    sender = "" if data.get("amount") else f"{data['brand']} "
    text = f"{sender}code{purpose}: {data['code']}. Valid for {minutes} {unit}."
    return text[0].upper() + text[1:] if not sender else text


def _pooled(request: Record) -> str:
    # Vonage picks from its own pool: here always the same number of the range for fiction.
    return f"+12015550{100 + int(request.id[:8], 16) % 100}"
