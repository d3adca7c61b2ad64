"""The text of a message: purpose, brand, code, validity, reference, and the line for browsers.

The last line, `@host #code`, is the domain-bound form of WICG's sms-one-time-codes: browsers
offer the code on pages of that host only. An Android app's hash stands there instead where a
program asks and the app has one. With a brand of at most 16 and a host of at most 24 characters
and eight digits every text is one GSM-7 part (160 characters), in Arabic two of UCS-2 (134), so
catalogues keep these sentences short and avoid other letters in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from flask_phoneauth.locales.catalogue import Catalogue, catalogue_for
from flask_phoneauth.records import CHANGE_PHONE, LOGIN, STEP_UP


def gettext_noop(msgid: str) -> str:
    """Mark a sentence for the catalogues where it is written but not yet translated."""
    return msgid


# A new purpose is one line here and one sentence in each catalogue.
PURPOSES: Mapping[str, str] = {
    LOGIN: gettext_noop("to sign in"),
    CHANGE_PHONE: gettext_noop("to change your number"),
}
_ANY_PURPOSE = gettext_noop("to confirm that it is you")

_BARE_HOST = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
_REPLACED = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": ""}
_JOINERS = "\u200c\u200d"  # Persian words and composed emoji are spelled with them
_BOUND_LINE = re.compile(r"\s*@\S+\s+#")


def compose(
    *,
    purpose: str,
    brand: str,
    code: str,
    minutes: int,
    host: str,
    locale: str,
    reference: str,
    app_hash: str = "",
) -> str:
    """The message in the language of `locale`; `minutes` are whole ones left, 0 for less.

    `host` has neither scheme nor port. The domain-bound last line is left out where `host` is
    empty or not a bare host name, since a browser would not take it, and where `app_hash` takes
    its place: both must stand last, so one text serves a browser or an app. Never raises: an
    unknown `purpose` is named in general words.
    """
    catalogue = catalogue_for(locale)
    name = _inert(brand)
    sentence = (
        catalogue.gettext(
            "{code} is your {brand} code {purpose}, {validity}. Never share it. Ref. {reference}"
        )
        if name
        else catalogue.gettext(
            "{code} is your code {purpose}, {validity}. Never share it. Ref. {reference}"
        )
    )
    text = sentence.format_map(
        {
            "code": code,
            "brand": name,
            "purpose": catalogue.gettext(PURPOSES.get(purpose, _ANY_PURPOSE)),
            "validity": _validity(catalogue, minutes),
            "reference": reference,
        }
    )
    if app_hash:
        return f"{text}\n{app_hash}"
    return f"{text}\n@{host} #{code}" if _BARE_HOST.fullmatch(host) else text


def compose_notice(*, brand: str, locale: str) -> str:
    """What the former number reads after a change; it names neither of the two numbers."""
    catalogue = catalogue_for(locale)
    name = _inert(brand)
    sentence = (
        catalogue.gettext(
            "Your {brand} account now has another phone number. If this was not you, tell us now."
        )
        if name
        else catalogue.gettext(
            "Your account now has another phone number. If this was not you, tell us now."
        )
    )
    return sentence.format_map({"brand": name})


def call_prompt(*, purpose: str, brand: str, locale: str) -> tuple[str, ...]:
    """What a call says first: who calls, and that a key must be pressed (RULES 10)."""
    catalogue = catalogue_for(locale)
    name = _inert(brand)
    sentence = (
        catalogue.gettext("Hello, this is {brand}, with your code {purpose}.")
        if name
        else catalogue.gettext("Hello, here is your code {purpose}.")
    )
    named = {"brand": name, "purpose": catalogue.gettext(PURPOSES.get(purpose, _ANY_PURPOSE))}
    return sentence.format_map(named), catalogue.gettext("To hear it, press 1.")


def call_code(*, code: str, locale: str) -> tuple[str, ...]:
    """The code digit by digit, twice: apart, or a voice would read one large figure."""
    catalogue = catalogue_for(locale)
    digits = {"digits": " ".join(code)}
    return (
        catalogue.gettext("Your code is: {digits}.").format_map(digits),
        catalogue.gettext("Once more: {digits}.").format_map(digits),
        catalogue.gettext("Never share it. Goodbye."),
    )


def call_over(*, locale: str) -> tuple[str, ...]:
    """What a call says whose code is used, expired or unknown."""
    return (catalogue_for(locale).gettext("This code no longer works. Please ask for a new one."),)


def compose_email(
    *,
    purpose: str,
    brand: str,
    code: str,
    minutes: int,
    locale: str,
    reference: str,
) -> tuple[str, str]:
    """Subject and body of an e-mail; the code is in the body only, the subject on one line."""
    catalogue = catalogue_for(locale)
    name = _inert(brand)
    subject = (
        catalogue.gettext("Your {brand} code {purpose}")
        if name
        else catalogue.gettext("Your code {purpose}")
    )
    named = {"brand": name, "purpose": catalogue.gettext(PURPOSES.get(purpose, _ANY_PURPOSE))}
    body = compose(
        purpose=purpose,
        brand=brand,
        code=code,
        minutes=minutes,
        host="",
        locale=locale,
        reference=reference,
    )
    otherwise = (
        catalogue.gettext(
            "Somebody has just shown that they have your phone number, whose SIM card was changed "
            "a short while ago. If that was not you, tell your mobile operator and us now."
        )
        if purpose == STEP_UP
        else catalogue.gettext("If you did not ask for it, you need not do anything.")
    )
    return subject.format_map(named), f"{body}\n\n{otherwise}\n"


def one_line(brand: str) -> str:
    """The brand as a sender's name: no control or direction marks, on one line."""
    return _inert(brand)


def _validity(catalogue: Catalogue, minutes: int) -> str:
    if minutes < 1:
        return catalogue.gettext("valid for less than a minute")
    words = catalogue.ngettext("valid for {minutes} minute", "valid for {minutes} minutes", minutes)
    return words.format_map({"minutes": minutes})


def _inert(brand: str) -> str:
    """The brand on one line: no control or direction marks, no line like our own last one."""
    lines = [line for line in brand.splitlines() if not _BOUND_LINE.match(line)]
    return " ".join("".join(_plain(character) for character in " ".join(lines)).split())


def _plain(character: str) -> str:
    if character in _JOINERS:
        return character
    return _REPLACED.get(unicodedata.category(character), character)
