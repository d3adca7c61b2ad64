"""The token in a callback's address: made by us, for one message, or worth nothing."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_phoneauth.delivery.tokens import delivery_token, read_token
from flask_phoneauth.otp.keys import Keyring

KEYS = Keyring(b"of this app")
CHALLENGE = "abcdefghij234567.AAAAAAAAAAAAAAAAAAAAAA"
AT = 1_700_000_123.456789


def test_it_names_its_message_exactly() -> None:
    token = delivery_token(KEYS, CHALLENGE, AT)
    assert read_token(KEYS, token) == (CHALLENGE, AT)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert len(token) <= 100


def test_each_message_and_each_app_has_its_own() -> None:
    token = delivery_token(KEYS, CHALLENGE, AT)
    assert delivery_token(KEYS, CHALLENGE, AT + 0.001) != token
    assert read_token(Keyring(b"of another app"), token) is None


def test_it_outlives_a_change_of_secret_that_keeps_the_former_one() -> None:
    token = delivery_token(KEYS, CHALLENGE, AT)
    assert read_token(Keyring(b"new", [b"of this app"]), token) == (CHALLENGE, AT)


@pytest.mark.parametrize("position", [0, 15, 16, 30, -1])
def test_a_changed_letter_makes_it_worthless(position: int) -> None:
    letters = list(delivery_token(KEYS, CHALLENGE, AT))
    letters[position] = "b" if letters[position] != "b" else "c"
    assert read_token(KEYS, "".join(letters)) is None


@given(st.text(max_size=120))
def test_anything_else_is_not_ours(text: str) -> None:
    assert read_token(KEYS, text) is None
    assert read_token(KEYS, delivery_token(KEYS, CHALLENGE, AT) + text) in (
        None,
        (CHALLENGE, AT) if not text else None,
    )
