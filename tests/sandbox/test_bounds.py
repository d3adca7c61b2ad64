"""What grows with the number of accounts is bounded, and says so."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem

from sms_sandbox.app import Sandbox
from sms_sandbox.inbox import accounts as inbox_accounts
from sms_sandbox.inbox import clocks as inbox_clocks
from sms_sandbox.storage import Database, credentials, records
from sms_sandbox.storage.records import Record


def _settings(web: FlaskClient, account: str) -> Any:
    path = f"/api/v1/settings?account={account}"
    return web.put(path, json={"timings": {"sent_after": 1}})


def _clock(web: FlaskClient, account: str) -> Any:
    return web.put(f"/api/v1/clock?account={account}", json={"frozen": True})


def test_accounts_with_settings_are_bounded(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_accounts, "MAX_ACCOUNTS", 2)
    assert [_settings(web, name).status_code for name in ("a", "b", "a")] == [200, 200, 200]
    problem(_settings(web, "c"), 409, "too_many_accounts")
    web.post("/api/v1/reset?account=a", json={})
    assert _settings(web, "c").status_code == 200


def test_further_names_are_bounded(web: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_accounts, "MAX_ACCOUNTS", 2)
    two = {"aliases": ["x", "y"]}
    assert web.put("/api/v1/accounts/a/aliases", json=two).status_code == 200
    assert web.put("/api/v1/accounts/a/aliases", json=two).status_code == 200
    answer = web.put("/api/v1/accounts/b/aliases", json={"aliases": ["z"]})
    problem(answer, 409, "too_many_accounts")


def test_clocks_of_accounts_are_bounded(web: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_clocks, "MAX_ACCOUNTS", 2)
    assert [_clock(web, name).status_code for name in ("a", "b", "a")] == [200, 200, 200]
    problem(_clock(web, "c"), 409, "too_many_accounts")
    answer = web.post("/api/v1/clock/advance?account=d", json={"seconds": 1})
    problem(answer, 409, "too_many_accounts")
    assert web.post("/api/v1/clock/advance?account=a", json={"seconds": 1}).status_code == 200


def test_credentials_are_bounded_and_the_first_goes_first(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "KEPT", 3)
    for number in range(5):
        assert sandbox.inbox.admits("twilio", f"AC{number}", f"AC{number}", "secret")
    assert sandbox.inbox.admits("twilio", "AC0", "AC0", "another")
    assert not sandbox.inbox.admits("twilio", "AC4", "AC4", "another")


def test_records_of_all_accounts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "KEPT_IN_ALL", 3)
    monkeypatch.setattr(records, "_SWEEP", 5)
    database = Database(":memory:")
    with database.write() as connection:
        for number in range(5):
            one = Record(
                provider="p",
                account=f"a{number}",
                kind="service",
                id="1",
                created_at=0,
                updated_at=0,
            )
            records.insert(connection, one)
        left = [
            number
            for number in range(5)
            if records.get(connection, "p", f"a{number}", "service", "1")
        ]
    database.close()
    assert left == [2, 3, 4]
