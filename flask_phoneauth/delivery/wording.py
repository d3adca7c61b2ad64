"""The text of a message: purpose, brand, code, validity, reference, and the line for browsers.

The last line, `@host #code`, is the domain-bound form of WICG's sms-one-time-codes: browsers
offer the code on pages of that host only. With a brand of at most 16 and a host of at most 24
characters and eight digits every text of ours is one GSM-7 part (160 characters), so catalogues
keep these sentences short and avoid other letters in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from flask_phoneauth.locales.catalogue import Catalogue, catalogue_for
from flask_phoneauth.records import CHANGE_PHONE, LOGIN


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
) -> str:
    """The message in the language of `locale`; `minutes` are whole ones left, 0 for less.

    `host` has neither scheme nor port. The domain-bound last line is left out where `host` is
    empty or not a bare host name, since a browser would not take it. Never raises: an unknown
    `purpose` is named in general words.
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
