"""The page's handsets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from playwright.sync_api import expect
from sandbox.web_reader import OTHER, PHONE, Sandbox, ask_twilio, conversation, live

if TYPE_CHECKING:
    from browser_fixtures import OpenPage


def test_handset_is_switched_off_named_and_opted_out_and_the_list_says_so(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    page = live(open_page(conversation(sandbox)))
    page.get_by_role("button", name="Handset").click()
    menu = page.get_by_role("dialog", name="Handset")
    expect(menu.get_by_role("radio", name="On", exact=True)).to_be_checked()
    menu.get_by_role("radio", name="Off").check()
    menu.get_by_role("radio", name="opted out").check()
    menu.get_by_label("Nickname").fill("Anna \u202egnp")
    menu.get_by_role("button", name="Save").click()
    expect(menu).to_be_hidden()
    shown = page.locator("#handsets .handset")
    expect(shown.locator(".unusual")).to_have_text("Off, Opted out")
    expect(shown.locator(".name .mark")).to_have_text("RLO")
    expect(page.locator("#handset-open")).to_contain_text("Off, Opted out")
    known = sandbox.call("GET", f"/handsets/{quote(PHONE)}")
    assert (known["state"], known["opted_out"]) == ("off", ["*"])
    sandbox.call("PUT", f"/handsets/{quote(PHONE)}", {"state": "full", "opted_out": False})
    expect(shown.locator(".unusual")).to_have_text("Full")


def test_sim_is_swapped_now_and_senders_that_were_declined_stay_declined(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    before = sandbox.call(
        "PUT", f"/handsets/{quote(PHONE)}", {"opted_out": ["Notes"], "state": "blocked"}
    )
    page = live(open_page(conversation(sandbox)))
    page.get_by_role("button", name="Handset").click()
    menu = page.get_by_role("dialog", name="Handset")
    expect(menu.get_by_role("radio", name="except from notes")).to_be_checked()
    menu.get_by_role("button", name="Swap the SIM now").click()
    expect(page.locator("#handset-sim")).to_have_text(
        re.compile(r"^SIM swapped (just now|\d+ (s|min) ago)$")
    )
    menu.get_by_role("button", name="Save").click()
    expect(page.locator("#handsets .unusual")).to_have_text("Blocked, Opted out of 1, SIM swapped")
    after = sandbox.call("GET", f"/handsets/{quote(PHONE)}")
    assert after["sim_swapped_at"] > before["sim_swapped_at"]
    assert after["opted_out"] == ["notes"]


def test_reply_of_an_opted_out_handset_is_told_in_the_list(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    ask_twilio(sandbox, "Messages", Body="Hello", From=OTHER)
    page = live(open_page(conversation(sandbox)))
    page.get_by_label("Reply from this number").fill("STOP")
    page.keyboard.press("Enter")
    expect(page.locator("#handsets .unusual")).to_have_text("Opted out of 1")
