"""The fuzzer's targets on kept inputs, on chance ones, and on one that must be found out."""

from __future__ import annotations

import base64
import hmac

import pytest
from fuzz import targets
from hypothesis import example, given, settings
from hypothesis import strategies as st

KEPT = {
    "number": [
        *[b"", b"\x01", b"\x01+447400123456", b"\x01(0)7400 123456", b"\x80+9901234", b"\x00+990"],
        *[b"\x01\xef\xbc\x8b44 7400\xe2\x80\x8b123456", b"\x02tel:+1-201-555-0123;ext=5"],
        b"\x04" + "０９０−１２３４−５６７８".encode(),
        b"\x00\xed\xa0\x80" + b"1" * 80,
        b"\xaa00490580049058346346",
    ],
    "code": [
        b"",
        b"123456",
        "１２３ ４５６".encode(),
        "٠١٢٣٤٥".encode(),
        b"12\xed\xa0\x80",
        b"\0" * 99,
    ],
    "next": [
        *[b"/", b"//evil.example", b"/\\evil.example", b"\\\\\\github.com", b"/\t/evil.example"],
        *[b"https://shop.example//evil.example", b"https://shop.example/a", b"http://[::1"],
        *["/\u2028".encode(), b"/a?next=//b", b"javascript:alert(1)", b"/%2f%2fevil.example"],
    ],
    "receipt": [
        b"",
        b"\n",
        b"AAAA=\nMessageStatus=delivered",
        b"\xff\n" + b"a=1&" * 500,
        b"x\n%ff",
    ],
}


@pytest.mark.parametrize("name", targets.TARGETS)
def test_what_was_kept_holds(name: str) -> None:
    assert KEPT[name]
    for data in KEPT[name]:
        targets.TARGETS[name](data)


@pytest.mark.parametrize("name", targets.TARGETS)
@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=200) | st.text(max_size=70).map(lambda s: s.encode("utf-8", "replace"))
)
@example(data=b"\x00+447400123456")
def test_chance_inputs_hold(name: str, data: bytes) -> None:
    targets.TARGETS[name](data)


def test_a_target_finds_an_address_that_leads_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "safe_next", lambda target, _: target)
    with pytest.raises(AssertionError):
        targets.typed_next(b"//evil.example")


def test_a_target_finds_a_receipt_that_counts_as_signed() -> None:
    url = f"{targets.SITE}/auth/receipts/twilio/x"
    mac = hmac.digest(b"a token", f"{url}a1".encode(), "sha1")
    with pytest.raises(AssertionError, match="counts as signed"):
        targets.posted_receipt(base64.b64encode(mac) + b"\na=1")
