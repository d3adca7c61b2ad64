"""Thousands of tests build an app, and most of that time goes into routes that werkzeug reads, and
functions that it writes and compiles for each, the same ones every time: here they are kept for
the next app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from werkzeug.routing import Rule
from werkzeug.routing.converters import DEFAULT_CONVERTERS, BaseConverter
from werkzeug.routing.rules import RulePart

Builder = Callable[..., tuple[str, str]]


class Compiled(NamedTuple):
    """What werkzeug makes of a route; nothing of it changes afterwards."""

    parts: list[RulePart]
    trace: list[tuple[bool, str]]
    converters: dict[str, BaseConverter]
    build: Builder
    build_unknown: Builder


_compile = Rule.compile
_kept: dict[tuple[str, bool | None], Compiled] = {}


def _compile_once(self: Any) -> None:
    own = self.host if self.map.host_matching else self.subdomain
    if own or self.defaults or dict(self.map.converters) != dict(DEFAULT_CONVERTERS):
        _compile(self)
        return
    key = (self.rule, self.merge_slashes)
    kept = _kept.get(key)
    if kept is None:
        _compile(self)
        builders = self._build.__func__, self._build_unknown.__func__
        _kept[key] = Compiled(self._parts, self._trace, self._converters, *builders)
        return
    self._parts, self._trace, self._converters = kept.parts, kept.trace, kept.converters
    self.arguments.update(kept.converters)
    self._build = kept.build.__get__(self, None)
    self._build_unknown = kept.build_unknown.__get__(self, None)


def pytest_configure() -> None:
    """From the first test on."""
    Rule.compile = _compile_once  # type: ignore[method-assign]
