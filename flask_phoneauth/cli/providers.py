"""`flask phoneauth providers`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from flask_phoneauth.cli.speaking import as_json, faults_told, print_json, running, when
from flask_phoneauth.flows.watch_providers import Watched, watch_providers
from flask_phoneauth.health import CLOSED


@click.command("providers")
@as_json
@with_appcontext
@click.pass_context
def providers(context: click.Context, as_json: bool) -> None:
    """Say how each provider stands: its breaker, what arrives by country, its last error."""
    with faults_told():
        found = watch_providers(running().parts)
    if not found and not as_json:
        click.echo("Nobody sends: name a provider in PHONEAUTH_PROVIDERS.")
    for one in found:
        if as_json:
            print_json(_as_json(one))
        else:
            click.echo("\n".join(_lines(one)))
    if not any(one.state == CLOSED for one in found):
        context.exit(1)


def _as_json(one: Watched) -> dict[str, Any]:
    return {**asdict(one), "error_at": when(one.error_at or None)}


def _lines(one: Watched) -> Iterator[str]:
    wait = f", next message in {one.wait} s" if one.wait else ""
    row = f", {one.failures} failed in a row" if one.failures else ""
    yield f"{one.provider:<12} {one.state}{wait}{row}"
    yield f"{'':<12} sends to {', '.join(one.routes) or 'nobody'}"
    if one.error:
        answer = f" ({one.answer})" if one.answer else ""
        yield f"{'':<12} last error {one.error}{answer}, {when(one.error_at)}"
    if not one.receipts:
        yield f"{'':<12} no receipts: what arrives is not known"
    for region in one.arrivals:
        of = region.delivered + region.lost
        poor = ", comes last there" if region.poor else ""
        shown = f"{region.percent} % of {of} receipts say delivered"
        yield f"{'':<12} {region.region} {shown}{poor}"
