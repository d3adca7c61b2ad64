"""`flask phoneauth ...`"""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from flask_phoneauth import building
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.sessions.state import current_state
from flask_phoneauth.settings import SettingError

phoneauth_group = AppGroup("phoneauth", help="Phone-number sign-up and login.")


@phoneauth_group.command("init-db")
def init_db() -> None:
    """Make or upgrade the tables of accounts, sessions and challenges."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        building.needed_databases(app, current_state().settings).upgrade()
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    except StoreUnavailable:
        raise click.ClickException(
            "The database does not answer. Check PHONEAUTH_DATABASE_URL and try again."
        ) from None
    click.echo("The tables are ready.")
