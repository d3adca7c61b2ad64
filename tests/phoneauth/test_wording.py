from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_phoneauth.delivery.lengths import BASIC, GSM7, length_of
from flask_phoneauth.delivery.lengths import UCS2 as WIDE
from flask_phoneauth.delivery.wording import PURPOSES, compose, compose_notice
from flask_phoneauth.locales.catalogue import available

LOCALES = available()
UCS2 = {"ar"}
"""The languages whose letters GSM-7 lacks: at most two parts."""
HASH = "FA+9qCX9VSu"
LONGEST = {"brand": "B" * 16, "host": "h" * 20 + ".com", "code": "01234567"}
"""What the texts make room for."""


def text(**changes: object) -> str:
    words: dict[str, object] = {
        "purpose": "login",
        "brand": "Acme",
        "code": "012345",
        "minutes": 5,
        "host": "example.com",
        "locale": "en",
        "reference": "KR",
    }
    return compose(**(words | changes))  # type: ignore[arg-type]


def test_text_names_purpose_brand_code_validity_warning_and_reference():
    assert text() == (
        "012345 is your Acme code to sign in, valid for 5 minutes. Never share it. Ref. KR\n"
        "@example.com #012345"
    )


def test_text_follows_the_locale():
    assert text(locale="es") == (
        "012345 es tu clave de Acme para entrar, caduca en 5 minutos. "
        "Nunca la compartas. Ref. KR\n@example.com #012345"
    )
    assert text(locale="de-AT") == (
        "012345 ist Ihr Code von Acme zur Anmeldung, gültig für 5 Minuten. "
        "Nie weitergeben. Ref. KR\n@example.com #012345"
    )
    assert text(locale="tlh") == text(locale="en")


@pytest.mark.parametrize("locale", LOCALES)
def test_each_purpose_has_its_own_words(locale: str):
    texts = {text(purpose=purpose, locale=locale) for purpose in [*PURPOSES, "anything_else"]}
    assert len(texts) == len(PURPOSES) + 1


def test_change_of_number_and_unknown_purposes_are_named():
    assert "code to change your number," in text(purpose="change_phone")
    assert "code to confirm that it is you," in text(purpose="transfer")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (10, "valid for 10 minutes."),
        (1, "valid for 1 minute."),
        (0, "valid for less than a minute."),
        (-3, "valid for less than a minute."),
    ],
)
def test_validity_is_told_in_whole_minutes(minutes: int, words: str):
    assert words in text(minutes=minutes)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "localhost", "xn--bcher-kva.example"])
def test_last_line_binds_the_code_to_the_host(host: str):
    assert text(host=host).split("\n")[1:] == [f"@{host} #012345"]


@pytest.mark.parametrize(
    "host",
    ["", "https://example.com", "example.com:443", "a b", "a\nb", "::1", "example.com\n", "@"],
)
def test_last_line_is_left_out_where_there_is_no_bare_host(host: str):
    assert "\n" not in text(host=host)
    assert "@" not in text(host=host)
    assert text(host=host).startswith("012345 is your Acme code")


def assert_short(message: str, locale: str) -> None:
    length = length_of(message)
    if locale in UCS2:
        assert (length.encoding, length.parts) in [(WIDE, 1), (WIDE, 2)], message
    else:
        assert set(message) <= BASIC
        assert (length.encoding, length.parts) == (GSM7, 1), message
    assert "  " not in message
    assert not set(message) & set("{}")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("purpose", [*PURPOSES, "anything_else"])
@pytest.mark.parametrize("minutes", [0, 1, 2, 3, 10])
@pytest.mark.parametrize("brand", ["B" * 16, ""])
@pytest.mark.parametrize("app_hash", [HASH, ""])
def test_every_text_of_every_language_is_short_and_whole(
    locale: str, purpose: str, minutes: int, brand: str, app_hash: str
):
    words = {**LONGEST, "brand": brand, "app_hash": app_hash}
    message = text(purpose=purpose, locale=locale, minutes=minutes, **words)
    assert_short(message, locale)
    body, last = message.split("\n")
    assert body.startswith("01234567 ")
    assert brand in body
    assert "KR" in body
    assert last == (app_hash or f"@{LONGEST['host']} #01234567")
    assert minutes < 3 or str(minutes) in body.removeprefix("01234567")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("brand", ["B" * 16, ""])
def test_notice_of_a_changed_number_is_short(locale: str, brand: str):
    message = compose_notice(brand=brand, locale=locale)
    assert brand in message
    assert_short(message, locale)
    assert not set(message) & set("0123456789")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_for_an_android_app_fits_what_sms_retriever_reads(locale: str):
    message = text(locale=locale, app_hash=HASH)
    assert message.endswith(f"\n{HASH}")
    octets = length_of(message).units * (2 if locale in UCS2 else 7 / 8)
    assert octets <= 140


@pytest.mark.parametrize(
    ("locale", "begins"),
    [
        ("fr", "012345 est votre code Acme pour vous connecter, valable 5 minutes. Ne le donnez"),
        ("pt", "012345 é a sua senha Acme para entrar, vale 5 minutos. Nunca a revele. Ref. KR"),
        ("ar", "012345 رمز Acme للدخول، صالح 5 دقائق. لا تشاركه. KR"),
    ],
)
def test_text_reads_as_people_of_that_language_write(locale: str, begins: str):
    assert text(locale=locale).startswith(begins)


@pytest.mark.parametrize(
    ("brand", "shown"),
    [
        ("Acme\n@evil.example #999999", "Acme"),
        ("@evil.example #999999\nAcme", "Acme"),
        ("Acme\u2028@evil.example #999999", "Acme"),
        ("Ac\x00me\r\n Ltd", "Ac me Ltd"),
        ("\u202eAcme\u202c", "Acme"),
        ("Ac\udc80me", "Acme"),
        ("{code} {0} %s", "{code} {0} %s"),
        ("Me@Work", "Me@Work"),
    ],
)
def test_brand_is_one_inert_line(brand: str, shown: str):
    assert f" your {shown} code " in text(brand=brand)
    assert text(brand=brand).count("\n") == 1


@given(brand=st.text(max_size=40), host=st.sampled_from(["", "example.com"]))
@settings(deadline=None)
def test_no_brand_adds_a_line(brand: str, host: str):
    lines = re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text(brand=brand, host=host))
    assert lines[0].startswith("012345 is your ")
    assert lines[1:] == (["@example.com #012345"] if host else [])


def test_text_without_a_brand_still_reads_well():
    assert text(brand=" \n ").startswith("012345 is your code to sign in, valid for 5 minutes.")
