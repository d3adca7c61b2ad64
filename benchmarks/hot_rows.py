"""Do writers queue for the rows that all numbers share? Asks and tries on PostgreSQL, beside some
whose price names no shared row.

    python -m benchmarks.hot_rows postgresql+psycopg://user@host/name
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import statistics
import time
from typing import Any

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.otp.code import derive_code, digest_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.prices import ask_price, cooldowns, try_price
from flask_phoneauth.records import LOGIN
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place
from flask_phoneauth.stores.base import Issued, Right
from flask_phoneauth.stores.sqlalchemy import SqlStore

KEYS = Keyring(b"hot rows")
AMPLE = Settings(
    country_sends_per_hour=10**8,
    country_sends_per_day=10**8,
    spray_budget=10**8,
    prices={"+": 40},
    money_per_day=10**6,
    money_per_country_per_day=10**6,
)


def login(store: SqlStore, number: str, *, shared: bool) -> tuple[float, float]:
    """Seconds of the ask and of the right try of a new number."""
    tag, binding, now = KEYS.phone_tag(number), secrets.token_bytes(32), time.time()
    who, seed = KEYS.hashed("binding", binding), secrets.token_bytes(16)
    keys = KEYS.current
    challenge_id = f"{tag}.{secrets.token_urlsafe(16)}"
    code = derive_code(keys.code, seed=seed, purpose=LOGIN, generation=0, length=6)
    digest = digest_code(keys.check, challenge_id=challenge_id, purpose=LOGIN, code=code)
    draft = Draft(
        id=challenge_id, purpose=LOGIN, phone=number, binding=binding, reference="AB",
        channel="sms", key_id=keys.id, seed=seed, digest=digest, code_length=6, code_ttl=300,
        max_tries=5, payload={"region": "GB"},
    )  # fmt: skip
    prefix = KEYS.hashed("prefix", number[:-4])
    place = Place(prefix, "GB", cost=40, provider="one") if shared else None
    price = ask_price(AMPLE, phone_tag=tag, binding=who, address=number, jitter=0.0, place=place)
    begun = time.perf_counter()
    issued = store.issue(draft, price, live_limit=5, device=b"", now=now)
    asked = time.perf_counter()
    assert isinstance(issued, Issued)
    right = store.spend_try(
        challenge_id,
        Entry(LOGIN, binding, {keys.id: digest}),
        try_price(AMPLE, tag),
        device=b"",
        enrol=b"",
        cooldowns=cooldowns(AMPLE, phone_tag=tag, binding=who),
        now=now,
    )
    assert isinstance(right, Right)
    return asked - begun, time.perf_counter() - asked


def write(url: str, writer: int, seconds: float, shared: bool, ready: Any, told: Any) -> None:
    """One process: logins as fast as they go, for so long; what the store refuses is counted."""
    database = Database(url)
    store = SqlStore(database)
    run, timed, refused = secrets.randbelow(10**5), [], 0
    ready.wait()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        turn = len(timed) + refused
        # neighbours are ten to a prefix, so that prefixes are no hotter than a town's
        number = f"+44{writer}{run:05d}{turn // 10:03d}{turn % 10:04d}"
        try:
            timed.append(login(store, number, shared=shared))
        except StoreUnavailable:
            refused += 1
    told.put((refused, timed))
    database.close()


def measured(url: str, writers: int, seconds: float, *, shared: bool) -> str:
    """One row of the table."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(writers), context.SimpleQueue()
    processes = [
        context.Process(target=write, args=(url, writer, seconds, shared, ready, told))
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    found = [told.get() for _ in processes]
    for process in processes:
        process.join()
    logins = [timed for _, all_of in found for timed in all_of]
    asks, tries = ([timed[which] * 1000 for timed in logins] for which in (0, 1))
    cells = [
        f"{writers}",
        "shared" if shared else "none shared",
        f"{len(logins) / seconds:.0f}",
        *(f"{centile(figures, at):.0f}" for figures in (asks, tries) for at in (50, 95, 99)),
        f"{sum(refused for refused, _ in found)}",
    ]
    return f"| {' | '.join(cells)} |"


def centile(figures: list[float], at: int) -> float:
    """That percentile."""
    return statistics.quantiles(figures, n=100)[at - 1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each row")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--writers", type=int, nargs="*", default=[1, 8])
    given = parser.parse_args()
    database = Database(given.url)
    migrate.upgrade(database)
    database.close()
    print("| Writers | Rows | Logins/s | ask p50 ms | p95 | p99 | try p50 ms | p95 | p99 | 503 |")
    print("| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for _ in range(given.rounds):
        for writers in given.writers:
            for shared in (False, True):
                print(measured(given.url, writers, given.seconds, shared=shared), flush=True)


if __name__ == "__main__":
    main()
