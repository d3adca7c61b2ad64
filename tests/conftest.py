"""What all tests share: a browser, and apps in folders of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask_login import login_required

from flask_phoneauth import PhoneAuth, fresh_login_required

pytest_plugins = [
    "aws_models",
    "browser_fixtures",
    "page_templates",
    "pytester",
    "ready_tables",
    "route_builders",
    "secrets_guard",
]

MakeApp = Callable[..., Flask]

# the same examples in every run, however long a busy machine takes for one
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """`make_app(SIGNUP=False, ...)`: a testing app with its data in the test's folder."""
    made = []

    def make(*, users: Any = None, testing: bool = True, **settings: Any) -> Flask:
        app = Flask("example", instance_path=str(tmp_path / "instance"))
        app.config.update(TESTING=testing, SECRET_KEY="a secret of the tests, long enough")
        app.config.update({f"PHONEAUTH_{name}": value for name, value in settings.items()})
        PhoneAuth(app, users=users)
        made.append(app.extensions["phoneauth"])
        app.add_url_rule("/", view_func=lambda: "home", endpoint="home")
        app.add_url_rule("/mine", view_func=login_required(lambda: "mine"), endpoint="mine")
        app.add_url_rule("/fresh", view_func=fresh_login_required(lambda: "ok"), endpoint="fresh")
        return app

    yield make
    for state in made:  # or its thread would complain of a test's broken database in the next one
        if state.is_live and state.live.trail is not None:
            state.live.trail.close(timeout=0)  # gives up what waits
            state.live.trail.close()  # waits for what is just being written


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """A testing app with every default."""
    return make_app()


@pytest.fixture
def without_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that has no AWS configuration of its own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
