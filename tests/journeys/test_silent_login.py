"""A visitor is let in by the mobile network, and the tutorial's own client gets its verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from browser_fixtures import OpenPage
from journeys.conftest import Demo
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.xdist_group("demo")

EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"
VERIFY = "/camara/number-verification/*"


@pytest.fixture(autouse=True)
def rules(demo: Demo) -> Iterator[None]:
    """No fault rule of one story disturbs another."""
    yield
    requests.delete(f"{demo.inbox}/api/v1/faults?all=true", timeout=30)


def fault(demo: Demo, number: str, path: str) -> None:
    rule = {
        "match": {"to": number, "body": path},
        "effect": {"type": "error", "status": 503},
    }
    answer = requests.post(f"{demo.inbox}/api/v1/faults", json=rule, timeout=30)
    assert answer.status_code == 201, answer.text


def set_out(page: Page, number: str) -> None:
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name="Use my mobile network instead").click()


def tutorial_address(demo: Demo, number: str) -> str:
    answer = requests.post(f"{demo.app}/login", json={"phone": number}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"url"}
    return str(answer.json()["url"])


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False)])
def test_tutorials_client_gets_its_verdict(
    demo: Demo, open_page: OpenPage, number: str, verified: bool
) -> None:
    told = requests.get(tutorial_address(demo, number), verify=False, timeout=30)
    assert told.json() == {"devicePhoneNumberVerified": verified}
    page = open_page(tutorial_address(demo, number))
    assert json.loads(page.locator("body").inner_text()) == {"devicePhoneNumberVerified": verified}
    page.goto(demo.app)
    expect(page.get_by_label("New note")).to_have_count(0)


def test_tutorials_client_is_told_where_nobody_can_tell(demo: Demo) -> None:
    told = requests.get(tutorial_address(demo, ERRS), timeout=30)
    assert (told.status_code, set(told.json())) == (502, {"error"})
    for body in (None, [], {}, {"phone": 1}, {"phone": "0123"}, {"phone": "+1"}):
        assert requests.post(f"{demo.app}/login", json=body, timeout=30).status_code == 400
    forged = requests.get(f"{demo.app}/callback?code=x&state=y", timeout=30)
    assert forged.status_code == 400
    address = tutorial_address(demo, EVEN)
    assert requests.get(address, timeout=30).status_code == 200
    assert requests.get(address, timeout=30).status_code == 400, "an address is good once"


def test_only_the_button_that_was_pressed_turns(demo: Demo, open_page: OpenPage) -> None:
    page = open_page(f"{demo.app}/auth/login")
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # it stays here
    set_out(page, EVEN)
    turning = """() => [...document.querySelectorAll("form[aria-busy] .phoneauth-button")].map(
        (button) => getComputedStyle(button, "::after").content !== "none")"""
    assert page.evaluate(turning) == [False, True]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_even_number_is_signed_in_without_a_code(
    demo: Demo, open_page: OpenPage, script: bool
) -> None:
    page = open_page(f"{demo.app}/auth/login", java_script_enabled=script)
    set_out(page, EVEN)
    expect(page.get_by_label("New note")).to_be_visible()
    assert page.url.rstrip("/") == demo.app
    page.reload()
    expect(page.get_by_label("New note")).to_be_visible()


def test_odd_number_is_refused(demo: Demo, open_page: OpenPage) -> None:
    page = open_page(f"{demo.app}/auth/login")
    set_out(page, ODD)
    expect(page.get_by_text("This number could not be verified.")).to_be_visible()
    page.goto(demo.app)
    expect(page.get_by_label("New note")).to_have_count(0)


def test_network_that_fails_leaves_the_visitor_on_the_code_page(
    demo: Demo, open_page: OpenPage
) -> None:
    number = "+99012345674"
    fault(demo, number, VERIFY)
    page = open_page(f"{demo.app}/auth/login")
    set_out(page, number)
    code = page.get_by_label("Code from the message")
    expect(code).to_be_visible()
    code.fill(demo.code_for(number))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("New note")).to_be_visible()


def test_way_back_of_another_browser_is_refused(demo: Demo, open_page: OpenPage) -> None:
    page = open_page(f"{demo.app}/auth/login")
    headers = {"Sec-Fetch-Site": "same-origin"}
    started = page.request.post(
        f"{demo.app}/auth/silent", data={"phone": "+99012345672"}, headers=headers
    )
    url = started.json()["url"]
    while not url.startswith(f"{demo.app}/auth/silent/callback"):
        url = requests.get(url, allow_redirects=False, timeout=30).headers["Location"]
    thief = open_page(url)
    expect(thief.get_by_text("not begun in this browser")).to_be_visible()
    thief.goto(demo.app)
    expect(thief.get_by_label("New note")).to_have_count(0)
    page.goto(url)
    expect(page.get_by_label("New note")).to_have_count(0)
    expect(page.get_by_role("link", name="Ask for a new code")).to_be_visible()
