"""How the sandbox reads and empties itself when it holds many messages."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from benchmarks.load import percentile
from benchmarks.sandbox_live import print_times
from benchmarks.sandbox_served import serve
from sms_sandbox.message import Message, TimelineEntry
from sms_sandbox.storage import Database, messages

_BATCH = 10_000
_ASKED = 200
_JSON = {"Content-Type": "application/json"}
_WORDS = [
    "login",
    "password",
    "account",
    "order",
    "parcel",
    "meeting",
    "invoice",
    "balance",
    "bank",
    "ticket",
    "train",
]
_TIMEOUT = 120


def measure_size(folder: Path, size: int) -> None:
    """Load ``size`` messages through the storage layer, then read, wait and delete."""
    path = folder / f"{size}.db"
    began = time.perf_counter()
    load(path, size)
    loading = time.perf_counter() - began
    print(f"\n{size:,} messages, {path.stat().st_size / 1e6:,.0f} MB, loaded in {loading:.0f} s")
    began = time.perf_counter()
    with serve("sandbox", db=str(path)) as server:
        place = urlsplit(server.address).netloc
        _call(place, "GET", "/readyz")
        print(f"  ready after {time.perf_counter() - began:.2f} s, {server.megabytes():.0f} MB")
        for name, paths in _readings(path).items():
            print_times(name, [_call(place, "GET", one) for one in paths])
        print_times("claim of a code", _claims(place))
        print(f"  memory {server.megabytes():.0f} MB")
        _delete_all(place)
    _drop(path)


def load(path: Path, size: int) -> None:
    """Messages of five accounts to many numbers, each delivered."""
    database = Database(str(path))
    chance = random.Random(size)
    for start in range(0, size, _BATCH):
        with database.write() as connection:
            places = messages.next_places(connection, 3 * min(_BATCH, size - start))[::3]
            new = [_message(place, chance) for place in places]
            messages.insert(connection, [(one, f"POST /\n\n{one.body}") for one in new])
            for one in new:
                for status in ("accepted", "queued", "sent", "delivered"):
                    messages.add_move(connection, one.seq, TimelineEntry(status, one.created_at))
    database.close()


def _message(place: int, chance: random.Random) -> Message:
    code = f"{chance.randrange(10**6):06d}"
    words = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}"
    return Message(
        seq=place,
        id=f"msg_{chance.getrandbits(96):024x}",
        account=f"account-{chance.randrange(5)}",
        provider="sandbox",
        direction="outbound" if chance.random() < 0.99 else "inbound",
        sender="Notes",
        recipient=f"+44740{chance.randrange(10**7):07d}",
        body=f"Your {words} code is {code}. It is good for 5 minutes.",
        status="delivered" if chance.random() < 0.99 else "failed",
        error_code=None,
        segments=1,
        encoding="GSM-7",
        code=code,
        created_at=1.8e9 + place / 1000,
        updated_at=1.8e9 + place / 1000,
    )


def _readings(path: Path) -> dict[str, list[str]]:
    """The paths of each kind of reading, spread over the whole file."""
    rows = _sample(path)
    root = "/api/v1/messages"
    texts = [
        word
        for seq, recipient, code in rows
        for word in (code, recipient, recipient[-6:], f'"order code is {code[:2]}"', "parcel")
    ]
    return {
        "first page": [root] * _ASKED,
        "deep page": [f"{root}?after=o{seq}" for seq, _, _ in rows],
        "page of failures": [f"{root}?status=failed&after=o{seq}" for seq, _, _ in rows],
        "page of an account": [f"{root}?account=account-3&after=o{seq}" for seq, _, _ in rows],
        "search": [f"{root}?q={quote(text)}" for text in texts[: 2 * _ASKED]],
        "search in failures": [
            f"{root}?status=failed&account=account-{seq % 5}&q=parcel" for seq, _, _ in rows
        ],
        "search for nothing there": [f"{root}?q=nothing-{seq}" for seq, _, _ in rows],
        "latest code of a number": [f"/api/v1/codes/{quote(to)}" for _, to, _ in rows],
        "accounts": ["/api/v1/accounts"] * 20,
        "inbox page": ["/"] * 20,
    }


def _sample(path: Path) -> list[tuple[int, str, str]]:
    connection = sqlite3.connect(path)
    low, high = connection.execute("SELECT min(seq), max(seq) FROM messages").fetchone()
    chance = random.Random(1)
    found = [
        connection.execute(
            "SELECT seq, recipient, code FROM messages WHERE seq >= ? LIMIT 1",
            (chance.randint(low, high),),
        ).fetchone()
        for _ in range(_ASKED)
    ]
    connection.close()
    return found


_CONNECTIONS: dict[str, HTTPConnection] = {}


def _call(place: str, method: str, path: str, body: object = None) -> float:
    """Milliseconds of one request on a connection that is kept."""
    connection = _CONNECTIONS.setdefault(place, HTTPConnection(place, timeout=_TIMEOUT))
    began = time.perf_counter()
    connection.request(
        method, path, None if body is None else json.dumps(body), {} if body is None else _JSON
    )
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, (path, text[:300])
    return (time.perf_counter() - began) * 1000


def _claims(place: str) -> list[float]:
    times = []
    for number in itertools.count(10**6):
        to = f"+990{number:07d}"
        text = {"to": to, "from": "Notes", "body": f"Your code is {number % 10**6:06d}"}
        _call(place, "POST", "/api/v1/messages", text)
        path = f"/api/v1/codes/{quote(to)}/claim"
        times.append(_call(place, "POST", path, {"timeout": 5}))
        if len(times) == _ASKED:
            return times
    return times


def _delete_all(place: str) -> None:
    """How long it takes, and the longest that a message had to wait meanwhile."""
    over = threading.Event()
    waited: list[float] = []

    def send() -> None:
        sender = HTTPConnection(place, timeout=_TIMEOUT)
        for body in _bodies():
            began = time.perf_counter()
            sender.request("POST", "/api/v1/messages", body, _JSON)
            sender.getresponse().read()
            waited.append((time.perf_counter() - began) * 1000)
            if over.is_set():
                return

    thread = threading.Thread(target=send)
    thread.start()
    milliseconds = _call(place, "DELETE", "/api/v1/messages?all=true")
    over.set()
    thread.join()
    print(
        f"  all deleted in {milliseconds / 1000:.2f} s; a message waited {max(waited):.0f} ms"
        f" meanwhile, half of them {percentile(waited, 50):.1f} ms",
        flush=True,
    )


def _bodies() -> Iterator[str]:
    for number in itertools.count():
        yield json.dumps({"to": f"+990{number:07d}", "from": "Notes", "body": f"Hello {number}"})


def _drop(path: Path) -> None:
    for name in (path, *path.parent.glob(f"{path.name}-*")):
        name.unlink(missing_ok=True)
