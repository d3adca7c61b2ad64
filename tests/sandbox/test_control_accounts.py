import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem, send


def test_accounts_with_their_messages(web: FlaskClient) -> None:
    send(web, account="b")
    newest = send(web, account="a")
    accounts = web.get("/api/v1/accounts").json["accounts"]
    assert [(one["id"], one["messages"]) for one in accounts] == [("a", 1), ("b", 1)]
    assert accounts[0]["last_message_at"] == newest["created_at"]


def test_reset_is_of_one_account_or_of_all(web: FlaskClient) -> None:
    for account in ("a", "b", "c"):
        send(web, account=account)
    assert web.post("/api/v1/reset?account=a", json={}).json == {"deleted": 1}
    problem(web.post("/api/v1/reset", json={}), 400, "invalid_request")
    problem(web.post("/api/v1/reset?account=a&all=true", json={}), 400, "invalid_request")
    assert web.post("/api/v1/reset?all=true", json={}).json == {"deleted": 2}


def test_retention_is_shown_and_changed(web: FlaskClient) -> None:
    assert web.get("/api/v1/settings").json == {"account": None, "retention": 10_000}
    for _ in range(3):
        send(web)
    answer = web.put("/api/v1/settings", json={"retention": 2})
    assert answer.json == {"account": None, "retention": 2}
    assert web.get("/api/v1/messages").json["total"] == 2
    assert web.get("/healthz").json["pruned"] == 1


def test_retention_of_one_account(web: FlaskClient) -> None:
    web.put("/api/v1/settings?account=a", json={"retention": 7})
    assert web.get("/api/v1/settings?account=a").json == {"account": "a", "retention": 7}
    assert web.get("/api/v1/settings?account=b").json["retention"] == 10_000


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", True, 10**9])
def test_bad_retention_is_400(web: FlaskClient, value: object) -> None:
    problem(web.put("/api/v1/settings", json={"retention": value}), 400, "invalid_request")
