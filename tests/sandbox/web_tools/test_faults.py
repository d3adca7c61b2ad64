"""The page's fault rules."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import TYPE_CHECKING, Any

import urllib3
from browser_fixtures import hold_timers
from playwright.sync_api import Locator, Page, expect
from sandbox.web_reader import CLIPBOARD, PHONE, Held, Sandbox, copied, live, stripe

if TYPE_CHECKING:
    from browser_fixtures import OpenPage

OUTAGE = {"effect": {"type": "delivery", "status": "undelivered", "error_code": "unreachable"}}


def faults(sandbox: Sandbox) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = sandbox.call("GET", "/faults")["faults"]
    return listed


def drawer(page: Page) -> Locator:
    page.keyboard.press("f")
    expect(page.locator("#faults")).to_be_visible()
    return page.locator("#faults")


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
        refused = urllib3.request(
            "POST", f"{sandbox.url}/api/v1/messages", json=message, timeout=60
        )
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
        expect(form.locator("[name=effect]")).to_have_value("error")  # ready for the next
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


def test_switch_stays_as_it_was_set_whatever_is_read_before_the_answer(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    rule = sandbox.call("POST", "/faults", OUTAGE)
    page = live(open_page(sandbox.url))
    drawn = drawer(page).locator(".fault")
    held = Held(page)
    page.route(f"**/faults/{rule['id']}", held.stop)
    drawn.get_by_role("checkbox", name="On").uncheck()
    sandbox.call("POST", "/faults", OUTAGE)  # the page reads all of them anew
    expect(drawn).to_have_count(2)
    expect(page.locator("#fault-open")).to_have_text("2 rules active")
    expect(drawn.first.get_by_role("checkbox", name="On")).not_to_be_checked()
    held.let_go()
    expect(drawn.first.locator(".rests")).to_have_text("· off")
    expect(drawn.first.get_by_role("checkbox", name="On")).not_to_be_checked()
    assert [one["enabled"] for one in faults(sandbox)] == [False, True]


def test_switch_that_is_refused_goes_back(sandbox: Sandbox, open_page: OpenPage) -> None:
    rule = sandbox.call("POST", "/faults", OUTAGE)
    page = live(open_page(sandbox.url))
    drawn = drawer(page).locator(".fault")
    page.route(f"**/faults/{rule['id']}", lambda route: route.abort())
    drawn.get_by_role("checkbox", name="On").click()
    expect(page.locator("#faults-problem")).to_contain_text("does not answer")
    expect(drawn.get_by_role("checkbox", name="On")).to_be_checked()


def test_what_is_typed_before_a_rule_is_made_is_the_next_rules(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = live(open_page(sandbox.url))
    form = drawer(page)
    held = Held(page, 1, "POST")
    page.route("**/api/v1/faults", held.take)
    form.get_by_role("button", name="Add rule").click()
    expect(form.locator(".fault")).to_have_count(1)
    form.get_by_label("to", exact=True).fill("+44*")
    held.let_go()
    expect(page.locator("#said")).to_have_text("Rule added")
    expect(form.get_by_label("to", exact=True)).to_have_value("+44*")
    form.get_by_role("button", name="Add rule").click()
    expect(form.locator(".fault")).to_have_count(2)
    expect(form.get_by_label("to", exact=True)).to_have_value("")
    assert [one["match"] for one in faults(sandbox)] == [{}, {"to": "+44*"}]


def test_rule_is_copied_as_json_curl_and_pytest(sandbox: Sandbox, open_page: OpenPage) -> None:
    wanted = {"match": {"to": "it's *", "account": "shop"}, "times": 2, **OUTAGE}
    sandbox.call("POST", "/faults", wanted)
    page = hold_timers(live(open_page(sandbox.url, **CLIPBOARD)))
    rule = drawer(page).locator(".fault")
    texts = {}
    for form in ("JSON", "curl", "pytest"):
        rule.locator(f"[data-form={form.lower()}]").click()
        expect(rule.get_by_role("button", name="Copied")).to_have_count(1)
        texts[form] = copied(page)
        page.clock.run_for(1600)
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
