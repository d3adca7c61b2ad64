"""A challenge's life as pure moves (RULES 2-6, 28)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.records import Challenge, Generation

NOW = 1_700_000_000.0


def begun(**changes: Any) -> Challenge:
    """A challenge that was just made."""
    values: dict[str, Any] = {
        "id": "tag.random",
        "purpose": "login",
        "phone": "+447400123456",
        "binding": b"b" * 32,
        "reference": "AB",
        "channel": "sms",
        "key_id": "key",
        "seed": b"s" * 16,
        "digest": b"0" * 32,
        "code_length": 6,
        "code_ttl": 300,
        "max_tries": 5,
        "payload": {"secret": "word"},
    }
    return life.begin(Draft(**(values | changes)), NOW)


def entry(digest: bytes, key_id: str = "key") -> Entry:
    """A typed code."""
    return Entry("login", b"b" * 32, {key_id: digest})


def test_the_id_begins_with_the_numbers_tag() -> None:
    assert life.phone_tag_of("tag.random") == "tag"


def test_it_lives_to_its_expiry_and_is_remembered_for_ten_minutes() -> None:
    found = begun()
    assert [life.ending(found, NOW + t) for t in (0, 299.9, 300)] == ["", "", "expired"]
    assert [life.forgotten(found, NOW + t) for t in (899.9, 900)] == [False, True]
    used = life.finish(found, "used", NOW + 10)
    assert life.ending(used, NOW + 10) == "used"
    assert [life.forgotten(used, NOW + t) for t in (609.9, 610)] == [False, True]


def test_an_end_erases_the_seed() -> None:
    assert life.finish(begun(), "used", NOW).seed is None


def test_only_its_own_binding_is_bound() -> None:
    assert life.bound(begun(), b"b" * 32)
    assert not life.bound(begun(), b"c" * 32)
    assert not life.bound(begun(), b"")


@pytest.mark.parametrize(
    ("ttl", "repeated", "renewed"), [(120, 90, 89.9), (300, 120, 119.9), (600, 240, 239.9)]
)
def test_a_code_is_repeated_while_the_larger_of_90_seconds_and_40_percent_remain(
    ttl: int, repeated: float, renewed: float
) -> None:
    found = begun(code_ttl=ttl)
    again = life.ask_again(found, NOW + ttl - repeated)
    assert again.generations == found.generations
    assert again.expires_at == found.expires_at
    following = life.ask_again(found, NOW + ttl - renewed)
    assert [g.number for g in following.generations] == [0, 1]
    assert following.newest == Generation(1, NOW + ttl - renewed + ttl)
    assert following.expires_at == found.expires_at  # pending: nothing has moved yet


def test_a_pending_code_that_ran_short_is_renewed_not_piled_up() -> None:
    pending = life.ask_again(begun(), NOW + 200)
    renewed = life.ask_again(replace(pending, expires_at=NOW + 900), NOW + 400)
    assert [(g.number, g.digest is None) for g in renewed.generations] == [(0, False), (2, True)]


def test_a_code_under_way_is_repeated_while_it_has_time() -> None:
    pending = life.ask_again(begun(), NOW + 200)
    assert life.ask_again(pending, NOW + 250).generations == pending.generations


def test_acceptance_makes_a_pending_code_live_and_carries_the_expiry() -> None:
    pending = life.ask_again(begun(), NOW + 200)
    assert not life.fits(pending, entry(b"1" * 32), NOW + 200)
    live = life.accept(pending, 1, b"1" * 32)
    assert (live.expires_at, live.delivery) == (NOW + 500, "sent")
    assert life.fits(live, entry(b"1" * 32), NOW + 499)
    assert life.fits(live, entry(b"0" * 32), NOW + 299.9)
    assert not life.fits(live, entry(b"0" * 32), NOW + 300)


def test_acceptance_never_changes_a_code_that_is_live() -> None:
    again = life.accept(begun(), 0, b"9" * 32)
    assert again.generations == begun().generations


def test_a_known_failure_discards_a_pending_code_only() -> None:
    pending = life.ask_again(begun(), NOW + 200)
    failed = life.fail(pending, 1, "unreachable")
    assert failed.generations == begun().generations
    assert (failed.delivery, failed.reason) == ("failed", "unreachable")
    assert life.fail(begun(), 0, "unreachable").generations == begun().generations


def test_what_is_withheld_lives_on_but_no_code_fits_it() -> None:
    pending = life.ask_again(begun(), NOW + 200)
    withheld = life.withhold(pending, 1)
    assert (withheld.expires_at, withheld.delivery) == (NOW + 500, "withheld")
    assert not life.fits(withheld, entry(b""), NOW + 400)
    assert not life.fits(withheld, Entry("login", b"b" * 32, {}), NOW + 400)


def test_a_code_under_an_unknown_key_never_fits() -> None:
    assert not life.fits(begun(), entry(b"0" * 32, key_id="other"), NOW)
    assert life.fits(begun(), entry(b"0" * 32), NOW)


def test_a_reopened_challenge_has_its_code_but_no_seed() -> None:
    again = life.reopen(life.finish(begun(), "used", NOW + 5))
    assert (again.ended, again.seed) == ("", None)
    assert life.fits(again, entry(b"0" * 32), NOW + 6)


def test_what_was_withheld_reads_sent_and_after_thirty_seconds_failed() -> None:
    withheld = replace(begun(), delivery="withheld")
    shown = [life.delivery_shown(withheld, NOW + t) for t in (0, 29.9, 30, 200)]
    assert shown == ["sent", "sent", "failed", "failed"]
    assert life.delivery_shown(replace(begun(), delivery="sent"), NOW + 99) == "sent"


def test_a_challenge_shows_neither_number_nor_seed_nor_what_waits_in_it() -> None:
    found = begun()
    draft = repr(Draft(**{name: getattr(found, name) for name in SHARED}, digest=b"d" * 32))
    for shown in (repr(found), draft, repr(entry(b"z" * 32))):
        for secret in ("7400123456", "ssss", "bbbb", "dddd", "zzzz", "word"):
            assert secret not in shown


SHARED = (
    "id",
    "purpose",
    "phone",
    "binding",
    "reference",
    "channel",
    "key_id",
    "seed",
    "code_length",
    "code_ttl",
    "max_tries",
    "payload",
)
