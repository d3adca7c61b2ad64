"""A login as many are built: it works, and nothing guards it."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, request
from werkzeug.serving import make_server

from sms_sandbox.client import SandboxClient

TRIES = 5
PAGE = '<form method="post"><input name="csrf_token" type="hidden" value="t"></form>'


@dataclass
class NaiveLogin:
    """Five tries a challenge, as many challenges as wanted, a code that is never used up.

    Who typed five wrong codes of a number has closed it for its owner too, and numbers with an
    account are answered in other words.
    """

    sandbox: SandboxClient
    sends: bool = True
    accounts: set[str] = field(default_factory=set)
    challenges: dict[str, dict[str, Any]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    sessions: dict[str, str] = field(default_factory=dict)
    addresses: set[tuple[str | None, str | None]] = field(default_factory=set)
    locks: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def app(self) -> Flask:
        """Its routes, in the shapes of Flask-PhoneAuth."""
        app = Flask("naive")
        add = app.add_url_rule
        add("/auth/login", view_func=self._form, endpoint="form")
        add("/auth/verify", view_func=self._form, endpoint="code")
        for name in ("login", "verify", "resend", "logout"):
            add(f"/auth/{name}", view_func=getattr(self, f"_{name}"), methods=["POST"])
        add("/auth/me", view_func=self._me)
        add("/auth/sessions", view_func=self._sessions)
        add("/auth/challenges/<challenge_id>", view_func=self._status)
        return app

    def _form(self) -> str:
        return PAGE

    def _login(self) -> Any:
        with self.lock:
            return self._asked()

    def _asked(self) -> Any:
        self.addresses.add((request.remote_addr, request.headers.get("X-Forwarded-For")))
        phone = self._given("phone")
        if self.locks and self.wrong[phone] >= TRIES:
            return _problem(429, "locked", retry_after=3600)
        code = f"{secrets.randbelow(10**6):06d}"
        challenge_id, secret = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        self.challenges[challenge_id] = {"phone": phone, "code": code, "left": TRIES}
        reference = secrets.token_hex(2).upper()
        if self.sends:
            text = f"Your code is {code}. Reference: {reference}"
            self.sandbox.send(to=phone, body=text, sender="Naive")
        if not request.is_json:
            return redirect(f"/auth/verify?challenge_id={challenge_id}", 303)
        body: dict[str, object] = {
            "challenge_id": challenge_id,
            "challenge_secret": secret,
            "code_length": 6,
        }
        body["reference"] = reference
        if phone in self.accounts:
            body["welcome"] = "back"
        return jsonify(body), 202

    def _verify(self) -> Any:
        with self.lock:
            return self._judged()

    def _judged(self) -> Any:
        challenge = self.challenges[self._given("challenge_id")]
        phone = challenge["phone"]
        if self._given("code") == challenge["code"]:
            self.accounts.add(phone)
            token = secrets.token_urlsafe(8)
            self.sessions[token] = phone
            response = make_response(jsonify(user={"phone": phone}))
            response.set_cookie("session", token)
            return response
        if not challenge["left"]:
            return _problem(410, "too_many_tries")
        challenge["left"] -= 1
        self.wrong[phone] += 1
        if not challenge["left"]:
            return _problem(410, "too_many_tries")
        return _problem(400, "invalid_code", tries_left=challenge["left"])

    def _resend(self) -> Any:
        return _problem(429, "cooldown", retry_after=30)

    def _logout(self) -> Any:
        return Response(status=204)

    def _status(self, challenge_id: str) -> Any:
        return jsonify(status="pending", delivery="sent")

    def _me(self) -> Any:
        phone = self.sessions.get(request.cookies.get("session", ""))
        return jsonify(user={"phone": phone}) if phone else _problem(401, "not_signed_in")

    def _sessions(self) -> Any:
        phone = self.sessions.get(request.cookies.get("session", ""))
        return jsonify(sessions=[one for one in self.sessions.values() if one == phone])

    def _given(self, name: str) -> str:
        return str((request.get_json() if request.is_json else request.form)[name])


def _problem(status: int, code: str, **members: int) -> Response:
    response = make_response(jsonify(code=code, **members), status)
    if "retry_after" in members:
        response.headers["Retry-After"] = str(members["retry_after"])
    return response


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve it on a free port; gives the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
