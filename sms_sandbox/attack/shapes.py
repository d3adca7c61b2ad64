"""An answer without what is new in each: what is left may not tell one number from another."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from sms_sandbox.attack.visitor import Answer

_SECONDS = frozenset({"expires_in", "resend_in", "retry_after"})
_DRAWN = frozenset({"challenge_id", "challenge_secret", "reference"})
_UNLIKE = frozenset({"date", "content-length", "server", "connection"})
_PAGE = (
    (re.compile(r'(name="csrf_token"[^>]*?value=")[^"]+'), r"\1TOKEN"),
    (re.compile(r'(phoneauth-reference">)[A-Z]{2}<'), r"\1REFERENCE<"),
    (re.compile(r"\+[0-9][0-9\s-]*\u2022[\u2022\s0-9-]*"), "NUMBER"),
    (re.compile(r"\+[0-9]{8,15}"), "NUMBER"),
    (re.compile(r'(-(?:in|wait)=")[0-9]+'), r"\1SECONDS"),
    (re.compile(r"[0-9]+ (more )?(second|minute)s?"), "TIME"),
    # how far the message is by now; the status in JSON is compared once it stands still
    (re.compile(r'(data-phoneauth-delivery=")[a-z]+'), r"\1DELIVERY"),
    (re.compile(r'(data-state=")[a-z]+("[^>]*>)[^<]*'), r"\1DELIVERY\2"),
)


def shape_of(answer: Answer, challenge_id: str = "") -> tuple[str, ...]:
    """Status, headers, cookies and body by lines, with names in the place of drawn values."""
    lines = [f"status {answer.status}"]
    lines += sorted(filter(None, (_header(name, value) for name, value in answer.headers)))
    body = answer.body
    lines += _json_lines(body) if body else _page_lines(answer.text)
    if challenge_id:
        lines = [line.replace(challenge_id, "ID") for line in lines]
    return tuple(line for line in lines if line.strip())


def _header(name: str, value: str) -> str:
    name = name.lower()
    if name in _UNLIKE:
        return ""
    if name == "set-cookie":
        cookie, _, attributes = value.partition(";")
        parts = sorted(part.strip() for part in attributes.split(";"))
        kept = [part for part in parts if not part.lower().startswith("expires")]
        return f"cookie {cookie.partition('=')[0]}; {'; '.join(kept)}"
    return f"{name}: {'SECONDS' if name == 'retry-after' else value}"


def _json_lines(body: dict[str, Any]) -> list[str]:
    return [f"{name}: {_value(name, body[name])}" for name in sorted(body)]


def _value(name: str, value: Any) -> str:
    if name in _SECONDS and isinstance(value, int):
        return "SECONDS"
    if name in _DRAWN and isinstance(value, str):
        return f"{len(value)} letters"
    if name == "masked_phone" and isinstance(value, str):
        return re.sub(r"[0-9]", "0", value)
    text = json.dumps(value)
    for pattern, name_of_it in _PAGE:
        text = pattern.sub(name_of_it, text)
    return text


def _page_lines(text: str) -> list[str]:
    for pattern, name in _PAGE:
        text = pattern.sub(name, text)
    return [line.strip() for line in text.splitlines()]


def apart(known: Sequence[float], unknown: Sequence[float]) -> float:
    """How often one of the known is slower than one of the unknown (AUC): 0.5 tells nothing."""
    wins = sum((a > b) + (a == b) / 2 for a in known for b in unknown)
    return round(wins / (len(known) * len(unknown)), 2)


def chance(count: int) -> float:
    """How far from 0.5 chance leads in 19 of 20 cases, with so many of each."""
    return 1.96 * math.sqrt((2 * count + 1) / (12 * count * count))
