"""What the tests of the page share: a running sandbox, and a reader's eyes and hands."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from axe_playwright_python.sync_playwright import Axe
from browser_fixtures import loaded
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

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
        answer = urllib3.request(method, f"{self.url}/api/v1{path}", **options, timeout=60)  # type: ignore[arg-type]
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def send(self, body: str = TEXT, **values: str) -> dict[str, Any]:
        message = {"to": PHONE, "from": "Notes", "body": body} | values
        sent: dict[str, Any] = self.call("POST", "/messages", message)
        return sent


class Held:
    """What a page asks or gets when a test lets it: `take` and `stop` are for `page.route`."""

    def __init__(self, page: Page, most: int = 1000, method: str = "GET") -> None:
        page.evaluate("AbortSignal.timeout = () => new AbortController().signal")  # it waits for us
        self._most = most  # later ones pass at once, as other methods do
        self._method = method
        self._asked: list[Route] = []
        self._answered: list[tuple[Route, APIResponse]] = []

    def stop(self, route: Route) -> None:
        """Keep what is asked from the sandbox."""
        self._asked.append(route)

    def take(self, route: Route) -> None:
        """Let the sandbox answer, and keep its answer from the page."""
        if route.request.method == self._method and self._most > 0:
            self._most -= 1  # before the answer comes: others may be asked for meanwhile
            self._answered.append((route, route.fetch()))
        else:
            route.continue_()

    def let_go(self) -> None:
        """Everything goes on; the page has read the answers that were kept when this returns."""
        self._most = 0
        for route in self._asked:
            route.continue_()
        for route, answer in self._answered:
            page = route.request.frame.page
            with page.expect_response(lambda one, url=answer.url: one.url == url) as told:
                route.fulfill(response=answer)
            told.value.finished()
            page.evaluate("fetch('/readyz').then((answer) => answer.text())")


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
    found = Axe().run(loaded(page)).response["violations"]
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
        timeout=60,
    )
    assert made.status == 201, made.data
    newest: dict[str, Any] = sandbox.call("GET", "/messages?limit=1")["messages"][0]
    return newest
