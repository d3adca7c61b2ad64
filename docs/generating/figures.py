"""Figures that are no settings of the extension: where each stands, its unit, what it bounds."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

from sms_sandbox.settings import Settings as SandboxSettings

from .markdown import table


def fixed_limits() -> str:
    """The figures of the extension that are no settings."""
    return _figures("extension_figures.toml")


def sandbox_limits() -> str:
    """The sandbox's figures."""
    return _figures("sandbox_figures.toml")


def _figures(name: str) -> str:
    listed = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    rows = [_figure(place, unit, about) for place, (unit, about) in listed.items()]
    return table(("Figure", "Bounds", "In"), rows)


def _figure(place: str, unit: str, about: str) -> list[str]:
    module, _, name = place.partition(":")
    settings = module == SandboxSettings.__module__
    value = getattr(SandboxSettings() if settings else import_module(module), name)
    return [f"{value:,} {unit}".strip(), about, f"`{module}`: `{name}`"]
