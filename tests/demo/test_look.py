"""The notes in a real browser: narrow, dark, without JavaScript, by ear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_fixtures import loaded
from demo.conftest import Program, Start
from playwright.sync_api import Page, expect

from sms_sandbox.client import SandboxClient

if TYPE_CHECKING:
    from browser_fixtures import OpenPage

NUMBER = "+447400123456"
WIDE = {"viewport": {"width": 1280, "height": 800}}
NARROW = {"viewport": {"width": 320, "height": 640}}
DARK = {"color_scheme": "dark"}


def sign_in(page: Page, program: Program) -> None:
    page.get_by_label("Phone number").fill(NUMBER)
    page.get_by_role("button", name="Send me a code").click()
    code_field = page.get_by_label("Code from the message")
    expect(code_field).to_be_visible()
    with SandboxClient(program.sandbox) as inbox:
        code_field.fill(inbox.claim_code(NUMBER, timeout=60)["code"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your notes")).to_be_visible()


def add(page: Page, text: str) -> None:
    page.get_by_label("New note").fill(text)
    page.get_by_role("button", name="Add note").click()


def assert_sound(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    found = Axe().run(loaded(page)).response["violations"]
    assert [(fault["id"], fault["help"]) for fault in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("look", [WIDE, NARROW | DARK], ids=["wide", "narrow-dark"])
def test_every_state_of_the_notes_is_accessible_and_fits(
    start: Start, open_page: OpenPage, look: dict[str, object]
) -> None:
    program = start()
    page = open_page(program.app, **look)
    assert_sound(page)
    sign_in(page, program)
    assert_sound(page)
    add(page, "https://example.org/" + "long" * 60)
    expect(page.get_by_role("status")).to_have_text("The note is added.")
    page.locator("summary").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_visible()
    assert_sound(page)
    add(page, "x" * 2001)
    expect(page.get_by_role("alert")).to_contain_text("2,001 characters")
    expect(page.get_by_label("New note")).to_be_focused()
    assert_sound(page)
    page.goto(f"{program.app}/nothing")
    assert_sound(page)


def test_without_script_a_note_is_written_and_deleted(start: Start, open_page: OpenPage) -> None:
    program = start()
    page = open_page(program.app, java_script_enabled=False, **NARROW)
    sign_in(page, program)
    add(page, "Buy milk")
    expect(page.get_by_text("Buy milk")).to_be_visible()
    expect(page.locator("time")).to_contain_text("UTC")
    page.locator("summary").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No notes yet")).to_be_visible()


def test_the_inbox_opens_beside_the_app(start: Start, open_page: OpenPage) -> None:
    program = start()
    page = open_page(program.app, **WIDE)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="opens in a new tab").click()
    opened.value.wait_for_url(f"{program.sandbox}/**")
