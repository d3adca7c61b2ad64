"""A program's login without a code: it shows the verifier that a browser has a cookie for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.silent.walking import EVEN, NUMBERS, address, fault, messages, set_out, walk

from sms_sandbox.server import SandboxServer

Make = Callable[..., Flask]
VERIFIER = "v" * 43


def s256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_program_without_cookies_shows_its_verifier(app: Flask) -> None:
    program = app.test_client(use_cookies=False)
    started = set_out(program, verifier_challenge=s256(VERIFIER))
    assert "Set-Cookie" not in started.headers
    back = walk(started.json["url"])
    answer = program.get(f"{back}&verifier={VERIFIER}")
    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["phone"] == EVEN
    assert "device" not in "".join(answer.headers.getlist("Set-Cookie")), "it keeps none"
    other = walk(address(program, verifier_challenge=s256(VERIFIER)))
    wrong = program.get(f"{other}&verifier={'w' * 43}")
    assert wrong.json["code"] == "unbound_callback"
    assert program.get(f"{other}&verifier={VERIFIER}").json["code"] == "used"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
        {"Accept": "*/*", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"},
        {"Accept": "application/json", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
        {"Accept": "application/json", "Origin": "https://elsewhere.example"},
    ],
)
def test_link_of_a_stranger_does_not_sign_its_visitor_in_as_the_stranger(
    app: Flask, web: FlaskClient, headers: dict[str, str]
) -> None:
    stranger = app.test_client(use_cookies=False)
    link = f"{walk(address(stranger, verifier_challenge=s256(VERIFIER)))}&verifier={VERIFIER}"
    answer = web.get(link, headers=headers)
    assert answer.status_code == 403
    assert "session" not in "".join(answer.headers.getlist("Set-Cookie"))
    assert web.get("/auth/me").status_code == 401


@pytest.mark.parametrize("channel", ["", "sms", "voice"])
def test_secret_in_a_state_has_no_message_sent_past_the_numbers_budgets(
    make: Make, sandbox: SandboxServer, channel: str
) -> None:
    app = make(
        channels=["sms", "voice"],
        providers=["sandbox", "twilio"],
        twilio_auth_token="t" * 32,
        public_url="http://localhost",
    )
    stranger = app.test_client(use_cookies=False)
    started = set_out(stranger, verifier_challenge=s256(VERIFIER))
    state = parse_qs(urlsplit(walk(started.json["url"])).query)["state"][0]
    shown = {"challenge_id": started.json["challenge_id"]}
    secret = state.rpartition(".")[2]
    body = shown | {"challenge_secret": secret} | ({"channel": channel} if channel else {})
    answer = stranger.post("/auth/resend", json=body)
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_challenge")
    polled = stranger.get(
        f"/auth/challenges/{shown['challenge_id']}", headers={"PhoneAuth-Challenge-Secret": secret}
    )
    assert polled.status_code == 404
    assert messages(sandbox) == []


def test_program_falls_back_with_a_secret(app: Flask, sandbox: SandboxServer) -> None:
    fault(sandbox, NUMBERS)
    program = app.test_client(use_cookies=False)
    back = walk(address(program, verifier_challenge=s256(VERIFIER)))
    answer = program.get(f"{back}&verifier={VERIFIER}")
    assert answer.status_code == 202
    assert len(answer.json["challenge_secret"]) == 43


@pytest.mark.parametrize("value", [1, "", "short", "x" * 44, ["x"]])
def test_verifier_challenge_must_be_one(web: FlaskClient, value: Any) -> None:
    answer = set_out(web, verifier_challenge=value)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
