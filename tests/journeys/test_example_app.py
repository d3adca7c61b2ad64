"""A visitor signs up, writes, leaves and comes back, with JavaScript and without."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_fixtures import OpenPage, loaded
from journeys.conftest import Demo
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.xdist_group("demo")

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
SMALL_DARK = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
WITHOUT_SCRIPT = {**DESKTOP, "java_script_enabled": False}
LOOKS = {"desktop": DESKTOP, "small-dark": SMALL_DARK, "without-script": WITHOUT_SCRIPT}
NUMBERS = itertools.count(447400200100)


@pytest.fixture
def number() -> str:
    return f"+{next(NUMBERS)}"


def ask(page: Page, demo: Demo, number: str) -> None:
    page.goto(f"{demo.app}/auth/login")
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name=re.compile("code", re.IGNORECASE)).click()
    expect(page.get_by_label("Code from the message")).to_be_visible()


def enter(page: Page, code: str) -> None:
    page.get_by_label("Code from the message").fill(code)
    page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, demo: Demo, number: str) -> None:
    ask(page, demo, number)
    enter(page, demo.code_for(number))
    expect(page.get_by_label("New note")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()


def code_chip(inbox: Page, code: str) -> Locator:
    return inbox.get_by_role("button", name=f"Copy code {' '.join(code)}").first


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(loaded(page)).response["violations"]
    return [f"{v['id']}: {v['help']}" for v in found if v["impact"] in ("serious", "critical")]


def assert_no_sideways_scroll(page: Page) -> None:
    assert loaded(page).evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("look", LOOKS)
def test_a_visitor_signs_up_writes_a_note_and_comes_back_as_the_same_user(
    demo: Demo, open_page: OpenPage, number: str, look: str
) -> None:
    page = open_page(demo.app, **LOOKS[look])
    sign_in(page, demo, number)
    page.get_by_label("New note").fill("Buy milk")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Buy milk")).to_be_visible()
    sign_out(page)
    expect(page.get_by_text("Buy milk")).to_have_count(0)
    sign_in(page, demo, number)
    expect(page.get_by_text("Buy milk")).to_be_visible()


def test_a_wrong_code_is_told_and_the_right_one_still_works(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    page = open_page(demo.app, **DESKTOP)
    ask(page, demo, number)
    code = demo.code_for(number)
    enter(page, f"{(int(code) + 1) % 10**6:06d}")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    expect(page.get_by_role("alert")).to_contain_text("4")
    enter(page, f"{code[:3]} {code[3:]}")
    expect(page.get_by_label("New note")).to_be_visible()


def test_the_browser_fills_the_code_by_itself(demo: Demo, open_page: OpenPage, number: str) -> None:
    page = open_page(demo.app, **DESKTOP)
    page.context.add_init_script(
        """
        window.__asked = new Promise((asked) => {
            navigator.credentials.get = (options) => new Promise((resolve) => {
                asked();
                window.__deliver = (code) => resolve({ type: "otp", code });
            });
        });
        """
    )
    ask(page, demo, number)
    page.evaluate("window.__asked")
    page.evaluate("code => window.__deliver(code)", demo.code_for(number))
    expect(page.get_by_label("New note")).to_be_visible()


def test_the_resend_button_counts_down_and_the_wait_is_the_servers(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    page = open_page(demo.app, **DESKTOP)
    ask(page, demo, number)
    button = page.locator("form[data-phoneauth=resend] button").first
    expect(button).to_have_text(re.compile("Send again in 0:"))
    expect(button).to_be_disabled()
    first = button.inner_text()
    expect(button).not_to_have_text(first)


def test_without_script_an_early_resend_is_answered_with_the_wait(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    page = open_page(demo.app, **WITHOUT_SCRIPT)
    ask(page, demo, number)
    page.get_by_role("button", name="Send the code again").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"wait \d+ seconds"))
    enter(page, demo.code_for(number))
    expect(page.get_by_label("New note")).to_be_visible()


def test_double_click_back_and_reload_do_no_harm(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    page = open_page(demo.app, **DESKTOP)
    ask(page, demo, number)
    page.reload()
    page.get_by_label("Code from the message").fill(demo.code_for(number))
    page.get_by_role("button", name="Sign in").dblclick()
    expect(page.get_by_label("New note")).to_be_visible()
    loaded(page).go_back()
    page.reload()
    expect(page.get_by_label("New note")).to_be_visible()
    page.goto(f"{demo.app}/auth/login")
    expect(page.get_by_label("New note")).to_be_visible()


def test_sign_out_everywhere_ends_the_other_browser_on_its_next_request(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    here, there = open_page(demo.app, **DESKTOP), open_page(demo.app, **DESKTOP)
    sign_in(here, demo, number)
    sign_in(there, demo, number)
    here.goto(f"{demo.app}/auth/sessions")
    expect(here.get_by_role("button", name=re.compile("^Sign out"))).not_to_have_count(0)
    assert here.locator("time").count() >= 4
    here.get_by_role("button", name="Sign out everywhere").click()
    expect(here.get_by_label("Phone number")).to_be_visible()
    there.goto(f"{demo.app}/auth/sessions")
    expect(there.get_by_label("Phone number")).to_be_visible()


def test_one_device_is_signed_out_from_another(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    here, there = open_page(demo.app, **DESKTOP), open_page(demo.app, **SMALL_DARK)
    sign_in(here, demo, number)
    sign_in(there, demo, number)
    here.goto(f"{demo.app}/auth/sessions")
    here.locator("form[action$='/revoke']").first.get_by_role("button").click()
    expect(here.locator("form[action$='/revoke']")).to_have_count(0)
    there.goto(f"{demo.app}/auth/sessions")
    expect(there.get_by_label("Phone number")).to_be_visible()


def test_the_inbox_shows_the_code_live_and_copies_it(
    demo: Demo, open_page: OpenPage, number: str
) -> None:
    inbox = open_page(demo.inbox, **DESKTOP)
    visitor = open_page(demo.app, **DESKTOP)
    ask(visitor, demo, number)
    code = demo.code_for(number)
    expect(code_chip(inbox, code)).to_be_visible()


@pytest.mark.parametrize("look", ["desktop", "small-dark"])
def test_every_page_is_accessible_and_fits(
    demo: Demo, open_page: OpenPage, number: str, pictures: Path, look: str
) -> None:
    page = open_page(demo.app, **LOOKS[look])
    suffix = "" if look == "desktop" else f"-{look}"
    shots = {"login": "/auth/login", "welcome": "/"}
    for name, path in shots.items():
        page.goto(demo.app + path)
        assert serious_faults(page) == [], name
        assert_no_sideways_scroll(page)
        page.screenshot(path=pictures / f"{name}{suffix}.png")
    ask(page, demo, number)
    assert serious_faults(page) == []
    assert_no_sideways_scroll(page)
    page.screenshot(path=pictures / f"code{suffix}.png")
    code = demo.code_for(number)
    enter(page, f"{(int(code) + 1) % 10**6:06d}")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    assert serious_faults(page) == []
    inbox = open_page(demo.inbox, **LOOKS[look])
    expect(code_chip(inbox, code)).to_be_visible()
    assert serious_faults(inbox) == []
    assert_no_sideways_scroll(inbox)
    inbox.screenshot(path=pictures / f"inbox{suffix}.png")
    enter(page, code)
    expect(page.get_by_label("New note")).to_be_visible()
    for path in ("/", "/auth/sessions"):
        page.goto(demo.app + path)
        assert serious_faults(page) == [], path
        assert_no_sideways_scroll(page)
    page.goto(f"{demo.app}/auth/verify?challenge_id=nothing")
    assert serious_faults(page) == []


def test_the_same_by_curl_with_json(demo: Demo, number: str, tmp_path: Path) -> None:
    jar = str(tmp_path / "cookies")

    def curl(path: str, body: object = None) -> dict[str, object]:
        command = ["curl", "-sS", "-b", jar, "-c", jar, demo.app + path]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        answer = subprocess.run(command, capture_output=True, check=True, timeout=30)
        return dict(json.loads(answer.stdout)) if answer.stdout else {}

    asked = curl("/auth/login", {"phone": number})
    entry = {"challenge_id": asked["challenge_id"], "challenge_secret": asked["challenge_secret"]}
    answer = curl("/auth/verify", {**entry, "code": demo.code_for(number)})
    assert answer["new_user"] is True
    assert curl("/auth/me") == {"user": answer["user"]}
    curl("/auth/logout", {})
    assert curl("/auth/me")["code"] == "not_signed_in"
