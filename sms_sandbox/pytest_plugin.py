"""The pytest fixtures: ``sms_server``, a sandbox for the run, ``sms``, an account in it, with its
time (``sms_clock``) and its faults (``sms_faults``).

Everything is imported when a fixture is used, so that a run without them pays nothing.
"""

import os
import secrets
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sms_sandbox.client import SandboxClient
    from sms_sandbox.server import SandboxServer


class Sms:
    """One test's view of the sandbox: give ``url`` and ``account`` to the application."""

    def __init__(self, client: "SandboxClient", account: str) -> None:
        self.client = client
        self.url = client.url
        self.account = account

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The account's messages, oldest first, at most 200."""
        return self.client.messages(account=self.account, limit=200)[::-1]

    def code_for(self, number: str, *, timeout: float = 10.0) -> str:
        """Wait for the number's first unclaimed code and claim it, so that the next call waits
        for the next code. Raises ``SandboxRefused`` with the near misses if none comes."""
        claimed = self.client.claim_code(number, timeout=timeout, account=self.account)
        return str(claimed["code"])

    def wait_for(
        self, to: str | None = None, *, timeout: float = 10.0, **match: object
    ) -> dict[str, Any]:
        """Wait for the first unclaimed message and claim it; ``match`` takes the keys of
        ``POST /wait``, such as ``body_contains``."""
        wanted = {"account": self.account, **match}
        if to is not None:
            wanted["to"] = to
        return self.client.wait(match=wanted, timeout=timeout)[0]

    def reply(self, message: dict[str, Any], body: str) -> dict[str, Any]:
        """Answer a message as its handset."""
        return self.client.reply(message["id"], body)

    def describe(self) -> str:
        """The account's messages, one a line, for a failed test's report."""
        from sms_sandbox.client import SandboxUnreachable

        try:
            found = self.messages
        except SandboxUnreachable as error:
            return str(error)
        lines = (
            f"{one['created_at']} {one['from']} -> {one['to']} {one['status']}: {one['body']!r}"
            for one in found
        )
        return "\n".join(lines) or "No message arrived."

    def clear(self) -> None:
        """Delete the account's messages, and everything that was set for it."""
        self.client.reset(self.account)


class SmsClock:
    """The account's time: real until a test takes it into its hands."""

    def __init__(self, sms: Sms) -> None:
        self._sms = sms

    @property
    def now(self) -> datetime:
        """The present moment of the account, in UTC."""
        shown: str = self._sms.client.clock(self._sms.account)["now"]
        return datetime.fromisoformat(shown)

    def freeze(self, now: datetime | None = None) -> datetime:
        """Stop the time, where it is or at ``now`` (with a time zone)."""
        return self._set(frozen=True, now=now)

    def advance(self, seconds: float) -> datetime:
        """Move the time forward; what is due by then has happened when this returns."""
        shown = self._sms.client.advance_clock(seconds, self._sms.account)
        return datetime.fromisoformat(shown["now"])

    def release(self) -> datetime:
        """Let the time run on from where it is."""
        return self._set(frozen=False, now=None)

    def _set(self, *, frozen: bool, now: datetime | None) -> datetime:
        text = None if now is None else now.isoformat()
        shown = self._sms.client.set_clock(frozen=frozen, now=text, account=self._sms.account)
        return datetime.fromisoformat(shown["now"])


class SmsFaults:
    """The account's fault rules; none when a test begins."""

    def __init__(self, sms: Sms) -> None:
        self._sms = sms

    def add(self, effect: dict[str, Any], **rule: Any) -> str:
        """Add a rule and return its id; ``match``, ``times``, ``every``, ``chance``, ``seed``,
        ``above_per_second`` and ``expires_in`` are those of ``POST /faults``."""
        wanted = {"match": {}, **rule, "effect": effect}
        return str(self._sms.client.add_fault(wanted, self._sms.account)["id"])

    def hits(self, fault_id: str) -> int:
        """How often a rule has struck."""
        return int(self._sms.client.fault(fault_id)["hits"])

    def remove(self, fault_id: str) -> None:
        """Take one rule away."""
        self._sms.client.remove_fault(fault_id)

    def clear(self) -> None:
        """Take the account's rules away."""
        self._sms.client.clear_faults(self._sms.account)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed test's messages beside its traceback."""
    report = yield
    sms = getattr(item, "funcargs", {}).get("sms")
    if report.when == "call" and report.failed and isinstance(sms, Sms):
        report.sections.append((f"SMS sandbox, account {sms.account}", sms.describe()))
    return report


@pytest.fixture(scope="session")
def sms_server() -> Iterator["SandboxServer"]:
    """A sandbox on a free port of this machine, for the whole run; its address is ``url``."""
    from sms_sandbox.server import SandboxServer

    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="session")
def _sms_account() -> str:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(8))[:12]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"test-{run}-{worker}"


@pytest.fixture
def sms(sms_server: "SandboxServer", _sms_account: str) -> Iterator[Sms]:
    """An empty account of the sandbox, this worker's own, cleared before and after the test."""
    from sms_sandbox.client import SandboxClient

    with SandboxClient(sms_server.url) as client:
        account = Sms(client, _sms_account)
        account.clear()
        yield account
        account.clear()


@pytest.fixture
def sms_clock(sms: Sms) -> SmsClock:
    """The time of the test's account: ``.now``, ``.freeze()``, ``.advance(seconds)``,
    ``.release()``."""
    return SmsClock(sms)


@pytest.fixture
def sms_faults(sms: Sms) -> SmsFaults:
    """The fault rules of the test's account: ``.add(effect, ...)``, ``.hits(id)``,
    ``.clear()``."""
    return SmsFaults(sms)
