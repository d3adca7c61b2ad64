"""What the page does with messages, and the rest of its tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from sandbox.receiver import receiving
from sandbox.web_reader import (
    CLIPBOARD,
    OTHER,
    PHONE,
    TWILIO,
    Held,
    Sandbox,
    ask_twilio,
    conversation,
    copied,
    live,
    rows,
    serious,
    stripe,
)

from sms_sandbox.inbox.named import NEWEST
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

if TYPE_CHECKING:
    from browser_fixtures import OpenPage

HOUR = 3600
OUTAGE = {"effect": {"type": "delivery", "status": "undelivered", "error_code": "unreachable"}}
GATHER = (
    "<Response><Gather numDigits='1' timeout='500'><Say>Press any key.</Say></Gather></Response>"
)


def answered_call(sandbox: Sandbox, **form: str) -> dict[str, Any]:
    call = ask_twilio(sandbox, "Calls", **form)
    sandbox.call("POST", f"/messages/{call['id']}/status", {"status": "sent"})
    return call


def test_call_shows_what_it_speaks_and_keys_are_pressed_where_it_waits(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    with receiving() as application:
        page = live(open_page(conversation(sandbox)))
        gather = GATHER.replace("<Gather", f"<Gather action='{application.url}'")
        call = ask_twilio(sandbox, "Calls", Twiml=gather)
        bubble = page.locator("#list .bubble")
        expect(bubble.locator(".call")).to_have_text("Call · not answered yet")
        expect(page.locator("#keys")).to_be_hidden()
        sandbox.call("POST", f"/messages/{call['id']}/status", {"status": "sent"})
        expect(bubble.locator(".text")).to_have_text("Press any key.")
        expect(bubble.locator(".call")).to_have_text("Call · waits for keys")
        page.get_by_label("The call waits for keys").fill("7")
        page.keyboard.press("Enter")
        expect(page.locator("#keys")).to_be_hidden()
        expect(bubble.locator(".call")).to_have_text("Call")
        assert application.await_posts(1)[0].form["Digits"] == "7"
    bubble.locator(".open").click()
    expect(page.locator("#details .call")).to_have_text("Call")


def test_text_message_is_no_call_and_offers_no_keys(sandbox: Sandbox, open_page: OpenPage) -> None:
    answered_call(sandbox, Twiml="<Response><Say>Hello.</Say><Pause length='500'/></Response>")
    sandbox.send()
    page = live(open_page(sandbox.url))
    expect(rows(page).filter(has_text="Hello").locator(".call")).to_have_text("Call")
    expect(rows(page).filter(has_text="Notes").locator(".call")).to_be_hidden()
    page = live(open_page(conversation(sandbox)))
    expect(page.locator("#list .bubble")).to_have_count(2)
    expect(page.locator("#keys")).to_be_hidden()


def test_call_is_marked_however_many_messages_came_after_it(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    call = answered_call(sandbox, Twiml="<Response><Say>Good evening.</Say></Response>")
    for number in range(NEWEST + 5):
        sandbox.send(f"text {number}", to=OTHER)
    page = live(open_page(f"{sandbox.url}/?q=evening"))
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".call")).to_have_text("Call")
    page = live(open_page(f"{sandbox.url}/messages/{call['id']}"))
    expect(page.locator("#details .call")).to_have_text("Call")
    expect(rows(page)).to_have_count(50)
    for loaded in (100, 150, 200, 206):
        page.get_by_role("button", name="Load older messages").click()
        expect(rows(page)).to_have_count(loaded)
    expect(rows(page).filter(has_text="evening").locator(".call")).to_have_text("Call")
    expect(rows(page).locator(".call:not([hidden])")).to_have_count(1)


def test_scheduled_message_tells_when_it_is_due_by_its_accounts_clock(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.call("PUT", f"/clock?account={TWILIO}", {"frozen": True, "now": "2027-01-20T10:30:00Z"})
    sent = scheduled(sandbox, "first")
    sandbox.send("at once")
    page = live(open_page(f"{sandbox.url}/messages/{sent['id']}"))
    row = rows(page).filter(has_text="first")
    due = re.compile(r"^Due .*20.*00:00.* · in 1.5 h$")
    expect(row.locator(".due")).to_have_text(due)
    expect(page.locator("#details .due")).to_have_text(due)
    expect(rows(page).filter(has_text="at once").locator(".due")).to_be_hidden()
    sandbox.call("POST", f"/clock/advance?account={TWILIO}", {"seconds": HOUR})
    expect(row.locator(".due")).to_have_text(re.compile(r"· in 30 min$"))
    other = scheduled(sandbox, "arrives while somebody looks")
    expect(page.locator(f'[data-key="{other["id"]}"] .due')).to_have_text(re.compile("^Due "))
    assert serious(page) == []
    sandbox.call("POST", f"/messages/{sent['id']}/status", {"status": "canceled"})
    expect(row.locator(".state-label")).to_have_text("Canceled")
    expect(row.locator(".due")).to_be_hidden()


def scheduled(sandbox: Sandbox, body: str) -> dict[str, Any]:
    day = {"SendAt": "2027-01-20T12:00:00Z", "ScheduleType": "fixed"}
    service = {"MessagingServiceSid": "MG" + "a" * 32, "Body": body}
    return ask_twilio(sandbox, "Messages", **day, **service)


def test_scheduled_message_is_canceled_from_conversation_and_from_its_details(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.call("PUT", f"/clock?account={TWILIO}", {"frozen": True, "now": "2027-01-20T11:00:00Z"})
    first, second = scheduled(sandbox, "first"), scheduled(sandbox, "second")
    page = live(open_page(conversation(sandbox)))
    bubble = page.locator("#list .bubble").filter(has_text="first")
    expect(bubble.locator(".state-label")).to_have_text("Scheduled")
    bubble.get_by_role("button", name="Cancel the sending").click()
    expect(bubble.locator(".state-label")).to_have_text("Canceled")
    expect(bubble.get_by_role("button", name="Cancel the sending")).to_have_count(0)
    page = live(open_page(f"{sandbox.url}/messages/{second['id']}"))
    page.locator("#details").get_by_role("button", name="Cancel the sending").click()
    expect(page.locator("#details .state-label")).to_have_text("Canceled")
    for one in (first, second):
        assert sandbox.call("GET", f"/messages/{one['id']}")["status"] == "canceled"


def test_webhook_is_posted_again_badly_signed_twice_and_stale(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    with receiving() as application:
        sent = ask_twilio(sandbox, "Messages", Body="x", StatusCallback=application.url)
        sandbox.call("POST", f"/messages/{sent['id']}/status", {"status": "sent"})
        first = application.await_posts(1)[0]
        page = live(open_page(f"{sandbox.url}/messages/{sent['id']}"))
        attempts = page.locator("#details .attempts > li")
        expect(attempts).to_have_count(1)
        attempts.first.locator("summary").click()
        assert page.locator("#inspector").evaluate("e => e.scrollWidth <= e.clientWidth")
        attempts.first.get_by_role("button", name="Badly signed").focus()
        page.keyboard.press("Enter")
        expect(attempts).to_have_count(2)
        expect(attempts.first.get_by_role("button", name="Badly signed")).to_be_focused()
        expect(attempts.last).to_contain_text("badly signed")
        second = application.await_posts(2)[1]
        name = "X-Twilio-Signature"
        assert second.form == first.form
        assert second.headers[name] != first.headers[name]
        attempts.first.get_by_role("button", name="Twice").click()
        expect(attempts).to_have_count(4)
        attempts.first.get_by_role("button", name="Stale").click()
        expect(attempts).to_have_count(5)
        assert application.await_posts(5)[4].form["MessageStatus"] == "queued"


def test_webhook_is_posted_again_otherwise_before_the_first_press_is_answered(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    with receiving() as application:
        sent = ask_twilio(sandbox, "Messages", Body="x", StatusCallback=application.url)
        sandbox.call("POST", f"/messages/{sent['id']}/status", {"status": "sent"})
        application.await_posts(1)
        page = live(open_page(f"{sandbox.url}/messages/{sent['id']}"))
        attempts = page.locator("#details .attempts > li")
        expect(attempts).to_have_count(1)
        attempts.first.locator("summary").click()
        held = Held(page, method="POST")
        page.route("**/resend", held.take)
        attempts.first.get_by_role("button", name="Stale").click()
        expect(attempts).to_have_count(2)
        attempts.first.get_by_role("button", name="Stale").click()  # not taken twice
        attempts.first.get_by_role("button", name="Twice").click()
        expect(attempts).to_have_count(4)
        held.let_go()
        expect(attempts.first.get_by_role("status")).to_have_text("Posted again")
        expect(attempts).to_have_count(4)


def test_answers_that_come_late_do_not_undo_what_is_known_by_then(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    sandbox.send()
    gone = [sandbox.send(to=OTHER)["id"] for _ in range(2)]
    page = live(open_page(sandbox.url))
    handsets = page.locator("#handsets .handset")
    expect(handsets).to_have_count(2)
    timeline, numbers = Held(page, 1), Held(page, 1)
    page.route("**/timeline", timeline.take)
    page.route("**/messages?limit=200", numbers.take)
    rows(page).filter(has_text="+1").locator(".open").click()
    expect(page.locator("#details .state-label")).to_have_text("Queued")
    key = page.url.rsplit("/", 1)[1]
    sandbox.call("POST", f"/messages/{key}/status", {"status": "sent"})
    steps = page.locator("#details .timeline li span")
    expect(steps).to_have_text(["Accepted", "Queued", "Sent"])
    timeline.let_go()
    expect(steps).to_have_text(["Accepted", "Queued", "Sent"])
    with page.expect_request("**/messages?limit=200"):
        sandbox.call("DELETE", f"/messages/{gone[0]}")
    sandbox.call("DELETE", f"/messages/{gone[1]}")
    expect(handsets).to_have_count(1)
    numbers.let_go()
    expect(handsets).to_have_count(1)


def test_page_works_without_its_table_of_countries(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.send()
    page = open_page(f"{sandbox.url}/healthz")
    page.route("**/regions.json", lambda route: route.abort())
    page.goto(sandbox.url)
    expect(rows(live(page)).locator(".number")).to_have_text(PHONE)
    expect(rows(page).locator(".country")).to_be_hidden()


def test_numbers_are_found_and_copied_from_welcome_help_and_by_a_key(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url, **CLIPBOARD))
    table = page.get_by_role("dialog", name="Test numbers")
    page.locator("#welcome").get_by_role("button", name="Test numbers").click()
    known = sandbox.call("GET", "/numbers")["numbers"]
    expect(table.locator("tbody tr")).to_have_count(len(known))
    table.get_by_role("searchbox").fill("landline undelivered")
    (landline,) = [one for one in known if one["name"] == "landline"]
    row = table.locator("tbody tr").filter(has_text=landline["number"])
    row.get_by_role("button", name=f"Copy {landline['example']}").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert copied(page) == landline["example"]
    table.get_by_role("searchbox").fill("no such thing")
    expect(page.locator("#no-numbers")).to_be_visible()
    table.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    page.locator("#help").get_by_role("button", name="Test numbers").click()
    expect(table).to_be_visible()
    table.get_by_role("button", name="Close").click()
    page.keyboard.press("n")
    expect(table).to_be_visible()


def test_page_says_how_much_is_kept_and_how_much_has_gone(open_page: OpenPage) -> None:
    with SandboxServer(Settings(port=0)) as own:
        sandbox = Sandbox(own.url)
        limits = {"messages": 2, "seconds": 2 * HOUR, "bytes": 5000}
        sandbox.call("PUT", "/settings", {"retention": limits})
        for _ in range(3):
            sandbox.send()
        page = live(open_page(sandbox.url))
        told = "the newest 2 messages, up to 5 kB, not older than 2 h"
        expect(page.locator("#kept")).to_contain_text(told)
        expect(page.locator("#kept")).to_contain_text("Gone since the start: 1.")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 320)])
def test_tools_have_no_serious_accessibility_fault_and_fit(
    sandbox: Sandbox, open_page: OpenPage, scheme: str, width: int
) -> None:
    answered_call(sandbox, Twiml=GATHER)
    ask_twilio(sandbox, "Messages", Body="W" * 60)
    sandbox.call("PUT", f"/handsets/{quote(PHONE)}?account={TWILIO}", {"state": "off"})
    sandbox.call("PUT", f"/clock?account={TWILIO}", {"frozen": True})
    for rule in (OUTAGE, {"match": {"to": "W" * 60}, "times": 1, **OUTAGE}):
        sandbox.call("POST", "/faults", rule)
    view = {"color_scheme": scheme, "viewport": {"width": width, "height": 820}}
    page = live(open_page(conversation(sandbox, TWILIO), **view))
    expect(stripe(page)).to_be_visible()
    expect(page.locator("#keys")).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for opens, shows in (
        ("#fault-open", "#faults .fault"),
        ("#clock-open", "#clock-real"),
        ("#handset-open", "#swap-sim"),
    ):
        page.locator(opens).click()
        expect(page.locator(shows).first).to_be_visible()
        assert serious(page) == []
        assert page.locator("dialog[open]").evaluate("e => e.scrollWidth <= e.clientWidth")
        page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("#number-rows tr").first).to_be_visible()
    assert serious(page) == []
    assert page.locator("dialog[open]").evaluate("e => e.scrollWidth <= e.clientWidth")
