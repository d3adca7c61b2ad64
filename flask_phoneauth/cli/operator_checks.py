"""What `doctor` says of the mobile operator, where one is asked."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.cli.findings import FAULT, OK, Finding
from flask_phoneauth.plugins import load_operator
from flask_phoneauth.settings import SettingError, Settings

_OF_NEW_SIMS = {
    "refuse": "no code is sent to the number, and the mobile network signs nobody in",
    "step_up": "the account takes a code by e-mail too; without a verified address it is refused",
}


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
    if settings.sim_swap in _OF_NEW_SIMS:
        hours = settings.sim_swap_hours
        told = f"changed in the last {hours} hours: {_OF_NEW_SIMS[settings.sim_swap]}"
        yield Finding(OK, "SIM cards", told)
