"""The page on Redis, as a reader would follow it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import servers
from flask import Flask
from redis_replicas import family

from flask_phoneauth.delivery import failover
from flask_phoneauth.records import Outbound


def test_an_app_on_redis_keeps_its_challenges_there_with_the_rights_that_the_page_names(
    take: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough")
    server = servers.plain()
    page = (Path(__file__).parents[2] / "docs/how-to/redis.md").read_text()
    server.client.execute_command(*re.findall(r"ACL SETUSER .*", page)[0].split())
    monkeypatch.setenv("REDIS_URL", f"redis://app:password@127.0.0.1:{server.port}/0")
    made: dict[str, Any] = {"__name__": "notes"}
    exec(take("how-to/redis.md", "notes.py"), made)
    made["app"].testing = True
    asked = made["app"].test_client().post("/auth/login", json={"phone": "+447400123456"})
    assert asked.status_code == 202
    tag = asked.get_json()["challenge_id"].partition(".")[0]
    keys = {key.decode() for key in server.client.scan_iter()}
    assert f"phoneauth:{{{tag}}}:challenges" in keys
    assert {key.partition(":")[0] for key in keys} == {"phoneauth", "LIMITS"}
    made["app"].extensions["phoneauth"].close()
    server.end()


def test_a_user_of_these_rights_waits_for_replicas_with_the_one_more_that_the_page_names(
    make_app: Callable[..., Flask],
) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/redis.md").read_text()
    rights = re.findall(r"ACL SETUSER .*", page)[0].split()
    assert "A user of a server with ACLs needs `+wait` as well" in page
    pair = family()
    url = f"redis://app:password@127.0.0.1:{pair.primary.port}/0"
    pair.primary.client.execute_command(*rights)
    for more, status in (((), 503), (("+wait",), 202)):
        pair.primary.client.execute_command(*rights, *more)
        app = make_app(STORE_URL=url, REDIS_WAIT=1)
        phone = f"+4474001234{len(more):02d}"
        answer = app.test_client(use_cookies=False).post("/auth/login", json={"phone": phone})
        assert answer.status_code == status
        app.extensions["phoneauth"].close()
    pair.end()


class Person:
    """A user of the site's own."""

    blocked_at = None
    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, phone: str) -> None:
        self.phone = phone

    def get_id(self) -> str:
        return self.phone


def test_an_app_without_sql_keeps_its_sessions_there_with_the_same_rights(
    take: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough")
    held: dict[str, Person] = {}
    people = SimpleNamespace(
        get=held.get,
        by_phone=held.get,
        create=lambda phone: held.setdefault(phone, Person(phone)),
    )
    monkeypatch.setitem(sys.modules, "myapp", SimpleNamespace(people=people))
    server = servers.plain()
    page = (Path(__file__).parents[2] / "docs/how-to/redis.md").read_text()
    server.client.execute_command(*re.findall(r"ACL SETUSER .*", page)[0].split())
    monkeypatch.setenv("REDIS_URL", f"redis://app:password@127.0.0.1:{server.port}/0")
    made: dict[str, Any] = {"__name__": "site"}
    exec(take("how-to/redis.md", "sessions.py"), made)
    made["app"].testing = True
    client = made["app"].test_client(use_cookies=True)
    with watched() as codes:
        asked = client.post("/auth/login", json={"phone": "+447400123456"}).get_json()
    entry = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    done = client.post("/auth/verify", json={**entry, "code": codes[0]})
    assert done.status_code == 200, done.text
    assert client.get("/auth/me").get_json()["user"]["phone"] == "+447400123456"
    assert client.post("/auth/logout", json={}).status_code == 204
    assert client.get("/auth/me").status_code == 401
    assert not list(server.client.scan_iter("*token:*"))
    assert not list(tmp_path.rglob("*.sqlite3"))
    made["app"].extensions["phoneauth"].close()
    server.end()


@contextmanager
def watched() -> Iterator[list[str]]:
    """The codes that leave meanwhile."""
    codes: list[str] = []

    def watch(outbound: Outbound) -> None:
        codes.append(outbound.body[:6])

    failover.watchers.append(watch)
    yield codes
    failover.watchers.remove(watch)
