"""`flask phoneauth worker`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from flask_phoneauth import building
from flask_phoneauth.cli.speaking import faults_told, this_app
from flask_phoneauth.dispatch.base import Dispatch, Queue
from flask_phoneauth.locales.catalogue import available
from flask_phoneauth.plugins import load_dispatch
from flask_phoneauth.records import Job
from flask_phoneauth.sessions.state import Live, current_state
from flask_phoneauth.settings import SettingError, Settings

TRAIL_WAIT = 2.0
"""Seconds that a worker gives the audit trail after each job."""


@click.command("worker")
@click.option(
    "--processes",
    type=click.IntRange(1, 100),
    help="How many send at once: with celery PHONEAUTH_DISPATCH_WORKERS, with rq 1.",
)
@with_appcontext
def worker(processes: int | None) -> None:
    """Send the messages that PHONEAUTH_DISPATCH queues, until the program is told to end."""
    app, settings = this_app(), current_state().settings
    with faults_told():
        queue = _queue(app, settings)
        if not isinstance(queue, Queue):
            raise click.ClickException(
                f"PHONEAUTH_DISPATCH = {settings.dispatch or 'thread'!r} needs no worker: the "
                "process that serves requests sends. Set it to 'celery' or 'rq'."
            )
        usual = 1 if settings.dispatch == "rq" else settings.dispatch_workers
        click.echo(f"Sending what waits in {settings.queue_name!r}. End it with Ctrl-C.", err=True)
        queue.work(processes or usual)


def _queue(app: Flask, settings: Settings) -> Dispatch:
    """The dispatch of a worker, which builds what else it needs in the process of its first job.

    Raises `SettingError`, also for what production refuses.
    """
    lenient = bool(app.debug or app.testing)
    if refused := "" if lenient else building.refusal(app, settings):
        raise SettingError(refused)
    resolved = building.resolve(app, settings, lenient=lenient)
    available()  # the catalogues are read before any fork: each would read them anew
    dispatch: Dispatch = load_dispatch(resolved.dispatch).from_settings(
        resolved, lambda job: _perform(app, job)
    )
    return dispatch


def _perform(app: Flask, job: Job) -> None:
    """A worker's process may end without notice: its part of the trail is written at once."""
    if not app.secret_key and (app.debug or app.testing):
        building.lend_key(app)
    live: Live = app.extensions["phoneauth"].live
    if isinstance(live.parts.dispatch, Queue):
        live.parts.dispatch.perform(job)
    if live.trail is not None:
        live.trail.flush(TRAIL_WAIT)
