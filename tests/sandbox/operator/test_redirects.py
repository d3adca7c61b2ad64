"""A device's way through the operator, back to the application."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.operator_calls import (
    APPLICATION,
    EVEN,
    ODD,
    OTHER,
    REDIRECT,
    auth_url,
    brought,
    by_code,
    configure,
    direct_url,
    fault,
    follow,
    hop,
    token_of,
    verify,
)


def test_steps_on_the_way_work_once_and_in_their_order(web: FlaskClient) -> None:
    first = hop(web, auth_url(web)).headers["Location"]
    second = hop(web, first).headers["Location"]
    assert hop(web, first).status_code == 400
    on_the_way = brought(second)["code"]
    assert by_code(web, on_the_way).json["error"] == "invalid_grant"
    assert hop(web, second).status_code == 302
    assert hop(web, second).status_code == 400


def test_somebody_who_only_looks_uses_nothing_up(web: FlaskClient) -> None:
    url = auth_url(web)
    assert web.head(url.removeprefix("http://localhost")).status_code == 405
    assert "code" in brought(follow(web, url))


def test_state_of_one_application_is_not_anothers(web: FlaskClient) -> None:
    stolen = auth_url(web).replace(APPLICATION, OTHER)
    assert hop(web, stolen).status_code == 400


def test_state_is_not_another_applications_of_the_same_account(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/abcd1234/aliases", json={"aliases": [APPLICATION, OTHER]})
    configure(web, "abcd1234")
    stolen = hop(web, auth_url(web).replace(APPLICATION, OTHER, 1))
    assert (stolen.status_code, stolen.json["error"]) == (400, "invalid_request")


def test_device_comes_without_network_enablement_too(web: FlaskClient) -> None:
    end = follow(web, direct_url(login_hint=f"tel:{EVEN}"))
    assert brought(end)["state"] == "own-state"
    assert verify(web, token_of(by_code(web, brought(end)["code"]))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"login_hint": None}, "login_required"),
        ({"login_hint": "nobody"}, "login_required"),
    ],
)
def test_application_is_told_why_its_device_was_turned_away(
    web: FlaskClient, changes: dict[str, Any], error: str
) -> None:
    end = follow(web, direct_url(**changes))
    given = brought(end)
    assert end.startswith(f"{REDIRECT}?")
    assert (given["error"], given["state"]) == (error, "own-state")
    assert given["error_description"]
    assert "code" not in given


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "/callback",
        "//evil.example/",
        "callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://127.0.0.1/",
        "myapp://callback",
        "http://",
        "http:///callback",
        "http://user:word@127.0.0.1/",
        "http://127.0.0.1/#part",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nSet-Cookie: a=b",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1/ä",
        "http://127.0.0.1/" + "x" * 3000,
    ],
)
def test_nobody_is_sent_to_what_is_no_absolute_http_address(
    bare: FlaskClient, uri: str | None
) -> None:
    answer = hop(bare, direct_url(redirect_uri=uri))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert "Location" not in answer.headers


def test_configured_redirect_uri_is_the_only_one(web: FlaskClient) -> None:
    answer = hop(web, direct_url(redirect_uri=f"{REDIRECT}/more"))
    assert answer.status_code == 400
    assert "PUT /api/v1/settings" in answer.json["error_description"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_page_elsewhere_leads_nobody_to_an_address_that_was_not_configured(
    bare: FlaskClient, site: str
) -> None:
    led = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert hop(bare, direct_url(redirect_uri="https://evil.example/"), **led).status_code == 400
    assert hop(bare, direct_url(redirect_uri="https://evil.example/")).status_code == 302
    configure(bare)
    assert "code" in brought(follow(bare, direct_url(), **led))
    assert "code" in brought(follow(bare, auth_url(bare), **led))


def test_redirect_keeps_the_query_of_the_applications_address(web: FlaskClient) -> None:
    web.put(f"/api/v1/settings?account={APPLICATION}", json={"redirect_uri": f"{REDIRECT}?a=1"})
    given = brought(follow(web, auth_url(web)))
    assert given["a"] == "1"
    assert set(given) == {"a", "code", "state"}


def test_network_that_knows_no_device_sends_it_back_without_a_code(web: FlaskClient) -> None:
    configure(web, network="off")
    given = brought(follow(web, auth_url(web)))
    assert (given["error"], given["state"]) == ("login_required", "own-state")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(503, None, "temporarily_unavailable"), (500, None, "server_error"),
     (403, None, "access_denied"), (400, "consent_required", "consent_required")],
)  # fmt: skip
def test_fault_of_the_operator_reaches_the_application_by_its_device(
    web: FlaskClient, status: int, code: str | None, error: str
) -> None:
    effect = {"type": "error", "status": status} | ({"code": code} if code else {})
    fault(web, {"to": EVEN, "body": "/oauth2/auth"}, effect)
    assert brought(follow(web, auth_url(web)))["error"] == error
    assert "code" in brought(follow(web, auth_url(web, ODD)))
