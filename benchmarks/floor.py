"""The floor: a Flask app that does only the unavoidable work of a login, protecting nothing."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from flask import Flask, jsonify, request, session


def create_floor() -> tuple[Flask, dict[str, str]]:
    """The app, and the codes that it "sent" by number."""
    app = Flask("floor")
    app.secret_key = secrets.token_bytes(32)
    key = secrets.token_bytes(32)
    waiting: dict[str, bytes] = {}
    sent: dict[str, str] = {}

    def digest(phone: str, code: str) -> bytes:
        return hmac.digest(key, f"{phone}|{code}".encode(), "sha256")

    @app.post("/auth/login")
    def ask() -> Any:
        phone = request.get_json()["phone"]
        sent[phone] = f"{secrets.randbelow(10**6):06d}"
        waiting[phone] = digest(phone, sent[phone])
        return jsonify(challenge_id=phone), 202

    @app.post("/auth/verify")
    def submit() -> Any:
        entry = request.get_json()
        expected = waiting.pop(entry["challenge_id"])
        if not hmac.compare_digest(expected, digest(entry["challenge_id"], entry["code"])):
            return jsonify(code="invalid_code"), 400
        session["user"] = entry["challenge_id"]
        return jsonify(user=entry["challenge_id"])

    @app.get("/auth/me")
    def me() -> Any:
        return jsonify(user=session["user"])

    return app, sent
