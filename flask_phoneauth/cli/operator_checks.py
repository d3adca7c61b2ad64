"""What `doctor` says of the mobile operator, where one is asked."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.cli.findings import FAULT, OK, Finding
from flask_phoneauth.plugins import load_operator
from flask_phoneauth.settings import SettingError, Settings


def operator(settings: Settings) -> Iterator[Finding]:
    """Whether it is set up: no operator answers without a device or a number."""
    if not settings.operator:
        return
    about = f"operator {settings.operator}"
    try:
        load_operator(settings.operator).from_settings(settings).close()
    except SettingError as error:
        yield Finding(FAULT, about, str(error))
        return
    back = f"{settings.public_url.rstrip('/')}{settings.url_prefix}/silent/callback"
    yield Finding(OK, about, f"set up; register there where devices come back to: {back}")
