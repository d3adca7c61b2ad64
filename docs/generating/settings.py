"""The extension's settings, those of them that are figures, and the checks of production."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import Field, replace
from typing import Any

from flask_phoneauth.production import production_faults
from flask_phoneauth.settings import PREFIX, Settings, declared

from .markdown import table

GROUPS: Mapping[str, str] = {
    "url_prefix": "Addresses, name and pages",
    "providers": "Sending",
    "twilio_account_sid": "Twilio",
    "plivo_auth_id": "Plivo",
    "messagebird_access_key": "MessageBird",
    "vonage_api_key": "Vonage",
    "sns_region": "AWS SNS",
    "verifier": "Codes of a vendor",
    "channels": "Channels",
    "email_from": "E-mail",
    "operator": "Mobile operator",
    "routes": "Routes and failover",
    "database_url": "Databases",
    "audit_url": "Audit trail and metrics",
    "secret": "Keys",
    "dispatch": "Dispatch",
    "default_region": "Numbers",
    "code_length": "Codes",
    "sends_per_hour": "Budgets",
    "prices": "Money",
    "record_only": "Recording, waits",
    "risk_puzzle": "Puzzles",
    "session_lifetime": "Sessions",
    "allow_sandbox_in_production": "Overrides for production",
}
"""The setting that opens each group, in the order of the fields."""

SECONDS = frozenset(
    {
        "audit_message_retention",
        "audit_retention",
        "code_ttl",
        "device_lifetime",
        "cooldown",
        "cooldown_idle",
        "send_seconds",
        "breaker_pauses",
        "delivered_window",
        "session_lifetime",
        "session_idle",
        "remember_lifetime",
        "fresh_for",
    }
)


def settings() -> str:
    """Every setting: name, type, default, what it is about; in groups."""
    groups: dict[str, list[list[str]]] = {}
    for entry in declared():
        if entry.name in GROUPS:
            rows = groups[GROUPS[entry.name]] = []
        rows.append([f"`{_key(entry)}`", _kind(entry), _default(entry), entry.metadata["about"]])
    head = ("Setting", "Type", "Default", "About")
    return "\n".join(f"## {title}\n\n{table(head, rows)}" for title, rows in groups.items())


def limits() -> str:
    """Every setting that is a figure."""
    rows = [
        [f"`{_key(entry)}`", _default(entry), entry.metadata["about"]]
        for entry in declared()
        if _is_figure(entry)
    ]
    return table(("Setting", "Default", "Bounds"), rows)


def production_checks() -> str:
    """Every check, its cure as the log says it, and the setting that permits it."""
    worst = Settings(
        providers=("console", "sandbox"),
        sandbox_url="http://127.0.0.1:8025",
        store_url="memory://",
        virtual_numbers=True,
    )
    seen = {}
    for wrong in (Settings(), worst, replace(worst, secret="short")):
        for fault in production_faults(wrong, {}):
            seen[fault] = _permit(wrong, fault)
    rows = [[f"`{fault.key}`", fault.cure, permit] for fault, permit in sorted(
        seen.items(), key=lambda item: item[0].key
    )]  # fmt: skip
    return table(("Key", "Cure", "Permitted by"), rows)


def _permit(wrong: Settings, fault: object) -> str:
    for entry in declared():
        if entry.name.endswith("_in_production"):
            mended = replace(wrong, **{entry.name: True})
            if fault not in production_faults(mended, {}):
                return f"`{_key(entry)}`"
    return "nothing"


def _key(entry: Field[Any]) -> str:
    return PREFIX + entry.name.upper()


def _kind(entry: Field[Any]) -> str:
    kind = typing.get_type_hints(Settings)[entry.name]
    plain = {str: "text", bool: "true or false", int: "whole number"}
    if kind in plain:
        return "seconds" if entry.name in SECONDS else plain[kind]
    if typing.get_origin(kind) is tuple:
        return "list of seconds" if entry.name in SECONDS else "list of texts"
    return "mapping"


def _default(entry: Field[Any]) -> str:
    value = getattr(Settings(), entry.name)
    if not isinstance(value, bool) and entry.name in SECONDS:
        steps = value if isinstance(value, tuple) else (value,)
        return ", ".join(_span(step) for step in steps)
    if value in ("", ()) or value == {}:
        return "(empty)"
    if isinstance(value, tuple):
        return ", ".join(f"`{item!r}`" for item in value)
    return f"`{value!r}`" if isinstance(value, str | bool) else f"{value:,}"


def _span(seconds: int) -> str:
    for unit, length in (("days", 86400), ("h", 3600)):
        if seconds % length == 0:
            return f"{seconds:,} s ({seconds // length} {unit})"
    return f"{seconds:,} s"


def _is_figure(entry: Field[Any]) -> bool:
    value = entry.default
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or entry.name in SECONDS or entry.name == "route_limit"
