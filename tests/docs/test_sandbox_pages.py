"""The pages on the sandbox's faults and numbers: every example does what the page says."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from sms_sandbox.control.faults import EFFECTS
from sms_sandbox.faults import EFFECT_TYPES, MUTATIONS
from sms_sandbox.reasons import FAILINGS
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

SANDBOX = "http://127.0.0.1:8025"
SEND = {"to": "+9901234567", "from": "Notes", "body": "Your code is 482913"}

Take = Callable[[str, str], str]
Shell = Callable[..., str]


def call(url: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of the control API's answer; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}/api/v1{path}", data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        return refused.code, json.load(refused)


def add(url: str, rule: str) -> None:
    status, added = call(url, "/faults", json.loads(rule))
    assert (status, added["hits"]) == (201, 0), added


@pytest.fixture
def url(tmp_path: Path) -> Any:
    settings = Settings(port=0, sent_after=0.02, delivered_after=0.04)
    with SandboxServer(settings) as running:
        yield running.url


def test_commands_add_list_and_delete_a_rule(url: str, take: Take, shell: Shell) -> None:
    printed = shell(take("reference/sandbox_faults.md", "add").replace(SANDBOX, url))
    assert '"times":2' in printed.replace(" ", "")
    assert printed.rstrip().endswith('{"deleted":1}')


def test_error_example_refuses_with_retry_after(url: str, take: Take) -> None:
    add(url, take("reference/sandbox_faults.md", "error.json"))
    status, problem = call(url, "/messages", SEND | {"to": "+9900310123"})
    assert (status, problem["code"], problem["retry_after"]) == (429, "fault_struck", 2)
    assert call(url, "/messages", SEND)[0] == 201


def test_delay_example_strikes_every_tenth(url: str, take: Take) -> None:
    add(
        url,
        take("reference/sandbox_faults.md", "delay.json").replace(
            '"seconds": 3', '"seconds": 0.01'
        ),
    )
    for _ in range(10):
        assert call(url, "/messages", SEND)[0] == 201
    assert call(url, "/faults")[1]["faults"][0]["hits"] == 1


def test_disconnect_example_closes_the_connection_once(url: str, take: Take) -> None:
    add(url, take("reference/sandbox_faults.md", "disconnect.json"))
    with pytest.raises(http.client.RemoteDisconnected):
        call(url, "/messages", SEND)
    assert call(url, "/messages", SEND)[0] == 201
    assert call(url, "/messages")[1]["total"] == 1


def test_truncate_example_breaks_the_same_answers_off_each_time(url: str, take: Take) -> None:
    add(url, take("reference/sandbox_faults.md", "truncate.json"))
    broken = 0
    for _ in range(6):
        try:
            call(url, "/messages", SEND)
        except http.client.IncompleteRead:
            broken += 1
    assert 0 < broken < 6
    assert call(url, "/faults")[1]["faults"][0]["hits"] == broken
    assert call(url, "/messages")[1]["total"] == 6


def test_delivery_example_loses_the_message(url: str, take: Take) -> None:
    add(
        url,
        take("reference/sandbox_faults.md", "delivery.json").replace('"after": 5', '"after": 0.05'),
    )
    sent = call(url, "/messages", SEND)[1]
    wish = {"match": {"to": SEND["to"]}, "until_status": "undelivered", "timeout": 30}
    (lost,) = call(url, "/wait", wish)[1]["messages"]
    assert (lost["id"], lost["error_code"]) == (sent["id"], "unreachable")


def test_webhook_example_is_a_rule_for_twilio(url: str, take: Take) -> None:
    add(url, take("reference/sandbox_faults.md", "webhook.json"))
    call(url, "/messages", SEND)
    (rule,) = call(url, "/faults")[1]["faults"]
    assert (rule["match"], rule["hits"]) == ({"provider": "twilio"}, 0)


def test_handset_example_switches_it_off(url: str, take: Take, shell: Shell) -> None:
    command = take("reference/sandbox_numbers.md", "handset")
    handset = json.loads(shell(command.replace(SANDBOX, url)))
    assert (handset["state"], handset["nickname"]) == ("off", "The old phone")
    assert call(url, "/handsets/+9901234567")[1]["state"] == "off"


def test_page_describes_every_effect_mutation_and_reason(read: Callable[[str], str]) -> None:
    text = read("reference/sandbox_faults.md")
    assert set(EFFECTS) == set(EFFECT_TYPES)
    for kind in EFFECT_TYPES:
        assert f"\n### {kind}\n" in text
    for word in (*MUTATIONS, *FAILINGS):
        assert f"`{word}`" in text
