"""Finding the code in a text, the surest sign first, and never guessing between two.

In order: the origin-bound last line (``@example.com #123456``), a candidate near a word such as
"code" in some thirty languages, a candidate that stands alone. What reads as a link, a phone
number, money, a date, a time, a life ("10 minutes"), a labelled number ("order #4821"), the tail
of a masked number or an Android application hash is no candidate.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

from sms_sandbox.code_words import (
    ANYWHERE,
    COUNTED,
    CURRENCIES,
    DURATIONS,
    EXACT,
    LABELS,
    OTHER_CODES,
    STEMS,
)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found: ``code`` is ``None`` if there is none or several might be it.

    ``confidence`` runs from 0 to 1; ``candidates`` holds every possible code in reading order.
    """

    code: str | None = field(default=None, repr=False)
    confidence: float = 0.0
    candidates: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ambiguous(self) -> bool:
        """Whether several candidates were equally good."""
        return self.code is None and len(self.candidates) > 1


@dataclass(frozen=True, slots=True)
class _Candidate:
    value: str
    start: int
    end: int
    strong: bool  # has the shape of a code even without a word beside it


_NEAR = 24
# A joined text of a person's handset has some 1,600 characters; a hostile one may have more.
_LONGEST = 2000
_MOST = 50

_ORIGIN_LINE = re.compile(r"@[\w.-]+(?::\d+)? #([^\s#%]{3,32})(?: %\S+)*")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_FULL_STOPS = str.maketrans(
    {"，": ", ", "。": ". ", "、": ", ", "：": ": ", "！": "! ", "；": "; "}
)


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(_fold(word)) for word in sorted(words, key=len, reverse=True))


def _fold(text: str) -> str:
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_FULL_STOPS)))
    digits = (
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
    )
    # Not casefold: it lengthens some letters, and places must stay where they are.
    return "".join(digits)


_EQUAL_TO_ASCII = str.maketrans({"ı": "i", "ſ": "s", "\u212a": "k", "\u0307": ""})
_WORD = r"[^\W\d_]"
_KEYWORD = re.compile(
    rf"(?:{_either(STEMS)}){_WORD}{{0,7}}|(?<!{_WORD})(?:{_either(EXACT)})(?!{_WORD})"
    rf"|{_either(ANYWHERE)}",
    re.IGNORECASE,
)


def _in_ascii(words: Iterable[str]) -> list[str]:
    """The words as a text in ASCII and in small letters may hold them."""
    # Regardless of case some letters outside of ASCII are equal to one inside.
    plain = (_fold(word).lower().translate(_EQUAL_TO_ASCII) for word in words)
    return [word for word in plain if word.isascii()]


# Small letters are found ten times as fast as letters of any case.
_KEYWORD_IN_ASCII = re.compile(
    rf"(?:{_either(_in_ascii(STEMS))})[a-z]{{0,7}}"
    rf"|(?<![a-z])(?:{_either(_in_ascii(EXACT))})(?![a-z])"
)
_AROUND = re.compile(r"\(\?<?[=!](?:\[[^]]*\]|[^][()])*\)")
_MONTH = r"(?:jan|feb|mar|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]{0,6}\.?"
_NUMBER = r"\d[\d.,]{0,20}"


