"""A notice goes through every store like a message, and no stranger can hold it up."""

from __future__ import annotations

from contracts.stores import ALICE, Bench

from flask_phoneauth.flows.notice import NO_LIMIT
from flask_phoneauth.otp.challenge import phone_tag_of, purpose_for
from flask_phoneauth.prices import notice_price
from flask_phoneauth.records import PHONE_CHANGED
from flask_phoneauth.stores.base import Issued, Missing, Refusal, Right, Wrong


def issue_notice(bench: Bench) -> Issued:
    draft = bench.draft(ALICE, "nobody", purpose=PHONE_CHANGED, code_ttl=120, max_tries=1)
    price = notice_price(bench.settings, phone_tag_of(draft.id))
    issued = bench.store.issue(draft, price, live_limit=NO_LIMIT, device=b"", now=bench.now)
    assert isinstance(issued, Issued), issued
    assert issued.job is not None
    return issued


def test_a_notice_passes_where_every_budget_of_the_number_is_spent(bench: Bench) -> None:
    bench.configure(cooldown=(1,), total_sends_per_day=5, tries_per_hour=1)
    for who in ("ann", "bea", "cem", "dan", "eve"):
        last = bench.begun(who=who).challenge.id
        bench.now += 2
    assert bench.enter(last, bench.wrong(last), "eve") == Wrong(4)
    refused = bench.ask(who="fay")
    assert isinstance(refused, Refusal)
    job = issue_notice(bench).job
    assert job is not None
    bench.now += 119
    loaded = bench.load(job)
    assert loaded is not None
    assert (loaded.phone, loaded.purpose) == (ALICE, PHONE_CHANGED)
    bench.now += 1
    assert bench.load(job) is None


def test_a_notice_counts_among_the_messages_of_the_number(bench: Bench) -> None:
    bench.configure(total_sends_per_day=2)
    issue_notice(bench)
    assert isinstance(bench.ask(), Issued)
    bench.now += 3600
    refused = bench.ask(who="bea")
    assert isinstance(refused, Refusal)
    assert refused.code == "budget_exhausted"


def test_a_notice_is_no_login(bench: Bench) -> None:
    notice = issue_notice(bench).challenge.id
    assert bench.enter(notice, "123456", "ann") == Missing(foreign=True)
    assert bench.peek(notice) == Missing(foreign=True)
    login = bench.begun().challenge.id
    assert isinstance(bench.enter(login, bench.code(login)), Right)


def test_one_holders_purpose_is_not_anothers_in_the_same_browser(bench: Bench) -> None:
    mine, yours = purpose_for("change_phone", "a" * 16), purpose_for("change_phone", "b" * 16)
    first = bench.begun(purpose=mine).challenge.id
    bench.now += 30
    second = bench.begun(purpose=yours).challenge.id
    assert first != second
    code = bench.code(first, purpose=mine)
    assert bench.enter(first, code, purpose=yours) == Missing(foreign=True)
    assert bench.enter(second, code, purpose=yours) == Wrong(4)
    assert isinstance(bench.enter(first, code, purpose=mine), Right)
