"""How every command finds the running parts, says what went wrong, and prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask, current_app

from flask_phoneauth import building
from flask_phoneauth.errors import PhoneAuthError, StoreUnavailable
from flask_phoneauth.sessions.state import Live, current_live
from flask_phoneauth.settings import SettingError

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
in_full = click.option("--full", is_flag=True, help="Show numbers in full, not masked.")

NO_DATABASE = (
    "A database or store does not answer, or its tables are missing. Check PHONEAUTH_DATABASE_URL, "
    "PHONEAUTH_STORE_URL and PHONEAUTH_SESSION_STORE_URL, run 'flask phoneauth init-db', and ask "
    "'flask phoneauth doctor'."
)


def this_app() -> Flask:
    """The app that the command runs for."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


@contextmanager
def faults_told() -> Iterator[None]:
    """Our errors as one sentence and exit code 1."""
    try:
        yield
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    except StoreUnavailable:
        raise click.ClickException(NO_DATABASE) from None
    except PhoneAuthError as error:
        raise click.ClickException(str(error)) from None


def running() -> Live:
    """The parts of this app, built as for its first request."""
    app = this_app()
    if not app.secret_key and (app.debug or app.testing):
        building.lend_key(app)
    return current_live()


def print_json(value: Mapping[str, Any]) -> None:
    """One line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def when(moment: Any) -> str | None:
    """A time as RFC 3339 in UTC: seconds since the epoch, or a user store's own `datetime`."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return str(moment.astimezone(UTC).isoformat(timespec="seconds"))
