"""Thousands of tests build an app, and most of that time goes into functions that werkzeug writes
and compiles for each route, the same ones every time: here they are kept for the next app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile = Rule._compile_builder
_kept: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


def _compile_once(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    if self.defaults:
        return _compile(self, append_unknown)
    key = (self.rule, tuple(self._trace), append_unknown)
    if key not in _kept:
        _kept[key] = _compile(self, append_unknown)
    return _kept[key]


def pytest_configure() -> None:
    """From the first test on."""
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]
