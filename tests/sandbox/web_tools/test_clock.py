"""The page's clocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sandbox.web_reader import Sandbox, live, rows, stripe

if TYPE_CHECKING:
    from browser_fixtures import OpenPage

HOUR = 3600


def test_clock_is_frozen_and_moved_and_what_is_due_happens(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    page = live(open_page(sandbox.url))
    expect(rows(page).locator(".state-label")).to_have_text("Queued")
    expect(page.locator("#clock-open")).to_have_text("Real time")
    page.locator("#clock-open").click()
    clock = page.get_by_role("dialog", name="Clock")
    clock.get_by_role("button", name="Freeze").click()
    expect(page.locator("#clock-open")).to_have_text(re.compile("^Frozen "))
    expect(stripe(page)).to_have_text("The clock stands still")
    assert sandbox.call("GET", "/clock")["frozen"]
    clock.get_by_role("button", name="+1 h").click()
    expect(rows(page).locator(".state-label")).to_have_text("Delivered")
    clock.get_by_role("button", name="Let it run").click()
    expect(stripe(page)).to_have_text(re.compile(r"^The clock is (5.* min|1 h) ahead of real"))
    (before,) = sandbox.call("GET", "/clocks")["clocks"]
    for button in ("+5 min", "+1 min"):
        with page.expect_response("**/clock/advance"):
            clock.get_by_role("button", name=button).click()
    (after,) = sandbox.call("GET", "/clocks")["clocks"]
    assert after["ahead"] - before["ahead"] == pytest.approx(360, abs=15)


def test_clock_that_is_behind_goes_back_to_real_time_and_loses_nothing(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.call("PUT", "/clock", {"frozen": True, "now": "2026-01-31T12:00:00Z"})
    sandbox.send()
    page = live(open_page(sandbox.url))
    page.locator("#clock-open").click()
    page.get_by_role("button", name="Back to real time").click()
    expect(page.locator("#clock-open")).to_have_text("Real time")
    expect(stripe(page)).to_be_hidden()
    expect(rows(page).locator(".state-label")).to_have_text("Delivered")
    (moved,) = sandbox.call("GET", "/clocks")["clocks"]
    assert not moved["frozen"]
    assert abs(moved["ahead"]) < 1


def test_clock_that_is_ahead_goes_back_by_a_reset_after_a_question(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send(account="shop")
    sandbox.send(account="other")
    sandbox.call("POST", "/clock/advance?account=shop", {"seconds": 2 * HOUR})
    page = live(open_page(f"{sandbox.url}/?account=shop"))
    expect(page.locator("#clock-open")).to_have_text("+2 h")
    page.locator("#clock-open").click()
    page.get_by_role("button", name="Back to real time").click()
    expect(page.locator("#confirm-text")).to_contain_text("The account shop would be reset")
    page.get_by_role("button", name="Cancel").click()
    assert sandbox.call("GET", "/messages")["total"] == 2
    page.get_by_role("button", name="Back to real time").click()
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#clock-open")).to_have_text("Real time")
    left = sandbox.call("GET", "/messages")["messages"]
    assert [one["account"] for one in left] == ["other"]
    assert sandbox.call("GET", "/clocks")["clocks"] == []


def test_clock_of_another_account_is_told_and_the_chosen_ones_is_moved(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.call("PUT", "/clock?account=shop", {"frozen": True})
    page = live(open_page(sandbox.url))
    expect(stripe(page)).to_have_text("The clock of shop stands still")
    expect(page.locator("#clock-open")).to_have_text("Real time")
    page = live(open_page(f"{sandbox.url}/?account=other"))
    page.locator("#clock-open").click()
    expect(page.locator("#clock-shows")).to_contain_text("The account other")
    expect(page.locator("#clock-others")).to_contain_text("shop (Frozen")
    page.get_by_role("button", name="+1 min").click()
    expect(page.locator("#clock-open")).to_have_text(re.compile(r"^\+(1 min|5\d.* s)$"))
    assert [one["account"] for one in sandbox.call("GET", "/clocks")["clocks"]] == ["other", "shop"]


def test_many_moved_clocks_are_told_in_one_short_stripe(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for worker in range(8):
        sandbox.call("PUT", f"/clock?account=w{worker}", {"frozen": True})
    told = " · ".join(f"The clock of w{worker} stands still" for worker in range(3))
    for script in (True, False):
        page = open_page(sandbox.url, java_script_enabled=script)
        expect(stripe(page)).to_have_text(f"{told} · 5 more moved")