# What is blanked out before candidates are looked for; order matters.
_NOT_CODES = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"\bhttps?://\S+|\bwww\.\S+|(?<![\w.-])(?:[\w-]{1,63}\.){1,4}[a-z]{2,8}/\S*",
        r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]+",
        r"(?<![\w+/])(?=[A-Za-z0-9+/]*[A-Za-z])(?=[A-Za-z0-9+/]*[0-9A-Z+/])[A-Za-z0-9+/]{11}\s*\Z",
        rf"(?<![A-Za-z0-9])\d{{1,3}}(?:\s*[-–]\s*\d{{1,3}})?\s*-?(?:{_either(DURATIONS)})(?![A-Za-z])",
        r"\+\d[\d\s().-]{5,20}\d",
        r"\(\d{2,4}\)\s?\d{3,4}[-. ]?\d{3,4}\b|(?<!\d)\d{3}[-. ]\d{3}[-. ]\d{4}(?!\d)",
        r"(?<!\d)1[-. ]8\d\d[-. ]\d{3}[-. ]\d{4}|(?<!\d)0\d{2,4}[- ]\d{3,4}[- ]?\d{3,4}(?!\d)",
        r"(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|(?<!\d)\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?!\d)",
        rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:de\s)?{_MONTH}(?:,?\s(?:de\s)?\d{{4}})?(?![\w])",
        rf"\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?(?!\d)",
        r"\d{4}年\d{1,2}月(?:\d{1,2}日)?|\d{1,2}月\d{1,2}日",
        r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)(?:\s?[ap]\.?m\b)?",
        rf"[$€£¥₹₽₩₺₪฿₫₦]\s?{_NUMBER}|(?<![\d.,]){_NUMBER}\s?[$€£¥₹₽₩₺₪฿₫₦]",
        rf"(?<!{_WORD})(?:{_either(CURRENCIES)})\.?\s?{_NUMBER}",
        rf"(?<![A-Za-z0-9.,]){_NUMBER}\s?(?:{_either(CURRENCIES)})(?!{_WORD})",
        r"(?<!\d)\d+(?:[.,]\d+)?\s?%",
        rf"(?<![A-Za-z0-9.,]){_NUMBER}\s?(?:{_either(COUNTED)})(?!{_WORD})",
        r"(?<!\d)\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?(?!\d)|(?<!\d)\d+[.,]\d{1,2}(?!\d)",
        r"[*•xX#….]{2,}[\s-]?\d{2,6}\b|\b(?:ending|ends|endend|terminad[ao]|terminant)\s"
        r"(?:in|with|on|auf|en|par)?\s?\d{2,6}\b",
        rf"(?<!{_WORD})(?:{_either(OTHER_CODES)})(?:[\s-]?(?:code|kod|código|codigo)s?)"
        r"(?:\s(?:is|est|es|ist)|:)?\s*[A-Z0-9-]{3,12}",
        rf"(?<!{_WORD})(?:{_either(word for word in OTHER_CODES if ' ' in word)})\W{{1,3}}"
        r"[A-Z0-9-]{3,12}",
        rf"(?<!{_WORD})(?:{_either(LABELS)})(?:\s?(?:no|nr|number|num|id|n[ºo°]))?"
        r"[\s.:]{0,4}[#№]?\s?[A-Z]{0,4}-?\d[A-Z0-9-]{0,30}",
        r"\breference(?:\s(?:no|nr|number))?\sis\s?[A-Z]{0,4}-?\d[A-Z0-9-]{0,30}",
        r"\b(?:stop|help|yes|join)\W{1,3}(?:to|an|au|al|a)\s\d{3,8}(?!\d)",
        r"\b(?:call|dial|text|sms|whatsapp|tel|phone)(?:\sus)?(?:\s(?:on|at|to))?:?\s\d{3,11}(?!\d)",
    )
)
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[A-Z]{1,3}-(?P<prefixed>\d{4,8})"
    r"|(?P<grouped>\d{3}[-‐‑–— ]\d{3}|\d{4}[-‐‑–— ]\d{4}|\d{2}([ -])\d{2}\3\d{2}"
    r"|\d{3}([ -])\d{3}\4\d{3}|\d(?:[ -]\d){3,9})"
    r"|(?P<plain>\d{4,10})"
    r"|(?P<mixed>(?=[A-Za-z]{0,8}\d)(?=\d{0,8}[A-Za-z])[A-Za-z0-9]{6,8})"
    r")(?![A-Za-z0-9]|[-‐‑–—]\d)"
)
# Neither is a code where anything else may be.
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAME = re.compile(r"[A-Za-z][a-z]{2,}\d{1,3}")
_SENTENCE_END = re.compile(r"[.!?。।](?:\s|$)")


def extract(text: str) -> Extraction:
    """Find the code of ``text``: in its last line, else in its first 2,000 characters."""
    bound = _origin_bound(text)
    if bound is not None:
        return Extraction(bound, 0.99, (bound,))
    masked = _mask(_fold(text[:_LONGEST]))
    candidates = _without(_YEAR, _without(_NAME, list(islice(_candidates(masked), _MOST))))
    near = _nearest(candidates, masked) if candidates else _Near()
    if near.values:
        everything = _distinct(candidate.value for candidate in candidates)
        return _decide(_distinct(near.values), near.confidence, everything)
    alone = _distinct(candidate.value for candidate in candidates if candidate.strong)
    return _decide(alone, 0.6, alone)


