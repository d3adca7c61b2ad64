"""Catalogues of translated sentences, read from the `.po` files once per process by Babel.

Sentences carry their places as `{name}`; callers fill them in with `str.format_map`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE = "en"
_FOLDER = Path(__file__).parent
# RFC 5646 asks for room for 35 characters; a longer tag names no language that we have.
_LONGEST_TAG = 35


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language; what it lacks comes back in English."""

    locale: str
    _translations: NullTranslations = field(repr=False)

    def gettext(self, msgid: str) -> str:
        """The sentence in this language, with its `{places}` still open."""
        # gettext keeps a file's header under the empty id, which is no sentence.
        return self._translations.gettext(msgid) if msgid else ""

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form that `number` asks for in this language, with its `{places}` still open."""
        return self._translations.ngettext(singular, plural, number)


def catalogue_for(locale: str) -> Catalogue:
    """The catalogue of a tag as "pt-BR" or "pt_BR": its own, else of its language, else English."""
    catalogues = _catalogues()
    found = next((tag for tag in _fallbacks(locale) if tag in catalogues), SOURCE.lower())
    return catalogues[found]


def available() -> tuple[str, ...]:
    """The languages that have a catalogue, English included, sorted."""
    return tuple(sorted(catalogue.locale for catalogue in _catalogues().values()))


def negotiate(accepted: Sequence[str], default: str) -> str:
    """The first language of `accepted` (best first, as a browser sends them) that we have.

    Where none fits the answer is `default`, or what stands in for it.
    """
    catalogues = _catalogues()
    for tag in accepted:
        for candidate in _fallbacks(tag):
            if candidate in catalogues:
                return catalogues[candidate].locale
    return catalogue_for(default).locale


def _fallbacks(tag: str) -> Iterator[str]:
    """ "zh-Hant-TW" gives zh_hant_tw, zh_hant, zh."""
    parts = tag.strip().lower().replace("-", "_").split("_") if len(tag) <= _LONGEST_TAG else []
    for length in range(len(parts), 0, -1):
        yield "_".join(parts[:length])


@cache
def _catalogues() -> Mapping[str, Catalogue]:
    catalogues = {SOURCE: Catalogue(SOURCE, NullTranslations())}
    for path in sorted(_FOLDER.glob("*.po")):
        catalogues[path.stem.lower()] = Catalogue(path.stem, _read(path))
    return catalogues


def _read(path: Path) -> GNUTranslations:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
