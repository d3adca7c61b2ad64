"""Real parts for tests without an application: a database file, a house of flows, a vendor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contracts.sides import Sending, message
from phoneauth.desk import Desk, desk_of
from phoneauth.house import HandClock, House, Vendor
from scripted_server import Request, ScriptedServer

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.records import Accepted


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock that stands still until it is moved."""
    return HandClock()


@pytest.fixture
def database_kind() -> str:
    """Where the tables are; a test file that runs on both asks for both."""
    return "sqlite"


@pytest.fixture
def database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """A fresh database in the newest form."""
    with ExitStack() as stack:
        if database_kind == "postgres":
            from postgres_server import shared_server, unhurried

            stack.enter_context(unhurried())
            database = Database(shared_server().database())
        else:
            database = Database(f"sqlite:///{tmp_path}/phoneauth.db")
            migrate.upgrade(database)
        yield database
        database.close()


@pytest.fixture
def house(database: Database, hand_clock: HandClock) -> House:
    """Flows over a memory store, real accounts and a provider that keeps what it is given."""
    return House(database, hand_clock)


@pytest.fixture
def vendors(house: House) -> tuple[Vendor, Vendor]:
    """Its two providers, in this order."""
    pair = Vendor("first"), Vendor("second")
    house.parts = replace(house.parts, delivery=Delivery(pair))
    return pair


@pytest.fixture
def desk(house: House) -> Desk:
    """The same with every channel."""
    return desk_of(house)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    """Takes every message as the vendor does that the module names as its `VENDOR`."""
    with ScriptedServer(request.module.VENDOR.accepts) as server:
        yield server


@pytest.fixture
def provider(request: pytest.FixtureRequest, server: ScriptedServer) -> Iterator[Any]:
    """That vendor's provider, which leads to `server`."""
    provider = request.module.VENDOR.toward(server.url)
    yield provider
    provider.close()


@pytest.fixture
def sent(request: pytest.FixtureRequest, server: ScriptedServer) -> Sending:
    """`sent(...)`: what comes for a message where these settings lead to a sandbox at `server`."""

    def send(**settings: Any) -> Request:
        vendor = request.module.VENDOR
        provider = vendor.built(sandbox_url=server.url + "/", **settings)
        assert provider.send(message()) == Accepted(vendor.name, "m-1")
        provider.close()
        return server.requests.pop()

    return send
