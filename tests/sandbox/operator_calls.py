"""What the tests of the mobile operator share."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask.testing import FlaskClient

from sms_sandbox.app import Sandbox, create_app, open_sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.settings import Settings

APPLICATION = "1a2b3c4d-0000-4000-8000-00000000c0de"
OTHER = "1a2b3c4d-0000-4000-8000-0000000000aa"
EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"
PLAIN = "+12015550123"
REDIRECT = "http://127.0.0.1:5000/callback"
PURPOSE = "dpv:FraudPreventionAndDetection"
VERIFY = f"{PURPOSE}#number-verification-verify-read"
VERIFY_2 = f"openid {PURPOSE} number-verification:verify"
SHARE = f"{PURPOSE} number-verification:device-phone-number:read"
CHECK, DATE = f"{PURPOSE}#check-sim-swap", f"{PURPOSE}#retrieve-sim-swap-date"
CODES = f"{PURPOSE} one-time-password-sms:send-validate"
CIBA = "urn:openid:params:grant-type:ciba"
NUMBERS, NUMBERS_2 = "/camara/number-verification/v031", "/camara/number-verification/v2"
SIMS, SIMS_2 = "/camara/sim-swap/v040", "/camara/sim-swap/v2"
OTP = "/camara/one-time-password-sms/v1"


@contextmanager
def frozen() -> Iterator[tuple[Sandbox, FlaskClient, FrozenClock]]:
    """A sandbox whose time stands still, and a client of it."""
    clock = FrozenClock(1_800_000_000.0)
    sandbox = open_sandbox(Settings(), clock)
    try:
        yield sandbox, create_app(sandbox).test_client(), clock
    finally:
        sandbox.close()


@cache
def private_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def application_jwt(application: str = APPLICATION, **claims: Any) -> str:
    """An application's token; ``None`` leaves a claim out."""
    now = int(time.time())
    usual = {
        "application_id": application,
        "iat": now,
        "exp": now + 900,
        "jti": str(uuid.uuid4()),
    }
    given = {name: one for name, one in (usual | claims).items() if one is not None}
    return jwt.encode(given, private_key(), algorithm="RS256")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def configure(web: FlaskClient, account: str = APPLICATION, /, **operator: Any) -> None:
    """Sets the application's redirect URI, and how its operator behaves."""
    changes = {"redirect_uri": REDIRECT, "operator": operator}
    answer = web.put(f"/api/v1/settings?account={account}", json=changes)
    assert answer.status_code == 200, answer.text


def enable(web: FlaskClient, number: str = EVEN, **changes: Any) -> Any:
    """Asks for a device's address."""
    asked = {"phone_number": number, "scopes": [VERIFY], "state": "own-state"} | changes
    return web.post(
        "/vonage/v0.1/network-enablement", json=asked, headers=bearer(application_jwt())
    )


def auth_url(web: FlaskClient, number: str = EVEN, **changes: Any) -> str:
    answer = enable(web, number, **changes)
    assert answer.status_code == 200, answer.text
    (offer,) = answer.json["scopes"].values()
    return str(offer["auth_url"])


def direct_url(number: str | None = EVEN, **changes: Any) -> str:
    """The path by which a device comes without network enablement."""
    asked = {
        "client_id": APPLICATION,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": VERIFY_2,
        "state": "own-state",
        "prompt": "none",
        "login_hint": number,
    } | changes
    return "/vonage/oauth2/auth?" + urlencode(
        {name: one for name, one in asked.items() if one is not None}
    )


def hop(web: FlaskClient, url: str, **headers: str) -> Any:
    """One request of a device, which keeps no cookie."""
    parts = urlsplit(url)
    return web.get(f"{parts.path}?{parts.query}", headers=headers)


def follow(web: FlaskClient, url: str, **headers: str) -> str:
    """Where the device ends up: the application's address, with what it brings."""
    for _ in range(6):
        answer = hop(web, url, **headers)
        assert answer.status_code == 302, answer.text
        assert "Set-Cookie" not in answer.headers
        url = answer.headers["Location"]
        if not urlsplit(url).path.startswith("/vonage/"):
            return url
    raise AssertionError("The redirects never end.")


def brought(url: str) -> dict[str, str]:
    """What a device brings to the application."""
    return {name: one for name, (one,) in parse_qs(urlsplit(url).query).items()}


def code_for(web: FlaskClient, number: str = EVEN) -> str:
    return brought(follow(web, auth_url(web, number)))["code"]


def exchange(web: FlaskClient, signed: str = "", **form: str) -> Any:
    """Asks for a token by a form."""
    return web.post("/vonage/oauth2/token", data=form, headers=bearer(signed or application_jwt()))


def by_code(web: FlaskClient, code: str, redirect_uri: str = REDIRECT) -> Any:
    return exchange(web, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def device_token(web: FlaskClient, number: str = EVEN, scope: str = VERIFY_2) -> str:
    """A token that the device of ``number`` has fetched itself."""
    url = follow(web, direct_url(number, scope=scope))
    return token_of(by_code(web, brought(url)["code"]))


def number_token(web: FlaskClient, number: str = EVEN, scope: str = CHECK) -> str:
    """A token for a number without its device."""
    began = web.post(
        "/vonage/oauth2/bc-authorize",
        data={"login_hint": number, "scope": scope},
        headers=bearer(application_jwt()),
    )
    assert began.status_code == 200, began.text
    return token_of(exchange(web, grant_type=CIBA, auth_req_id=began.json["auth_req_id"]))


def own_token(web: FlaskClient, scope: str = CODES) -> str:
    """A token of the application, for no number."""
    return token_of(exchange(web, grant_type="client_credentials", scope=scope))


def token_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json["access_token"])


def ask(web: FlaskClient, path: str, token: str, **values: Any) -> Any:
    """A call of a CAMARA API."""
    return web.post(f"/vonage{path}", json=values, headers=bearer(token))


def fault(web: FlaskClient, match: dict[str, Any], effect: dict[str, Any], **more: Any) -> None:
    answer = web.post("/api/v1/faults", json={"match": match, "effect": effect} | more)
    assert answer.status_code == 201, answer.text


def verify(web: FlaskClient, token: str, number: str = EVEN) -> Any:
    return ask(web, f"{NUMBERS}/verify", token, phoneNumber=number)


def last_token(web: FlaskClient, number: str = EVEN) -> str:
    return token_of(by_code(web, code_for(web, number)))
