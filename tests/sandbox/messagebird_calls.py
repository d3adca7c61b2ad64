"""What the tests of the MessageBird façade share."""

from typing import Any

from flask.testing import FlaskClient

KEY = "live_" + "k" * 27
NOTES, TO, OTHER = "Notes", "31612345678", "31612345679"
ROOT = "/messagebird"
NOWHERE = "0" * 32
STRANGE: tuple[Any, ...] = (
    0, -1, 1.5, 10**30, True, "", " ", "\ud800", "x" * 5000, "http://[::1", "\x00", [], [[]],
    ["\ud800"], ["http://[::1"], {}, {"a": {}}, {"a": "\ud800"},
)  # fmt: skip


def key(one: str = KEY) -> dict[str, str]:
    return {"Authorization": f"AccessKey {one}"}


def ask(web: FlaskClient, **changes: Any) -> Any:
    """Asks for a message; ``None`` leaves a parameter out."""
    values = {"originator": NOTES, "recipients": TO, "body": "Your code is 482913"} | changes
    given = {name: value for name, value in values.items() if value is not None}
    return web.post(f"{ROOT}/messages", json=given, headers=key())


def send(web: FlaskClient, **changes: Any) -> dict[str, Any]:
    """A message that is accepted, as it is answered."""
    answer = ask(web, **changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def get(web: FlaskClient, path: str, expected: int = 200, /, **query: Any) -> Any:
    answer = web.get(f"{ROOT}{path}", query_string=query, headers=key())
    assert answer.status_code == expected, answer.text
    return answer.json


def fetch(web: FlaskClient, message_id: str) -> Any:
    return get(web, f"/messages/{message_id}")


def item(web: FlaskClient, message_id: str, place: int = 0) -> Any:
    """How a message stands with one of its recipients."""
    return fetch(web, message_id)["recipients"]["items"][place]


def listed(web: FlaskClient, **query: Any) -> list[str]:
    """The ids of a list's messages."""
    return [one["id"] for one in get(web, "/messages", **query)["items"]]


def start(web: FlaskClient, **changes: Any) -> Any:
    """A verification that is begun, as it is answered."""
    answer = web.post(f"{ROOT}/verify", json={"recipient": TO} | changes, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json


def check(web: FlaskClient, verification: str, token: Any) -> tuple[int, str]:
    """The status of an answer, and the verification's or what is wrong."""
    path = f"{ROOT}/verify/{verification}"
    answer = web.get(path, query_string={"token": token}, headers=key())
    if answer.status_code == 200:
        return 200, answer.json["status"]
    return answer.status_code, error(answer)[1]


def error(answer: Any) -> tuple[int, str, str | None]:
    """Code, description and parameter of a refusal."""
    (one,) = answer.json["errors"]
    assert list(one) == ["code", "description", "parameter"]
    return one["code"], one["description"], one["parameter"]


def newest(web: FlaskClient, to: str = TO) -> Any:
    """The newest message of the inbox to a number."""
    return web.get(f"/api/v1/messages?to=%2B{to}").json["messages"][0]


def total(web: FlaskClient) -> int:
    found: int = web.get("/api/v1/messages").json["total"]
    return found
