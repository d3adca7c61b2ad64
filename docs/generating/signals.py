"""The extension's signals."""

from __future__ import annotations

from dataclasses import fields

from flask_phoneauth import signals

from .markdown import table
from .problems import told


def signal_list() -> str:
    """Every signal with its arguments and meaning."""
    names = {id(value): name for name, value in vars(signals).items()}
    rows = []
    for event, signal in signals.SIGNALS.items():
        arguments = ", ".join(f"`{entry.name}`" for entry in fields(event))
        rows.append([f"`{names[id(signal)]}`", arguments, told(event)])
    return table(("Signal", "Arguments", "Sent when"), rows)
