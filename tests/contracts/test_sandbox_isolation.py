"""Parallel test workers on one sandbox, all with one phone number: nobody reads another's code."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sms_sandbox.client import SandboxClient, SandboxRefused
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+9901234567"
WORKERS, LOGINS = 8, 125


@pytest.fixture
def url() -> Iterator[str]:
    with SandboxServer(Settings(port=0)) as server:
        yield server.url


def logins(url: str, worker: int) -> list[str]:
    """Log in again and again, each time two in a row; returns what went wrong."""
    account, wrong = f"worker-{worker}", []
    with SandboxClient(url) as client:
        for turn in range(0, LOGINS + 1, 2):
            codes = [f"{worker}{turn + half:05}" for half in range(2)]
            for code in codes:
                client.send(to=NUMBER, body=f"Your code is {code}", account=account)
            claimed = [client.claim_code(NUMBER, account=account)["code"] for _ in codes]
            if claimed != codes:
                wrong.append(f"{claimed} for {codes}")
    return wrong


def test_a_thousand_logins_of_eight_workers_read_their_own_codes(url: str) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        wrong = list(pool.map(logins, [url] * WORKERS, range(WORKERS)))
    assert wrong == [[]] * WORKERS


def test_clock_faults_limits_and_reset_of_one_worker_leave_the_others_alone(url: str) -> None:
    def worker(number: int) -> list[Any]:
        account = f"worker-{number}"
        with SandboxClient(url) as client:
            client.set_clock(frozen=True, now=f"2030-01-0{number + 1}T00:00:00Z", account=account)
            client.put_settings(account, limits={"messages_per_second": number + 1})
            client.add_fault({"match": {}, "times": number, "effect": FAIL}, account)
            sent = []
            for _ in range(number + 1):
                sent.append(client.send(to=NUMBER, body="x", account=account)["id"])
            with pytest.raises(SandboxRefused, match="more than"):
                client.send(to=NUMBER, body="x", account=account)
            client.advance_clock(60, account)
            ends = [client.message(one)["status"] for one in sent]
            seen = client.clock(account)["now"]
            client.reset(account)
            return [ends, seen, client.messages(account=account)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(worker, range(1, 5)))
    assert found == [
        [["failed"] * number + ["delivered"], f"2030-01-0{number + 1}T00:01:00.000Z", []]
        for number in range(1, 5)
    ]


FAIL = {"type": "delivery", "status": "failed"}
