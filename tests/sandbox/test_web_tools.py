"""What the page can set beside showing messages: faults, time, handsets, keys, webhooks."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import urllib3
from playwright.sync_api import Locator, Page, expect
from sandbox.receiver import receiving
from sandbox.web_reader import (
    CLIPBOARD,
    OTHER,
    PHONE,
    TWILIO,
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

HOUR = 3600
OUTAGE = {"effect": {"type": "delivery", "status": "undelivered", "error_code": "unreachable"}}
GATHER = (
    "<Response><Gather numDigits='1' timeout='500'><Say>Press any key.</Say></Gather></Response>"
)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Messages stay queued until a test moves them, or the clock."""
    with SandboxServer(Settings(port=0, sent_after=HOUR, delivered_after=HOUR)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> Sandbox:
    one = Sandbox(server.url)
    one.call("POST", "/reset?all=true", {})
    return one


def conversation(sandbox: Sandbox, account: str = "") -> str:
    return f"{sandbox.url}/?to={quote(PHONE)}&account={account}"


def faults(sandbox: Sandbox) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = sandbox.call("GET", "/faults")["faults"]
    return listed


def drawer(page: Page) -> Locator:
    page.keyboard.press("f")
    expect(page.locator("#faults")).to_be_visible()
    return page.locator("#faults")


def stripe(page: Page) -> Locator:
    return page.locator("#stripe")


def test_preset_makes_a_rule_that_strikes_and_is_counted_before_the_reader(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    expect(stripe(page)).to_be_hidden()
    form = drawer(page)
    form.get_by_role("button", name="First 3 sends fail").click()
    form.get_by_label("to", exact=True).fill("+1201555*")
    sentence = "When anything is sent to +1201555*, the first 3 times: answer HTTP 503."
    expect(page.locator("#fault-sentence")).to_have_text(sentence)
    form.get_by_role("button", name="Add rule").click()
    rule = form.locator(".fault")
    expect(rule.locator(".sentence")).to_have_text(sentence)
    expect(rule.locator(".hits")).to_have_text("has not struck yet")
    (made,) = faults(sandbox)
    assert (made["times"], made["match"]) == (3, {"to": "+1201555*"})
    assert made["effect"] == {"type": "error", "status": 503}
    message = {"to": PHONE, "from": "Notes", "body": "x"}
    for _ in range(3):
        refused = urllib3.request("POST", f"{sandbox.url}/api/v1/messages", json=message)
        assert refused.status == 503
    expect(rule.locator(".hits")).to_have_text("struck 3 times")
    expect(rule.locator(".rests")).to_have_text("· used up")
    expect(rule.get_by_role("checkbox")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(stripe(page)).to_be_hidden()


def test_every_trigger_and_effect_of_the_form_reaches_the_api(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    form = drawer(live(open_page(f"{sandbox.url}/?account=shop")))
    asked: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({"trigger": "every", "effect": "delay"}, {"every": 5, "effect": {"seconds": 3}}),
        ({"trigger": "chance", "effect": "truncate"}, {"chance": 0.1, "effect": {}}),
        ({"trigger": "above_per_second", "effect": "disconnect"}, {"above_per_second": 1}),
        ({"effect": "delivery"}, {"effect": {"status": "undelivered"}}),
        ({"effect": "webhook"}, {"effect": {"mutation": "drop"}}),
    ]
    for count, (choices, _) in enumerate(asked, 1):
        for name, value in choices.items():
            form.locator(f"[name={name}]").select_option(value)
        form.get_by_role("button", name="Add rule").click()
        expect(form.locator(".fault")).to_have_count(count)
    for (choices, wanted), made in zip(asked, faults(sandbox), strict=True):
        assert made["match"] == {"account": "shop"}
        effect = {"type": choices["effect"], **wanted.pop("effect", {})}
        assert made["effect"] == effect
        assert wanted.items() <= made.items()


def test_refusal_of_a_rule_is_shown_where_it_was_asked_for(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for _ in range(200):
        sandbox.call("POST", "/faults?account=full", OUTAGE)
    form = drawer(live(open_page(sandbox.url)))
    form.get_by_role("button", name="Add rule").click()
    expect(form.get_by_role("alert")).to_contain_text("200 fault rules")


def test_rule_set_elsewhere_lights_lamp_and_stripe_until_it_is_switched_off(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    expect(page.locator("#fault-open")).to_have_text("No faults")
    sandbox.call("POST", "/faults", OUTAGE)
    expect(page.locator("#fault-open")).to_have_text("1 rule active")
    expect(stripe(page)).to_have_text("1 fault rule active")
    rule = drawer(page).locator(".fault")
    rule.get_by_role("checkbox", name="On").uncheck()
    expect(rule.locator(".rests")).to_have_text("· off")
    assert [one["enabled"] for one in faults(sandbox)] == [False]
    expect(stripe(page)).to_be_hidden()
    rule.get_by_role("checkbox", name="On").check()
    expect(stripe(page)).to_be_visible()
    rule.get_by_role("button", name="Delete").click()
    expect(rule).to_have_count(0)
    assert faults(sandbox) == []
    expect(page.locator("#fault-open")).to_have_text("No faults")


def test_rule_is_copied_as_json_curl_and_pytest(sandbox: Sandbox, open_page: OpenPage) -> None:
    wanted = {"match": {"to": "it's *", "account": "shop"}, "times": 2, **OUTAGE}
    sandbox.call("POST", "/faults", wanted)
    page = live(open_page(sandbox.url, **CLIPBOARD))
    rule = drawer(page).locator(".fault")
    texts = {}
    for form in ("JSON", "curl", "pytest"):
        rule.locator(f"[data-form={form.lower()}]").click()
        expect(rule.get_by_role("button", name="Copied")).to_have_count(1)
        texts[form] = copied(page)
        expect(rule.get_by_role("button", name=form)).to_be_visible()
    assert json.loads(texts["JSON"]) == wanted
    subprocess.run(["bash", "-c", texts["curl"]], check=True, capture_output=True)
    assert [one["match"] for one in faults(sandbox)] == [wanted["match"]] * 2
    call = ast.parse(texts["pytest"], mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "sms_faults.add"
    assert ast.literal_eval(call.args[0]) == OUTAGE["effect"]
    words = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert words == {"match": {"to": "it's *"}, "times": 2}


def test_all_rules_are_deleted_after_a_question(sandbox: Sandbox, open_page: OpenPage) -> None:
    for _ in range(2):
        sandbox.call("POST", "/faults", OUTAGE)
    page = live(open_page(sandbox.url))
    drawer(page).get_by_role("button", name="Delete all").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#faults .fault")).to_have_count(0)
    assert faults(sandbox) == []


def test_drawer_opens_and_closes_by_keyboard_and_gives_the_focus_back(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    page.locator("#fault-open").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#faults")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#faults")).to_be_hidden()
    expect(page.locator("#fault-open")).to_be_focused()


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
    expect(page.locator("#handset-sim")).to_contain_text("SIM swapped just now")
    menu.get_by_role("button", name="Save").click()
    expect(page.locator("#handsets .unusual")).to_have_text("Blocked, Opted out of 1, SIM swapped")
    after = sandbox.call("GET", f"/handsets/{quote(PHONE)}")
    assert after["sim_swapped_at"] > before["sim_swapped_at"]
    assert after["opted_out"] == ["notes"]


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


def test_reply_of_an_opted_out_handset_is_told_in_the_list(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    ask_twilio(sandbox, "Messages", Body="Hello", From=OTHER)
    page = live(open_page(conversation(sandbox)))
    page.get_by_label("Reply from this number").fill("STOP")
    page.keyboard.press("Enter")
    expect(page.locator("#handsets .unusual")).to_have_text("Opted out of 1")
