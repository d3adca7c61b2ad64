"""The attackers: as many visitors as wanted, each with an address and cookies of its own.

All of them together keep to a number of requests and to a time, and wait where they are told to.
"""

import http.client
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from sms_sandbox.attack.target import Target

MOST_REQUESTS = 20_000
MOST_AT_ONCE = 8
_MOST_BYTES = 1 << 20
_REQUEST_SECONDS = 20.0
_BROWSER = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
_NETWORK = 254 * 256 * 254

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class AttackStopped(Exception):
    """The attack cannot be driven, or reached its end of time; the text says why, and the cure."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered, and after how many ``seconds``."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str
    seconds: float

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object; empty where there is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """A problem's code, else the status."""
        return str(self.body.get("code") or self.status)

    @property
    def retry_after(self) -> int:
        """Whole seconds, 0 where none are told."""
        told = self.header("Retry-After")
        return int(told) if told.isascii() and told.isdigit() else 0

    def header(self, name: str) -> str:
        """The first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Crowd:
    """The visitors of one attack, who end after so many ``seconds`` or requests."""

    def __init__(self, target: Target, *, seconds: float, requests: int = MOST_REQUESTS) -> None:
        self.target = target
        self._ends_at = time.monotonic() + seconds
        self._seconds = seconds
        self._requests = requests
        self._sent = itertools.count(1)
        # another run begins elsewhere: the application still knows the addresses of this one
        start = random.SystemRandom().randrange(_NETWORK)
        self._sources = map(_loopback_address, itertools.count(start))
        self._lock = threading.Lock()
        self._own_sources = target.many_sources and _can_bind(_loopback_address(start))

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._ends_at - time.monotonic()

    def newcomer(self, *, browser: bool = False) -> "Visitor":
        """Somebody from another address; a ``browser`` shows itself as one and keeps cookies."""
        with self._lock:
            source = next(self._sources)
        return Visitor(self, source if self._own_sources else "", source, browser=browser)

    def wait(self, seconds: float, *, keep: float = 0.0) -> bool:
        """Wait as long as that, if ``keep`` seconds are then left; else do not, and say so."""
        if seconds + keep > self.left:
            return False
        time.sleep(max(0.0, seconds))
        return True

    def admit(self) -> float:
        """The seconds that one more request may take; raises ``AttackStopped`` at the end."""
        if next(self._sent) > self._requests:
            raise AttackStopped(f"The attack ended after {self._requests} requests: give less.")
        if self.left <= 0:
            raise AttackStopped(
                f"The attack ended after {self._seconds:g} s: give it more --seconds, or a "
                "smaller --count."
            )
        return min(_REQUEST_SECONDS, max(1.0, self.left))


@dataclass(slots=True)
class Visitor:
    """Speaks to the application from ``source``, and claims to be forwarded from ``claimed``."""

    crowd: Crowd
    source: str
    claimed: str
    browser: bool = False
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """A page, by its path below the login's."""
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """JSON, as a program sends it."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._send("POST", path, json.dumps(body).encode(), headers)

    def submit(self, path: str, fields: Mapping[str, str]) -> Answer:
        """A form, as a browser sends it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        return self._send("POST", path, urlencode(fields).encode(), headers)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        target = self.crowd.target
        connection = http.client.HTTPConnection(
            target.host,
            target.port,
            timeout=self.crowd.admit(),
            source_address=(self.source, 0) if self.source else None,
        )
        began = time.perf_counter()
        try:
            connection.request(method, target.prefix + path, body, self._headers(headers))
            response = connection.getresponse()
            text = response.read(_MOST_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise AttackStopped(
                f"The application at http://{target.host}:{target.port} does not answer "
                f"({error or type(error).__name__}): start it, or name another with --url."
            ) from None
        finally:
            connection.close()
        seconds = time.perf_counter() - began
        self._keep(response.headers.get_all("Set-Cookie") or ())
        return Answer(response.status, tuple(response.getheaders()), text, seconds)

    def _headers(self, given: Mapping[str, str]) -> dict[str, str]:
        headers = {"Connection": "close", "X-Forwarded-For": self.claimed, **given}
        if self.browser:
            headers |= _BROWSER
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={held}" for name, held in self.cookies.items())
        return headers

    def _keep(self, lines: Sequence[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            if value and "max-age=0" not in line.lower().replace(" ", ""):
                self.cookies[name.strip()] = value
            else:
                self.cookies.pop(name.strip(), None)


def together(
    job: Callable[[_Item], _Result], items: Sequence[_Item], *, at_once: int = MOST_AT_ONCE
) -> list[_Result]:
    """The job for every item, some at the same time; the results are in the items' order."""
    if not items:
        return []
    with ThreadPoolExecutor(min(at_once, len(items))) as pool:
        return list(pool.map(job, items))


def _loopback_address(number: int) -> str:
    high, low = divmod(number % _NETWORK, 254)
    first, second = divmod(high, 256)
    return f"127.{first + 1}.{second}.{low + 1}"


def _can_bind(address: str) -> bool:
    """Some systems have no loopback address but 127.0.0.1."""
    with socket.socket() as one:
        try:
            one.bind((address, 0))
        except OSError:
            return False
    return True
