"""Every text that may be sent, in every language, as this app's brand and host make it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_phoneauth.delivery.lengths import GSM7, UCS2, Length, length_of
from flask_phoneauth.delivery.wording import PURPOSES, compose, compose_notice, one_line
from flask_phoneauth.locales.catalogue import available
from flask_phoneauth.settings import Settings

MOST_PARTS = {GSM7: 1, UCS2: 2}
"""What our sentences take beside a short brand and host, by the alphabet of their language."""
_ANY_PURPOSE = "another"
_REFERENCE = "KR"
_STAND_IN = "Brand"


@dataclass(frozen=True, slots=True)
class Sender:
    """What of an app is in its texts; `host` without scheme and port, empty where unknown."""

    brand: str
    host: str
    code_length: int
    code_ttl: int
    app_hash: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Sender:
        """The app of these settings, with its brand resolved."""
        host = urlsplit(settings.public_url).hostname or ""
        return cls(settings.brand, host, settings.code_length, settings.code_ttl, settings.app_hash)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the texts of these languages, and what to do."""

    locales: tuple[str, ...]
    text: str


def longest_parts(sender: Sender) -> dict[str, Length]:
    """How long the longest text of each language is."""
    return {locale: _longest(_texts(sender, locale)) for locale in available()}


def flaws(sender: Sender) -> list[Flaw]:
    """What is wrong with texts, each with all the languages that have it."""
    found: dict[str, list[str]] = {}
    for locale in available():
        texts = _texts(sender, locale)
        for text in {*_broken(sender, texts), *_too_long(sender, locale, _longest(texts))}:
            found.setdefault(text, []).append(locale)
    return [Flaw(tuple(locales), text) for text, locales in found.items()]


def _longest(texts: list[str]) -> Length:
    return max(map(length_of, texts), key=lambda one: (one.parts, one.units))


def _too_long(sender: Sender, locale: str, length: Length) -> Iterator[str]:
    if length.parts <= min(MOST_PARTS.values()):
        return
    plain = Sender(_STAND_IN, "", sender.code_length, sender.code_ttl)
    alphabet = length_of("".join(_texts(plain, locale))).encoding
    if length.parts <= MOST_PARTS[alphabet]:
        return
    told = f"a text takes {length.parts} parts, each of which is paid"
    if length.encoding != alphabet:
        yield (
            f"{told}: {length.strange!r} is outside GSM-7. Write PHONEAUTH_BRAND without, as the "
            "name that people read in the message"
        )
    else:
        yield f"{told}: take a shorter PHONEAUTH_BRAND, or host in PHONEAUTH_PUBLIC_URL"


def _broken(sender: Sender, texts: list[str]) -> Iterator[str]:
    code = "1" * sender.code_length
    for text in texts[:-1]:
        body, _, last = text.rpartition("\n") if "\n" in text else (text, "", "")
        if "\n" in body:
            yield "a text has lines that it should not have"
        if not body.startswith(f"{code} "):
            yield "a text does not begin with its code"
        if last not in ("", f"@{sender.host} #{code}", sender.app_hash):
            yield "a text does not end with the line that browsers and apps look for"
        if _REFERENCE not in body:
            yield "a text has lost its reference"
    for text in texts:
        rest = text.replace(one_line(sender.brand), "") if sender.brand else text
        if set(rest) & set("{}"):
            yield "a text has a place that nothing is filled into"


def _texts(sender: Sender, locale: str) -> list[str]:
    """Those with a code, and the notice that has none at the end."""
    return [*_codes(sender, locale), compose_notice(brand=sender.brand, locale=locale)]


def _codes(sender: Sender, locale: str) -> list[str]:
    """Every purpose, the shortest, the usual and the longest validity, each last line."""
    return [
        compose(
            purpose=purpose,
            brand=sender.brand,
            code="1" * sender.code_length,
            minutes=minutes,
            host=sender.host,
            locale=locale,
            reference=_REFERENCE,
            app_hash=app_hash,
        )
        for purpose in (*PURPOSES, _ANY_PURPOSE)
        for minutes in (0, 1, 2, 3, sender.code_ttl // 60)
        for app_hash in {"", sender.app_hash}
    ]
