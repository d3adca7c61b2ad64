"""The OpenAPI document: valid, complete, and as the app really answers."""

from __future__ import annotations

import re
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web_steps import PHONE, ask, entry

from flask_phoneauth import PhoneAuthError
from flask_phoneauth.web.operations import ALWAYS, OPERATIONS, Operation

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = hypothesis.settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
"""So many requests an operation: the whole file stays within seconds."""


def document_of(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/auth/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    found: dict[str, Any] = answer.get_json()
    return found


def routes_of(app: Flask) -> set[tuple[str, str]]:
    return {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("phoneauth.") and rule.endpoint != "phoneauth.static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_document_is_valid(app: Flask) -> None:
    OpenAPIV31SpecValidator(document_of(app)).validate()


def test_every_route_is_in_the_document_and_the_reverse(app: Flask) -> None:
    found = {
        (path, method.upper())
        for path, item in document_of(app)["paths"].items()
        for method in item
    }
    assert found == routes_of(app)


def test_no_operation_is_described_that_has_no_route(app: Flask) -> None:
    endpoints = {
        (rule.endpoint.removeprefix("phoneauth."), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("phoneauth.") and rule.endpoint != "phoneauth.static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert set(OPERATIONS) == endpoints


def test_every_problem_of_an_operation_is_told_by_status_and_code(app: Flask) -> None:
    paths = document_of(app)["paths"]
    answers = paths["/auth/login"]["post"]["responses"]
    assert set(answers) == {"202", "303", "400", "403", "415", "422", "429", "500", "503"}
    codes = answers["429"]["content"]["application/problem+json"]["schema"]["allOf"][1]
    assert set(codes["properties"]["code"]["enum"]) == {
        "cooldown",
        "budget_exhausted",
        "locked",
        "rate_limited",
    }
    assert answers["429"]["headers"]["Retry-After"]["required"] is True


def test_every_error_that_a_visitor_can_meet_is_in_some_operation() -> None:
    told = {kind for one in OPERATIONS.values() for kind in one.problems}
    classes = {kind for kind in descendants(PhoneAuthError) if "code" in vars(kind)}
    assert {kind.__name__ for kind in classes - told} == set()
    assert told >= set(ALWAYS)


def descendants(kind: type) -> set[type]:
    return {kind, *(found for child in kind.__subclasses__() for found in descendants(child))} - {
        PhoneAuthError
    }


@pytest.mark.parametrize("length", [6, 8])
def test_lengths_follow_the_settings(make_app: Any, length: int) -> None:
    shapes = document_of(make_app(CODE_LENGTH=length, CODE_TTL=200))["components"]["schemas"]
    assert shapes["Code"]["properties"]["code"]["minLength"] == length
    assert shapes["Asked"]["properties"]["expires_in"]["maximum"] == 200


def test_addresses_and_names_follow_the_app(make_app: Any) -> None:
    app = make_app(URL_PREFIX="/konto", PUBLIC_URL="https://login.example/site")
    app.config.update(SESSION_COOKIE_NAME="own", WTF_CSRF_FIELD_NAME="token")
    document = app.test_client().get("/konto/openapi.json").get_json()
    assert document["servers"] == [{"url": "https://login.example/site"}]
    assert "/konto/login" in document["paths"]
    assert document["components"]["securitySchemes"]["session"]["name"] == "own"
    body = document["paths"]["/konto/login"]["post"]["requestBody"]["content"]
    assert body["application/x-www-form-urlencoded"]["schema"]["required"] == ["token"]


def test_the_document_stands_under_the_servers_own_path(app: Flask) -> None:
    answer = app.test_client().get("/auth/openapi.json", environ_overrides={"SCRIPT_NAME": "/site"})
    assert answer.get_json()["servers"] == [{"url": "/site"}]


def test_a_host_without_debug_that_is_refused_serves_no_document(make_app: Any) -> None:
    answer = make_app(testing=False).test_client().get("/auth/openapi.json")
    assert (answer.status_code, answer.get_json()["code"]) == (500, "misconfigured")


# --- what the app really answers --------------------------------------------------------------


@pytest.fixture
def described(make_app: Any) -> Any:
    """The schema of an app that no budget holds back."""
    app = make_app(
        ROUTE_LIMIT="100000 per minute",
        ADDRESS_ASKS_PER_HOUR=100_000,
        ADDRESS_TOTAL_ASKS_PER_HOUR=100_000,
    )
    return schemathesis.openapi.from_wsgi("/auth/openapi.json", app)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", [f"{one}_{method.lower()}" for one, method in OPERATIONS])
def test_answers_are_as_described_whatever_is_sent(
    described: Any, name: str, mode: GenerationMode
) -> None:
    operation = described.find_operation_by_id(name)
    if mode is GenerationMode.NEGATIVE and not takes_anything(operation.definition.raw):
        return

    @FEW
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def judge(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    judge()


def takes_anything(operation: dict[str, Any]) -> bool:
    """Whether there is a value that could be wrong."""
    return "parameters" in operation or "requestBody" in operation


def signed_in_cookie(app: Flask, code: Any) -> str:
    client = app.test_client()
    asked = ask(client)
    client.post("/auth/verify", json=entry(asked, code(PHONE)))
    cookie = client.get_cookie("session")
    assert cookie is not None
    return str(cookie.value)


def test_answers_are_as_described_to_a_signed_in_user(app: Flask, phoneauth_code: Any) -> None:
    loaded = schemathesis.openapi.from_wsgi("/auth/openapi.json", app)
    cookies = {"session": signed_in_cookie(app, phoneauth_code)}
    headers = {"Accept": "application/json"}
    for path, method, status in (
        ("/auth/me", "GET", 200),
        ("/auth/sessions", "GET", 200),
        ("/auth/sessions", "DELETE", 204),
        ("/auth/sessions/{session_id}", "DELETE", 404),
    ):
        case = loaded[path][method].Case(path_parameters={"session_id": "0" * 16})
        answer = case.call(headers=headers, cookies=cookies)
        assert answer.status_code == status
        case.validate_response(answer, checks=CHECKS)


def test_a_whole_login_is_as_described(app: Flask, phoneauth_code: Any) -> None:
    loaded = schemathesis.openapi.from_wsgi("/auth/openapi.json", app)

    def call(path: str, method: str, status: int, **more: Any) -> Any:
        case = loaded[path][method].Case(media_type="application/json", **more)
        answer = case.call()
        assert answer.status_code == status, answer.text
        case.validate_response(answer, checks=CHECKS)
        return answer.json()

    asked = call("/auth/login", "POST", 202, body={"phone": PHONE})
    held = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    call("/auth/resend", "POST", 429, body=held)
    call("/auth/verify", "POST", 400, body={**held, "code": "x" * 6})
    shown = call(
        "/auth/challenges/{challenge_id}",
        "GET",
        200,
        path_parameters={"challenge_id": held["challenge_id"]},
        headers={"PhoneAuth-Challenge-Secret": held["challenge_secret"]},
    )
    assert (shown["status"], shown["delivery"]) == ("pending", "sent")
    signed_in = call("/auth/verify", "POST", 200, body={**held, "code": phoneauth_code(PHONE)})
    assert signed_in["new_user"] is True
    call("/auth/verify", "POST", 410, body={**held, "code": "000000"})


def test_the_checks_fail_where_the_document_is_wrong(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**OPERATIONS, ("me", "GET"): Operation("Who is signed in", {200: "Me"})}
    monkeypatch.setattr("flask_phoneauth.web.openapi.OPERATIONS", wrong)
    case = schemathesis.openapi.from_wsgi("/auth/openapi.json", app)["/auth/me"]["GET"].Case()
    with pytest.raises(BaseExceptionGroup):
        case.call_and_validate(checks=CHECKS)
