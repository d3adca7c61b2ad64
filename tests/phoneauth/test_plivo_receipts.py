"""Our own reading of Plivo's signatures, judged by Plivo's validator and worked examples."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from contracts.vendors import altered, judged_by_plivo, values_of
from hypothesis import given
from hypothesis import strategies as st
from plivo.utils import signature_v3

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import MAX_FIELDS
from flask_phoneauth.providers.plivo_receipts import PlivoReceipts
from flask_phoneauth.records import RawRequest, Receipt

TOKEN = "MzUzN2QyODE3N2YzZDk2NzkyZDk5NjFhNWVi"
NONCE = "05429567804466091622"
MESSAGE = "db3ce55a-7f1d-11e1-8ea7-1231380bc196"
BARE = "http://127.0.0.1:9000/plivo/dlr"
URL = f"{BARE}?env=test"
STATUS = [
    ("From", "14150000001"),
    ("To", "14150000002"),
    ("MessageUUID", MESSAGE),
    ("Status", "delivered"),
    ("Units", "1"),
    ("TotalAmount", "0.00350"),
    ("PartInfo", "1 of 1"),
]
V2 = "eBhN9MzlVx3b5Sy6QIf7gwPxuY82vBOrgc2XNUbtzKc="
V3_GET = "WCNxQyi1qfgnLTxRfxYGX8MYi8whrI+cEqefEr6HPZE="
V3_POST = "hpDpcp0NibqEeZpNgSl2m4AAOg66slLxaDma9QGkl5E="
V3_POST_BARE = "2QKTIb9h9l9Q9bsY9s40xz+Ertof8L1tQhOVGF7cE+4="

Fields = list[tuple[str, str]]


def headers(version: str, signature: str, kind: str = "") -> dict[str, str]:
    name = f"x-plivo-signature-{version}"
    return {f"{name}-nonce": NONCE, f"x-plivo-signature-{kind}{version}": signature}


def posted(shown: dict[str, str], fields: Fields = STATUS, url: str = URL) -> RawRequest:
    return RawRequest("POST", url, shown, urlencode(fields).encode())


def asked(shown: dict[str, str]) -> RawRequest:
    return RawRequest("GET", f"{URL}&{urlencode(STATUS)}", shown, b"")


def accepted(request: RawRequest, token: str = TOKEN) -> bool:
    try:
        PlivoReceipts(token).read(request)
    except BadSignature:
        return False
    return True


EXAMPLES = [
    posted(headers("v2", V2)),
    asked(headers("v2", V2)),
    asked(headers("v3", V3_GET)),
    posted(headers("v3", V3_POST)),
    posted(headers("v3", V3_POST_BARE), url=BARE),
]
NAMES = ["v2 post", "v2 get", "v3 get", "v3 post", "v3 post without a query"]


@pytest.mark.parametrize("request_", EXAMPLES, ids=NAMES)
def test_the_worked_examples_are_read(request_: RawRequest) -> None:
    assert PlivoReceipts(TOKEN).read(request_) == Receipt(MESSAGE, "delivered")
    assert judged_by_plivo(request_, TOKEN)


@pytest.mark.parametrize("request_", EXAMPLES, ids=NAMES)
@pytest.mark.parametrize(
    "change",
    [
        lambda one: altered(one, url=one.url.replace("/dlr", "/dlr/x")),
        lambda one: altered(one, url=one.url.replace("9000", "9001")),
        lambda one: altered(one, headers={}),
        lambda one: altered(one, headers={k: v.lower() for k, v in one.headers.items()}),
        lambda one: altered(one, headers={k: v + "=" for k, v in one.headers.items()}),
        lambda one: altered(one, headers=dict.fromkeys(one.headers, "é")),
        lambda one: altered(one, headers={k: v for k, v in one.headers.items() if "nonce" in k}),
        lambda one: altered(
            one, headers={k: v for k, v in one.headers.items() if "nonce" not in k}
        ),
    ],
    ids=["path", "port", "none", "case", "longer", "not ascii", "no signature", "no nonce"],
)
def test_a_changed_address_or_signature_is_refused(request_: RawRequest, change: Any) -> None:
    assert not accepted(change(request_))
    assert not accepted(request_, "another token")


def test_v3_guards_every_field_and_decides_where_both_came() -> None:
    forged = [(name, value.replace("delivered", "failed")) for name, value in STATUS]
    both = {**headers("v2", V2), **headers("v3", V3_POST)}
    assert accepted(posted(both))
    assert not accepted(posted(both, forged))
    assert not accepted(posted({**both, **headers("v3", "x")}))


def test_one_of_several_signatures_is_enough_and_the_main_accounts_counts() -> None:
    assert accepted(posted(headers("v3", f"another,{V3_POST}")))
    assert accepted(posted(headers("v3", V3_POST, "ma-")))
    assert accepted(posted(headers("v2", V2, "ma-")))
    assert not accepted(posted(headers("v3", "another,other")))


def test_an_endless_form_is_refused() -> None:
    fields = [(f"n{n}", "") for n in range(MAX_FIELDS + 1)]
    assert not accepted(posted(headers("v2", V2), fields))


@pytest.mark.parametrize(
    ("status", "delivery", "reason"),
    [
        ("queued", "", ""),
        ("sent", "sent", ""),
        ("delivered", "delivered", ""),
        ("read", "delivered", ""),
        ("failed", "failed", "failed"),
        ("undelivered", "failed", "undelivered"),
        ("rejected", "failed", "rejected"),
        ("of-tomorrow", "", ""),
    ],
)
def test_plivos_statuses_become_ours(status: str, delivery: str, reason: str) -> None:
    fields = [("MessageUUID", MESSAGE), ("Status", status)]
    found = PlivoReceipts(TOKEN).read(posted(headers("v2", V2), fields))
    assert found == Receipt(MESSAGE, delivery, reason)


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
plain = st.text(st.characters(codec="ascii"), max_size=12)  # Plivo's code reads no other query


@given(
    st.lists(st.tuples(names, values), max_size=8),
    st.lists(st.tuples(names, plain), max_size=3),
    st.sampled_from(["GET", "POST"]),
    st.booleans(),
)
def test_whatever_comes_we_and_plivos_validator_judge_alike(
    fields: Fields, query: Fields, method: str, spoiled: bool
) -> None:
    url = f"{BARE}?{urlencode(query)}" if query else BARE
    form = urlencode(fields).encode() if method == "POST" else b""
    unsigned = RawRequest(method, url, {}, form)
    request = altered(unsigned, headers=headers("v3", made_by_plivo(unsigned)))
    if spoiled:
        request = altered(request, url=request.url + ("&" if query else "?") + "Z0=z")
    assert accepted(request) is judged_by_plivo(request, TOKEN)
    assert accepted(request) is not spoiled


def made_by_plivo(request: RawRequest) -> str:
    """The signature that Plivo's own code makes."""
    posted_ = values_of(request.body.decode()) if request.method == "POST" else {}
    if request.method == "GET":
        text = signature_v3.construct_get_url(request.url, posted_)
    else:
        text = signature_v3.construct_post_url(request.url, posted_)
    mac = signature_v3.get_signature_v3(TOKEN.encode(), text.decode(), NONCE.encode())
    return str(mac.decode())
