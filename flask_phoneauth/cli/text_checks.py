"""What `doctor` looks at of the texts that are sent, in every language."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.cli.findings import HINT, OK, Finding
from flask_phoneauth.delivery.linting import Sender, flaws, longest_parts
from flask_phoneauth.settings import Settings


def texts(settings: Settings) -> Iterator[Finding]:
    """Places, length, letters outside GSM-7 and last lines; of resolved settings."""
    who = Sender.of(settings)
    found = flaws(who)
    for flaw in found:
        yield Finding(HINT, "texts", f"in {', '.join(flaw.locales)} {flaw.text}")
    if not found:
        several = [
            f"{length.parts} in {locale}"
            for locale, length in longest_parts(who).items()
            if length.parts > 1
        ]
        besides = f", but {', '.join(several)}" if several else ""
        yield Finding(OK, "texts", f"each is one part{besides}")
