"""Every challenge store behind one bench; a new backend joins by one line in `BACKENDS`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import servers
from postgres_server import shared_server
from sqlalchemy import select

from flask_phoneauth.budgets import AskPrice
from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import budgets, challenges
from flask_phoneauth.health import NO_ROUTES, Routes, Tally
from flask_phoneauth.otp.challenge import Draft, Entry, phone_tag_of
from flask_phoneauth.otp.code import derive_code, digest_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.prices import (
    ask_price,
    failure_charges,
    number_price,
    replacement_price,
    try_price,
)
from flask_phoneauth.prices import cooldowns as cooldowns_of
from flask_phoneauth.records import LOGIN, Challenge, Job
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place
from flask_phoneauth.stores.base import (
    ChallengeStore,
    Issued,
    Look,
    Replacement,
    Right,
    Settlement,
)
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.stores.redis import RedisStore
from flask_phoneauth.stores.redis_server import RedisServer
from flask_phoneauth.stores.sqlalchemy import SqlStore

ALICE = "+447400123456"
BOB = "+447400123457"
START = 1_700_000_123.0
"""Not on the edge of any bucket, and a float that SQL and JSON must carry unharmed."""


def _files(store: Any, folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@dataclass(frozen=True)
class Backend:
    """How to open a store in a folder, the seeds that it still holds, the names of its budgets.

    `leaked` is all that a thief of the store would have; a store that `sweeps` forgets by the
    time that it is told, Redis does by its own clock.
    """

    open: Callable[[Path], ChallengeStore]
    seeds: Callable[[Any], list[bytes]]
    budgets: Callable[[Any], set[str]]
    durable: bool = False
    processes: bool = False
    leaked: Callable[[Any, Path], bytes] = _files
    sweeps: bool = True


def _open_sqlite(folder: Path) -> SqlStore:
    database = Database(f"sqlite:///{folder}/challenges.db")
    migrate.upgrade(database)
    return SqlStore(database)


def _open_postgres(folder: Path) -> SqlStore:
    place = folder / "postgres.url"  # opened again, by this process or another: the same one
    if not place.exists():
        place.write_text(shared_server().clean_database())
    return SqlStore(Database(place.read_text()))


def _sql_seeds(store: SqlStore) -> list[bytes]:
    with store._database.read() as connection:
        found = connection.execute(select(challenges.c.seed)).scalars()
        return [seed for seed in found if seed is not None]


def _sql_budgets(store: SqlStore) -> set[str]:
    with store._database.read() as connection:
        # without those that were locked and cost nothing
        return set(
            connection.execute(select(budgets.c.key).where(budgets.c.state != "{}")).scalars()
        )


def _postgres_tables(store: SqlStore, folder: Path) -> bytes:
    url = store._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    found = b""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in (challenges, budgets):
            with cursor.copy(f"COPY {table.name} TO STDOUT (FORMAT binary)".encode()) as copied:
                found += b"".join(bytes(part) for part in copied)
    return found


def _open_redis(kind: str) -> Callable[[Path], RedisStore]:
    def opened_redis(folder: Path) -> RedisStore:
        place = folder / "redis.url"
        if not place.exists():
            place.write_text(servers.start_redis(kind))
        return RedisStore(RedisServer(place.read_text()))

    return opened_redis


def _redis_seeds(store: RedisStore) -> list[bytes]:
    client = store._server.client()
    return [client.get(key) for key in client.scan_iter("*:seed:*")]


def _redis_budgets(store: RedisStore) -> set[str]:
    keys = {key.decode() for key in store._server.client().scan_iter("*")}
    return {key for key in keys if ":seed:" not in key and not key.endswith(":challenges")}


def _redis_leaked(store: RedisStore, folder: Path) -> bytes:
    client = store._server.client()
    found = []
    for key in client.scan_iter("*"):
        if client.type(key) == b"string":
            found += [key, client.get(key)]
        else:
            found += [key, *client.hgetall(key), *client.hgetall(key).values()]
    return b"\n".join(found)


def _redis(kind: str) -> Backend:
    return Backend(
        _open_redis(kind),
        _redis_seeds,
        _redis_budgets,
        durable=True,
        processes=True,
        leaked=_redis_leaked,
        sweeps=False,
    )


def _memory_seeds(store: MemoryStore) -> list[bytes]:
    return [c.seed for c in store._challenges.values() if c.seed is not None]


def _memory_budgets(store: MemoryStore) -> set[str]:
    return set(store._states)


BACKENDS: Mapping[str, Backend] = {
    "memory": Backend(lambda folder: MemoryStore(), _memory_seeds, _memory_budgets),
    "sqlite": Backend(_open_sqlite, _sql_seeds, _sql_budgets, durable=True, processes=True),
    "postgres": Backend(
        _open_postgres,
        _sql_seeds,
        _sql_budgets,
        durable=True,
        processes=True,
        leaked=_postgres_tables,
    ),
    "redis": _redis("single"),
    "redis_cluster": _redis("cluster"),
    "redis_sentinel": _redis("sentinel"),
}


def binding_of(who: str) -> bytes:
    """The SHA-256 that stands for a browser's secret."""
    return hashlib.sha256(who.encode()).digest()


