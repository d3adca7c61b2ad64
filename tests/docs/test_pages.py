"""Pages beside the reference name everything that is there, and lead to each other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from flask_phoneauth.audit.entries import KINDS
from flask_phoneauth.telemetry import labels
from sms_sandbox import errors

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GUIDES = ("how-to", "vendors", "explanation", "reference")
TOOLS = {"test", "docs", "bench", "fuzz"}
"""Extras for those who work on the project itself."""

Read = Callable[[str], str]


def words(pattern: str, text: str) -> set[str]:
    """Everything in `text` that `pattern` fits."""
    return set(re.findall(pattern, text))


def first_cells(text: str) -> set[str]:
    """The code words in the first column of a page's tables."""
    rows = re.findall(r"(?m)^\| (`\w+`(?:, `\w+`)*) \|", text)
    return {word for row in rows for word in re.findall(r"`(\w+)`", row)}


def test_readme_and_the_index_lead_to_every_page(read: Read) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {f"{part}/{path.name}" for part in GUIDES for path in (DOCS / part).glob("*.md")}
    assert pages
    assert {page for page in pages if f"](docs/{page})" not in readme} == set()
    assert {page for page in pages if page.removesuffix(".md") not in read("index.md")} == set()


def _problem_codes() -> Iterator[str]:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.SandboxError):
            yield kind.code


def test_every_problem_of_the_sandbox_has_its_cure(read: Read) -> None:
    section = read("reference/sandbox_api.md").partition("## Problems")[2].partition("\n## ")[0]
    at_start = {errors.SettingsError.code}
    assert words(r"(?m)^\| `(\w+)` \| \S", section) == set(_problem_codes()) - at_start
    for kind in vars(errors).values():
        if isinstance(kind, type) and isinstance(vars(kind).get("status"), int):
            row = re.search(rf"(?m)^\| `{kind.code}` \| ([\d, ]+) \|", section)
            assert row or kind is errors.SettingsError
            assert row is None or str(kind.status) in row[1], kind


def test_every_kind_of_audit_entry_is_described(read: Read) -> None:
    assert first_cells(read("how-to/audit.md")) == set(KINDS)


def test_every_event_that_is_counted_is_described(read: Read) -> None:
    named = {event for event, _ in labels._LABELS.values()}
    assert first_cells(read("how-to/metrics.md")) == named


def test_every_extra_is_said_where_it_is_needed(read: Read) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    text += (ROOT / "README.md").read_text(encoding="utf-8")
    named = {one for group in words(r"\[([a-z0-9,]+)\]", text) for one in group.split(",")}
    assert set(project["optional-dependencies"]) - TOOLS - {"all"} <= named
