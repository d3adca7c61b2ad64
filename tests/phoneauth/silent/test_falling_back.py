"""A login without a code that becomes one with a code: the operator cannot tell, or is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.silent.walking import (
    ERRS,
    EVEN,
    JSON,
    NUMBERS,
    address,
    fault,
    log_in,
    messages,
    set_out,
    walk,
)

from sms_sandbox.server import SandboxServer

Make = Callable[..., Flask]


@pytest.mark.parametrize("path", [NUMBERS, "/oauth2/token", "/oauth2/auth"])
def test_network_that_can_not_tell_falls_back_to_a_code(
    web: FlaskClient, sandbox: SandboxServer, path: str
) -> None:
    fault(sandbox, path)
    answer = log_in(web)
    assert answer.status_code == 202, answer.text
    assert answer.json["masked_phone"].endswith("78")
    (message,) = messages(sandbox)
    done = web.post(
        "/auth/verify",
        json={"challenge_id": answer.json["challenge_id"], "code": message["code"]},
    )
    assert done.status_code == 200, done.text
    assert done.json["user"]["phone"] == EVEN


def test_network_that_is_away_from_the_start_falls_back_at_once(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    fault(sandbox, "/v0.1/*")
    answer = set_out(web)
    assert answer.status_code == 202
    assert len(messages(sandbox)) == 1


def test_browser_falls_back_to_the_code_page(web: FlaskClient, sandbox: SandboxServer) -> None:
    fault(sandbox, NUMBERS, type="error", status=403)
    page = web.post("/auth/silent", data={"phone": EVEN})
    url = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    answer = web.get(walk(url))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/auth/verify?challenge_id=")
    assert web.get(answer.headers["Location"]).status_code == 200


def test_number_that_errs_errs_on_both_ways(web: FlaskClient) -> None:
    answer = log_in(web, ERRS)
    assert (answer.status_code, answer.json["code"]) == (503, "provider_unavailable")


@pytest.mark.parametrize(
    "effect",
    [
        {"type": "disconnect", "status": None},
        {"type": "truncate", "status": None},
        {"status": 500},
        {"status": 401},
    ],
    ids=["dropped", "truncated", "500", "401"],
)
def test_operator_that_breaks_off_is_no_error(
    web: FlaskClient, sandbox: SandboxServer, effect: dict[str, Any]
) -> None:
    given = {name: one for name, one in effect.items() if one is not None}
    rule = {"match": {"to": EVEN, "body": NUMBERS}, "effect": {"type": "error"} | given}
    assert (
        urllib3.request("POST", f"{sandbox.url}/api/v1/faults", json=rule, timeout=60).status == 201
    )
    assert log_in(web).status_code == 202


def test_operator_that_is_not_there_is_no_error(make: Make) -> None:
    web = make(sandbox_url="http://127.0.0.1:9", providers=["console"]).test_client()
    assert set_out(web).status_code == 202


def test_operators_refusal_falls_back_and_spends_the_state(web: FlaskClient) -> None:
    path = f"{walk(address(web))}&error=access_denied"  # what it says beside a code, too
    assert web.get(path, headers=JSON).status_code == 202
    assert web.get(path, headers=JSON).status_code in (403, 410)
