"""``sms-sandbox``: serve a sandbox, or speak to a running one."""

import argparse
import json
import logging
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from sms_sandbox import attack as attacks
from sms_sandbox import pointers, switches
from sms_sandbox import settings as sandbox_settings
from sms_sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sms_sandbox.errors import SettingsError

_FAILED = 1
_MISUSED = 2
_TIMED_OUT = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 for a refusal, 2 for misuse, 3 if nothing came in time."""
    options = switches.build(_RUNS).parse_args(arguments)
    run: switches.Run = options.run
    try:
        return run(options)
    except SettingsError as error:
        return _complain(error.detail, _MISUSED)
    except (SandboxUnreachable, attacks.AttackStopped) as error:
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
    # a request that waits a moment for a thread is no news to the person at the terminal
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with _told_to_stop() as told, SandboxServer(settings) as server:
        print(pointers.welcome(server.url, settings), flush=True)
        told.recv(1)
    return 0


@contextmanager
def _told_to_stop() -> Iterator[socket.socket]:
    """A socket that has something to read once SIGINT or SIGTERM has come."""
    # A handler that sets an event is not enough: Python runs it in this thread, which sleeps on
    # where the signal reached another thread, or this one just before it fell asleep.
    told, teller = socket.socketpair()
    with told, teller:
        teller.setblocking(False)
        signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
        ends = (signal.SIGINT, signal.SIGTERM)
        former = {number: signal.signal(number, lambda *_: None) for number in ends}
        try:
            yield told
        finally:  # where nothing could be served too: the socket's number is soon another file's
            signal.set_wakeup_fd(-1)
            for number, handler in former.items():
                signal.signal(number, handler)


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


def attack(options: argparse.Namespace) -> int:
    """Attack the login of your own app on this machine, and tell what got through."""
    findings = attacks.run(
        options.attack,
        url=options.url,
        sandbox=options.sandbox,
        password=os.environ.get("SMS_SANDBOX_PASSWORD"),
        account=options.account,
        number=options.number,
        count=options.count,
        tries=options.tries,
        seconds=options.seconds,
        bounds=options.bound,
    )
    if options.json:
        for finding in findings:
            _print(options, finding.as_json(), "")
    else:
        print(attacks.table(findings), flush=True)
    return _FAILED if attacks.broken(findings) else 0


def env(options: argparse.Namespace) -> int:
    """Print what points an application at the sandbox."""
    address = options.url.rstrip("/")
    values = pointers.application_settings(address, options.account) | pointers.aws_settings(
        address
    )
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    # No variable points the other SDKs anywhere: as comments, so that a shell may read it all.
    lines += [f"# {line}" for line in pointers.sdk_lines(address)]
    _print(options, values, "\n".join(lines))
    return 0


_RUNS: Mapping[str, switches.Run] = {
    "serve": serve,
    "wait": wait,
    "code": code,
    "send": send,
    "reply": reply,
    "tail": tail,
    "reset": reset,
    "faults": faults,
    "attack": attack,
    "env": env,
}


def _client(options: argparse.Namespace) -> SandboxClient:
    if not options.url.startswith(("http://", "https://")):
        raise SettingsError(f"{options.url} is no address: write http://127.0.0.1:8025.")
    return SandboxClient(options.url, password=os.environ.get("SMS_SANDBOX_PASSWORD"))


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