def device_of(token: str) -> bytes:
    """The SHA-256 that stands for a device's token; none for none."""
    return hashlib.sha256(f"device {token}".encode()).digest() if token else b""


@dataclass
class Bench:
    """One store, asked as the flows ask it, at a time that the test moves."""

    store: ChallengeStore
    settings: Settings = field(default_factory=Settings)
    keys: Keyring = field(default_factory=lambda: Keyring(b"bench"))
    now: float = START
    made: int = 0
    seeds: dict[str, bytes] = field(default_factory=dict)
    place: Place | None = None
    routes: Routes = NO_ROUTES

    def configure(self, **changes: Any) -> None:
        """Other settings from here on."""
        self.settings = replace(self.settings, **changes)

    def price(
        self,
        tag: str,
        who: str,
        address: str = "198.51.100.7",
        jitter: float = 0.0,
        *,
        device: str = "",
        solved: bool = False,
    ) -> AskPrice:
        """What an ask of that number from that browser costs."""
        return ask_price(
            self.settings,
            phone_tag=tag,
            binding=self._name(who),
            address=address,
            jitter=jitter,
            device=device_of(device),
            place=self.place,
            solved=solved,
        )

    def draft(self, phone: str = ALICE, who: str = "ann", **changes: Any) -> Draft:
        """A challenge to be asked for; its seed is remembered by the bench."""
        self.made += 1
        tag = self.keys.phone_tag(phone)
        challenge_id = changes.pop("id", f"{tag}.{self.made:022d}")
        purpose = changes.pop("purpose", LOGIN)
        seed = hashlib.sha256(challenge_id.encode()).digest()[:16]
        self.seeds[challenge_id] = seed
        length = self.settings.code_length
        code = derive_code(
            self.keys.current.code, seed=seed, purpose=purpose, generation=0, length=length
        )
        values = {
            "phone": phone,
            "binding": binding_of(who),
            "reference": "AB",
            "channel": "sms",
            "key_id": self.keys.current.id,
            "code_length": length,
            "code_ttl": self.settings.code_ttl,
            "max_tries": self.settings.max_tries,
            "payload": {"host": "example.com", "locale": "en"},
        }
        return Draft(
            id=challenge_id,
            purpose=purpose,
            seed=seed,
            digest=self.digest(challenge_id, code, purpose),
            **(values | changes),
        )

    def ask(
        self,
        phone: str = ALICE,
        who: str = "ann",
        *,
        address: str = "198.51.100.7",
        jitter: float = 0.0,
        price: AskPrice | None = None,
        device: str = "",
        **changes: Any,
    ) -> Any:
        """Start a login; `Issued` or `Refusal`."""
        draft = self.draft(phone, who, **changes)
        tag = phone_tag_of(draft.id)
        price = price or self.price(tag, who, address, jitter, device=device)
        limit = self.settings.max_live_challenges
        return self.store.issue(
            draft, price, live_limit=limit, device=device_of(device), now=self.now
        )

    def begun(self, phone: str = ALICE, who: str = "ann", **changes: Any) -> Issued:
        """Start a login that must be served."""
        outcome = self.ask(phone, who, **changes)
        assert isinstance(outcome, Issued), outcome
        assert outcome.job is not None
        return outcome

    def resend(
        self,
        challenge_id: str,
        who: str = "ann",
        address: str = "198.51.100.7",
        *,
        device: str = "",
        channel: str = "",
    ) -> Any:
        """Ask for the message once more."""
        price = self.price(phone_tag_of(challenge_id), who, address, device=device)
        return self.store.resend(
            challenge_id,
            binding_of(who),
            price,
            device=device_of(device),
            channel=channel,
            now=self.now,
        )

    def settle(
        self,
        job: Job | None,
        outcome: str,
        who: str = "ann",
        reason: str = "",
        *,
        device: str = "",
    ) -> None:
        """Tell what became of a message, as the job does."""
        assert job is not None
        code = self.code(job.challenge_id, job.generation)
        digest = self.digest(job.challenge_id, code) if outcome == "accepted" else b""
        tag = phone_tag_of(job.challenge_id)
        self.store.settle(
            job,
            Settlement(outcome, digest=digest, reason=reason),
            failures=failure_charges(
                self.settings, phone_tag=tag, binding=self._name(who), device=device_of(device)
            ),
            cooldowns=self._cooldowns(tag, who, device),
            now=self.now,
        )

    def load(self, job: Job | None) -> Challenge | None:
        """The challenge for the job that sends it."""
        assert job is not None
        loaded = self.store.load(job, routes=self.routes, now=self.now)
        return loaded.challenge if loaded else None

    def code(self, challenge_id: str, generation: int = 0, purpose: str = LOGIN) -> str:
        """The digits that the message holds."""
        return derive_code(
            self.keys.current.code,
            seed=self.seeds[challenge_id],
            purpose=purpose,
            generation=generation,
            length=self.settings.code_length,
        )

    def wrong(self, challenge_id: str) -> str:
        """Digits that are in no message of the first generations."""
        good = {self.code(challenge_id, generation) for generation in range(4)}
        return next(f"{n:06d}" for n in range(9) if f"{n:06d}" not in good)

    def digest(self, challenge_id: str, code: str, purpose: str = LOGIN) -> bytes:
        """What the store compares."""
        check = self.keys.current.check
        return digest_code(check, challenge_id=challenge_id, purpose=purpose, code=code)

    def enter(
        self,
        challenge_id: str,
        code: str,
        who: str = "ann",
        purpose: str = LOGIN,
        *,
        device: str = "",
        enrol: str = "",
        stage: str = "",
    ) -> Any:
        """One try, perhaps with a device's token, or with a new one to be remembered."""
        tag = phone_tag_of(challenge_id)
        digest = self.digest(challenge_id, code, purpose)
        return self.store.spend_try(
            challenge_id,
            Entry(purpose, binding_of(who), {self.keys.current.id: digest}, stage),
            try_price(self.settings, tag, device_of(device)),
            device=device_of(device),
            enrol=device_of(enrol),
            cooldowns=self._cooldowns(tag, who, device),
            now=self.now,
        )

    def peek(self, challenge_id: str, who: str = "ann", *, device: str = "") -> Any:
        """Look without touching."""
        price = self.price(phone_tag_of(challenge_id), who, device=device)
        return self.store.peek(
            challenge_id, binding_of(who), price, device=device_of(device), now=self.now
        )

    def enrolled(self, device: str, phone: str = ALICE, who: str = "owner") -> None:
        """The number is proven by a browser that is remembered as that device."""
        begun = self.begun(phone, who, address=f"home of {device}").challenge.id
        proven = self.enter(begun, self.code(begun), who, enrol=device)
        assert isinstance(proven, Right), proven

    def look(self, phone: str = ALICE) -> Look:
        """How a number stands."""
        tag = self.keys.phone_tag(phone)
        return self.store.look(tag, number_price(self.settings, tag), now=self.now)

    def _cooldowns(self, tag: str, who: str, device: str) -> Any:
        return cooldowns_of(
            self.settings, phone_tag=tag, binding=self._name(who), device=device_of(device)
        )

    def receipt(self, job: Job, delivery: str, reason: str = "", lost_by: str = "first") -> Any:
        """A vendor's word; what is lost may be sent anew, unless nobody has lost it."""
        price = replacement_price(self.settings, phone_tag_of(job.challenge_id), self.place)
        return self.store.advance(
            job.challenge_id,
            job.asked_at,
            delivery,
            reason,
            replacement=Replacement(lost_by, price) if lost_by else None,
            tally=Tally(lost_by or "second", 600),
            now=self.now,
        )

    def _name(self, who: str) -> str:
        return self.keys.hashed("binding", binding_of(who))


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Bench]:
    """A bench on a fresh store of that backend."""
    store = BACKENDS[name].open(folder)
    try:
        yield Bench(store)
    finally:
        store.close()
