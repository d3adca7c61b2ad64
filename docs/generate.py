"""Writes the tables of the reference pages from the code: `python docs/generate.py`.

A table stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; the text around it is
written by hand. The pages are kept with their tables, so that they can be read without a build.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from generating import control_api, figures, numbers, problems, settings, signals

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"<!-- generated: (\w+) -->\n(.*?)<!-- end of \1 -->", re.DOTALL)

GENERATORS: Mapping[str, Callable[[], str]] = {
    "settings": settings.settings,
    "limits": settings.limits,
    "fixed_limits": figures.fixed_limits,
    "sandbox_limits": figures.sandbox_limits,
    "problems": problems.problems,
    "send_failures": problems.send_failures,
    "signals": signals.signal_list,
    "production_checks": settings.production_checks,
    "sandbox_api": control_api.sandbox_api,
    "sandbox_numbers": numbers.sandbox_numbers,
    "fault_effects": control_api.fault_effects,
}


def render(text: str) -> str:
    """The page with its generated parts as the code has them now."""
    return _BLOCK.sub(
        lambda found: (
            f"<!-- generated: {found[1]} -->\n\n{GENERATORS[found[1]]().strip()}\n\n"
            f"<!-- end of {found[1]} -->"
        ),
        text,
    )


def pages() -> list[Path]:
    """Every page of the documentation, in order."""
    return sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)


def main() -> int:
    """Rewrite the pages that lag; prints their names."""
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page.relative_to(DOCS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
