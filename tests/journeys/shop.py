"""The application of the production journey: everything comes from the environment."""

from __future__ import annotations

import os

from flask import Flask
from flask_login import current_user, login_required

from flask_phoneauth import PhoneAuth


def create_app() -> Flask:
    """A page for the signed-in, as gunicorn and the commands find it."""
    app = Flask("shop", instance_path=os.environ["SHOP_FOLDER"])
    app.config.from_prefixed_env()
    PhoneAuth(app)

    @app.get("/")
    @login_required
    def home() -> str:
        return f"<!doctype html><title>Shop</title><h1>Welcome, {current_user.phone}</h1>"

    return app
