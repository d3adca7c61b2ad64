"""Parameters are read by what they are; nothing that is sent breaks the reading."""

import contextlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.vonage.parameters import read_json, read_parameters
from sms_sandbox.facades.vonage.wire import parse_number, parse_sender

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
names = st.text("abc-_", min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
)


@given(st.dictionaries(names, texts, max_size=5), st.dictionaries(names, texts, max_size=5))
def test_a_body_wins_over_the_address_in_either_form(
    query: dict[str, str], body: dict[str, str]
) -> None:
    address = urlencode(query).encode()
    for written in (urlencode(body), json.dumps(body)):
        assert read_parameters(address, written.encode()) == query | body


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "true"), (["x"], '["x"]'), ({}, "{}"), ("", "")],
)
def test_values_of_json_become_texts(value: Any, text: str) -> None:
    assert read_parameters(b"", json.dumps({"a": value, "b": None}).encode()) == {"a": text}


@given(
    st.binary(max_size=60), st.binary(max_size=60) | values.map(lambda v: json.dumps(v).encode())
)
def test_whatever_is_sent_is_read_or_refused(query: bytes, body: bytes) -> None:
    for read in (lambda: read_parameters(query, body), lambda: read_json(body)):
        found: Any = {}
        with contextlib.suppress(InvalidRequest):
            found = read()
        assert "\0" not in str(found)


@pytest.mark.parametrize("depth", [10, 100, 300, 400, 500, 700, 900, 1000, 5000, 100_000])
def test_depth_breaks_nothing(depth: int) -> None:
    for body in (
        b'{"a":' * depth + b"1" + b"}" * depth,
        b'{"a":' + b"[" * depth + b"]" * depth + b"}",
    ):
        with contextlib.suppress(InvalidRequest):
            read_json(body)
        with contextlib.suppress(InvalidRequest):
            read_parameters(b"", body)


@given(st.text(max_size=20))
def test_an_address_is_one_that_the_inbox_knows_or_none(text: str) -> None:
    number, sender = parse_number(text), parse_sender(text)
    assert number is None or (number.isascii() and number[1:].isdigit() and number[0] == "+")
    assert sender is None or (sender.isascii() and sender.isprintable() and len(sender) <= 16)
