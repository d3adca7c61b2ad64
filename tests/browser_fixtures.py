"""A real Chromium for tests: one browser a session, one clean context a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A window has none to type an address into, and each would load two pages for it, at 0.7 s of
    # CPU. Of several such switches the last one counts: the others are what Playwright turns off.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch",
)

OpenPage = Callable[..., Page]

PATIENCE = 45_000
"""Milliseconds that a page may take for anything: a busy machine is no fault of it."""


def chromium_path() -> str | None:
    """The system's Chromium, or `CHROMIUM` from the environment."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; without one the test is skipped, in CI it fails."""
    path = chromium_path()
    if path is None:
        reason = "No Chromium is installed: apt-get install chromium, or set CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        expect.set_options(timeout=PATIENCE)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a new context (its options by keyword).

    At the end no page may have thrown, or have been refused anything by its content policy.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(url: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1360, "height": 820}} | options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if _is_fault(line.text) else None)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def loaded(page: Page) -> Page:
    """The page, once its stylesheets and scripts are there too: what is seen may be measured.

    After a press that leads elsewhere something of the new page must have been seen before.
    """
    page.wait_for_load_state("load")
    return page


def hold_timers(page: Page) -> Page:
    """Notices that go by themselves stay: the page's time passes by `page.clock.run_for` alone."""
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=60))
    return page


def _is_fault(line: str) -> bool:
    return "Content Security Policy" in line or "Uncaught" in line
