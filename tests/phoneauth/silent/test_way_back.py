"""Who may come back from the operator: whoever set out, once, with a code of its own number."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.silent.walking import APPLICATION, JSON, address, messages, set_out, walk

from sms_sandbox.server import SandboxServer

Make = Callable[..., Flask]


def test_another_browser_is_refused_and_the_state_is_spent(
    app: Flask, web: FlaskClient, sandbox: SandboxServer
) -> None:
    back = walk(address(web))
    stranger = app.test_client()
    stolen = stranger.get(back, headers=JSON)
    assert (stolen.status_code, stolen.json["code"]) == (403, "unbound_callback")
    assert stranger.get("/auth/me").status_code == 401
    late = web.get(back, headers=JSON)
    assert (late.status_code, late.json["code"]) == (410, "used")
    assert web.get("/auth/me").status_code == 401
    assert messages(sandbox) == []


def test_whoever_only_looks_spends_nothing(web: FlaskClient) -> None:
    back = walk(address(web))
    assert web.head(back).status_code == 204
    assert web.get("/auth/me").status_code == 401
    assert web.get(back, headers=JSON).status_code == 200


def test_stranger_with_a_way_of_its_own_is_refused_with_a_stolen_one(
    app: Flask, web: FlaskClient
) -> None:
    stranger = app.test_client()
    address(stranger)
    stolen = stranger.get(walk(address(web)), headers=JSON)
    assert stolen.json["code"] == "unbound_callback"


def test_code_and_state_are_good_once(web: FlaskClient, app: Flask) -> None:
    back = walk(address(web))
    assert web.get(back, headers=JSON).status_code == 200
    again = web.get(back, headers=JSON)
    assert (again.status_code, again.json["code"]) == (410, "used")
    code = parse_qs(urlsplit(back).query)["code"][0]
    other = app.test_client()
    fresh = parse_qs(urlsplit(walk(address(other))).query)["state"][0]
    replayed = other.get(f"/auth/silent/callback?code={code}&state={fresh}", headers=JSON)
    assert replayed.status_code == 202, "a used code tells nothing: a code is sent instead"
    assert other.get("/auth/me").status_code == 401


def test_code_of_another_number_signs_nobody_else_in(make: Make, sandbox: SandboxServer) -> None:
    urllib3.request(
        "PUT",
        f"{sandbox.url}/api/v1/settings?account={APPLICATION}",
        json={"operator": {"mode": "camara"}},
        timeout=60,
    )
    app = make()
    attacker, victim = app.test_client(), "+99012345676"
    own = parse_qs(urlsplit(walk(address(attacker))).query)["code"][0]
    state = parse_qs(urlsplit(walk(address(attacker, victim))).query)["state"][0]
    answer = attacker.get(f"/auth/silent/callback?code={own}&state={state}", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")


def test_stolen_code_is_good_in_no_other_browser(make: Make, sandbox: SandboxServer) -> None:
    app = make(operator="camara")
    thief, device, other = app.test_client(), app.test_client(), app.test_client()
    back = walk(address(thief))  # opened by the number's own device, which the thief has led there
    assert device.get(back, headers=JSON).json["code"] == "unbound_callback"
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(walk(address(other))).query)["state"][0]
    answer = other.get(f"/auth/silent/callback?code={code}&state={state}", headers=JSON)
    assert answer.status_code == 202, "the operator takes the code from nobody else"
    assert other.get("/auth/me").status_code == 401


@pytest.mark.parametrize(
    "query",
    ["", "code=x", "state=x", "state=%00", "code=x&state=" + "a" * 5000, "state[]=1",
     "code=x&state=" + "a" * 16 + "." + "b" * 22 + "." + "c" * 43,
     "code=x&verifier=v", "code=x&verifier=" + "%C3%A9" * 43, "code=x&verifier=" + "v" * 5000],
)  # fmt: skip
def test_way_that_nobody_set_out_on_leads_nowhere(web: FlaskClient, query: str) -> None:
    answer = web.get(f"/auth/silent/callback?{query}", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (403, "unbound_callback")


def test_two_tabs_of_a_browser_do_not_disturb_each_other(web: FlaskClient) -> None:
    first, second = walk(address(web)), walk(address(web, "+99012345676"))
    assert web.get(first, headers=JSON).status_code == 200
    # the cookie of both went with the first
    assert web.get(second, headers=JSON).json["code"] == "unbound_callback"


def test_configured_address_is_where_devices_come_back_to(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(public_url="https://notes.example/app").test_client()
    answer = set_out(web)
    end = walk(answer.json["url"], "https://notes.example/")
    assert end.startswith("https://notes.example/app/auth/silent/callback?")
