"""`flask phoneauth ...`: the commands by noun, put together when one is asked for."""

from __future__ import annotations

from importlib import import_module

import click
from flask.cli import AppGroup

_HOMES = {
    "audit": "audit:audit",
    "doctor": "doctor:doctor",
    "explain": "explain:explain",
    "init-db": "database:init_db",
    "numbers": "numbers:numbers_group",
    "providers": "providers:providers",
    "users": "users:users_group",
    "worker": "worker:worker",
}


class _Commands(AppGroup):
    """Loads a command when it is used: an app that only serves needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted({*_HOMES, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in _HOMES:
            return super().get_command(ctx, cmd_name)
        module, _, name = _HOMES[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


phoneauth_group = _Commands("phoneauth", help="Phone-number sign-up and login.")
