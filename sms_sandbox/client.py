"""A typed client of the control API, for tests and for the command line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Self
from urllib.parse import quote, urlencode

import urllib3

_ROOT = "/api/v1"
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 10.0
_ADVANCE_SECONDS = 120.0
_STREAM_SECONDS = 60.0  # four heartbeats
_PAGE = 200


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

    def press(self, message_id: str, digits: str) -> dict[str, Any]:
        """Press keys on the handset during a call that asks for them."""
        return self._write("POST", f"/messages/{_quote(message_id)}/press", {"digits": digits})

    def messages(self, **filters: object) -> list[dict[str, Any]]:
        """One page of messages, newest first; the filters are those of ``GET /messages``."""
        found: list[dict[str, Any]] = self._read("/messages", filters)["messages"]
        return found

    def newer(self, after: str, **filters: object) -> Iterator[dict[str, Any]]:
        """All messages since a cursor, newest first; the filters are those of ``messages``."""
        place: str | None = after
        while place is not None:
            page = self._read("/messages", {**filters, "after": place, "limit": _PAGE})
            yield from page["messages"]
            place = page["next"]

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

    def webhooks(self, message_id: str) -> list[dict[str, Any]]:
        """Every attempt to post a message's callbacks, oldest first."""
        path = f"/messages/{_quote(message_id)}/webhooks"
        found: list[dict[str, Any]] = self._read(path, {})["webhooks"]
        return found

    def resend_webhook(self, attempt_id: str, mutate: str | None = None) -> dict[str, Any]:
        """Post an attempt's request once more, as it was or with a mutation."""
        body = _given(mutate=mutate)
        return self._write("POST", f"/webhooks/{_quote(attempt_id)}/resend", body)

    def clock(self, account: str | None = None) -> dict[str, Any]:
        """The clock of an account, or of the sandbox: ``frozen`` and ``now``."""
        return self._read("/clock", {"account": account})

    def set_clock(
        self, *, frozen: bool, now: str | None = None, account: str | None = None
    ) -> dict[str, Any]:
        """Stop a clock or let it run, from ``now`` (RFC 3339) if that is given."""
        path = _with_query("/clock", {"account": account})
        return self._write("PUT", path, _given(frozen=frozen, now=now))

    def advance_clock(self, seconds: float, account: str | None = None) -> dict[str, Any]:
        """Move a clock forward; what is due then has happened when this returns."""
        path = _with_query("/clock/advance", {"account": account})
        # A long stretch with many messages takes its time.
        return self._write("POST", path, {"seconds": seconds}, wait=_ADVANCE_SECONDS)

    def settings(self, account: str | None = None) -> dict[str, Any]:
        """The settings of an account, or of all."""
        return self._read("/settings", {"account": account})

    def put_settings(self, account: str | None = None, **changes: object) -> dict[str, Any]:
        """Change settings; the keywords are those of ``PUT /settings``."""
        return self._write("PUT", _with_query("/settings", {"account": account}), changes)

    def put_aliases(self, account: str, aliases: Iterable[str]) -> dict[str, Any]:
        """Replace the further names that lead to an account."""
        path = f"/accounts/{quote(account, safe='')}/aliases"
        return self._write("PUT", path, {"aliases": list(aliases)})

    def faults(self, account: str | None = None) -> list[dict[str, Any]]:
        """The fault rules of one account, or all."""
        found: list[dict[str, Any]] = self._read("/faults", {"account": account})["faults"]
        return found

    def fault(self, fault_id: str) -> dict[str, Any]:
        """One fault rule with its hits."""
        return self._read(f"/faults/{_quote(fault_id)}", {})

    def add_fault(self, rule: Mapping[str, Any], account: str | None = None) -> dict[str, Any]:
        """Add a fault rule: an object as ``POST /faults`` takes it."""
        return self._write("POST", _with_query("/faults", {"account": account}), dict(rule))

    def handset(self, number: str, account: str | None = None) -> dict[str, Any]:
        """The handset of a number, as an account sees it."""
        return self._read(f"/handsets/{_quote(number)}", {"account": account})

    def put_handset(
        self, number: str, account: str | None = None, **changes: object
    ) -> dict[str, Any]:
        """Change ``state``, ``opted_out``, ``sim_swapped_at`` or ``nickname`` of a handset."""
        path = _with_query(f"/handsets/{_quote(number)}", {"account": account})
        return self._write("PUT", path, changes)

    def remove_fault(self, fault_id: str) -> None:
        """Delete one fault rule."""
        self._request("DELETE", f"/faults/{_quote(fault_id)}", None, _READ_SECONDS)

    def clear_faults(self, account: str | None = None) -> int:
        """Delete the fault rules of one account, or with ``None`` all; returns how many."""
        query = {"account": account} if account is not None else {"all": True}
        path = _with_query("/faults", query)
        return int(self._request("DELETE", path, None, _READ_SECONDS)["deleted"])

    def reset(self, account: str | None = None) -> int:
        """Delete the messages of one account, or with ``None`` of all, and everything that was
        set; returns how many messages there were."""
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
