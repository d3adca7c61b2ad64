"""Visitors who sign in: by the app's test client, or over HTTP as programs and as browsers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from flask import Flask

Login = Callable[[str], None]
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def in_process(app: Flask, sent: Mapping[str, str], prefix: str, me: str) -> Login:
    """One login by the app's test client: ask, submit, a signed-in page."""

    def login(phone: str) -> None:
        client = app.test_client()
        asked = client.post(f"{prefix}/login", json={"phone": phone}).get_json()
        entry = {"challenge_id": asked["challenge_id"], "code": sent[phone]}
        if "challenge_secret" in asked:
            entry["challenge_secret"] = asked["challenge_secret"]
        assert client.post(f"{prefix}/verify", json=entry).status_code == 200
        assert client.get(me).status_code == 200

    return login


class Visitor:
    """One keep-alive connection and a cookie jar that is emptied for each login."""

    def __init__(self, address: str) -> None:
        self._pool = urllib3.PoolManager(maxsize=1, retries=False)
        self._address = address
        self._cookies: dict[str, str] = {}

    def by_json(self, prefix: str) -> Login:
        """As a program."""

        def login(phone: str) -> None:
            self._cookies.clear()
            asked = json.loads(self._send(f"{prefix}/login", {"phone": phone}, 202))
            entry = {"challenge_id": asked["challenge_id"], "code": self._code(phone)}
            if "challenge_secret" in asked:
                entry["challenge_secret"] = asked["challenge_secret"]
            self._send(f"{prefix}/verify", entry, 200)
            self._get("/me")

        return login

    def by_form(self, prefix: str) -> Login:
        """As a browser without scripts: both pages, both forms."""

        def login(phone: str) -> None:
            self._cookies.clear()
            page = self._get(f"{prefix}/login")
            code_page = self._post(f"{prefix}/login", page, phone=phone)
            page = self._get(code_page)
            challenge_id = code_page.rpartition("=")[2]
            self._post(f"{prefix}/verify", page, challenge_id=challenge_id, code=self._code(phone))
            self._get("/me")

        return login

    def _code(self, phone: str) -> str:
        return self._get(f"/bench/code/{phone}").decode()

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path, None, {"Accept": "text/html"}, 200).data

    def _send(self, path: str, body: object, status: int) -> bytes:
        headers = {"Content-Type": "application/json"}
        return self._ask("POST", path, json.dumps(body).encode(), headers, status).data

    def _post(self, path: str, page: bytes, **fields: str) -> str:
        token = _TOKEN.search(page)
        assert token is not None, page
        body = urlencode({**fields, "csrf_token": token[1].decode()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        return str(self._ask("POST", path, body, headers, 303).headers["Location"])

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
    ) -> Any:
        if self._cookies:
            jar = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = {**headers, "Cookie": jar}
        answer = self._pool.request(
            method, self._address + path, body=body, headers=headers, redirect=False, timeout=20
        )
        assert answer.status == status, (path, answer.status, answer.data[:300])
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, rest = line.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer
