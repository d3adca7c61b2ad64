"""Visitors who sign in, as programs and as browsers, over HTTP or by calling the app itself."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import urllib3
from flask import Flask

Login = Callable[[str], None]
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    data: bytes


class Way(Protocol):
    """How requests reach an entry."""

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One request and its answer."""


class OverHttp:
    """One keep-alive connection to a server."""

    def __init__(self, address: str) -> None:
        self._pool = urllib3.PoolManager(maxsize=1, retries=False)
        self._address = address

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One request and its answer."""
        url = self._address + path
        got = self._pool.request(
            method, url, body=body or None, headers=headers, redirect=False, timeout=20
        )
        return Answer(got.status, list(got.headers.iteritems()), got.data)


class InProcess:
    """Calls the application as a server would; `seconds` is CPU time inside of it alone."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.seconds = 0.0

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One request and its answer."""
        environ = _environ(method, path, body, headers)
        began: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            began.extend((int(status[:3]), headers))

        start = time.thread_time()
        parts: Iterable[bytes] = self._app(environ, start_response)  # type: ignore[arg-type]
        data = b"".join(parts)
        close = getattr(parts, "close", None)
        if close is not None:
            close()
        self.seconds += time.thread_time() - start
        return Answer(began[0], began[1], data)


def _environ(method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    route, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": route,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


class Visitor:
    """A way to an entry and a cookie jar that is emptied for each login."""

    def __init__(self, way: Way, read_code: Callable[[str], str] | None = None) -> None:
        """`read_code` tells a number's code; without it the entry's own address is asked."""
        self._way = way
        self._code = read_code or (lambda phone: self._get(f"/bench/code/{phone}").decode())
        self._cookies: dict[str, str] = {}

    def by_json(self, prefix: str) -> Login:
        """As a program."""

        def login(phone: str) -> None:
            self._cookies.clear()
            asked = json.loads(self._send(f"{prefix}/login", {"phone": phone}, 202))
            entry = {"challenge_id": asked["challenge_id"], "code": self._code(phone)}
            if "challenge_secret" in asked:
                entry["challenge_secret"] = asked["challenge_secret"]
            self._send(f"{prefix}/verify", entry, 200)
            self._get("/me")

        return login

    def by_form(self, prefix: str) -> Login:
        """As a browser without scripts: both pages, both forms."""

        def login(phone: str) -> None:
            self._cookies.clear()
            page = self._get(f"{prefix}/login")
            code_page = self._post(f"{prefix}/login", page, phone=phone)
            page = self._get(code_page)
            challenge_id = code_page.rpartition("=")[2]
            self._post(f"{prefix}/verify", page, challenge_id=challenge_id, code=self._code(phone))
            self._get("/me")

        return login

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path, b"", {"Accept": "text/html"}, 200).data

    def _send(self, path: str, body: object, status: int) -> bytes:
        headers = {"Content-Type": "application/json"}
        return self._ask("POST", path, json.dumps(body).encode(), headers, status).data

    def _post(self, path: str, page: bytes, **fields: str) -> str:
        token = _TOKEN.search(page)
        assert token is not None, page
        body = urlencode({**fields, "csrf_token": token[1].decode()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        return dict(self._ask("POST", path, body, headers, 303).headers)["Location"]

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str], status: int
    ) -> Answer:
        if self._cookies:
            jar = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = {**headers, "Cookie": jar}
        answer = self._way.ask(method, path, body, headers)
        assert answer.status == status, (path, answer.status, answer.data[:300])
        for field, line in answer.headers:
            if field.lower() == "set-cookie":
                name, _, rest = line.partition("=")
                self._cookies[name] = rest.partition(";")[0]
        return answer
