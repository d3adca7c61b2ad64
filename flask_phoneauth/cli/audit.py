"""`flask phoneauth audit`."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from flask_phoneauth.audit.entries import KINDS
from flask_phoneauth.cli.speaking import as_json, faults_told, print_json, running, when
from flask_phoneauth.phone.number import parse
from flask_phoneauth.records import AuditEntry
from flask_phoneauth.sessions.state import Live

MOST_LISTED = 10_000
_AGO = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command("audit")
@click.option("--number", default="", help="Only what concerns this number, in any spelling.")
@click.option("--since", default="", help="Only from then on: a date, a time, or as 90m, 12h, 7d.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of entry.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST_LISTED))
@as_json
@with_appcontext
def audit(number: str, since: str, kind: str | None, limit: int, as_json: bool) -> None:
    """List what was asked, sent, tried, signed in and changed: the newest, oldest first."""
    with faults_told():
        live = running()
        if live.trail is None:
            raise click.ClickException("No audit trail is kept: see PHONEAUTH_AUDIT_URL.")
        found = live.trail.search(
            phone=_e164(live, number),
            kind=kind or "",
            since=_moment(since, live.parts.clock.now()),
            limit=limit,
        )
    for entry in found:
        if as_json:
            print_json({**asdict(entry), "at": when(entry.at)})
        else:
            click.echo(_line(entry))
    if not found:
        click.echo("No entries.", err=True)
    elif len(found) == limit:
        click.echo(f"There may be more: --limit {min(MOST_LISTED, limit * 10)}", err=True)


def _e164(live: Live, number: str) -> str:
    if not number:
        return ""
    settings = live.parts.settings
    return parse(
        number, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    ).e164


def _moment(since: str, now: float) -> float:
    if not since:
        return 0.0
    if ago := _AGO.fullmatch(since):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise click.BadParameter(
            "write a date as 2026-01-31, a time as 2026-01-31T08:00, or how long ago, as 12h",
            param_hint="--since",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _line(entry: AuditEntry) -> str:
    words = (
        f"{when(entry.at)}  {entry.kind:<10}",
        entry.masked_phone or "no number",
        entry.purpose,
        entry.detail,
        f"user {entry.user_id}" if entry.user_id else "",
        f"session {entry.session_id}" if entry.session_id else "",
        entry.address,
        entry.place,
        entry.user_agent,
        "(test number)" if entry.test_number else "",
    )
    return "  ".join(filter(None, words))
