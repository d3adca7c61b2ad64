"""What the sandbox takes in a second, beside moto's SNS server and a bare route, and how it reads
when it holds much. `python -m benchmarks.sandbox`; `--sizes 10000` makes it short.

The accepting slices are interleaved: in each round every server gets one. Statuses move and
callbacks are planned as in any sandbox, and the database is a file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.gunicorn import Server
from benchmarks.load import Slice, post, run
from benchmarks.sandbox_live import measure_live
from benchmarks.sandbox_served import serve
from benchmarks.sandbox_sizes import measure_size

NUMBERS = itertools.count(0)
_AWS = (
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/sns/aws4_request,"
    " SignedHeaders=host, Signature=0\r\n"
)


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=4000, help="in one slice")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="messages stored")
    parser.add_argument("--moto", default=sys.executable, help="a Python that has moto[server]")
    parser.add_argument("--only", choices=["accept", "live", "sizes"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sms-sandbox-bench-") as folder:
        if given.only in (None, "accept"):
            measure_accepting(given, Path(folder))
        if given.only in (None, "live"):
            measure_live(Path(folder, "live.db"), given.messages // 10)
        if given.only in (None, "sizes"):
            for size in given.sizes.split(","):
                measure_size(Path(folder), int(size))


def measure_accepting(given: argparse.Namespace, folder: Path) -> None:
    """Messages a second and the slowest answers, of each server in each round."""
    print(f"\n{given.clients} clients, {given.messages} messages a slice, {given.rounds} rounds")
    slices: dict[str, list[Slice]] = {}
    with ExitStack() as stack:
        servers = {
            "bare route": stack.enter_context(serve("bare")),
            "sandbox": stack.enter_context(serve("sandbox", db=str(folder / "accept.db"))),
        }
        if _has_moto(given.moto):
            servers["moto"] = stack.enter_context(serve("moto", python=given.moto))
        for name, server in servers.items():
            _accept(name, server, given.clients, given.messages // 10)
        spent = dict.fromkeys(servers, 0.0)
        for _ in range(given.rounds):
            for name, server in servers.items():
                before = server.cpu_seconds()
                slices.setdefault(name, []).append(
                    _accept(name, server, given.clients, given.messages)
                )
                spent[name] += server.cpu_seconds() - before
        for name, of_one in slices.items():
            _print_row(name, of_one, slices["bare route"])
            each = spent[name] / (given.rounds * given.messages) * 1e6
            print(f"{'':<12}CPU {each:4.0f} us a message, {servers[name].megabytes():.0f} MB")


def _accept(name: str, server: Server, clients: int, count: int) -> Slice:
    makers = {"bare route": _bare, "sandbox": _native, "moto": _publish}
    return run(server.address, itertools.islice(makers[name](), count), clients)


def _print_row(name: str, slices: list[Slice], bare: list[Slice]) -> None:
    rate = statistics.median(one.rate for one in slices)
    ratio = statistics.median(a.rate / b.rate for a, b in zip(slices, bare, strict=True))
    p50 = statistics.median(one.percentile(50) for one in slices)
    p99 = statistics.median(one.percentile(99) for one in slices)
    print(
        f"{name:<12}{rate:7.0f}/s  {ratio:5.2f} x bare   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms",
        flush=True,
    )


def _has_moto(python: str) -> bool:
    asked = subprocess.run([python, "-c", "import moto.server"], capture_output=True, check=False)
    if asked.returncode:
        print("moto is left out: pip install 'moto[server]', or name its Python with --moto.")
    return asked.returncode == 0


def _texts() -> Iterator[tuple[str, str]]:
    for number in NUMBERS:
        yield (
            f"+1201555{number % 10_000:04d}",
            f"Your code is {number * 7919 % 10**6:06d}. It is good for 5 minutes.",
        )


def _bare() -> Iterator[bytes]:
    return _json("/messages")


def _native() -> Iterator[bytes]:
    return _json("/api/v1/messages")


def _json(path: str) -> Iterator[bytes]:
    for to, body in _texts():
        text = json.dumps({"to": to, "from": "Notes", "body": body})
        yield post(path, text.encode(), "application/json")


def _publish() -> Iterator[bytes]:
    for to, body in _texts():
        form = urlencode({"Action": "Publish", "PhoneNumber": to, "Message": body})
        yield post("/", form.encode(), "application/x-www-form-urlencoded", _AWS)


if __name__ == "__main__":
    main()
