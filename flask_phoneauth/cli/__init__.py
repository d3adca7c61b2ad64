"""`flask phoneauth ...`: the commands by noun, put together."""

from __future__ import annotations

from flask.cli import AppGroup

from flask_phoneauth.cli.database import init_db
from flask_phoneauth.cli.doctor import doctor
from flask_phoneauth.cli.explain import explain
from flask_phoneauth.cli.users import users_group

phoneauth_group = AppGroup("phoneauth", help="Phone-number sign-up and login.")
for _command in (init_db, users_group, doctor, explain):
    phoneauth_group.add_command(_command)
