"""How soon a message that was sent is seen: by the event stream, and by a wait."""

from __future__ import annotations

import itertools
import json
import queue
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.load import percentile
from benchmarks.sandbox_served import serve

_JSON = {"Content-Type": "application/json"}
_TIMEOUT = 30
_NUMBERS = itertools.count(1)


def measure_live(db: Path, count: int) -> None:
    """Milliseconds from the sending of a message to its being seen, ``count`` times each."""
    print(f"\nfrom the first byte sent to being seen, {count} messages one by one")
    with serve("sandbox", db=str(db)) as server:
        place = urlsplit(server.address).netloc
        print_times("event stream", _by_stream(place, count))
        _delete_all(place)
        print_times("wait", _by_wait(place, count))


def print_times(name: str, times: list[float]) -> None:
    """One row of a table."""
    print(
        f"  {name:<28} p50 {percentile(times, 50):7.2f} ms   p99 {percentile(times, 99):7.2f} ms",
        flush=True,
    )


def _delete_all(place: str) -> None:
    # What nobody has claimed would answer the waits at once.
    connection = HTTPConnection(place, timeout=_TIMEOUT)
    connection.request("DELETE", "/api/v1/messages?all=true")
    assert connection.getresponse().status == 200


def _by_stream(place: str, count: int) -> list[float]:
    stream = HTTPConnection(place, timeout=_TIMEOUT)
    stream.request("GET", "/api/v1/events")
    answer = stream.getresponse()
    seen: queue.Queue[float] = queue.Queue()

    def read() -> None:
        for _ in range(count):
            while not answer.readline().startswith(b"event: message"):
                pass
            seen.put(time.perf_counter())

    return _times(place, count, read, lambda: None, seen)


def _by_wait(place: str, count: int) -> list[float]:
    connection = HTTPConnection(place, timeout=_TIMEOUT)
    asking = threading.Semaphore(0)
    seen: queue.Queue[float] = queue.Queue()

    def read() -> None:
        for _ in range(count):
            connection.request("POST", "/api/v1/wait", json.dumps({"timeout": 20}), _JSON)
            asking.release()
            assert connection.getresponse().read()
            seen.put(time.perf_counter())

    def until_it_waits() -> None:
        asking.acquire()
        metrics = HTTPConnection(place, timeout=_TIMEOUT)
        while True:
            metrics.request("GET", "/metrics")
            if b"sms_sandbox_open_waits 1\n" in metrics.getresponse().read():
                return

    return _times(place, count, read, until_it_waits, seen)


def _times(
    place: str,
    count: int,
    read: Callable[[], None],
    ready: Callable[[], None],
    seen: queue.Queue[float],
) -> list[float]:
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    sender = HTTPConnection(place, timeout=_TIMEOUT)
    sender.connect()
    times = []
    for _ in range(count):
        ready()
        number = next(_NUMBERS)
        text = json.dumps({"to": f"+990{number:07d}", "from": "Notes", "body": f"Code {number}"})
        began = time.perf_counter()
        sender.request("POST", "/api/v1/messages", text, _JSON)
        assert sender.getresponse().read()
        times.append((seen.get(timeout=_TIMEOUT) - began) * 1000)
    reader.join(_TIMEOUT)
    return times
