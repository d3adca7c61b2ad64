"""`flask phoneauth explain`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from flask_phoneauth.cli.speaking import as_json, faults_told, in_full, print_json, running
from flask_phoneauth.flows.explain_number import Explanation, explain_number


@click.command("explain")
@click.argument("number")
@in_full
@as_json
@with_appcontext
@click.pass_context
def explain(context: click.Context, number: str, full: bool, as_json: bool) -> None:
    """Say why a code would be sent to a NUMBER, or why not; nothing is sent or spent."""
    with faults_told():
        live = running()
        found = explain_number(live.parts, number)
    hindrances = [live.fault] * bool(live.fault) + list(found.hindrances)
    shown = found.number.e164 if full else found.number.masked
    if as_json:
        print_json(_as_json(found, shown, hindrances))
    else:
        _print(found, shown, hindrances)
    if hindrances:
        context.exit(1)


def _as_json(found: Explanation, shown: str, hindrances: list[str]) -> dict[str, Any]:
    return {
        "phone": shown,
        "region": found.number.region,
        "kind": found.kind,
        "account": found.account,
        "budgets": [asdict(one) for one in found.standings],
        "shared_budgets": [asdict(one) for one in found.shared],
        "proven": found.proven,
        "devices": found.devices,
        "cooling": found.cooling,
        "open_challenges": found.alive,
        "providers": list(found.providers),
        "sim": found.sim,
        "second": found.second,
        "text": found.text,
        "sent": not hindrances,
        "hindrances": hindrances,
    }


def _print(found: Explanation, shown: str, hindrances: list[str]) -> None:
    region = found.number.region
    _row("number", f"{shown}, {found.kind}" + (f", region {region}" if region else ""))
    _row("account", found.account)
    proven = "proven before" if found.proven else "never proven"
    _row("proofs", f"{proven}, {found.devices} browsers remembered")
    for name, standings in (("budget", found.standings), ("shared", found.shared)):
        for one in standings:
            room = f", room in {one.wait} s" if one.wait else ""
            _row(name, f"{one.setting}: {one.spent} of {one.limit} spent{room}")
    _row("cooldown", f"{found.cooling} s" if found.cooling else "none")
    _row("open", f"{found.alive} challenges")
    if found.sim:
        _row("SIM", f"{found.sim}{_SECOND[found.second]}")
    _row("providers", ", then ".join(found.providers) or "none")
    for line in found.text.splitlines():
        _row("text", line)
    if not hindrances:
        click.echo("A code would be sent.")
        return
    click.echo("No code would be sent:")
    for sentence in hindrances:
        click.echo(f"- {sentence}")


_SECOND = {
    "": "",
    "email": "; the account takes a code by e-mail too",
    "missing": "; the account has no verified address, and is not opened",
}


def _row(name: str, value: str) -> None:
    click.echo(f"{name:<10} {value}")
