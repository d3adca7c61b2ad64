"""A typed client of the control API, for tests and for the command line."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Self
from urllib.parse import quote, urlencode

import urllib3

_ROOT = "/api/v1"
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 10.0
_STREAM_SECONDS = 60.0  # four heartbeats


class SandboxUnreachable(Exception):
    """No sandbox answers at the address."""


class SandboxRefused(Exception):
    """The sandbox answered with a problem; ``problem`` is its object, ``status`` its number."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        parts = (problem.get("detail") or problem.get("title"), problem.get("hint"))
        super().__init__(" ".join(str(part) for part in parts if part) or f"HTTP {status}")
        self.status = status
        self.problem = dict(problem)


class SandboxClient:
    """Speaks to the sandbox at ``url``; messages are the API's own JSON objects.

    Every call may raise ``SandboxUnreachable`` or ``SandboxRefused``.
    """

    def __init__(self, url: str, *, password: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Accept": "application/json"}
        if password is not None:
            self._headers["Authorization"] = f"Bearer {password}"
        self._pool = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def send(
        self, *, to: str, body: str, sender: str = "Sandbox", account: str | None = None
    ) -> dict[str, Any]:
        """Send natively, from the application to a handset."""
        return self._write("POST", "/messages", _given(to=to, body=body, account=account), sender)

    def receive(
        self, *, sender: str, to: str, body: str, account: str | None = None
    ) -> dict[str, Any]:
        """Send from a handset to the application."""
        return self._write("POST", "/inbound", _given(to=to, body=body, account=account), sender)

    def reply(self, message_id: str, body: str) -> dict[str, Any]:
        """Answer a message as its handset."""
        return self._write("POST", f"/messages/{_quote(message_id)}/reply", {"body": body})

    def messages(self, **filters: object) -> list[dict[str, Any]]:
        """One page of messages, newest first; the filters are those of ``GET /messages``."""
        found: list[dict[str, Any]] = self._read("/messages", filters)["messages"]
        return found

    def message(self, message_id: str) -> dict[str, Any]:
        """One message."""
        return self._read(f"/messages/{_quote(message_id)}", {})

    def cursor(self) -> str:
        """The place of now: give it to ``wait`` as ``after``."""
        return str(self._read("/messages", {"limit": 1})["cursor"])

    def code(self, number: str, *, account: str | None = None) -> dict[str, Any]:
        """The newest code of a number; claims nothing."""
        return self._read(f"/codes/{_quote(number)}", {"account": account})

    def claim_code(
        self, number: str, *, timeout: float = 10.0, account: str | None = None
    ) -> dict[str, Any]:
        """Wait for a number's first unclaimed code, and claim it."""
        body = _given(timeout=timeout, account=account)
        return self._write("POST", f"/codes/{_quote(number)}/claim", body, wait=timeout)

    def wait(self, *, timeout: float = 10.0, **wish: object) -> list[dict[str, Any]]:
        """Wait for messages; the keywords are those of ``POST /wait``."""
        body = _given(timeout=timeout, **wish)
        found: list[dict[str, Any]] = self._write("POST", "/wait", body, wait=timeout)["messages"]
        return found

    def move(
        self, message_id: str, status: str, error_code: str | int | None = None
    ) -> dict[str, Any]:
        """Move a message's status forward."""
        body = _given(status=status, error_code=error_code)
        return self._write("POST", f"/messages/{_quote(message_id)}/status", body)

    def reset(self, account: str | None = None) -> int:
        """Delete the messages of one account, or with ``None`` of all; returns how many."""
        query = {"account": account} if account is not None else {"all": "true"}
        return int(self._write("POST", f"/reset?{urlencode(query)}", {})["deleted"])

    def events(self, account: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """What happens from now on, as (kind, data), until the sandbox ends the stream."""
        path = _with_query("/events", {"account": account})
        try:
            response = self._pool.request(
                "GET",
                self.url + _ROOT + path,
                headers=self._headers,
                preload_content=False,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_STREAM_SECONDS),
            )
            with closing(response):
                if response.status != 200:
                    raise SandboxRefused(response.status, _json(response.read()))
                yield from _parse_events(response.stream(amt=None))
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable() from error

    def _read(self, path: str, query: Mapping[str, object]) -> dict[str, Any]:
        return self._request("GET", _with_query(path, query), None, _READ_SECONDS)

    def _write(
        self,
        method: str,
        path: str,
        body: dict[str, Any],
        sender: str | None = None,
        *,
        wait: float = 0.0,
    ) -> dict[str, Any]:
        if sender is not None:
            body = {**body, "from": sender}
        return self._request(method, path, body, wait + _READ_SECONDS)

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, seconds: float
    ) -> dict[str, Any]:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._pool.request(
                method,
                self.url + _ROOT + path,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=seconds),
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable() from error
        answer = _json(response.data)
        if response.status >= 400:
            raise SandboxRefused(response.status, answer)
        return answer

    def _unreachable(self) -> SandboxUnreachable:
        return SandboxUnreachable(
            f"No sandbox answers at {self.url}: start one with sms-sandbox serve, "
            "or name another with --url or SMS_SANDBOX_URL."
        )


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _quote(part: str) -> str:
    return quote(part, safe="+")


def _with_query(path: str, query: Mapping[str, object]) -> str:
    named = {name.rstrip("_"): _as_text(value) for name, value in _given(**query).items()}
    return f"{path}?{urlencode(named)}" if named else path


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data) if data else {}
    except ValueError:
        answer = {}
    return answer if isinstance(answer, dict) else {}


def _parse_events(chunks: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        *blocks, buffer = buffer.split(b"\n\n")
        for block in blocks:
            lines = dict(
                line.split(": ", 1) for line in block.decode().splitlines() if ": " in line
            )
            if "data" in lines:
                yield lines.get("event", "message"), json.loads(lines["data"])
