"""A sandbox, an app that sends through it, and their clocks, which move together by hand."""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.ours import own_users
from flask_phoneauth import PhoneAuth
from flask_phoneauth.budgets import AskPrice, Charge
from flask_phoneauth.clock import system
from flask_phoneauth.shared_prices import money_key
from flask_phoneauth.stores.base import ChallengeStore
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

PRICE = 0.05
COST = 50
"""The price of a message in thousandths, as budgets count it."""
CAP = 10**6
_UNCERTAIN = re.compile(r"provider (\w+): SendUncertain")
KEYS: Mapping[str, Mapping[str, str]] = {
    "twilio": {
        "TWILIO_ACCOUNT_SID": f"AC{uuid.uuid4().hex}",
        "TWILIO_AUTH_TOKEN": "a-token-of-the-account",
    },
    "plivo": {
        "PLIVO_AUTH_ID": f"MA{uuid.uuid4().hex[:18].upper()}",
        "PLIVO_AUTH_TOKEN": "a-token-of-the-account",
    },
}
"""What makes a vendor's receipts be asked for."""


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Receipts are no news."""


class _Uncertain(logging.Handler):
    """Counts the messages of which nobody knows whether they left, by provider."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line of the log."""
        found = _UNCERTAIN.match(record.getMessage())
        if found:
            self.counts[found[1]] += 1


@dataclass
class World:
    """What visitors and vendors live in; `now` is seconds since it began."""

    app: Flask
    inbox: SandboxClient
    uncertain: _Uncertain
    providers: tuple[str, ...]
    began: str
    now: float = 0.0

    @property
    def store(self) -> ChallengeStore:
        """Where the budgets are."""
        store: ChallengeStore = self.app.extensions["phoneauth"].live.parts.challenges
        return store

    def move_to(self, moment: float) -> None:
        """Let time pass for the app and the vendors alike; what is due by then happens."""
        seconds = moment - self.now
        if seconds > 0:
            system.advance(seconds)
            self.inbox.advance_clock(seconds)
            self.now = moment

    def visitor(self, turn: int) -> FlaskClient:
        """A program of an address of its own."""
        client = self.app.test_client(use_cookies=False)
        client.environ_base["REMOTE_ADDR"] = f"10.{turn >> 16 & 255}.{turn >> 8 & 255}.{turn & 255}"
        return client

    def arrived(self, phone: str) -> list[dict[str, Any]]:
        """The messages on a handset, the newest first."""
        return self.inbox.messages(to=phone, status="delivered")

    def charged(self) -> dict[str, float]:
        """How many messages each provider was paid for."""
        charges = tuple(
            Charge(money_key(name), CAP * 1000, 86400, record_only=True) for name in self.providers
        )
        look = self.store.look("nobody", AskPrice(charges, ()), now=system.now())
        return {name: spent / COST for name, spent in zip(self.providers, look.spent, strict=True)}

    def taken(self) -> Counter[str]:
        """How many messages each provider has taken, by the sandbox's own word."""
        return Counter(str(one["provider"]) for one in self.every_message())

    def every_message(self) -> list[dict[str, Any]]:
        """All that was taken."""
        return list(self.inbox.newer(self.began))


@contextmanager
def opened(providers: tuple[str, ...], folder: Path, store: str = "memory://") -> Iterator[World]:
    """A world of its own, its clocks stopped."""
    settings = Settings(port=0, sent_after=1.0, delivered_after=3.0)
    with SandboxServer(settings) as sandbox, SandboxClient(sandbox.url) as inbox:
        inbox.set_clock(frozen=True)
        system.freeze()
        app, auth, server = _served(providers, folder, store, sandbox.url)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        uncertain = _Uncertain()
        logger = logging.getLogger("flask_phoneauth")
        logger.addHandler(uncertain)
        logger.propagate = False  # hundreds of lines say that a provider failed
        try:
            yield World(app, inbox, uncertain, providers, inbox.cursor())
        finally:
            logger.removeHandler(uncertain)
            logger.propagate = True
            server.shutdown()
            thread.join()
            server.server_close()
            auth.close(app)
            system.reset()


def _served(providers: tuple[str, ...], folder: Path, store: str, sandbox: str) -> Any:
    app = Flask("delivery", instance_path=str(folder))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    keys = {name: value for vendor in providers for name, value in KEYS.get(vendor, {}).items()}
    given = {
        "STORE_URL": store,
        "SESSION_STORE_URL": "memory://",
        "AUDIT_URL": "off",
        "DISPATCH": "inline",
        "PROVIDERS": list(providers),
        "SANDBOX_URL": sandbox,
        "PUBLIC_URL": f"http://127.0.0.1:{server.server_port}",
        "PRICES": {"+": PRICE},
        "MONEY_PER_DAY": CAP,
        "MONEY_PER_PROVIDER_PER_DAY": CAP,
        **keys,
    }
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the benchmark, long enough",
        **{f"PHONEAUTH_{name}": value for name, value in given.items()},
    )
    return app, PhoneAuth(app, users=own_users()), server
