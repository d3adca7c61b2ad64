"""Every sentence that a visitor may read stands in every catalogue, with the same places."""

from __future__ import annotations

import io
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

import flask_phoneauth
from flask_phoneauth import errors
from flask_phoneauth.locales.catalogue import available, catalogue_for, negotiate

PACKAGE = Path(flask_phoneauth.__file__).parent
LOCALES = PACKAGE / "locales"
LANGUAGES = [tag for tag in available() if tag != "en"]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


@cache
def error_classes() -> tuple[type[errors.PhoneAuthError], ...]:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    return tuple(kind for kind in kinds if issubclass(kind, errors.PhoneAuthError))


@cache
def sentences() -> frozenset[str | tuple[str, str]]:
    """What `gettext` meets: words of the code and templates, details and defaults of errors."""
    keywords = DEFAULT_KEYWORDS | {"gettext_noop": None}
    # The first argument of an error is its detail, which the web translates; that of
    # `Misconfigured` goes to the log, and an argument that begins with / is a JSON pointer.
    keywords |= {kind.__name__: None for kind in error_classes() if kind.code != "misconfigured"}
    found = {entry[2] for entry in extract_from_dir(str(PACKAGE), METHODS, keywords=keywords)}
    found = {text for text in found if not forms(text)[0].startswith("/")}
    named = {text for kind in error_classes() for text in (kind.title, kind.default)}
    return frozenset(found | named)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem if path.suffix == ".po" else None)


def entries(catalogue: Catalog) -> dict[str | tuple[str, str], Message]:
    return {
        tuple(message.id) if isinstance(message.id, list | tuple) else message.id: message
        for message in catalogue
        if message.id
    }


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def ready_to_paste(missing: set[str | tuple[str, str]]) -> str:
    catalogue = Catalog()
    for msgid in sorted(missing, key=str):
        catalogue.add(msgid)
    text = io.BytesIO()
    write_po(text, catalogue, omit_header=True)
    return text.getvalue().decode()


def test_template_holds_every_sentence_and_no_other():
    known = set(entries(read(LOCALES / "messages.pot")))
    missing, unused = sentences() - known, known - sentences()
    assert not missing, f"add to messages.pot and each .po:\n{ready_to_paste(missing)}"
    assert not unused, f"no longer used: {sorted(map(str, unused))}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_every_sentence_of_the_template(language: str):
    catalogue = read(LOCALES / f"{language}.po")
    assert set(entries(catalogue)) == set(entries(read(LOCALES / "messages.pot")))
    for msgid, message in entries(catalogue).items():
        translated = forms(message.string)
        assert all(translated), f"{language}.po lacks {msgid!r}"
        assert not message.fuzzy
        if not isinstance(msgid, str):
            assert len(translated) == catalogue.num_plurals


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_places_of_their_sentence(language: str):
    for msgid, message in entries(read(LOCALES / f"{language}.po")).items():
        wanted = places(forms(msgid)[-1])
        for text in forms(message.string):
            assert places(text) == wanted, f"{language}.po: {text!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_error_details_are_translated_at_run_time(language: str):
    catalogue = catalogue_for(language)
    for kind in error_classes():
        assert catalogue.gettext(kind.default) != kind.default
    waiting = catalogue.gettext(errors.Cooldown.default).format_map({"retry_after": 30})
    assert "30" in waiting


def test_english_is_the_sentence_itself():
    assert catalogue_for("en").gettext("Wrong code") == "Wrong code"
    assert catalogue_for("en").ngettext("{n} day", "{n} days", 1) == "{n} day"
    assert catalogue_for("en").ngettext("{n} day", "{n} days", 0) == "{n} days"


def test_unknown_sentence_stays_english_and_empty_stays_empty():
    assert catalogue_for("de").gettext("Nobody translated this.") == "Nobody translated this."
    assert catalogue_for("de").gettext("") == ""


def test_plural_follows_the_language():
    words = ("valid for {minutes} minute", "valid for {minutes} minutes")
    german = catalogue_for("de")
    assert german.ngettext(*words, 1) != german.ngettext(*words, 5)
    assert german.ngettext(*words, 5) == german.ngettext(*words, 0)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de", "de"),
        ("de_AT", "de"),
        ("de-CH-1996", "de"),
        ("ES-419", "es"),
        ("tlh", "en"),
        ("", "en"),
        ("../../etc/passwd", "en"),
        ("\x00", "en"),
        ("de" + "-x" * 5000, "en"),
    ],
)
def test_locale_falls_back_to_its_language_then_english(asked: str, given: str):
    assert catalogue_for(asked).locale == given


def test_catalogue_is_read_once():
    assert catalogue_for("de") is catalogue_for("de_DE")


def test_available_names_english_and_every_file():
    files = [path.stem for path in LOCALES.glob("*.po")]
    assert available() == tuple(sorted(["en", *files]))
    assert {"ar", "de", "es", "fr", "pt"} <= set(available())


@pytest.mark.parametrize(
    ("accepted", "default", "given"),
    [
        (["nl", "de-AT", "en"], "en", "de"),
        (["en-GB", "de"], "de", "en"),
        (["nl", "it"], "es", "es"),
        (["nl"], "de_CH", "de"),
        (["pt-BR", "en"], "en", "pt"),
        (["ar-EG"], "en", "ar"),
        (["fr-CA"], "en", "fr"),
        ([], "tlh", "en"),
        (["*"], "es", "es"),
    ],
)
def test_first_accepted_language_that_exists_is_taken(
    accepted: list[str], default: str, given: str
):
    assert negotiate(accepted, default) == given
