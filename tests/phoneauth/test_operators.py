"""What operators are asked, and what becomes of answers that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from contracts.vendors import ENOUGH
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from scripted_server import (
    ENDLESS,
    Behaviour,
    ScriptedServer,
    answer,
    drip,
    drip_chunk,
    drip_head,
    drop,
    raw,
    silence,
    succeeds_in_a_fork,
)

from flask_phoneauth.operators.asking import Asking
from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.operators.camara import CamaraOperator, Endpoints, VonageOperator
from flask_phoneauth.settings import Settings

NUMBER, HERE = "+447400123456", "https://notes.example/auth/silent/callback"
APPLICATION = "00000000-0000-4000-8000-0000000000aa"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SCOPE = "dpv:FraudPreventionAndDetection#number-verification-verify-read"
TOKEN = {"access_token": "a-token"}

Make = Callable[[type[CamaraOperator]], CamaraOperator]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(answer(200, {})) as one:
        yield one


@pytest.fixture
def make(server: ScriptedServer) -> Iterator[Make]:
    made: list[CamaraOperator] = []

    def operator(kind: type[CamaraOperator], patience: float = ENOUGH) -> CamaraOperator:
        base = server.url
        endpoints = Endpoints(
            authorize=f"{base}/authorize",
            token=f"{base}/token",
            backchannel=f"{base}/backchannel",
            api=f"{base}/camara",
        )
        asking = Asking(connect_seconds=ENOUGH, answer_seconds=patience)
        made.append(kind(endpoints, APPLICATION, PEM, asking=asking))
        return made[-1]

    yield operator
    for one in made:
        one.close()


def by_path(answers: dict[str, Any]) -> Behaviour:
    """Answers each path in its own way."""

    def behave(handler: Any) -> None:
        found = answers.get(urlsplit(handler.path).path, {})
        (found if callable(found) else answer(200, found))(handler)

    return behave


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, KEY.public_key(), algorithms=["RS256"], options={"verify_aud": False})


def test_camara_is_asked_as_its_interface_has_it(server: ScriptedServer, make: Make) -> None:
    operator = make(CamaraOperator)
    url = operator.begin(NUMBER, "the state", HERE, proof="p" * 43)
    asked = {name: one for name, (one,) in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{server.url}/authorize?")
    assert asked == {
        "client_id": APPLICATION,
        "redirect_uri": HERE,
        "response_type": "code",
        "scope": "openid dpv:FraudPreventionAndDetection number-verification:verify",
        "state": "the state",
        "prompt": "none",
        "login_hint": f"tel:{NUMBER}",
        "code_challenge": "p" * 43,
        "code_challenge_method": "S256",
    }
    server.behaviour = by_path(
        {
            "/token": TOKEN,
            "/camara/number-verification/v2/verify": {"devicePhoneNumberVerified": True},
        }
    )
    assert operator.verify(NUMBER, "the-code", HERE, verifier="v" * 43) is True
    exchange, question = server.requests
    assert exchange.form["code_verifier"] == "v" * 43
    assert exchange.form["grant_type"] == "authorization_code"
    assert (exchange.form["code"], exchange.form["redirect_uri"]) == ("the-code", HERE)
    claims = claims_of(exchange.form["client_assertion"])
    assert (claims["iss"], claims["sub"]) == (APPLICATION, APPLICATION)
    assert claims["aud"] == f"{server.url}/token"
    assert claims["exp"] - claims["iat"] == 300
    assert "authorization" not in exchange.headers
    assert question.json == {"phoneNumber": NUMBER}
    assert question.headers["authorization"] == "Bearer a-token"
    assert exchange.connection == question.connection


def test_vonage_is_asked_for_the_address(server: ScriptedServer, make: Make) -> None:
    operator = make(VonageOperator)
    offer = {"scopes": {SCOPE: {"auth_url": "https://operator.example/auth?x=1"}}}
    server.behaviour = by_path({"/v0.1/network-enablement": offer})
    assert operator.begin(NUMBER, "the state", HERE) == "https://operator.example/auth?x=1"
    (asked,) = server.requests
    assert asked.json == {"phone_number": NUMBER, "scopes": [SCOPE], "state": "the state"}
    claims = claims_of(asked.headers["authorization"].removeprefix("Bearer "))
    assert claims["application_id"] == APPLICATION
    assert len(claims["jti"]) == 36


@pytest.mark.parametrize(
    ("kind", "path", "question"),
    [
        (CamaraOperator, "/camara/sim-swap/v2/check", {"maxAge": 24}),
        (VonageOperator, "/camara/sim-swap/v040/check", {"phoneNumber": NUMBER, "maxAge": 24}),
    ],
)
def test_sim_is_asked_about_without_the_device(
    server: ScriptedServer,
    make: Make,
    kind: type[CamaraOperator],
    path: str,
    question: dict[str, Any],
) -> None:
    server.behaviour = by_path(
        {"/backchannel": {"auth_req_id": "r1"}, "/token": TOKEN, path: {"swapped": True}}
    )
    assert make(kind).sim_changed(NUMBER, 24) is True
    began, exchange, asked = server.requests
    assert began.form["login_hint"] == f"tel:{NUMBER}"
    assert exchange.form["auth_req_id"] == "r1"
    assert asked.json == question


NONSENSE: dict[str, Behaviour] = {
    "dropped": drop,
    "silent": silence,
    "dripping": drip,
    "dripping from the start": drip_head,
    "dripping the size of a chunk": drip_chunk,
    "not HTTP": raw(b"hello\r\n\r\n"),
    "cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "empty": answer(200),
    "not JSON": answer(200, b"<html>"),
    "a list": answer(200, []),
    "deep": answer(200, b"[" * 20_000),
    "another object": answer(200, {"devicePhoneNumberVerified": "true", "access_token": 1}),
    "long": answer(200, b" " * 200_000),
    "redirect": answer(302, Location="http://127.0.0.1:9/"),
    "refused": answer(403, {"code": "PERMISSION_DENIED"}),
    "failing": answer(500),
    "busy": answer(429, {}, Retry_After="1"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_answer_that_is_none_decides_nothing(server: ScriptedServer, make: Make, name: str) -> None:
    path = "/camara/number-verification/v031/verify"
    server.behaviour = by_path({"/token": TOKEN, path: NONSENSE[name]})
    operator = make(VonageOperator, 0.5 if NONSENSE[name] in ENDLESS else ENOUGH)
    with pytest.raises(Unsure) as caught:
        operator.verify(NUMBER, "the-code", HERE)
    assert NUMBER not in str(caught.value)
    server.count(2)
    assert [one.path for one in server.requests] == ["/token", path], "nothing is asked twice"
    server.behaviour = NONSENSE[name]
    for deed in (
        lambda: operator.begin(NUMBER, "s", HERE),
        lambda: operator.sim_changed(NUMBER, 24),
        lambda: operator.verify(NUMBER, "c", HERE),
    ):
        with pytest.raises(Unsure):
            deed()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 429, 500])
def test_a_refusal_is_none_of_the_answers_and_sends_nobody_elsewhere(
    server: ScriptedServer, make: Make, status: int
) -> None:
    path = "/camara/number-verification/v031/verify"
    yes = {"devicePhoneNumberVerified": True}
    refused = answer(status, yes, Location=f"{server.url}/elsewhere")
    server.behaviour = by_path({"/token": TOKEN, path: refused, "/elsewhere": yes})
    with pytest.raises(Unsure, match=f"status_{status}"):
        make(VonageOperator).verify(NUMBER, "the-code", HERE)
    assert [one.path for one in server.requests] == ["/token", path]


@pytest.mark.parametrize(
    "url", ["", None, 1, "javascript:alert(1)", "//evil.example", "https://a b", "https://a\n"]
)
def test_address_that_is_none_is_not_handed_on(
    server: ScriptedServer, make: Make, url: Any
) -> None:
    server.behaviour = answer(200, {"scopes": {SCOPE: {"auth_url": url}}})
    with pytest.raises(Unsure):
        make(VonageOperator).begin(NUMBER, "s", HERE)


def test_network_without_the_service_decides_nothing(server: ScriptedServer, make: Make) -> None:
    for offer in ({}, {"scopes": {}}, {"scopes": {SCOPE: {"error_code": "NOT_SUPPORTED"}}}):
        server.behaviour = answer(200, offer)
        with pytest.raises(Unsure):
            make(VonageOperator).begin(NUMBER, "s", HERE)


def test_operator_works_on_in_a_forked_worker(server: ScriptedServer, make: Make) -> None:
    server.behaviour = by_path(
        {
            "/token": TOKEN,
            "/camara/number-verification/v2/verify": {"devicePhoneNumberVerified": True},
        }
    )
    operator = make(CamaraOperator)
    operator.verify(NUMBER, "c", HERE)
    assert succeeds_in_a_fork(lambda: operator.verify(NUMBER, "c", HERE))
    operator.verify(NUMBER, "c", HERE)


def test_endpoints_come_from_the_settings() -> None:
    given: dict[str, Any] = {
        "operator": "camara",
        "operator_application_id": APPLICATION,
        "operator_private_key": PEM.replace("\n", "\\n"),
        "operator_url": "https://api.example.com/",
        "operator_token_url": "https://login.example.com/token",
    }
    found = CamaraOperator._endpoints(Settings(**given))
    assert found.authorize == "https://api.example.com/oauth2/auth"
    assert found.token == "https://login.example.com/token"
    assert (found.api, found.console) == ("https://api.example.com/camara", "")
    CamaraOperator.from_settings(Settings(**given)).close()
    sandbox = CamaraOperator._endpoints(Settings(**given, sandbox_url="http://127.0.0.1:8025"))
    assert sandbox.token == "http://127.0.0.1:8025/vonage/oauth2/token"
    assert sandbox.console == "http://127.0.0.1:8025/api/v1"
    vonage = VonageOperator._endpoints(Settings(operator="vonage"))
    assert vonage.api == "https://api-eu.vonage.com/camara"


def test_key_is_in_no_repr() -> None:
    assert "BEGIN" not in repr(Settings(operator="vonage", operator_private_key=PEM))
