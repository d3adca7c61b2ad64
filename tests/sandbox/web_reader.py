"""What the tests of the page share: a running sandbox, and a reader's eyes and hands."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

PHONE = "+12015550123"
OTHER = "+447700900123"
TWILIO = "AC" + "a" * 32
TEXT = "Your code to sign in to Notes is 481920. Never share it."
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


class Sandbox:
    """A running sandbox and the few calls that the tests make."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        options = {} if body is None else {"json": body}
        answer = urllib3.request(method, f"{self.url}/api/v1{path}", **options)  # type: ignore[arg-type]
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def send(self, body: str = TEXT, **values: str) -> dict[str, Any]:
        message = {"to": PHONE, "from": "Notes", "body": body} | values
        sent: dict[str, Any] = self.call("POST", "/messages", message)
        return sent


def live(page: Page) -> Page:
    """The page, once its event stream is open and its first window is drawn."""
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def rows(page: Page) -> Any:
    return page.locator("#list .row")


def conversation(sandbox: Sandbox, account: str = "") -> str:
    return f"{sandbox.url}/?to={quote(PHONE)}&account={account}"


def stripe(page: Page) -> Locator:
    return page.locator("#stripe")


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def ask_twilio(sandbox: Sandbox, resource: str, **form: str) -> dict[str, Any]:
    """Send or call as Twilio's SDK does; returns the message as the inbox has it."""
    made = urllib3.request(
        "POST",
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{TWILIO}/{resource}.json",
        body=urlencode({"To": PHONE, "From": OTHER} | form),
        headers=urllib3.make_headers(basic_auth=f"{TWILIO}:token")
        | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert made.status == 201, made.data
    newest: dict[str, Any] = sandbox.call("GET", "/messages?limit=1")["messages"][0]
    return newest
