"""What an app's brand, host and hash do to its texts: told at start and by `doctor`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from web_steps import BROWSER, PHONE, ask, post_form

from flask_phoneauth.delivery import linting
from flask_phoneauth.delivery.lengths import length_of
from flask_phoneauth.delivery.linting import Sender, flaws, longest_parts
from flask_phoneauth.locales.catalogue import Catalogue, available, catalogue_for
from flask_phoneauth.settings import SettingError, Settings

HASH = "FA+9qCX9VSu"
PLAIN = Sender("Acme", "example.com", 6, 300)
GSM_LANGUAGES = tuple(sorted(set(available()) - {"ar"}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ("GSM-7", 0, 1)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("é" * 160, ("GSM-7", 160, 1)),
        ("€" * 80, ("GSM-7", 160, 1)),
        ("€" * 81, ("GSM-7", 162, 2)),
        ("ç" * 70, ("UCS-2", 70, 1)),
        ("ç" * 71, ("UCS-2", 71, 2)),
        ("ç" * 134, ("UCS-2", 134, 2)),
        ("ç" * 135, ("UCS-2", 135, 3)),
        ("😀" * 35, ("UCS-2", 70, 1)),
        ("😀" * 36, ("UCS-2", 72, 2)),
    ],
)
def test_parts_are_counted_as_networks_do(text: str, told: tuple[str, int, int]) -> None:
    length = length_of(text)
    assert (length.encoding, length.units, length.parts) == told


def test_a_usual_app_has_no_flaw_and_each_text_is_a_part_but_in_arabic() -> None:
    assert flaws(PLAIN) == []
    assert flaws(replace(PLAIN, app_hash=HASH)) == []
    parts = {locale: length.parts for locale, length in longest_parts(PLAIN).items()}
    assert parts == {**dict.fromkeys(GSM_LANGUAGES, 1), "ar": 2}


def test_a_brand_outside_gsm7_is_a_flaw_that_names_its_letters() -> None:
    (flaw,) = flaws(replace(PLAIN, brand="Ação"))
    assert flaw.locales == GSM_LANGUAGES
    assert "'ãç'" in flaw.text
    assert "PHONEAUTH_BRAND" in flaw.text


def test_a_brand_and_a_host_that_are_too_long_are_a_flaw_of_every_language() -> None:
    found = flaws(replace(PLAIN, brand="An overly long name of some company or other, limited"))
    assert {locale for flaw in found for locale in flaw.locales} >= set(GSM_LANGUAGES)
    assert all("shorter PHONEAUTH_BRAND" in flaw.text for flaw in found)
    assert flaws(replace(PLAIN, host="a-host-of-very-many-letters-and-more.example.com"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("{code} ", ""), "begin with its code"),
        (lambda text: text.replace("{reference}", ""), "lost its reference"),
        (lambda text: text.replace("{reference}", "{reference}{{oops}}"), "nothing is filled"),
        (lambda text: text.replace("{reference}", "{reference}\nbye"), "lines that it should"),
    ],
)
def test_a_catalogue_that_breaks_a_text_is_a_flaw(
    change: Callable[[str], str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Catalogue.gettext
    german = catalogue_for("de")

    def gettext(self: Catalogue, msgid: str) -> str:
        found = plain(self, msgid)
        return change(found) if self is german and "{code}" in msgid else found

    monkeypatch.setattr(Catalogue, "gettext", gettext)
    assert [one.locales for one in flaws(PLAIN) if told in one.text] == [("de",)]


def test_a_brand_with_braces_is_no_flaw() -> None:
    assert flaws(replace(PLAIN, brand="{code}")) == []


def test_an_app_says_at_its_start_which_texts_are_too_long(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    app = make_app(BRAND="Ação")
    ask(app.test_client(use_cookies=False))
    (told,) = [one.getMessage() for one in caplog.records if "PHONEAUTH_BRAND" in one.getMessage()]
    assert told.startswith("Flask-PhoneAuth: in de, en, es, fr, pt a text takes 2 parts")


def test_doctor_lints_the_texts(make_app: Callable[..., Flask]) -> None:
    def told(**settings: Any) -> list[tuple[str, str]]:
        runner = make_app(**settings).test_cli_runner()
        lines = runner.invoke(args=["phoneauth", "doctor", "--json"]).stdout.splitlines()
        found = [json.loads(line) for line in lines]
        return [(one["level"], one["text"]) for one in found if one["about"] == "texts"]

    assert told(BRAND="Acme", PUBLIC_URL="https://shop.example") == [
        ("ok", "each is one part, but 2 in ar")
    ]
    ((level, text),) = told(BRAND="Ação")
    assert level == "hint"
    assert "outside GSM-7" in text


@pytest.mark.parametrize("wrong", ["short", "twelveletters", "FA+9qCX9VS!", "<#>9qCX9VSu"])
def test_a_hash_that_is_none_is_refused_with_its_cure(wrong: str) -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_APP_HASH must be the 11 letters"):
        Settings.from_config({"PHONEAUTH_APP_HASH": wrong})


@pytest.fixture
def bodies() -> Any:
    """The texts that leave meanwhile."""
    from flask_phoneauth.delivery import failover

    found: list[str] = []

    def watch(outbound: Any) -> None:
        found.append(outbound.body)

    failover.watchers.append(watch)
    yield found
    failover.watchers.remove(watch)


@pytest.mark.parametrize(
    ("agent", "last"),
    [
        ("okhttp/4.12.0", HASH),
        ("Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)", HASH),
        ("", HASH),
        ("Shop/7 CFNetwork/1494.0.7 Darwin/23.4.0", "@shop.example #"),
    ],
)
def test_a_program_gets_the_hash_and_one_of_apple_the_line_of_browsers(
    make_app: Callable[..., Flask], bodies: list[str], agent: str, last: str
) -> None:
    app = make_app(APP_HASH=HASH, PUBLIC_URL="https://shop.example", COOLDOWN=[1])
    client = app.test_client(use_cookies=False)
    client.post("/auth/login", json={"phone": PHONE}, headers={"User-Agent": agent})
    assert bodies[-1].splitlines()[-1].startswith(last)


def test_a_browser_gets_its_line_though_the_app_has_a_hash(
    make_app: Callable[..., Flask], bodies: list[str]
) -> None:
    client = make_app(APP_HASH=HASH).test_client()
    page = client.get("/auth/login", headers=BROWSER)
    assert post_form(client, "/auth/login", page.text, phone=PHONE).status_code == 303
    assert bodies[-1].splitlines()[-1].startswith("@localhost #")


def test_a_resend_ends_as_the_first_text_did(
    make_app: Callable[..., Flask], bodies: list[str], phoneauth_clock: Any
) -> None:
    client = make_app(APP_HASH=HASH).test_client(use_cookies=False)
    asked = ask(client)
    phoneauth_clock.advance(40)
    held = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    assert client.post("/auth/resend", json=held).status_code == 202
    assert [body.splitlines()[-1] for body in bodies] == [HASH, HASH]


def test_every_language_is_linted() -> None:
    assert set(longest_parts(PLAIN)) == set(available())
    assert set(linting.MOST_PARTS.values()) == {1, 2}
