"""Whatever comes in, MessageBird's values are read or refused, and nothing fails on them."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.facades.messagebird import fields, wire
from sms_sandbox.facades.messagebird.errors import MessageBirdError

FORM = "application/x-www-form-urlencoded"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(body=st.binary(max_size=60), media=st.sampled_from([FORM, "application/json", ""]))
def test_any_body_is_read_or_refused(body: bytes, media: str) -> None:
    with suppress(MessageBirdError):
        assert isinstance(fields.read(media, body), fields.Fields)


@given(value=VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    asked = fields.read("application/json", json.dumps({"name": value}).encode())
    reads = (
        asked.text,
        asked.url,
        asked.moment,
        asked.details,
        lambda name: asked.whole(name, 0, 9),
        lambda name: asked.one_of(name, ("a", "b")),
    )
    for read in reads:
        with suppress(MessageBirdError):
            json.dumps(read("name")).encode()


@given(value=VALUES)
def test_recipient_is_a_number_in_e164_or_none(value: Any) -> None:
    found = wire.read_number(value)
    assert found is None or (found[0] == "+" and found[1:].isdigit() and len(found) <= 16)


@given(st.text(max_size=14))
def test_originator_is_a_number_a_short_code_or_a_name(text: str) -> None:
    found = wire.read_sender(text)
    assert found is None or found.isascii()
    assert found is None or len(found.removeprefix("+")) <= 15


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "", "NaN"]
)
def test_moment_out_of_the_years_that_there_are_is_none(text: str) -> None:
    assert wire.read_time(text) is None


@given(st.datetimes())
def test_moment_is_written_as_it_was_read(moment: Any) -> None:
    text = moment.replace(microsecond=0).isoformat() + "+00:00"
    found = wire.read_time(text)
    assert found is not None
    assert wire.time(found) == text


def test_form_has_lists_and_objects() -> None:
    asked = fields.read(FORM, b"recipients[]=1&recipients[]=2&typeDetails[udh]=05&body=a&a[b]c=d")
    assert asked.raw("recipients") == ["1", "2"]
    assert asked.details("typeDetails") == {"udh": "05"}
    assert (asked.text("body"), asked.text("a[b]c")) == ("a", "d")
