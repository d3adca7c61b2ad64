"""A number is stolen by a new SIM: its thief is stopped at the mailbox, its owner is let in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from browser_fixtures import OpenPage
from flask import Flask
from flask_login import current_user, login_required
from mail_server import MailServer, mail_server
from playwright.sync_api import Page, expect
from sqlalchemy import DateTime, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from werkzeug.serving import BaseWSGIServer, make_server

from flask_phoneauth import PhoneAuth, PhoneUserMixin
from flask_phoneauth.users.sqlalchemy import SQLAlchemyUsers
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

NUMBER = "+447400123456"
ADDRESS = "ann@example.com"
APPLICATION = "00000000-0000-4000-8000-000000000001"


class Base(DeclarativeBase):
    """The shop's tables."""


class Customer(PhoneUserMixin, Base):
    """A user who may have an address."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Scene:
    """A running shop with its operator, its inbox and its mail server."""

    address: str
    sandbox: SandboxClient
    post: MailServer
    sessions: Any

    def change_sim(self, *, hours_ago: int = 0) -> None:
        """The operator gives the number another SIM."""
        at = datetime.now(UTC) - timedelta(hours=hours_ago)
        answer = urllib3.request(
            "PUT",
            f"{self.sandbox.url}/api/v1/handsets/{NUMBER}?account={APPLICATION}",
            json={"sim_swapped_at": at.isoformat()},
            timeout=60,
        )
        assert answer.status == 200, answer.data

    def give_address(self) -> None:
        """The customer has verified one."""
        with self.sessions.begin() as session:
            customer = session.query(Customer).one()
            customer.email, customer.email_verified_at = ADDRESS, datetime.now(UTC)

    def code(self) -> str:
        """The newest unclaimed one of the number."""
        return str(self.sandbox.claim_code(NUMBER, timeout=60)["code"])

    def mailed(self) -> str:
        """The code in the newest e-mail."""
        words = self.post.box.messages[-1].get_content().split()
        return str(next(word for word in words if word.isdigit()))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    with SandboxServer(SandboxSettings(port=0)) as sandbox, mail_server() as post:
        app = Flask("shop", instance_path=str(tmp_path))
        app.testing, app.secret_key = True, "k" * 32
        app.config.from_mapping(
            PHONEAUTH_PROVIDERS=["sandbox"],
            PHONEAUTH_SANDBOX_URL=sandbox.url,
            PHONEAUTH_OPERATOR="vonage",
            PHONEAUTH_SIM_SWAP="step_up",
            PHONEAUTH_CHANNELS=["sms", "email"],
            PHONEAUTH_EMAIL_HOST="127.0.0.1",
            PHONEAUTH_EMAIL_PORT=post.port,
            PHONEAUTH_EMAIL_SECURITY="none",
            PHONEAUTH_EMAIL_FROM="login@shop.example",
        )
        PhoneAuth(app, users=SQLAlchemyUsers(Customer, sessions))

        @app.get("/")
        @login_required
        def home() -> str:
            return f"<!doctype html><title>Shop</title><h1>Welcome, {current_user.phone}</h1>"

        with served(app) as address:
            yield Scene(address, SandboxClient(sandbox.url), post, sessions)
        app.extensions["phoneauth"].close()
    engine.dispose()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the app while the block runs."""
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def prove(page: Page, scene: Scene) -> None:
    """Type the number, and the code of its message."""
    page.goto(f"{scene.address}/auth/login")
    page.get_by_label("Phone number").fill(NUMBER)
    page.get_by_role("button", name="Send me a code").click()
    enter(page, scene.code())


def enter(page: Page, code: str) -> None:
    """Type a code on the page that asks for one."""
    page.get_by_label("Code from the message").fill(code)
    page.get_by_role("button", name="Sign in").click()


def is_out(page: Page, scene: Scene) -> None:
    """The shop knows nobody here."""
    page.goto(scene.address)
    expect(page.get_by_label("Phone number")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_story_of_a_new_sim(scene: Scene, open_page: OpenPage, script: bool) -> None:
    def browser() -> Page:
        return open_page(f"{scene.address}/auth/login", java_script_enabled=script)

    owner = browser()
    welcome = owner.get_by_role("heading", name="Welcome")
    scene.change_sim(hours_ago=3)  # she signs up with that very one
    for _ in range(2):
        prove(owner, scene)
        expect(welcome).to_be_visible()
        owner.context.clear_cookies(name="session")

    scene.change_sim()  # somebody has talked the operator into another one
    thief = browser()
    prove(thief, scene)
    expect(thief.get_by_role("heading", name="The SIM card was changed")).to_be_visible()
    is_out(thief, scene)
    assert scene.post.box.raw == []

    scene.give_address()
    prove(thief, scene)
    expect(thief.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    enter(thief, "000000" if scene.mailed() != "000000" else "111111")
    expect(thief.get_by_text("4 tries left.")).to_be_visible()
    is_out(thief, scene)

    prove(owner, scene)  # it may be her own new card as well: her mailbox tells
    expect(owner.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    assert scene.post.box.recipients == [[ADDRESS], [ADDRESS]]
    enter(owner, scene.mailed())
    expect(welcome).to_be_visible()
    is_out(thief, scene)
