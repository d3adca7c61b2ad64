"""What the tests of the Plivo façade share."""

import base64
from typing import Any

from flask.testing import FlaskClient

AUTH_ID, TOKEN = "MA" + "A" * 18, "MzUzN2QyODE3N2YzZDk2NzkyZDk5NjFhNWVi"
SRC, DST = "14150000001", "14150000002"
ROOT = f"/plivo/v1/Account/{AUTH_ID}"
NOWHERE = "00000000-0000-4000-8000-000000000000"
STRANGE: tuple[Any, ...] = (
    0, -1, 1.5, 10**30, True, "", " ", "\ud800", "x" * 5000, "http://[::1", "\x00", [], [[]],
    ["\ud800"], ["http://[::1"], {},
)  # fmt: skip


def basic(name: str = AUTH_ID, token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


def ask(web: FlaskClient, **changes: Any) -> Any:
    """Asks for a message; ``None`` leaves a parameter out."""
    values = {"src": SRC, "dst": DST, "text": "Your code is 482913"} | changes
    given = {name: value for name, value in values.items() if value is not None}
    return web.post(f"{ROOT}/Message/", json=given, headers=basic())


def send(web: FlaskClient, **changes: Any) -> str:
    """The id of a message that is accepted."""
    answer = ask(web, **changes)
    assert answer.status_code == 202, answer.text
    (message_uuid,) = answer.json["message_uuid"]
    return str(message_uuid)


def get(web: FlaskClient, path: str, expected: int = 200, /, **query: Any) -> dict[str, Any]:
    answer = web.get(f"{ROOT}{path}", query_string=query, headers=basic())
    assert answer.status_code == expected, answer.text
    found: dict[str, Any] = answer.json
    return found


def fetch(web: FlaskClient, message_uuid: str) -> dict[str, Any]:
    return get(web, f"/Message/{message_uuid}/")


def listed(web: FlaskClient, **query: Any) -> list[str]:
    """The ids of a list's messages."""
    return [one["message_uuid"] for one in get(web, "/Message/", **query)["objects"]]


def start(web: FlaskClient, **changes: Any) -> str:
    """The id of a session that is initiated."""
    answer = web.post(f"{ROOT}/Verify/Session/", json={"recipient": DST} | changes, headers=basic())
    assert answer.status_code == 202, answer.text
    assert answer.json["message"] == "Session initiated"
    return str(answer.json["session_uuid"])


def validate(web: FlaskClient, session_uuid: str, otp: Any) -> tuple[int, str]:
    """The status and the sentence of an answer."""
    path = f"{ROOT}/Verify/Session/{session_uuid}/"
    answer = web.post(path, json={"otp": otp}, headers=basic())
    return answer.status_code, answer.json.get("error") or answer.json["message"]


def newest(web: FlaskClient, to: str = DST) -> dict[str, Any]:
    """The newest message of the inbox to a number."""
    found: dict[str, Any] = web.get(f"/api/v1/messages?to=%2B{to}").json["messages"][0]
    return found
