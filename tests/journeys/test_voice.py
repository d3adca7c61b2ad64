"""Codes by telephone, through Twilio's SDK and the sandbox's Twilio: rung, pressed, read, typed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_fixtures import OpenPage
from journeys.calling import PATIENCE, SPOKEN, Scene, serving
from playwright.sync_api import expect
from web_steps import PHONE, ask, entry, field_on, post_form, problem, start_form, type_code

from flask_phoneauth.clock import Clock
from flask_phoneauth.signals import delivery_updated
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    settings = SandboxSettings(port=0, sent_after=0.05, delivered_after=0.1)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def scene(tmp_path: Path, sandbox: SandboxServer) -> Iterator[Scene]:
    with serving(tmp_path, sandbox.url) as served:
        yield served


class Told:
    """Where deliveries went, as the app's own code hears of it."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._news = threading.Condition()

    def hear(self, _: Any, *, delivery: str, **__: Any) -> None:
        """A delivery moved."""
        with self._news:
            self._heard.append(delivery)
            self._news.notify_all()

    def until(self, delivery: str, *, times: int = 1) -> None:
        """Wait until it was heard so often."""
        with self._news:
            heard = self._news.wait_for(lambda: self._heard.count(delivery) >= times, PATIENCE)
        assert heard, f"{delivery} was not heard {times} times: {self._heard}"


@pytest.fixture
def told() -> Iterator[Told]:
    """What the app hears of deliveries."""
    ear = Told()
    with delivery_updated.connected_to(ear.hear):
        yield ear


def challenge_on(page: str) -> str:
    """The challenge of a code page."""
    return field_on(page, "challenge_id")


def test_who_presses_the_key_hears_the_code_twice_and_is_let_in(scene: Scene) -> None:
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    asked = ask(client, channel="voice")
    assert asked["channel"] == "voice"
    call = scene.wait(PHONE, "press 1", after=start)
    assert not SPOKEN.search(call["body"])
    scene.sandbox.press(call["id"], "1")
    call = scene.wait(PHONE, "Goodbye", after=start)
    first, second = SPOKEN.findall(call["body"])
    assert first == second
    typed = client.post("/auth/verify", json=entry(asked, first))
    assert typed.get_json()["new_user"] is True


def test_a_machine_that_presses_nothing_hears_no_code(scene: Scene, told: Told) -> None:
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    page = start_form(client, channel="voice")
    call = scene.wait(PHONE, "press 1", after=start)
    for _ in range(3):  # both waits for a key, and what is left of the call
        scene.sandbox.advance_clock(20, scene.account)
    told.until("failed")
    spoken = scene.sandbox.message(call["id"])["body"]
    assert spoken.count("press 1") == 2
    assert not SPOKEN.search(spoken)
    page = client.get(f"/auth/verify?challenge_id={challenge_on(page)}").text
    assert "The call did not get through, or no key was pressed." in page


def test_another_key_is_asked_for_again(scene: Scene) -> None:
    start = scene.sandbox.cursor()
    ask(scene.app.test_client(), channel="voice")
    call = scene.wait(PHONE, "press 1", after=start)
    scene.sandbox.press(call["id"], "7")
    call = scene.wait(PHONE, "press 1. Hello", after=start)
    assert not SPOKEN.search(call["body"])
    scene.sandbox.press(call["id"], "1")
    assert SPOKEN.search(scene.wait(PHONE, "Goodbye", after=start)["body"])


def test_a_lost_message_is_told_and_the_visitor_takes_the_call(
    scene: Scene, told: Told, phoneauth_clock: Clock
) -> None:
    lost = {"type": "delivery", "status": "undelivered", "error_code": "30005"}
    fault = scene.sandbox.add_fault({"match": {"to": PHONE}, "effect": lost}, scene.account)
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    challenge = challenge_on(start_form(client))
    told.until("failed", times=2)  # sent anew once, and lost again
    sent = scene.sandbox.messages(to=PHONE, account=scene.account)
    assert len({message["code"] for message in sent}) == 1
    page = client.get(f"/auth/verify?challenge_id={challenge}").text
    assert "The message could not be sent." in page
    scene.sandbox.remove_fault(fault["id"])
    phoneauth_clock.advance(35)
    again = post_form(client, "/auth/resend", page, challenge_id=challenge, channel="voice")
    assert (again.status_code, challenge in again.location) == (303, True)
    page = client.get(again.location).text
    assert "We are calling" in page
    call = scene.wait(PHONE, "press 1", after=start)
    scene.sandbox.press(call["id"], "1")
    heard = SPOKEN.search(scene.wait(PHONE, "Goodbye", after=start)["body"])
    assert heard is not None
    code = heard[0].replace(" ", "")
    assert code == sent[0]["code"]  # the same one, by another channel
    assert type_code(client, page, code).location == "/"


