from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem, send
from sandbox.twilio_calls import ACCOUNT, FROM, ROOT, TO, basic, create

from sms_sandbox.app import Sandbox, create_app


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


def kept(web: FlaskClient, account: str | None = None) -> dict[str, Any]:
    query = "" if account is None else f"?account={account}"
    found: dict[str, Any] = web.get(f"/api/v1/settings{query}").json["retention"]
    return found


def test_retention_is_shown_and_changed(web: FlaskClient) -> None:
    usual = {"messages": 10_000, "seconds": None, "bytes": 2 << 30}
    assert kept(web) == usual
    for _ in range(3):
        send(web)
    answer = web.put("/api/v1/settings", json={"retention": 2})
    assert answer.json["retention"] == usual | {"messages": 2}
    assert web.get("/api/v1/messages").json["total"] == 2
    assert web.get("/healthz").json["pruned"] == 1


def test_retention_of_one_account(web: FlaskClient) -> None:
    web.put("/api/v1/settings?account=a", json={"retention": {"messages": 7, "seconds": 60}})
    assert kept(web, "a") == {"messages": 7, "seconds": 60, "bytes": 2 << 30}
    assert kept(web, "b")["messages"] == 10_000
    web.put("/api/v1/settings?account=a", json={"retention": {}})
    assert kept(web, "a") == kept(web)


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", True, 10**9, {"hours": 1}])
def test_bad_retention_is_400(web: FlaskClient, value: object) -> None:
    problem(web.put("/api/v1/settings", json={"retention": value}), 400, "invalid_request")


SETTINGS = {
    "inbound_url": "http://127.0.0.1:5000/inbound",
    "status_url": "https://app.test/status?tenant=1",
    "webhook_method": "GET",
    "signature_method": "sha256",
    "redirect_uri": "http://localhost:5000/callback",
    "limits": {"messages_per_second": 2.5, "burst": 9},
    "timings": {"sent_after": 1, "delivered_after": 60},
}


def test_settings_are_shown_as_they_were_set_and_kept_apart(web: FlaskClient) -> None:
    shown = web.put("/api/v1/settings?account=a", json=SETTINGS).json
    assert {name: shown[name] for name in SETTINGS} == SETTINGS
    other = web.get("/api/v1/settings?account=b").json
    assert other["inbound_url"] is None
    assert other["limits"] == {"messages_per_second": None, "burst": None}


def test_what_is_not_given_stays_and_an_empty_value_clears(web: FlaskClient) -> None:
    web.put("/api/v1/settings?account=a", json=SETTINGS)
    web.put("/api/v1/settings?account=a", json={"inbound_url": "", "limits": {}})
    shown = web.get("/api/v1/settings?account=a").json
    assert shown["inbound_url"] is None
    assert shown["limits"]["messages_per_second"] is None
    assert shown["timings"] == SETTINGS["timings"]


def test_settings_of_all_hold_where_an_account_says_nothing(web: FlaskClient) -> None:
    web.put("/api/v1/settings", json={"timings": {"sent_after": 5}, "signature_method": "md5"})
    web.put("/api/v1/settings?account=a", json={"signature_method": "sha512"})
    shown = web.get("/api/v1/settings?account=a").json
    assert (shown["signature_method"], shown["timings"]["sent_after"]) == ("sha512", 5)


def test_a_signing_key_is_never_shown(web: FlaskClient) -> None:
    answer = web.put("/api/v1/settings?account=a", json={"signing_key": "hunter2"})
    assert answer.json["signing_key"] == "set"
    assert "hunter2" not in web.get("/api/v1/settings?account=a").text


