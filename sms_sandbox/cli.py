"""``sms-sandbox``: serve a sandbox, or speak to a running one."""

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from sms_sandbox import settings as sandbox_settings
from sms_sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sms_sandbox.errors import SettingsError
from sms_sandbox.settings import DEFAULT_PORT, ERROR_TEXTS, Settings

_FAILED = 1
_MISUSED = 2
_TIMED_OUT = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 for a refusal, 2 for misuse, 3 if nothing came in time."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except SettingsError as error:
        return _complain(error.detail, _MISUSED)
    except SandboxUnreachable as error:
        return _complain(str(error), _FAILED)
    except SandboxRefused as error:
        return _complain(str(error), _TIMED_OUT if error.status == 408 else _FAILED)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our lines has gone (| head): nothing is wrong, and nothing can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def serve(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from sms_sandbox.server import SandboxServer

    hosts = tuple(options.allow_host) if options.allow_host else None
    named = options.credentials
    known = None if named is None else sandbox_settings.read_credentials(named)
    networks = tuple(options.webhook_allow) if options.webhook_allow else None
    settings = sandbox_settings.from_environment(
        os.environ,
        host=options.host,
        port=options.port,
        db=options.db,
        password=options.password,
        seed=options.seed,
        strict=options.strict or None,
        credentials=known,
        error_texts=options.error_texts,
        retention=options.retention,
        retention_bytes=options.retention_bytes,
        retention_seconds=options.retention_seconds,
        allow_hosts=hosts,
        webhook_allow=networks,
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(settings) as server:
        print(_welcome(server.url, settings), flush=True)
        stop.wait()
    return 0


def wait(options: argparse.Namespace) -> int:
    """Wait for messages and print them."""
    match = {
        "to": options.to,
        "from": options.sender,
        "account": options.account,
        "body_contains": options.contains,
    }
    wish: dict[str, Any] = {
        "match": {name: value for name, value in match.items() if value is not None},
        "count": options.count,
        "claim": not options.peek,
        "absent": options.absent,
    }
    with _client(options) as client:
        found = client.wait(timeout=options.timeout, until_status=options.until, **wish)
    for message in found:
        _print(options, message, _line(message))
    return 0


def code(options: argparse.Namespace) -> int:
    """Print a number's code: the first unclaimed one, or with --newest the last."""
    with _client(options) as client:
        if options.newest:
            found = client.code(options.number, account=options.account)
        else:
            found = client.claim_code(
                options.number, timeout=options.timeout, account=options.account
            )
    _print(options, found, found["code"])
    return 0


def send(options: argparse.Namespace) -> int:
    """Send a message to a handset."""
    with _client(options) as client:
        message = client.send(
            to=options.to, body=options.body, sender=options.sender, account=options.account
        )
    _print(options, message, _line(message))
    return 0


def reply(options: argparse.Namespace) -> int:
    """Answer a message as its handset."""
    with _client(options) as client:
        message = client.reply(options.message_id, options.body)
    _print(options, message, _line(message))
    return 0


def tail(options: argparse.Namespace) -> int:
    """Print messages as they arrive."""
    with _client(options) as client:
        for kind, data in client.events(options.account):
            if kind in ("message", "inbound"):
                _print(options, data, _line(data))
    return 0


def reset(options: argparse.Namespace) -> int:
    """Delete the messages of one account or of all."""
    if (options.account is None) == (not options.all):
        raise SettingsError("Give --account NAME or --all, one of them.")
    with _client(options) as client:
        deleted = client.reset(options.account)
    _print(options, {"deleted": deleted}, f"{deleted} deleted")
    return 0


def faults(options: argparse.Namespace) -> int:
    """List the fault rules, or add, remove or clear some."""
    with _client(options) as client:
        if options.add is not None:
            found = [client.add_fault(_rule(options.add), options.account)]
        elif options.remove is not None:
            client.remove_fault(options.remove)
            found = []
        elif options.clear:
            client.clear_faults(options.account)
            found = []
        else:
            found = client.faults(options.account)
    for one in found:
        _print(options, one, _fault_line(one))
    return 0


def env(options: argparse.Namespace) -> int:
    """Print what points an application at the sandbox."""
    address = options.url.rstrip("/")
    values = _application_settings(address, options.account) | _aws_settings(address)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    # No variable points the other SDKs anywhere: as comments, so that a shell may read it all.
    lines += [f"# {line}" for line in _sdk_lines(address)]
    _print(options, values, "\n".join(lines))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sms-sandbox",
        description="A local SMS gateway simulator: every message lands in an inbox.",
        epilog="Every switch of serve can also be given as SMS_SANDBOX_<NAME>.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_wait(commands)
    one = _command(commands, "code", code, "print a number's code, waiting for it")
    one.add_argument("number")
    one.add_argument("--newest", action="store_true", help="the newest code; claim nothing")
    one.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    one = _command(commands, "send", send, "send a message to a handset")
    one.add_argument("to")
    one.add_argument("body")
    one.add_argument("--from", dest="sender", default="Sandbox", help="number or name")
    one = _command(commands, "reply", reply, "answer a message as its handset")
    one.add_argument("message_id")
    one.add_argument("body")
    _command(commands, "tail", tail, "print messages as they arrive")
    one = _command(commands, "reset", reset, "delete the messages of an account, or all")
    one.add_argument("--all", action="store_true")
    _add_faults(commands)
    _command(commands, "env", env, "print what points an application here")
    return parser


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = commands.add_parser("serve", help="serve a sandbox", description=serve.__doc__)
    one.set_defaults(run=serve)
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


def _add_faults(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = _command(commands, "faults", faults, "list, add or remove fault rules")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="JSON", help="add a rule, as POST /api/v1/faults takes it")
    what.add_argument("--remove", metavar="ID", help="remove one rule")
    what.add_argument("--clear", action="store_true", help="remove all of the account, or all")


def _add_wait(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = _command(commands, "wait", wait, "wait for messages and print them")
    one.add_argument("--to", metavar="NUMBER")
    one.add_argument("--from", dest="sender", metavar="SENDER")
    one.add_argument("--contains", metavar="TEXT")
    one.add_argument("--count", type=int, default=1)
    one.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    one.add_argument("--until", metavar="STATUS", help="until it has reached this status")
    one.add_argument("--peek", action="store_true", help="do not claim")
    one.add_argument("--absent", action="store_true", help="succeed if nothing comes")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    one = commands.add_parser(name, help=summary, description=run.__doc__)
    one.set_defaults(run=run)
    address = os.environ.get("SMS_SANDBOX_URL", f"http://127.0.0.1:{DEFAULT_PORT}")
    one.add_argument("--url", default=address, help="the running sandbox (%(default)s)")
    one.add_argument("--account", metavar="NAME", default=os.environ.get("SMS_SANDBOX_ACCOUNT"))
    one.add_argument("--json", action="store_true", help="print JSON, one object a line")
    return one


def _client(options: argparse.Namespace) -> SandboxClient:
    return SandboxClient(options.url, password=os.environ.get("SMS_SANDBOX_PASSWORD"))


def _welcome(url: str, settings: Settings) -> str:
    lines = [f"SMS sandbox: {url}", f"  inbox       {url}/", f"  API         {url}/api/v1"]
    if settings.db != sandbox_settings.MEMORY:
        lines.append(f"  messages    {settings.db}")
    lines += ["", "Point Flask-PhoneAuth at it:"]
    for name, value in _application_settings(url, None).items():
        lines.append(f"  export {name}={shlex.quote(value)}")
    if settings.password is not None:
        lines.append("  and the password as FLASK_PHONEAUTH_SANDBOX_PASSWORD")
    lines += ["", "Point a vendor's own SDK at it:"]
    lines += [f"  {line}" for line in _sdk_lines(url)]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in _aws_settings(url).items()]
    lines += ["", "Ctrl-C stops it."]
    return "\n".join(lines)


def _application_settings(url: str, account: str | None) -> dict[str, str]:
    values = {"FLASK_PHONEAUTH_PROVIDERS": '["sandbox"]', "FLASK_PHONEAUTH_SANDBOX_URL": url}
    if account is not None:
        values["FLASK_PHONEAUTH_SANDBOX_ACCOUNT"] = account
    return values


def _aws_settings(url: str) -> dict[str, str]:
    services = ("SNS", "PINPOINT_SMS_VOICE_V2")
    return {f"AWS_ENDPOINT_URL_{service}": f"{url}/aws" for service in services}


def _sdk_lines(url: str) -> list[str]:
    base = json.dumps(f"{url}/twilio")
    products = ("api", "verify", "lookups")
    python = " = ".join(f"client.{product}.base_url" for product in products)
    node = " = ".join(f"client.{product}.baseUrl" for product in products)
    return [f"Twilio, Python: {python} = {base}", f"Twilio, Node:   {node} = {base}"]


def _rule(text: str) -> dict[str, Any]:
    try:
        rule = json.loads(text)
    except ValueError:
        rule = None
    if not isinstance(rule, dict):
        raise SettingsError(
            """The rule is one JSON object: '{"match": {}, "effect": {"type": "disconnect"}}'."""
        )
    return rule


def _fault_line(fault: dict[str, Any]) -> str:
    rest = {name: one for name, one in fault.items() if name not in ("id", "hits", "enabled")}
    state = "" if fault["enabled"] else "  (off)"
    # As JSON nothing of a pattern may steer the terminal.
    return f"{fault['id']}  {fault['hits']} hits{state}  {json.dumps(rest)}"


def _line(message: dict[str, Any]) -> str:
    # Bodies are hostile until shown otherwise: nothing of them may steer the terminal.
    body = "".join(letter if letter.isprintable() else " " for letter in message["body"])
    code_note = f"  [{message['code']}]" if message["code"] else ""
    return f"{message['id']}  {message['from']} -> {message['to']}{code_note}  {body}"


def _print(options: argparse.Namespace, value: Any, readable: str) -> None:
    print(json.dumps(value) if options.json else readable, flush=True)


def _complain(sentence: str, status: int) -> int:
    print(f"sms-sandbox: {sentence}", file=sys.stderr)
    return status


def run() -> NoReturn:
    """The entry of ``python -m sms_sandbox.cli``."""
    sys.exit(main())


if __name__ == "__main__":
    run()
