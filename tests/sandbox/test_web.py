"""The web inbox in a real browser: live, inert, usable by keyboard, ear, phone and night."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import urllib3
from browser_fixtures import PATIENCE, hold_timers
from playwright.sync_api import expect
from ports import free_ports
from sandbox.receiver import receiving
from sandbox.receiver import status as answer
from sandbox.web_reader import (
    CLIPBOARD,
    OTHER,
    PHONE,
    TEXT,
    Held,
    Sandbox,
    ask_twilio,
    copied,
    live,
    rows,
    serious,
)

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

if TYPE_CHECKING:
    from browser_fixtures import OpenPage
    from playwright.sync_api import Page, Route


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    running = SandboxServer(Settings(port=0))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def still_sandbox() -> Iterator[Sandbox]:
    """A sandbox whose messages stay queued until a test moves them."""
    with SandboxServer(Settings(port=0, sent_after=3600, delivered_after=3600)) as running:
        yield Sandbox(running.url)


@pytest.fixture
def sandbox(server: SandboxServer) -> Sandbox:
    one = Sandbox(server.url)
    one.call("DELETE", "/messages?all=true")
    return one


def test_message_appears_without_reload_and_its_ticks_move(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    expect(page.locator("#welcome")).to_be_visible()
    sandbox.send()
    row = rows(page)
    expect(row).to_have_count(1)
    expect(row.locator(".number")).to_have_text(PHONE)
    expect(row.locator(".text")).to_have_text(TEXT)
    expect(row.locator(".digits")).to_have_text("481920")
    expect(row.locator(".state-label")).to_have_text("Delivered")
    expect(page.locator("#handsets .handset")).to_have_count(1)
    expect(page.locator("#welcome")).to_be_hidden()


def test_code_is_copied_by_click_and_read_digit_by_digit(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    page = hold_timers(live(open_page(sandbox.url, **CLIPBOARD)))
    page.get_by_role("button", name="Copy code 4 8 1 9 2 0").click()
    expect(page.locator("#list .code.copied .said")).to_be_visible()
    assert copied(page) == "481920"
    page.clock.run_for(1400)
    expect(page.locator("#said")).to_have_text("Code copied")
    expect(page.locator("#list .code.copied .said")).to_be_visible()
    page.clock.run_for(200)
    expect(page.locator("#list .code.copied")).to_have_count(0)
    assert page.url.rstrip("/") == sandbox.url


def test_first_run_button_sends_a_message_with_a_code(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    expect(page.locator("#welcome")).to_contain_text(sandbox.url)
    page.get_by_role("button", name="Send me a test message").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".digits")).to_have_text(re.compile(r"^\d{6}$"))


def test_hostile_text_stays_text(sandbox: Sandbox, open_page: OpenPage) -> None:
    act = "document.title='owned'"
    hostile = f'<img src=x onerror="{act}"><script>{act}</script> \u202egnp.exe'
    message = sandbox.send(hostile)
    for path in ("/", f"/?to={quote(PHONE)}", f"/messages/{message['id']}"):
        page = live(open_page(sandbox.url + path))
        shown = page.locator("#list .text").first
        expect(shown).to_contain_text("<img src=x onerror=")
        expect(shown.locator(".mark")).to_have_text("RLO")
        assert page.locator("#panes img, #panes script").count() == 0
        assert "\u202e" not in page.locator("body").inner_text()
        assert "owned" not in page.title()


def test_right_to_left_text_does_not_turn_its_surroundings(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send("رمز تسجيل الدخول هو 901234")
    page = live(open_page(sandbox.url))
    text = rows(page).locator(".text")
    assert text.get_attribute("dir") == "auto"
    assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert rows(page).evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_page_works_without_script(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.send()
    message = sandbox.send("Your code is 120055", to=OTHER, account="worker-3")
    page = open_page(sandbox.url, java_script_enabled=False)
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#list .digits")).to_have_text(["120055", "481920"])
    assert page.locator("button:visible").all_inner_texts() == ["Show"]
    for _ in range(9):  # the page loads itself anew every ten seconds, without what was typed
        page.locator("#search").fill("120055")
        with page.expect_navigation():
            page.get_by_role("button", name="Show").click()
        if "q=120055" in page.url:
            break
    expect(rows(page)).to_have_count(1)
    rows(page).locator(".open").click()
    expect(page).to_have_url(re.compile(str(message["id"])))
    expect(page.locator("#details .digits")).to_have_text("120055")
    expect(page.locator("#details .account")).to_have_text("worker-3")
    page.get_by_role("link", name="Open the conversation").click()
    expect(page.locator("#list .bubble .digits")).to_have_text("120055")


@pytest.mark.parametrize("script", [True, False])
def test_narrow_phone_shows_everything_without_sideways_scroll(
    sandbox: Sandbox, open_page: OpenPage, script: bool
) -> None:
    sandbox.send("W" * 300, account="AC0123456789abcdef0123456789abcdef", **{"from": "W" * 11})
    message = sandbox.send()
    narrow = {"viewport": {"width": 320, "height": 640}, "java_script_enabled": script}
    for path in ("/", f"/?to={quote(PHONE)}", f"/messages/{message['id']}"):
        page = open_page(sandbox.url + path, **narrow)
        if script:
            live(page)
        expect(page.locator(".digits:visible").first).to_have_text("481920")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        inside = (
            "[...document.querySelectorAll('.pane')].every(e => e.scrollWidth <= e.clientWidth)"
        )
        assert page.evaluate(inside)


def test_dark_mode_is_dark(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = live(open_page(sandbox.url, color_scheme="dark"))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 40


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 320)])
def test_no_serious_accessibility_fault(
    still_sandbox: Sandbox, open_page: OpenPage, scheme: str, width: int
) -> None:
    sandbox = still_sandbox
    sandbox.call("DELETE", "/messages?all=true")
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 820}}
    page = live(open_page(sandbox.url, **options))
    assert serious(page) == []
    message = sandbox.send()
    sandbox.call("POST", f"/messages/{message['id']}/reply", {"body": "STOP"})
    failed = sandbox.send("\u202ehello", to=OTHER)
    sandbox.call(
        "POST", f"/messages/{failed['id']}/status", {"status": "failed", "error_code": 30003}
    )
    for path in ("/", f"/?to={quote(PHONE)}", f"/messages/{failed['id']}"):
        page = live(open_page(sandbox.url + path, **options))
        assert serious(page) == []
    expect(page.locator("#details .timeline li")).not_to_have_count(0)
    assert serious(page) == []
    page.locator("#help-open").click()
    assert serious(page) == []


def test_keyboard_moves_opens_copies_and_returns_to_the_same_row(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    ids = [sandbox.send(f"Your code is {code}")["id"] for code in (111222, 333444, 555666)]
    page = live(open_page(sandbox.url, **CLIPBOARD))
    expect(rows(page)).to_have_count(3)
    focused = "document.activeElement.closest('[data-key]')?.dataset.key"
    for key, expected in (("j", ids[2]), ("j", ids[1]), ("k", ids[2]), ("j", ids[1])):
        page.keyboard.press(key)
        assert page.evaluate(focused) == expected
    page.keyboard.press("c")
    expect(page.locator("#said")).to_have_text("Code copied")
    assert copied(page) == "333444"
    page.keyboard.press("Enter")
    expect(page.locator("#details .digits")).to_have_text("333444")
    expect(page).to_have_url(f"{sandbox.url}/messages/{ids[1]}")
    page.keyboard.press("Escape")
    expect(page.locator("#details .digits")).to_have_count(0)
    assert page.evaluate(focused) == ids[1]
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("j?")
    expect(page.locator("#search")).to_have_value("j?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_hidden()


def test_deep_links_open_their_place_and_back_returns(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send("for one")
    message = sandbox.send("for two", to=OTHER, account="worker-3")
    page = live(open_page(f"{sandbox.url}/?account=worker-3&q=two"))
    expect(rows(page)).to_have_count(1)
    expect(page.locator("#search")).to_have_value("two")
    expect(page.locator("#account")).to_have_value("worker-3")
    rows(page).locator(".open").click()
    expect(page.locator("#details .id")).to_have_text(str(message["id"]))
    page.go_back()
    expect(page.locator("#details .id")).to_have_count(0)
    page = live(open_page(f"{sandbox.url}/?to={quote(OTHER)}"))
    expect(page.locator("#list .bubble")).to_have_count(1)
    expect(page.locator("#heading .number")).to_have_text(OTHER)


def test_link_to_a_deleted_message_says_so(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.send()
    page = live(open_page(f"{sandbox.url}/messages/gone"))
    expect(rows(page)).to_have_count(1)
    expect(page.locator("#problem")).to_contain_text("does not exist")


def test_notice_of_a_deleted_message_outlives_later_readings_until_the_reader_moves(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sent = sandbox.send()
    page = live(open_page(f"{sandbox.url}/messages/gone"))
    expect(page.locator("#problem")).to_contain_text("does not exist")
    with page.expect_response(lambda answer: "/api/v1/messages?" in answer.url):
        sandbox.call("DELETE", f"/messages/{sent['id']}")
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#problem")).to_contain_text("does not exist")
    page.get_by_role("link", name="Codes", exact=True).click()
    expect(page.locator("#problem")).to_be_hidden()


def test_search_and_account_filter_hold_for_live_messages(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(f"{sandbox.url}/?q=apple"))
    expect(page.locator("#nothing")).to_be_visible()
    sandbox.send("a pear")
    sandbox.send("an apple")
    expect(rows(page).locator(".text")).to_have_text(["an apple"])
    sandbox.send("a plum")
    sandbox.send("another apple")
    expect(rows(page).locator(".text")).to_have_text(["another apple", "an apple"])
    page = live(open_page(f"{sandbox.url}/?account=worker-3"))
    sandbox.send("not here")
    sandbox.send("here", account="worker-3")
    expect(rows(page).locator(".text")).to_have_text(["here"])


def test_reply_goes_out_from_the_handset_and_shows_on_the_right(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    page = live(open_page(f"{sandbox.url}/?to={quote(PHONE)}"))
    page.get_by_label("Reply from this number").fill("STOP")
    page.keyboard.press("Enter")
    answer = page.locator("#list .bubble[data-direction=inbound]")
    expect(answer.locator(".text")).to_have_text("STOP")
    expect(page.locator("#reply-text")).to_have_value("")
    stored = sandbox.call("GET", "/messages?direction=inbound")["messages"]
    assert [(one["from"], one["to"], one["body"]) for one in stored] == [(PHONE, "Notes", "STOP")]


def test_selected_messages_are_deleted_after_a_question(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for text in ("one", "two", "three"):
        sandbox.send(text)
    page = live(open_page(sandbox.url))
    for text in ("one", "three"):
        rows(page).filter(has_text=text).get_by_role("checkbox").check()
    page.locator("#picked-delete").click()
    expect(page.locator("#confirm-title")).to_have_text("Delete 2 messages?")
    page.get_by_role("button", name="Cancel").click()
    expect(rows(page)).to_have_count(3)
    page.locator("#picked-delete").click()
    page.locator("#confirm-yes").click()
    expect(rows(page).locator(".text")).to_have_text(["two"])
    assert sandbox.call("GET", "/messages")["total"] == 1


def test_delete_of_a_filtered_list_spares_the_rest(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.send("keep me", to=OTHER)
    sandbox.send("drop me")
    page = live(open_page(f"{sandbox.url}/?to={quote(PHONE)}"))
    page.get_by_role("button", name="Delete these").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#nothing")).to_be_visible()
    left = sandbox.call("GET", "/messages")["messages"]
    assert [one["body"] for one in left] == ["keep me"]


def test_deletion_elsewhere_empties_the_open_page(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.send()
    page = live(open_page(sandbox.url))
    expect(rows(page)).to_have_count(1)
    sandbox.call("DELETE", "/messages?all=true")
    expect(page.locator("#welcome")).to_be_visible()


def test_older_messages_load_by_page_and_scroll_stays_while_new_ones_wait(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for n in range(70):
        sandbox.send(f"text {n:02}")
    page = live(open_page(sandbox.url))
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Load older messages").click()
    expect(rows(page)).to_have_count(70)
    row = rows(page).filter(has_text="text 30")
    row.locator(".open").focus()
    before = row.bounding_box()
    sandbox.send("newest")
    expect(page.locator("#fresh")).to_have_text("1 new")
    assert row.bounding_box() == before
    expect(rows(page).filter(has_text="newest")).to_have_count(0)
    page.locator("#fresh").click()
    expect(rows(page).first.locator(".text")).to_have_text("newest")
    assert page.locator("#scroll").evaluate("e => e.scrollTop") == 0


def test_who_scrolls_just_before_the_list_is_drawn_anew_stays_there(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for n in range(40):
        sandbox.send(f"text {n:02}")
    page = live(open_page(sandbox.url))
    expect(rows(page)).to_have_count(40)
    scroll_and_draw = """() => {
        const scroll = document.querySelector("#scroll");
        scroll.scrollTop = 400;
        document.querySelector("#list .pick input").click();
        return [scroll.scrollTop, document.querySelector("#picked").hidden];
    }"""
    assert page.evaluate(scroll_and_draw) == [400, False]
    sandbox.send("newest")
    expect(page.locator("#fresh")).to_have_text("1 new")
    assert page.locator("#scroll").evaluate("e => e.scrollTop") == 400


def test_older_messages_leave_no_gap_below_a_list_that_is_cut_meanwhile(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    texts = [f"text {n:03}" for n in range(110)]
    for text in texts:
        sandbox.send(text)
    page = live(open_page(sandbox.url))
    older = page.get_by_role("button", name="Load older messages")
    expect(rows(page)).to_have_count(50)
    older.click()
    expect(rows(page)).to_have_count(100)
    held = Held(page, 1)
    page.route("**/messages?*after=*", held.take)
    with page.expect_request("**/messages?*after=*"):
        older.click()
    rows(page).first.get_by_role("checkbox").check()
    page.locator("#picked-delete").click()
    page.locator("#confirm-yes").click()
    expect(rows(page)).to_have_count(50)
    held.let_go()
    expect(rows(page)).to_have_count(100)
    assert rows(page).locator(".text").all_text_contents() == texts[-2:8:-1]


def test_burst_arrives_whole_and_is_told_in_few_words(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    for n in range(120):
        sandbox.send(f"burst {n:03}")
    expect(rows(page)).to_have_count(120)
    texts = rows(page).locator(".text").all_text_contents()
    assert texts == [f"burst {n:03}" for n in reversed(range(120))]
    assert page.locator("#announcements p").count() <= 5


def test_page_catches_up_after_the_sandbox_was_restarted(
    tmp_path: Path, open_page: OpenPage
) -> None:
    database = str(tmp_path / "inbox.sqlite")
    (port,) = free_ports(1)
    first = SandboxServer(Settings(port=port, db=database))
    first.start()
    sandbox = Sandbox(first.url)
    try:
        page = live(open_page(sandbox.url))
        sandbox.send("before")
        expect(rows(page)).to_have_count(1)
    finally:
        first.stop()
    expect(page.locator("#connection .label")).to_have_text("Reconnecting")
    second = SandboxServer(Settings(port=port, db=database))
    second.start()
    try:
        sandbox.send("meanwhile")
        expect(rows(page).locator(".text")).to_have_text(["meanwhile", "before"], timeout=60_000)
        live(page)
    finally:
        second.stop()


def test_page_is_live_behind_a_password(open_page: OpenPage) -> None:
    secret = "correct horse"
    with SandboxServer(Settings(port=0, password=secret)) as server:
        assert urllib3.request("GET", server.url, timeout=60).status == 401
        credentials = {"username": "any", "password": secret}
        page = live(open_page(server.url, http_credentials=credentials))
        expect(page.locator("#welcome")).to_contain_text("$SMS_SANDBOX_PASSWORD")
        assert secret not in page.content()
        page.get_by_role("button", name="Send me a test message").click()
        expect(rows(page)).to_have_count(1)


def arrive(page: Page, count: int) -> None:
    """Let a page whose time is held take so many messages in; a second of it passes at most."""
    for _ in range(1000):
        if rows(page).count() == count:
            return
        page.clock.run_for(1)
        page.wait_for_timeout(PATIENCE / 1000)
    pytest.fail(f"There are not {count} messages.")


def test_new_messages_are_told_to_the_ear_with_spelled_codes_and_never_many_at_once(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = hold_timers(live(open_page(sandbox.url)))
    told = page.get_by_role("log").locator("p")
    sandbox.send()
    arrive(page, 1)
    expect(told).to_have_text([f"Message to {PHONE}, code 4 8 1 9 2 0"])
    for n in range(3):
        sandbox.send(f"text {n}")
    arrive(page, 4)
    page.clock.run_for(1900)
    assert told.count() == 1
    page.clock.run_for(1100)
    expect(told).to_have_text([re.compile("code"), "3 new messages"])


def test_a_message_that_a_reading_shows_first_is_told_to_the_ear(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    old = sandbox.send("an old one")
    page = live(open_page(sandbox.url))
    expect(rows(page)).to_have_count(1)
    late = iter(["a late one"])

    def sends_meanwhile(route: Route) -> None:
        for text in late:
            sandbox.send(text)
        route.continue_()

    page.route("**/api/v1/messages?*", sends_meanwhile)
    sandbox.call("DELETE", f"/messages/{old['id']}")  # the page reads its window anew
    expect(page.get_by_role("log")).to_contain_text(f"Message to {PHONE}")
    page.unroute("**/api/v1/messages?*")


def test_api_call_of_the_inspector_works_by_pasting(sandbox: Sandbox, open_page: OpenPage) -> None:
    message = sandbox.send()
    page = live(open_page(f"{sandbox.url}/messages/{message['id']}"))
    call = page.locator("#details .curl").inner_text()
    done = subprocess.run(["bash", "-c", call], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == message["id"]
    expect(page.locator("#details .timeline li span")).to_have_text(
        ["Accepted", "Queued", "Sent", "Delivered"]
    )


def test_webhooks_are_shown_with_their_message_and_posted_again(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    with receiving() as receiver:
        receiver.answers.append(answer(500, b"<b>boom</b>"))
        sent = ask_twilio(sandbox, "Messages", Body=TEXT, StatusCallback=receiver.url)["id"]
        page = live(open_page(f"{sandbox.url}/messages/{sent}"))
        attempts = page.locator("#details .attempts > li")
        expect(attempts).to_have_count(2)
        failed = attempts.filter(has_text="answered 500")
        failed.locator("summary").click()
        expect(failed).to_contain_text(f"POST {receiver.url}")
        expect(failed).to_contain_text("MessageStatus=")
        expect(failed).to_contain_text("<b>boom</b>")
        assert serious(page) == []
        failed.get_by_role("button", name="Post again").click()
        expect(attempts).to_have_count(3)
        expect(attempts.last).to_contain_text("Attempt 2 answered 204")
        expect(failed.locator("details")).to_have_attribute("open", "")


def test_a_message_without_webhooks_shows_none(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = live(open_page(f"{sandbox.url}/messages/{sandbox.send()['id']}"))
    expect(page.locator("#details .timeline li")).not_to_have_count(0)
    expect(page.locator("#details .webhooks")).to_be_hidden()
