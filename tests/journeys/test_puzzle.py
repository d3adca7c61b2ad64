"""A puzzle in a real browser: the vendor's script is a stand-in, its place on the page is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_fixtures import OpenPage
from flask import Flask
from playwright.sync_api import Page, Route, expect
from scripted_server import ScriptedServer, answer
from werkzeug.serving import BaseWSGIServer, make_server

from flask_phoneauth import PhoneAuth
from flask_phoneauth.risk.puzzles import VENDORS

# What both vendors' scripts do: find the box by its class, read its key, leave the answer beside.
STAND_IN = """
addEventListener("load", () => {
  const box = document.querySelector(".%s");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "I am a person";
  button.onclick = () => {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "%s";
    field.value = "solved-for-" + box.dataset.sitekey;
    box.append(field);
  };
  box.append(button);
});
"""


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest) -> str:
    """Whose puzzle it is."""
    return str(request.param)


@pytest.fixture
def judge() -> Iterator[ScriptedServer]:
    """The vendor's server."""
    with ScriptedServer(answer(200, {"success": True})) as server:
        yield server


@pytest.fixture
def url(tmp_path: Path, judge: ScriptedServer, vendor: str) -> Iterator[str]:
    """The login page of an app whose hook challenges everybody without a solved puzzle."""
    app = Flask("guarded", instance_path=str(tmp_path))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the tests, long enough",
        PHONEAUTH_PROVIDERS=["console"],
        PHONEAUTH_RISK_PUZZLE=vendor,
        PHONEAUTH_RISK_SITE_KEY="site-key",
        PHONEAUTH_RISK_SECRET_KEY="server-key",
        PHONEAUTH_RISK_VERIFY_URL=f"{judge.url}/siteverify",
    )
    auth = PhoneAuth(app, risk=lambda request: "challenge")
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/auth/login"
    server.shutdown()
    thread.join()
    server.server_close()
    auth.close(app)


def ask(page: Page) -> None:
    """Send the form of the login page, and see what it leads to."""
    page.get_by_role("textbox").first.fill("+447400123456")
    with page.expect_navigation():
        page.get_by_role("button", name="Send me a code").click()


def test_a_challenged_visitor_solves_it_and_gets_a_code(
    open_page: OpenPage, url: str, judge: ScriptedServer, vendor: str
) -> None:
    whose = VENDORS[vendor]

    def serve(route: Route) -> None:
        script = STAND_IN % (whose.css_class, whose.field)
        route.fulfill(body=script, content_type="text/javascript")

    page = open_page(url)
    page.route(f"{whose.script_url}*", serve)
    ask(page)
    page.get_by_role("button", name="I am a person").click()
    ask(page)
    expect(page.locator("input[autocomplete=one-time-code]")).to_be_visible()
    asked = judge.requests[0].form
    assert (asked["secret"], asked["response"]) == ("server-key", "solved-for-site-key")


def test_without_the_answer_the_visitor_is_challenged_again(
    open_page: OpenPage, url: str, judge: ScriptedServer, vendor: str
) -> None:
    page = open_page(url)
    page.route(f"{VENDORS[vendor].script_url}*", lambda route: route.abort())
    for _ in range(2):
        ask(page)
        expect(page.locator(f"[data-phoneauth-puzzle={vendor}]")).to_be_attached()
    assert judge.requests == []
