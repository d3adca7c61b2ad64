"""What the tests of the Vonage façade share."""

import base64
import time
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from flask.testing import FlaskClient

from sms_sandbox.numbers import SCENARIOS

KEY, SECRET = "abcd1234", "ABCDEF0123456789abcdef0123456789XYZ"
APPLICATION = "7c9738e6-0a4e-4c8e-9a52-2d0a2bb5e0a1"
FROM, TO = "12015550199", "447700900000"
STRANGE: tuple[Any, ...] = (
    0, -1, 1.5, 10**30, True, False, "", " ", "\ud800", "x" * 5000, "http://[::1", "\x00", [],
    [[]], ["\ud800"], {}, {"a": {}}, "٣٣٣٣٣٣٣٣",
)  # fmt: skip


def basic(name: str = KEY, secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


@lru_cache(maxsize=2)
def private_key(name: str = "application") -> rsa.RSAPrivateKey:
    """A key of its own for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str = "application") -> str:
    """As an application is given its key."""
    return (
        private_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    )


def public_base64(name: str = "application") -> str:
    """As the credentials file holds a key."""
    der = (
        private_key(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


def token(signed_by: str = "application", algorithm: str = "RS256", **changes: Any) -> str:
    """An application's JWT; ``None`` leaves a claim out."""
    now = int(time.time())
    claims = {"application_id": APPLICATION, "iat": now, "exp": now + 900, "jti": "one"} | changes
    given = {name: value for name, value in claims.items() if value is not None}
    key: Any = private_key(signed_by) if algorithm == "RS256" else SECRET
    return jwt.encode(given, key, algorithm=algorithm)


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


def ask_sms(web: FlaskClient, **changes: Any) -> Any:
    """Asks the SMS API for a message, as a form; ``None`` leaves a parameter out."""
    values = {"from": FROM, "to": TO, "text": "Your code is 482913"}
    values |= {name.rstrip("_").replace("_", "-"): value for name, value in changes.items()}
    given = {name: value for name, value in values.items() if value is not None}
    return web.post("/vonage/sms/json", data=given, headers=basic())


def send_sms(web: FlaskClient, **changes: Any) -> list[str]:
    """The ids of the parts of a message that is accepted."""
    answer = ask_sms(web, **changes)
    assert answer.status_code == 200, answer.text
    assert {one["status"] for one in answer.json["messages"]} == {"0"}, answer.text
    return [one["message-id"] for one in answer.json["messages"]]


def failure(answer: Any) -> tuple[str, str]:
    """Status and sentence of a refused message."""
    assert answer.status_code == 200, answer.text
    assert answer.json["message-count"] == "1"
    (one,) = answer.json["messages"]
    assert set(one) == {"status", "error-text"}
    return one["status"], one["error-text"]


def ask_message(web: FlaskClient, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    """Asks the Messages API for an SMS; ``None`` leaves a parameter out."""
    values = {"channel": "sms", "message_type": "text", "to": TO, "from": FROM, "text": "Code 4829"}
    values |= {name.rstrip("_"): value for name, value in changes.items()}
    given = {name: value for name, value in values.items() if value is not None}
    return web.post("/vonage/v1/messages", json=given, headers=headers or basic())


def send_message(web: FlaskClient, headers: dict[str, str] | None = None, **changes: Any) -> str:
    """The id of a message that is accepted."""
    answer = ask_message(web, headers, **changes)
    assert answer.status_code == 202, answer.text
    return str(answer.json["message_uuid"])


def problem(answer: Any, status: int) -> dict[str, Any]:
    """A problem, its form checked."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert found["type"].startswith("https://developer.vonage.com/api-errors")
    assert {"title", "detail", "instance"} <= set(found)
    return found


def settings(web: FlaskClient, account: str = KEY, **values: Any) -> None:
    answer = web.put(f"/api/v1/settings?account={account}", json=values)
    assert answer.status_code == 200, answer.text


def inbound(web: FlaskClient, body: str, account: str = KEY) -> dict[str, Any]:
    """The handset writes."""
    message = {"account": account, "provider": "vonage", "from": f"+{TO}", "to": f"+{FROM}"}
    answer = web.post("/api/v1/inbound", json=message | {"body": body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def to_scenario(name: str) -> str:
    """A number of fiction with this meaning, without its plus."""
    (area_code,) = (one.area_code for one in SCENARIOS if one.name == name)
    return f"1{area_code}5550100"


def newest(web: FlaskClient, to: str = TO) -> dict[str, Any]:
    """The newest message of the inbox to a number."""
    found: dict[str, Any] = web.get(f"/api/v1/messages?to=%2B{to}").json["messages"][0]
    return found
