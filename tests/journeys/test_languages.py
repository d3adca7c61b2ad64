"""The pages in every language, in a real browser; Arabic from right to left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_fixtures import OpenPage, loaded
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from flask_phoneauth.locales.catalogue import available

NARROW = {"viewport": {"width": 320, "height": 640}}
WIDE = {"viewport": {"width": 1280, "height": 800}}
LATIN = [locale for locale in available() if locale != "ar"]


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Iterator[str]:
    """The address of an app that has our pages as they are."""
    app = make_app(BRAND="Acme")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["phoneauth"].close()


def assert_sound(page: Page, locale: str) -> None:
    """In its language and direction, nothing for axe to find, nothing wider than the screen."""
    root = loaded(page).locator("html")
    assert root.get_attribute("lang") == locale
    assert root.get_attribute("dir") == ("rtl" if locale == "ar" else "ltr")
    found = Axe().run(page).response["violations"]
    assert [(fault["id"], fault["help"]) for fault in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def ask(page: Page, number: str) -> None:
    """Whatever the language, by what the fields are."""
    page.locator("input[type=tel]").fill(number)
    page.locator("form button[type=submit]").first.click()
    page.locator("input[autocomplete=one-time-code]").wait_for()


@pytest.mark.parametrize("look", ["wide", "narrow"])
def test_arabic_pages_run_from_right_to_left(
    site: str,
    open_page: OpenPage,
    phoneauth_code: Callable[[str], str],
    pictures: Path,
    look: str,
) -> None:
    options = {"wide": WIDE, "narrow": NARROW}[look]
    number = {"wide": "+447400200101", "narrow": "+447400200102"}[look]
    page = open_page(f"{site}/auth/login", locale="ar", **options)
    assert_sound(page, "ar")
    page.screenshot(path=pictures / f"login-ar-{look}.png", full_page=True)
    label, field = (page.locator(one).first for one in (".phoneauth-label", "input[type=tel]"))
    ends = [box["x"] + box["width"] for one in (label, field) if (box := one.bounding_box())]
    assert abs(ends[0] - ends[1]) < 2 or look == "narrow", "the label begins where the field does"
    ask(page, number)
    assert_sound(page, "ar")
    page.screenshot(path=pictures / f"code-ar-{look}.png", full_page=True)
    dot = page.evaluate(
        "getComputedStyle(document.querySelector('.phoneauth-delivery'), '::before').right"
    )
    assert dot != "auto"
    code_field = page.locator("input[autocomplete=one-time-code]")
    assert code_field.evaluate("field => getComputedStyle(field).direction") == "ltr"
    code_field.fill(phoneauth_code(number))
    with page.expect_navigation():
        code_field.press("Enter")
    page.goto(f"{site}/auth/sessions")
    assert_sound(page, "ar")
    page.screenshot(path=pictures / f"sessions-ar-{look}.png", full_page=True)


@pytest.mark.parametrize("locale", LATIN)
def test_pages_of_every_other_language_fit_a_small_phone(
    site: str, open_page: OpenPage, locale: str
) -> None:
    page = open_page(f"{site}/auth/login", locale=locale, **NARROW)
    assert_sound(page, locale)
    ask(page, f"+4474002002{LATIN.index(locale):02d}")
    assert_sound(page, locale)
