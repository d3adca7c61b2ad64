import re
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from sandbox.control_calls import send

from sms_sandbox.app import Sandbox, create_app


@pytest.fixture
def document(web: FlaskClient) -> dict[str, Any]:
    return web.get("/api/v1/openapi.json").json


def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_in_the_document_and_the_reverse(
    sandbox: Sandbox, document: dict[str, Any]
) -> None:
    routes = {
        (method, re.sub(r"<([a-z_]+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in create_app(sandbox).url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert routes == documented


def test_operations_are_named_once(document: dict[str, Any]) -> None:
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))


def _schema(document: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any]:
    answers = document["paths"][path][method]["responses"]
    answer = answers.get(str(status), answers["default"])
    (media,) = answer["content"].values()
    return {**media["schema"], "components": document["components"]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/messages", None, 200),
        ("post", "/messages", {"to": "+9901234567", "from": "Notes", "body": "x"}, 201),
        ("post", "/messages", {"to": "x"}, 400),
        ("delete", "/messages", None, 400),
        ("get", "/messages/{message_id}", None, 200),
        ("get", "/messages/{message_id}/timeline", None, 200),
        ("post", "/messages/{message_id}/reply", {"body": "x"}, 201),
        ("post", "/messages/{message_id}/status", {"status": "sent"}, 200),
        ("post", "/messages/{message_id}/status", {"status": "accepted"}, 409),
        ("post", "/inbound", {"from": "+9901234567", "to": "Notes", "body": "x"}, 201),
        ("get", "/codes/{number}", None, 200),
        ("post", "/codes/{number}/claim", {"timeout": 0}, 200),
        ("post", "/wait", {"timeout": 0}, 200),
        ("post", "/wait", {"timeout": 0, "match": {"account": "none"}}, 408),
        ("get", "/accounts", None, 200),
        ("get", "/settings", None, 200),
        ("put", "/settings", {"retention": 5}, 200),
        ("put", "/settings", {"retention": {"seconds": 5}, "signing_key": "x"}, 200),
        ("get", "/clock", None, 200),
        ("put", "/clock", {"frozen": True}, 200),
        ("delete", "/clock", None, 200),
        ("post", "/clock/advance", {"seconds": 5}, 200),
        ("put", "/accounts/{account}/aliases", {"aliases": ["app-1"]}, 200),
        ("put", "/accounts/{account}/aliases", {"aliases": ["default"]}, 409),
        ("post", "/reset", {}, 400),
        ("post", "/faults", {"effect": {"type": "disconnect"}, "chance": 0.5}, 201),
        ("post", "/faults", {"effect": {"type": "fire"}}, 400),
        ("get", "/faults", None, 200),
        ("delete", "/faults", None, 400),
        ("get", "/handsets/{number}", None, 200),
        ("put", "/handsets/{number}", {"state": "off", "opted_out": True}, 200),
        ("get", "/numbers", None, 200),
        ("get", "/calls", None, 200),
        ("get", "/scheduled", None, 200),
        ("get", "/clocks", None, 200),
        ("get", "/handsets", None, 200),
    ],
)
def test_answers_have_the_documented_shape(
    web: FlaskClient, document: dict[str, Any], method: str, path: str, body: Any, status: int
) -> None:
    sent = send(web)
    url = path.format(message_id=sent["id"], number=sent["to"], account="default")
    answer = web.open(f"/api/v1{url}", method=method.upper(), json=body)
    assert answer.status_code == status
    jsonschema.Draft202012Validator(
        _schema(document, method, path, status),
        format_checker=jsonschema.FormatChecker(),
    ).validate(answer.json)
