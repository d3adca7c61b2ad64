"""The floor: a Flask app that does only the unavoidable work of a login, protecting nothing.

A code, a keyed hash, one Redis script a step, a signed cookie; `floor_form` adds the forms with
their CSRF tokens. Without Redis the floor keeps its hashes in a dictionary.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, jsonify, redirect, render_template, request, session
from flask_wtf import FlaskForm
from jinja2 import DictLoader
from wtforms import StringField

from benchmarks.codes import Codes

KEEP = "redis.call('SET', KEYS[1], ARGV[1], 'EX', 300) return 1"
TAKE = "local found = redis.call('GETDEL', KEYS[1]) return found == ARGV[1] and 1 or 0"
PAGE = """<!doctype html><title>floor</title><form method="post">{{ form.csrf_token }}
{{ form.phone }}{{ form.challenge_id }}{{ form.code }}<button>Go</button></form>"""


class Shelf:
    """Where hashes wait: a dictionary, or Redis with one script a step."""

    def __init__(self, url: str) -> None:
        self.keep: Callable[[str, str], Any]
        self.take: Callable[[str, str], Any]
        if not url.startswith("redis"):
            held: dict[str, str] = {}
            self.keep = held.__setitem__
            self.take = lambda key, digest: held.pop(key, "") == digest
            return
        import redis

        client = redis.Redis.from_url(url)
        keep, take = client.register_script(KEEP), client.register_script(TAKE)
        self.keep = lambda key, digest: keep(keys=[key], args=[digest])
        self.take = lambda key, digest: take(keys=[key], args=[digest])


class Form(FlaskForm):  # type: ignore[misc]
    """Both steps' fields."""

    phone = StringField()
    challenge_id = StringField()
    code = StringField()


def create_floor(url: str = "") -> tuple[Flask, Codes]:
    """The app, and the codes that it "sent"."""
    app = Flask("floor")
    app.secret_key = secrets.token_bytes(32)
    app.jinja_loader = DictLoader({"page.html": PAGE})  # compiled once, as from a file
    key, shelf = secrets.token_bytes(32), Shelf(url)
    codes = Codes()

    def digest(phone: str, code: str) -> str:
        return hmac.digest(key, f"{phone}|{code}".encode(), "sha256").hex()

    def begin(phone: str) -> str:
        code = f"{secrets.randbelow(10**6):06d}"
        shelf.keep(phone, digest(phone, code))
        codes.put(phone, code)
        return phone

    def finish(phone: str, code: str) -> bool:
        if not shelf.take(phone, digest(phone, code)):
            return False
        session["user"] = phone
        return True

    _add_json(app, begin, finish)
    _add_forms(app, begin, finish)
    return app, codes


def _add_json(app: Flask, begin: Callable[[str], str], finish: Callable[[str, str], bool]) -> None:
    @app.post("/json/login")
    def ask() -> Any:
        return jsonify(challenge_id=begin(request.get_json()["phone"])), 202

    @app.post("/json/verify")
    def submit() -> Any:
        entry = request.get_json()
        if not finish(entry["challenge_id"], entry["code"]):
            return jsonify(code="invalid_code"), 400
        return jsonify(user=entry["challenge_id"])

    @app.get("/me")
    def me() -> Any:
        return jsonify(user=session["user"])


def _add_forms(app: Flask, begin: Callable[[str], str], finish: Callable[[str, str], bool]) -> None:
    @app.route("/form/login", methods=["GET", "POST"])
    def login() -> Any:
        form = Form()
        if not form.validate_on_submit():
            return render_template("page.html", form=form)
        return redirect(f"/form/verify?challenge_id={begin(form.phone.data)}", 303)

    @app.route("/form/verify", methods=["GET", "POST"])
    def verify() -> Any:
        form = Form()
        if not form.validate_on_submit():
            return render_template("page.html", form=form)
        return redirect("/me", 303 if finish(form.challenge_id.data, form.code.data) else 302)
