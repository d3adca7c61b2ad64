"""The extension with all protections on; only what counts one address is raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, jsonify
from flask_login import login_required

from benchmarks.codes import Codes
from benchmarks.variants import Variant
from flask_phoneauth import CallableUsers, PhoneAuth
from flask_phoneauth.delivery import failover
from flask_phoneauth.providers import console
from flask_phoneauth.records import Accepted

MANY = 10**6
"""One address asks for all numbers here, as no visitor does."""


class User:
    """A user of the application's own, who is in no SQL."""

    blocked_at = None
    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, phone: str) -> None:
        self.phone = phone

    def get_id(self) -> str:
        """The number itself."""
        return self.phone


def own_users() -> CallableUsers:
    """Users in a dictionary, behind functions."""
    held: dict[str, User] = {}
    return CallableUsers(
        get=held.get,
        by_phone=held.get,
        create=lambda phone: held.setdefault(phone, User(phone)),
    )


def create_ours(folder: Path, variant: Variant, dispatch: str) -> tuple[Flask, Codes]:
    """The app, and the codes that it sent."""
    app = Flask("ours", instance_path=str(folder))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the benchmark, long enough",
        PHONEAUTH_STORE_URL=variant.store,
        PHONEAUTH_SESSION_STORE_URL=variant.sessions,
        PHONEAUTH_DISPATCH=dispatch,
        PHONEAUTH_PROVIDERS=["console"],
        PHONEAUTH_ROUTE_LIMIT=f"{MANY} per minute",
        PHONEAUTH_ADDRESS_ASKS_PER_HOUR=MANY,
        PHONEAUTH_ADDRESS_TOTAL_ASKS_PER_HOUR=MANY,
        PHONEAUTH_AFTER_LOGIN_URL="/me",
    )
    PhoneAuth(app, users=own_users() if variant.own_users else None)
    codes = Codes()
    failover.watchers.append(lambda outbound: codes.put(outbound.to, outbound.body[:6]))
    console.ConsoleProvider.send = _take  # type: ignore[assignment, method-assign]

    @app.get("/me")
    @login_required  # type: ignore[untyped-decorator]
    def me() -> Any:
        return jsonify(user="me")

    return app, codes


def _take(_: Any, outbound: Any) -> Accepted:
    """Sending costs nothing here: the floor sends nothing either."""
    return Accepted("console", outbound.reference)
