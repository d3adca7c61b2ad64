"""The worked examples that both of Plivo's validators accept, byte for byte."""

import pytest

from sms_sandbox.facades.plivo.signature import sign_v2, sign_v3, signed_v3

TOKEN, NONCE = "MzUzN2QyODE3N2YzZDk2NzkyZDk5NjFhNWVi", "05429567804466091622"
URL = "http://127.0.0.1:9000/plivo/dlr"
PARAMETERS = [
    ("From", "14150000001"),
    ("To", "14150000002"),
    ("MessageUUID", "db3ce55a-7f1d-11e1-8ea7-1231380bc196"),
    ("Status", "delivered"),
    ("Units", "1"),
    ("TotalAmount", "0.00350"),
    ("PartInfo", "1 of 1"),
]


def test_v2_leaves_the_query_out() -> None:
    expected = "eBhN9MzlVx3b5Sy6QIf7gwPxuY82vBOrgc2XNUbtzKc="
    assert sign_v2(TOKEN, f"{URL}?env=test", NONCE) == expected
    assert sign_v2(TOKEN, URL, NONCE) == expected


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", f"{URL}?env=test", "WCNxQyi1qfgnLTxRfxYGX8MYi8whrI+cEqefEr6HPZE="),
        ("POST", f"{URL}?env=test", "hpDpcp0NibqEeZpNgSl2m4AAOg66slLxaDma9QGkl5E="),
        ("POST", URL, "2QKTIb9h9l9Q9bsY9s40xz+Ertof8L1tQhOVGF7cE+4="),
    ],
)
def test_v3_of_each_kind_of_request(method: str, url: str, expected: str) -> None:
    assert sign_v3(TOKEN, method, url, PARAMETERS, NONCE) == expected


def test_v3_of_a_request_without_parameters_is_over_its_address() -> None:
    assert signed_v3("POST", URL, []) == URL
    assert signed_v3("GET", URL, []) == URL
    assert signed_v3("POST", f"{URL}?b=2&a=", []) == f"{URL}?a=&b=2"


def test_v3_escapes_nothing_and_sorts_values_too() -> None:
    assert signed_v3("GET", f"{URL}?a=%C3%A4%26", [("b", "ö ="), ("b", "1")]) == (
        f"{URL}?a=ä&&b=1&b=ö ="
    )
    assert signed_v3("POST", URL, [("b", "2"), ("b", "1"), ("a", "ö")]) == f"{URL}?aöb1b2"