def _decide(
    possible: tuple[str, ...], confidence: float, candidates: tuple[str, ...]
) -> Extraction:
    if len(possible) == 1:
        return Extraction(possible[0], confidence, candidates)
    return Extraction(None, 0.0, candidates)


@dataclass(frozen=True, slots=True)
class _Near:
    values: tuple[str, ...] = ()
    confidence: float = 0.0


def _origin_bound(text: str) -> str | None:
    last = text.rstrip()[-_LONGEST:].rpartition("\n")[2]
    found = _ORIGIN_LINE.fullmatch(_fold(last).strip()) if "@" in last or "＠" in last else None
    return found.group(1) if found else None


def _mask(folded: str) -> str:
    possible = _possible(folded)
    for place, pattern in enumerate(_NOT_CODES):
        if place in possible:
            blanked = pattern.sub(_blank, folded)
            if blanked != folded:
                # What is blank now may let a further one begin or end.
                folded, possible = blanked, _possible(blanked)
    return folded


def _possible(folded: str) -> Collection[int]:
    """The places of the patterns that may match, found in one pass over a text in ASCII."""
    found: Collection[int] | None = _sieve().Match(folded) if folded.isascii() else None
    # Nothing at all, not even what always matches: RE2 ran out of memory.
    return found or range(len(_NOT_CODES))


@cache
def _sieve() -> Any:
    """Every pattern of ``_NOT_CODES`` without its conditions on what stands around it, which RE2
    has not: it matches wherever the pattern does, and a few times more."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    sieve = re2.Set.SearchSet(options)
    for pattern in _NOT_CODES:
        wider = _AROUND.sub("", pattern.pattern.translate(_EQUAL_TO_ASCII))
        sieve.Add(f"(?m){wider}".replace(r"\Z", r"\z"))
    sieve.Add("")
    sieve.Compile()
    return sieve


def _blank(found: re.Match[str]) -> str:
    return "\x00" * len(found.group())


def _candidates(masked: str) -> Iterator[_Candidate]:
    for found in _SHAPES.finditer(masked):
        kind = found.lastgroup
        if mixed := found.group("mixed"):
            yield _Candidate(mixed, found.start(), found.end(), strong=mixed.isupper())
        elif prefixed := found.group("prefixed"):
            yield _Candidate(prefixed, found.start(), found.end(), strong=True)
        else:
            value = re.sub(r"\D", "", found.group())
            yield _Candidate(value, found.start(), found.end(), strong=kind is not None)


def _without(pattern: re.Pattern[str], candidates: list[_Candidate]) -> list[_Candidate]:
    others = [candidate for candidate in candidates if not pattern.fullmatch(candidate.value)]
    return others or candidates


def _nearest(candidates: list[_Candidate], masked: str) -> _Near:
    """The candidates of the best tier: after a keyword in its sentence, before one in its
    sentence, and last across sentences; within a tier all count, so that two are no answer."""
    keyword, text = (_KEYWORD_IN_ASCII, masked.lower()) if masked.isascii() else (_KEYWORD, masked)
    found = islice(keyword.finditer(text), _MOST)
    keywords = [keyword.span() for keyword in found]
    tiers: dict[int, list[str]] = {0: [], 1: [], 2: []}
    for candidate in candidates:
        ranks = [_tier(candidate, start, end, masked) for start, end in keywords]
        best = min((rank for rank in ranks if rank is not None), default=None)
        if best is not None:
            tiers[best].append(candidate.value)
    for tier, confidence in ((0, 0.95), (1, 0.95), (2, 0.8)):
        if tiers[tier]:
            return _Near(tuple(tiers[tier]), confidence)
    return _Near()


def _tier(candidate: _Candidate, start: int, end: int, masked: str) -> int | None:
    follows = candidate.start >= end
    gap = masked[end : candidate.start] if follows else masked[candidate.end : start]
    if len(gap) > _NEAR or (start < candidate.end and end > candidate.start):
        return None
    if _SENTENCE_END.search(gap):
        return 2
    return 0 if follows else 1


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
