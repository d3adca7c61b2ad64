"""`flask phoneauth doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import with_appcontext

from flask_phoneauth.cli.checks import examine
from flask_phoneauth.cli.findings import FAULT
from flask_phoneauth.cli.speaking import as_json, print_json, this_app


@click.command("doctor")
@click.option("--production", is_flag=True, help="Judge as out of debug and testing.")
@as_json
@with_appcontext
@click.pass_context
def doctor(context: click.Context, production: bool, as_json: bool) -> None:
    """Look at settings, cookies, proxy, databases, templates and providers; name each cure."""
    findings = []
    for finding in examine(this_app(), production=production):
        findings.append(finding)
        if as_json:
            print_json(asdict(finding))
        else:
            click.echo(f"{finding.level:<8} {finding.about}: {finding.text}")
    faults = sum(finding.level == FAULT for finding in findings)
    if not as_json:
        click.echo(f"{faults} faults." if faults != 1 else "1 fault.")
    if faults:
        context.exit(1)
