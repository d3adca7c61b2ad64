"""Pages in the frame of `docs/how-to/templates.md`, in a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_fixtures import OpenPage, loaded
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from werkzeug.serving import make_server

from flask_phoneauth import PhoneAuth

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "templates.md"
EXAMPLE = re.compile(
    r"<!-- example: (templates/\S+) -->\n```\S+\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
CLEAR = "rgba(0, 0, 0, 0)"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The login page of an app with the templates of the documentation."""
    for name, text in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    app = Flask("framed", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the tests, long enough",
        PHONEAUTH_PROVIDERS=["console"],
    )
    auth = PhoneAuth(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/auth/login"
    server.shutdown()
    thread.join()
    server.server_close()
    auth.close(app)


def style(of: Locator, name: str) -> str:
    """One computed property."""
    return str(of.evaluate("(element, name) => getComputedStyle(element)[name]", name))


def ask(page: Page) -> None:
    """Go on to the code page, until its stylesheets are there too."""
    page.get_by_label("Phone number").fill("+447400123456")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Code from the message")).to_be_visible()
    loaded(page)


def test_every_part_of_the_code_page_has_its_colours_outside_of_our_own_frame(
    open_page: OpenPage, url: str
) -> None:
    page = open_page(url, viewport={"width": 320, "height": 640})
    expect(page.get_by_role("link", name="Notes")).to_be_visible()
    ask(page)
    again = page.get_by_role("button", name="Send again")
    assert style(again, "borderRadius") == "10px"
    assert style(again, "backgroundColor") != CLEAR
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_link_on_from_a_code_that_has_ended_looks_like_a_button_there_and_fits(
    open_page: OpenPage, url: str
) -> None:
    page = open_page(url, viewport={"width": 320, "height": 640})
    ask(page)
    onward = page.locator("[data-phoneauth-when='expired'] a")
    shown = "(link) => link.closest('section').hidden = link.parentElement.hidden = false"
    onward.evaluate(shown)
    expect(onward).to_be_visible()
    assert style(onward, "backgroundColor") == "rgb(11, 95, 208)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
