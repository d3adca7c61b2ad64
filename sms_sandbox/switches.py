"""The switches of ``sms-sandbox``, command by command."""

import argparse
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sms_sandbox import attack
from sms_sandbox.settings import DEFAULT_PORT, ERROR_TEXTS

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Run = Callable[[argparse.Namespace], int]
"""What performs a command and returns its exit code."""


def build(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the whole command line; ``runs`` are the commands by their names."""
    parser = argparse.ArgumentParser(
        prog="sms-sandbox",
        description="A local SMS gateway simulator: every message lands in an inbox.",
        epilog="Every switch of serve can also be given as SMS_SANDBOX_<NAME>.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands, runs["serve"])
    _add_wait(commands, runs["wait"])
    one = _command(commands, "code", runs["code"], "print a number's code, waiting for it")
    one.add_argument("number")
    one.add_argument("--newest", action="store_true", help="the newest code; claim nothing")
    one.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    one = _command(commands, "send", runs["send"], "send a message to a handset")
    one.add_argument("to")
    one.add_argument("body")
    one.add_argument("--from", dest="sender", default="Sandbox", help="number or name")
    one = _command(commands, "reply", runs["reply"], "answer a message as its handset")
    one.add_argument("message_id")
    one.add_argument("body")
    _command(commands, "tail", runs["tail"], "print messages as they arrive")
    one = _command(commands, "reset", runs["reset"], "delete the messages of an account, or all")
    one.add_argument("--all", action="store_true")
    _add_faults(commands, runs["faults"])
    attack.add_switches(_command(commands, "attack", runs["attack"], "attack your own app's login"))
    _command(commands, "env", runs["env"], "print what points an application here")
    return parser


def _add_serve(commands: "_Commands", run: Run) -> None:
    one = commands.add_parser("serve", help="serve a sandbox", description=run.__doc__)
    one.set_defaults(run=run)
    one.add_argument("--host", help="the address to bind (127.0.0.1)")
    one.add_argument("--port", type=int, help=f"the port ({DEFAULT_PORT}; 0: a free one)")
    one.add_argument("--db", metavar="FILE", help="keep messages in FILE (:memory:)")
    one.add_argument("--password", help="ask for it; needed to bind beyond this machine")
    one.add_argument(
        "--allow-host", action="append", metavar="NAME", help="a further Host name to answer to"
    )
    one.add_argument(
        "--webhook-allow",
        action="append",
        metavar="CIDR",
        help="a private network that callbacks may reach though bound beyond this machine",
    )
    one.add_argument("--seed", type=int, metavar="N", help="the same ids at every run")
    one.add_argument(
        "--strict", action="store_true", help="let in only the credentials that are configured"
    )
    one.add_argument(
        "--credentials", metavar="FILE", help="PROVIDER NAME SECRET [ACCOUNT] on each line"
    )
    one.add_argument(
        "--error-texts",
        choices=ERROR_TEXTS,
        help="the vendors' sentences of today, or those that they have changed since",
    )
    one.add_argument("--retention", type=int, metavar="N", help="messages to keep (10,000)")
    one.add_argument(
        "--retention-bytes", type=int, metavar="N", help="bytes of messages to keep (2 GiB)"
    )
    one.add_argument(
        "--retention-seconds", type=float, metavar="N", help="how long to keep them (for ever)"
    )


def _add_wait(commands: "_Commands", run: Run) -> None:
    one = _command(commands, "wait", run, "wait for messages and print them")
    one.add_argument("--to", metavar="NUMBER")
    one.add_argument("--from", dest="sender", metavar="SENDER")
    one.add_argument("--contains", metavar="TEXT")
    one.add_argument("--count", type=int, default=1)
    one.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    one.add_argument("--until", metavar="STATUS", help="until it has reached this status")
    one.add_argument("--peek", action="store_true", help="do not claim")
    one.add_argument("--absent", action="store_true", help="succeed if nothing comes")


def _add_faults(commands: "_Commands", run: Run) -> None:
    one = _command(commands, "faults", run, "list, add or remove fault rules")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="JSON", help="add a rule, as POST /api/v1/faults takes it")
    what.add_argument("--remove", metavar="ID", help="remove one rule")
    what.add_argument("--clear", action="store_true", help="remove all of the account, or all")


def _command(
    commands: "_Commands",
    name: str,
    run: Run,
    summary: str,
) -> argparse.ArgumentParser:
    one = commands.add_parser(name, help=summary, description=run.__doc__)
    one.set_defaults(run=run)
    address = os.environ.get("SMS_SANDBOX_URL", f"http://127.0.0.1:{DEFAULT_PORT}")
    one.add_argument("--url", default=address, help="the running sandbox (%(default)s)")
    one.add_argument("--account", metavar="NAME", default=os.environ.get("SMS_SANDBOX_ACCOUNT"))
    one.add_argument("--json", action="store_true", help="print JSON, one object a line")
    return one
