"""`flask phoneauth init-db`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from flask_phoneauth import building
from flask_phoneauth.cli.speaking import faults_told, this_app
from flask_phoneauth.sessions.state import current_state


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Make or upgrade the tables of accounts, sessions and challenges."""
    with faults_told():
        state = current_state()
        needed = building.needed_databases(this_app(), state.settings, accounts=state.accounts)
        needed.upgrade()
    click.echo("The tables are ready.")
