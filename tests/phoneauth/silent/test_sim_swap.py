"""A number with a new SIM card: what the operator says of it, before a code is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.silent.walking import APPLICATION, EVEN, fault, messages

from sms_sandbox.server import SandboxServer

Make = Callable[..., Flask]


def swap(sandbox: SandboxServer, number: str) -> None:
    now = urllib3.request("GET", f"{sandbox.url}/api/v1/clock", timeout=60).json()["now"]
    answer = urllib3.request(
        "PUT",
        f"{sandbox.url}/api/v1/handsets/{number}?account={APPLICATION}",
        json={"sim_swapped_at": now},
        timeout=60,
    )
    assert answer.status == 200, answer.data


@pytest.mark.parametrize("verifier", ["", "twilio_verify", "vonage_verify"])
@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_number_with_a_new_sim_gets_no_code_where_that_is_refused(
    make: Make, sandbox: SandboxServer, operator: str, verifier: str
) -> None:
    settings = {"operator": operator, "verifier": verifier}
    web = make(sim_swap="refuse", sim_swap_hours=24, **settings).test_client()
    swap(sandbox, EVEN)
    asked = web.post("/auth/login", json={"phone": EVEN})
    assert asked.status_code == 202
    assert messages(sandbox) == []
    status = web.get(
        f"/auth/challenges/{asked.json['challenge_id']}",
        headers={"PhoneAuth-Challenge-Secret": asked.json["challenge_secret"]},
    )
    assert status.json["delivery"] == "failed"
    other = web.post("/auth/login", json={"phone": "+99012345676"})
    assert (other.status_code, len(messages(sandbox))) == (202, 1)


def test_new_sim_is_nobodys_business_where_it_is_allowed(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    swap(sandbox, EVEN)
    assert web.post("/auth/login", json={"phone": EVEN}).status_code == 202
    assert len(messages(sandbox)) == 1


def test_number_of_which_the_operator_can_not_tell_gets_its_code(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(sim_swap="refuse").test_client()
    fault(sandbox, "/camara/sim-swap/*")
    assert web.post("/auth/login", json={"phone": EVEN}).status_code == 202
    assert len(messages(sandbox)) == 1
