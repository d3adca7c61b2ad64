"""The extension with all protections on; only what counts one address is raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, jsonify
from flask_login import login_required

from flask_phoneauth import PhoneAuth
from flask_phoneauth.delivery import failover
from flask_phoneauth.providers import console
from flask_phoneauth.records import Accepted

MANY = 10**6
"""One address asks for all numbers here, as no visitor does."""


def create_ours(folder: Path, store_url: str, dispatch: str) -> tuple[Flask, dict[str, str]]:
    """The app, and the codes that it sent by number."""
    app = Flask("ours", instance_path=str(folder))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the benchmark, long enough",
        PHONEAUTH_STORE_URL=store_url,
        PHONEAUTH_DISPATCH=dispatch,
        PHONEAUTH_PROVIDERS=["console"],
        PHONEAUTH_ROUTE_LIMIT=f"{MANY} per minute",
        PHONEAUTH_ADDRESS_ASKS_PER_HOUR=MANY,
        PHONEAUTH_ADDRESS_TOTAL_ASKS_PER_HOUR=MANY,
        PHONEAUTH_AFTER_LOGIN_URL="/me",
    )
    PhoneAuth(app)
    sent: dict[str, str] = {}
    failover.watchers.append(lambda outbound: sent.__setitem__(outbound.to, outbound.body[:6]))
    console.ConsoleProvider.send = _take  # type: ignore[method-assign]

    @app.get("/me")
    @login_required  # type: ignore[untyped-decorator]
    def me() -> Any:
        return jsonify(user="me")

    return app, sent


def _take(_: Any, outbound: Any) -> Accepted:
    """Sending costs nothing here: the floor sends nothing either."""
    return Accepted("console", outbound.reference)
