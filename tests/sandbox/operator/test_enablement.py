"""A device's address, and who may ask for it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.operator_calls import (
    APPLICATION,
    CHECK,
    EVEN,
    NUMBERS,
    VERIFY,
    application_jwt,
    auth_url,
    bearer,
    brought,
    by_code,
    configure,
    enable,
    fault,
    follow,
    token_of,
    verify,
)


def test_address_names_the_application_and_hides_its_state(web: FlaskClient) -> None:
    url = auth_url(web, state="secret-of-the-app")
    given = brought(url)
    assert url.startswith("http://localhost/vonage/oauth2/auth?")
    assert (given["client_id"], given["response_type"]) == (APPLICATION, "code")
    assert given["scope"] == VERIFY
    assert given["state"].startswith("v2_")
    assert "secret-of-the-app" not in url
    assert "990" not in url.split("state=")[0].partition("?")[2].replace(APPLICATION, "")


def test_vendors_own_host_gets_addresses_of_that_host(web: FlaskClient) -> None:
    answer = web.post(
        "/v0.1/network-enablement",
        json={"phone_number": EVEN, "scopes": [VERIFY], "state": "s"},
        headers=bearer(application_jwt()) | {"Host": "api-eu.vonage.com"},
    )
    url = answer.json["scopes"][VERIFY]["auth_url"]
    assert url.startswith("http://api-eu.vonage.com/oauth2/auth?")
    path = url.removeprefix("http://api-eu.vonage.com")
    onward = web.get(path, headers={"Host": "api-eu.vonage.com"}).headers["Location"]
    assert onward.startswith("http://api-eu.vonage.com/operator/login?")


def test_each_scope_gets_an_address_of_its_own(web: FlaskClient) -> None:
    offers = enable(web, scopes=[VERIFY, CHECK]).json["scopes"]
    assert set(offers) == {VERIFY, CHECK}
    assert len({one["auth_url"] for one in offers.values()}) == 2


def test_application_without_a_redirect_uri_is_told_how_to_set_it(bare: FlaskClient) -> None:
    answer = enable(bare)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert f"/api/v1/settings?account={APPLICATION}" in answer.json["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"phone_number": None},
        {"phone_number": "nobody"},
        {"phone_number": 99012345678},
        {"scopes": []},
        {"scopes": "all"},
        {"scopes": [VERIFY, 1]},
        {"scopes": ["dpv:Other"]},
        {"scopes": [f"{VERIFY}-more"]},
        {"scopes": [VERIFY] * 11},
        {"scopes": ["dpv:\ud800#number-verification-verify-read"]},
        {"scopes": ["dpv:\u00fc#number-verification-verify-read"]},
        {"scopes": ["dpv:" + "x" * 1000 + "#number-verification-verify-read"]},
        {"state": None},
        {"state": ""},
        {"state": "x" * 1025},
        {"state": "line\nbreak"},
        {"state": ["s"]},
    ],
)
def test_network_enablement_refuses_what_it_cannot_use(
    web: FlaskClient, changes: dict[str, Any]
) -> None:
    answer = enable(web, **changes)
    assert (answer.status_code, answer.json["title"]) == (400, "Bad Request")


def test_network_that_offers_nothing_says_so_for_each_scope(web: FlaskClient) -> None:
    configure(web, network="unsupported")
    answer = enable(web)
    assert answer.status_code == 200
    assert answer.json["scopes"][VERIFY]["error_code"] == "NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("path", "status", "form"),
    [
        ("/v0.1/network-enablement", 503, "title"),
        ("/oauth2/token", 503, "error"),
        (f"{NUMBERS}/verify", 503, "code"),
    ],
)
def test_fault_rule_picks_one_operation_by_its_path(
    web: FlaskClient, path: str, status: int, form: str
) -> None:
    fault(web, {"to": EVEN, "body": path}, {"type": "error", "status": status})
    answer = enable(web)
    if path.startswith("/oauth2") or path.startswith("/camara"):
        answer = by_code(web, brought(follow(web, auth_url(web)))["code"])
    if path.startswith("/camara"):
        answer = verify(web, token_of(answer))
    assert answer.status_code == status
    assert form in answer.json
