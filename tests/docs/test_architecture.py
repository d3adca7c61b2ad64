"""The picture of the house is the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("flask_phoneauth", "sms_sandbox")


def levels(page: str, package: str) -> dict[str, int]:
    """The rooms of a package with their place in the picture, 0 at the top."""
    part = page.partition(f"## `{package}`\n")[2].partition("\n## ")[0]
    tables = part.split("\n### ")[1:]
    return {
        room: place
        for place, table in enumerate(tables)
        for room in re.findall(r"(?m)^\| `([\w/.]+)` \|", table)
    }


def rooms(package: str) -> set[str]:
    """The rooms that stand: modules as files, packages with a stroke behind."""
    found = (ROOT / package).iterdir()
    return {
        path.name if path.suffix == ".py" else f"{path.name}/"
        for path in found
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }


def imports(package: str) -> Iterator[tuple[str, str, str]]:
    """Every import of one room by another: (file, room, imported room)."""
    for path in (ROOT / package).rglob("*.py"):
        inside = path.relative_to(ROOT / package)
        here = inside.name if len(inside.parts) == 1 else f"{inside.parts[0]}/"
        for name in _imported(path):
            there = _room(package, name)
            if there not in ("", here):
                yield str(inside), here, there


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _room(package: str, name: str) -> str:
    parts = name.split(".")
    if parts[0] != package or len(parts) == 1:
        return ""
    if (ROOT / package / parts[1] / "__init__.py").exists():
        return f"{parts[1]}/"
    return f"{parts[1]}.py" if (ROOT / package / f"{parts[1]}.py").exists() else "__init__.py"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_in_the_picture_and_no_other(
    package: str, read: Callable[[str], str]
) -> None:
    assert set(levels(read("architecture.md"), package)) == rooms(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_import_points_down_in_the_picture(package: str, read: Callable[[str], str]) -> None:
    place = levels(read("architecture.md"), package)
    upward = [
        f"{file} imports {there}"
        for file, here, there in imports(package)
        if place[there] <= place[here]
    ]
    assert upward == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_that_the_picture_names_is_there(
    package: str, read: Callable[[str], str]
) -> None:
    page = read("architecture.md")
    part = page.partition(f"## `{package}`\n")[2].partition("\n## ")[0]
    for room, about in re.findall(r"(?m)^\| `(\w+)/` \| (.+) \|$", part):
        for file in re.findall(r"`(\w+\.py)`", about):
            assert (ROOT / package / room / file).exists(), f"{room}/{file}"
