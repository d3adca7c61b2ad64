"""The switches of ``sms-sandbox attack``."""

import argparse

from sms_sandbox.attack.launch import ATTACKS, SECONDS, TRIES

APPLICATION = "http://127.0.0.1:5000"


def add_switches(command: argparse.ArgumentParser) -> None:
    """Add them to a command that has ``--url``: here it is the application that it names, and
    ``--sandbox`` the sandbox."""
    sandbox = command.get_default("url")
    command.set_defaults(url=APPLICATION)
    command.add_argument("attack", choices=ATTACKS, help="which attack")
    command.add_argument("--sandbox", default=sandbox, metavar="URL", help="where its messages go")
    command.add_argument("--number", metavar="NUMBER", help="begin with this number (of fiction)")
    command.add_argument("--count", type=int, metavar="N", help="sessions, numbers, codes or pairs")
    command.add_argument(
        "--tries", type=int, default=TRIES, metavar="N", help="guesses of a session (%(default)s)"
    )
    command.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="N", help="the longest (%(default)g)"
    )
    command.add_argument(
        "--bound", action="append", default=[], metavar="NAME=N", help="where yours is another"
    )