@pytest.mark.parametrize(("state", "reason"), [("blocked", "busy"), ("off", "no_answer")])
def test_a_call_that_nobody_takes_is_told_and_not_repeated(
    scene: Scene, told: Told, phoneauth_clock: Clock, state: str, reason: str
) -> None:
    scene.sandbox.put_handset(PHONE, scene.account, state=state)
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    challenge = challenge_on(start_form(client, channel="voice"))
    if state == "off":  # it rings until the vendor gives up
        scene.sandbox.wait(match={"to": PHONE, "account": scene.account}, after=start, claim=False)
        scene.sandbox.advance_clock(300, scene.account)
    told.until("failed")
    assert len(scene.sandbox.messages(to=PHONE, account=scene.account)) == 1
    scene.sandbox.put_handset(PHONE, scene.account, state="on")
    page = client.get(f"/auth/verify?challenge_id={challenge}").text
    assert "The call did not get through" in page
    assert "Send a text message instead" in page
    phoneauth_clock.advance(35)
    middle = scene.sandbox.cursor()
    again = post_form(client, "/auth/resend", page, challenge_id=challenge, channel="sms")
    assert again.status_code == 303
    code = scene.wait(PHONE, "code", after=middle)["code"]
    assert type_code(client, client.get(again.location).text, code).location == "/"


def test_in_a_browser_every_channel_waits_its_turn_and_is_free_once_nothing_came(
    scene: Scene, open_page: OpenPage, phoneauth_clock: Clock
) -> None:
    scene.sandbox.put_handset(PHONE, scene.account, state="blocked")
    scene.sandbox.set_clock(frozen=True, account=scene.account)  # nothing fails before it is seen
    start = scene.sandbox.cursor()
    page = open_page(scene.app.config["PHONEAUTH_PUBLIC_URL"] + "/auth/login")
    page.get_by_label("Phone number").fill(PHONE)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("button", name=re.compile("^Call in 0:"))).to_be_disabled()
    expect(page.get_by_role("button", name=re.compile("^Send again in 0:"))).to_be_disabled()
    scene.sandbox.set_clock(frozen=False, account=scene.account)
    expect(page.get_by_text("The message could not be sent.")).to_be_visible()
    scene.sandbox.put_handset(PHONE, scene.account, state="on")
    phoneauth_clock.advance(35)
    page.get_by_role("button", name="Call me instead").click()
    expect(page.get_by_text("We are calling")).to_be_visible()
    call = scene.wait(PHONE, "press 1", after=start)
    scene.sandbox.press(call["id"], "1")
    expect(page.get_by_text("The code was read to you.")).to_be_visible()
    heard = SPOKEN.search(scene.wait(PHONE, "Goodbye", after=start)["body"])
    assert heard is not None
    page.get_by_label("Code from the call").fill(heard[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def test_the_call_speaks_the_visitors_language(scene: Scene) -> None:
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    german = {"Accept-Language": "de"}
    client.post("/auth/login", json={"phone": PHONE, "channel": "voice"}, headers=german)
    call = scene.wait(PHONE, "drücken Sie die 1", after=start)
    scene.sandbox.press(call["id"], "1")
    spoken = scene.wait(PHONE, "Auf Wiederhören", after=start)["body"]
    assert re.search(r"Ihr Code lautet: (?:\d )+\d\. Noch einmal: (?:\d )+\d\.", spoken)


def test_a_code_that_is_used_is_not_read(scene: Scene, phoneauth_clock: Clock) -> None:
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    asked = ask(client)
    code = scene.wait(PHONE, "code", after=start)["code"]
    phoneauth_clock.advance(35)
    body = {key: asked[key] for key in ("challenge_id", "challenge_secret")}
    answer = client.post("/auth/resend", json={**body, "channel": "voice"})
    assert (answer.status_code, answer.get_json()["challenge_id"]) == (202, asked["challenge_id"])
    call = scene.wait(PHONE, "press 1", after=start)
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    scene.sandbox.press(call["id"], "1")
    spoken = scene.wait(PHONE, "no longer works", after=start)["body"]
    assert not SPOKEN.search(spoken)


def test_only_the_vendor_learns_what_a_call_says(scene: Scene) -> None:
    start = scene.sandbox.cursor()
    client = scene.app.test_client()
    ask(client, channel="voice")
    call = scene.wait(PHONE, "press 1", after=start)
    (fetched, *_) = scene.sandbox.webhooks(call["id"])
    path = fetched["request"]["url"] if "url" in fetched["request"] else fetched["url"]
    path = path.partition(scene.app.config["PHONEAUTH_PUBLIC_URL"])[2]
    for headers in ({}, {"X-Twilio-Signature": "forged"}):
        problem(client.post(path, data={"Digits": "1"}, headers=headers), 403, "bad_signature")
    for other in (path.replace("twilio", "console"), path.replace("twilio", "nobody")):
        problem(client.post(other, data={"Digits": "1"}), 403, "bad_signature")
