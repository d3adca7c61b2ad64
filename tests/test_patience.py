"""Tests name how long they wait: `urllib3.request` gives up after three seconds by itself, which a
busy machine needs for an answer now and then."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent


def hasty(tree: ast.AST) -> Iterator[int]:
    """The lines of `urllib3.request(...)` without a `timeout`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "urllib3.request":
            continue
        if all(one.arg != "timeout" for one in node.keywords):
            yield node.lineno


def test_a_hasty_request_is_seen() -> None:
    text = "urllib3.request('GET', url)\nurllib3.request('GET', url, timeout=60)\npool.request(url)"
    assert list(hasty(ast.parse(text))) == [1]


def test_no_test_waits_for_as_long_as_a_library_happens_to() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in hasty(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