@pytest.mark.parametrize(
    "body",
    [
        {"inbound_url": "ftp://127.0.0.1/"},
        {"status_url": "/relative"},
        {"redirect_uri": "http://127.0.0.1:99999/"},
        {"redirect_uri": "http://[::1"},
        {"redirect_uri": "http://127.0.0.1:5000/callback#here"},
        {"redirect_uri": "http://somebody@127.0.0.1:5000/callback"},
        {"redirect_uri": "http://127.0.0.1\\@elsewhere/"},
        {"inbound_url": 5},
        {"inbound_url": "http://127.0.0.1:5000/\u00fc"},
        {"inbound_url": "http://127.0.0.1:5000/a b"},
        {"status_url": "http://127.0.0.1:5000/\r\nX-More: yes"},
        {"webhook_method": "PUT"},
        {"limits": {"messages_per_second": 0}},
        {"limits": 5},
        {"timings": {"sent_after": -1}},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_bad_settings_are_400(web: FlaskClient, body: dict[str, Any]) -> None:
    problem(web.put("/api/v1/settings", json=body), 400, "invalid_request")


def test_messages_move_at_the_accounts_own_pace(web: FlaskClient) -> None:
    web.put("/api/v1/settings?account=a", json={"timings": {"sent_after": 10}})
    web.put("/api/v1/settings?account=a", json={"timings": {"delivered_after": 90}})
    web.put("/api/v1/clock?account=a", json={"frozen": True})
    message = send(web, account="a")
    web.post("/api/v1/clock/advance?account=a", json={"seconds": 89})
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "sent"
    web.post("/api/v1/clock/advance?account=a", json={"seconds": 1})
    assert web.get(f"/api/v1/messages/{message['id']}").json["status"] == "delivered"


def test_an_account_may_send_no_faster_than_its_limit(web: FlaskClient) -> None:
    limit = {"limits": {"messages_per_second": 0.5, "burst": 2}}
    web.put("/api/v1/settings?account=a", json=limit)
    web.put("/api/v1/clock?account=a", json={"frozen": True})
    body = {"to": "+9901234567", "from": "Notes", "body": "x", "account": "a"}
    for _ in range(2):
        send(web, account="a")
    refused = web.post("/api/v1/messages", json=body)
    assert problem_of(refused, 429)["reason"] == "throttled"
    assert refused.headers["Retry-After"] == "2"
    send(web, account="b")
    web.post("/api/v1/clock/advance?account=a", json={"seconds": 2})
    send(web, account="a")
    problem_of(web.post("/api/v1/messages", json=body), 429)


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_an_alias_leads_to_its_account(web: FlaskClient) -> None:
    answer = web.put("/api/v1/accounts/a/aliases", json={"aliases": ["app-2", "app-1"]})
    assert answer.json == {"id": "a", "aliases": ["app-1", "app-2"]}
    assert send(web, account="app-1")["account"] == "a"
    assert web.get("/api/v1/messages?account=app-2").json["total"] == 1
    wait = {"match": {"account": "app-1"}, "claim": False}
    assert len(web.post("/api/v1/wait", json=wait).json["messages"]) == 1
    code = web.post("/api/v1/codes/+9901234567/claim", json={"account": "app-2"})
    assert code.json["code"] == "482913"
    (account,) = web.get("/api/v1/accounts").json["accounts"]
    assert (account["id"], account["aliases"]) == ("a", ["app-1", "app-2"])


def test_an_account_is_listed_once_it_was_told_of(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/a/aliases", json={"aliases": ["app"]})
    (account,) = web.get("/api/v1/accounts").json["accounts"]
    assert account == {"id": "a", "messages": 0, "last_message_at": None, "aliases": ["app"]}
    web.put("/api/v1/accounts/a/aliases", json={"aliases": []})
    assert web.get("/api/v1/accounts").json["accounts"] == []


@pytest.mark.parametrize(
    ("account", "names"),
    [("b", ["app"]), ("b", ["a"]), ("app", ["other"]), ("a", ["a"])],
    ids=["leads elsewhere", "has names itself", "is a name itself", "is its own name"],
)
def test_a_name_leads_to_one_account(web: FlaskClient, account: str, names: list[str]) -> None:
    web.put("/api/v1/accounts/a/aliases", json={"aliases": ["app"]})
    answer = web.put(f"/api/v1/accounts/{account}/aliases", json={"aliases": names})
    problem(answer, 409, "alias_taken")


@pytest.mark.parametrize("names", ["app", [1], [""], ["x" * 65], ["n"] * 101, None], ids=str)
def test_bad_aliases_are_400(web: FlaskClient, names: object) -> None:
    answer = web.put("/api/v1/accounts/a/aliases", json={"aliases": names})
    problem(answer, 400, "invalid_request")


def test_a_reset_forgets_the_secrets_of_further_names(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/shop/aliases", json={"aliases": [ACCOUNT]})
    create(web)
    form = {"To": TO, "From": FROM, "Body": "x"}
    other = basic(secret="another secret")
    assert web.post(f"{ROOT}/Messages.json", data=form, headers=other).status_code == 401
    assert web.post("/api/v1/reset?account=shop", json={}).status_code == 200
    assert web.post(f"{ROOT}/Messages.json", data=form, headers=other).status_code == 201


def test_a_reset_gives_an_account_its_whole_rate_again(web: FlaskClient) -> None:
    limits = {"limits": {"messages_per_second": 0.5}}
    for _ in range(2):
        web.put("/api/v1/settings?account=a", json=limits)
        send(web, account="a")
        web.post("/api/v1/reset?account=a", json={})


def test_a_reset_takes_settings_and_names_of_that_account_alone(web: FlaskClient) -> None:
    for account in ("a", "b"):
        web.put(f"/api/v1/settings?account={account}", json={"status_url": "http://x.test/"})
        web.put(f"/api/v1/accounts/{account}/aliases", json={"aliases": [f"app-{account}"]})
    web.post("/api/v1/reset?account=a", json={})
    assert web.get("/api/v1/settings?account=a").json["status_url"] is None
    assert send(web, account="app-a")["account"] == "app-a"
    assert web.get("/api/v1/settings?account=b").json["status_url"] == "http://x.test/"
    assert send(web, account="app-b")["account"] == "b"


def test_settings_and_names_survive_a_restart(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    file = str(tmp_path / "sms.sqlite")
    first = make_sandbox(db=file)
    web = create_app(first).test_client()
    web.put("/api/v1/settings?account=a", json=SETTINGS)
    web.put("/api/v1/accounts/a/aliases", json={"aliases": ["app"]})
    first.close()
    web = create_app(make_sandbox(db=file)).test_client()
    shown = web.get("/api/v1/settings?account=a").json
    assert {name: shown[name] for name in SETTINGS} == SETTINGS
    assert send(web, account="app")["account"] == "a"
