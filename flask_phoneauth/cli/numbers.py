"""`flask phoneauth numbers ...`: what an operator does for a number."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from flask_phoneauth.cli.speaking import as_json, faults_told, in_full, print_json, running
from flask_phoneauth.events import NumberUnlocked
from flask_phoneauth.phone.number import parse

numbers_group = AppGroup("numbers", help="Open a number that wrong codes have closed.")


@numbers_group.command("unlock")
@click.argument("number")
@in_full
@as_json
def unlock_number(number: str, full: bool, as_json: bool) -> None:
    """Open code entry that wrong codes in a row have closed to strangers; budgets stay spent."""
    with faults_told():
        parts = running().parts
        settings = parts.settings
        found = parse(
            number,
            default_region=settings.default_region,
            virtual_numbers=settings.virtual_numbers,
        )
        tag = parts.keys.phone_tag(found.e164)
        parts.challenges.unlock(tag, now=parts.clock.now())
        parts.notify(NumberUnlocked(tag, found.masked))
    shown = found.e164 if full else found.masked
    if as_json:
        print_json({"phone": shown, "unlocked": True})
    else:
        click.echo(f"{shown} is open.")
