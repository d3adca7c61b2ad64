"""The audit trail: what happened to a number, by whom, without the number and without a code."""

from __future__ import annotations

import json
import sqlite3
import threading

import pytest
from phoneauth.house import ALICE, HandClock
from web_steps import OTHER_PHONE, PHONE, ask, database_of, entry, query, wrong

from flask_phoneauth import events
from flask_phoneauth.audit.entries import KINDS, MESSAGE_KINDS, entry_of
from flask_phoneauth.audit.trail import MOST_WAITING, Trail
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.records import AuditEntry, Client
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.stores.audit import FORGET_ROWS, SqlAudit

KEYS = Keyring(b"audit")
TAG = KEYS.phone_tag(ALICE)
DAY = 86400
KINDS_OF_EVENTS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, events.Event) and kind is not events.Event
]


def trail_of(app) -> Trail:
    return app.extensions["phoneauth"].live.trail


def kinds(app, **wanted) -> list[str]:
    return [one.kind for one in trail_of(app).search(**wanted)]


@pytest.fixture
def run(app):
    """`run("--json")`: the command's result."""

    def invoke(*words, code=0):
        done = app.test_cli_runner().invoke(args=["phoneauth", "audit", *words])
        assert done.exit_code == code, done.output
        return done

    return invoke


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("pg"))])
def database_kind(request):
    """The rows are kept alike on both."""
    return request.param


@pytest.fixture
def rows(database) -> SqlAudit:
    """The trail's table."""
    return SqlAudit(database)


def asked(at: float = 1.0, **values) -> AuditEntry:
    usual = {"kind": "asked", "phone_tag": TAG, "masked_phone": "+44 •••• ••3456"}
    return AuditEntry(at, **{**usual, **values})


def test_a_login_is_told_from_the_ask_to_the_end_with_its_address_and_browser(app, phoneauth_code):
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "Lynx/2.9"
    body = ask(client)
    code = phoneauth_code(PHONE)
    client.post("/auth/verify", json=entry(body, wrong(code)))
    assert client.post("/auth/verify", json=entry(body, code)).status_code == 200
    assert client.post("/auth/logout", json={}).status_code == 204
    told = trail_of(app).search(phone=PHONE)
    assert [one.kind for one in told] == [
        *["asked", "sent", "wrong", "signed_up", "signed_in", "signed_out"]
    ]
    by_kind = {one.kind: one for one in told}
    assert {one.masked_phone for one in told} == {"+44 •••• ••3456"}
    assert len({one.phone_tag for one in told}) == 1
    assert by_kind["wrong"].detail == "4 left"
    assert (by_kind["sent"].detail, by_kind["sent"].address) == ("console", "")
    for kind in ("asked", "wrong", "signed_up", "signed_in", "signed_out"):
        assert (by_kind[kind].address, by_kind[kind].user_agent) == ("127.0.0.1", "Lynx/2.9")
    assert by_kind["signed_in"].session_id == by_kind["signed_out"].session_id != ""
    assert {by_kind[kind].user_id for kind in ("signed_up", "signed_in")} == {"1"}


def test_neither_the_number_nor_a_code_is_in_the_table(app, phoneauth_code):
    client = app.test_client()
    body = ask(client)
    code = phoneauth_code(PHONE)
    client.post("/auth/verify", json=entry(body, wrong(code)))
    client.post("/auth/verify", json=entry(body, code))
    assert trail_of(app).flush(15)
    kept = query(app, "select * from phoneauth_audit")
    texts = [value for row in kept for value in row if isinstance(value, str)]
    assert len(kept) == 5
    for secret in (PHONE, PHONE[1:], "7400123456", code, wrong(code)):
        assert not [text for text in texts if secret in text]


def test_refusals_locks_revocations_and_blocks_are_told(make_app, phoneauth_login, phoneauth_code):
    app = make_app(TRIES_PER_HOUR=1)
    client = app.test_client()
    phoneauth_login(client, PHONE)
    assert client.delete("/auth/sessions").status_code == 204
    stranger = app.test_client(use_cookies=False)
    body = ask(stranger, OTHER_PHONE)
    assert stranger.post("/auth/login", json={"phone": OTHER_PHONE}).status_code == 429
    code = phoneauth_code(OTHER_PHONE)
    for _ in range(2):
        stranger.post("/auth/verify", json=entry(body, wrong(code)))
    app.test_cli_runner().invoke(args=["phoneauth", "users", "block", PHONE])
    told = trail_of(app).search(phone=OTHER_PHONE)
    assert [(one.kind, one.detail) for one in told] == [
        ("asked", ""),
        ("sent", "console"),
        ("refused", "cooldown"),
        ("wrong", "4 left"),
        ("locked", "locked"),
    ]
    assert {one.masked_phone for one in told} == {"+44 •••• ••3457"}
    assert kinds(app, phone=PHONE)[-2:] == ["revoked", "blocked"]


def test_an_app_reviewers_number_is_marked(make_app):
    app = make_app(TEST_NUMBERS={PHONE: ("123456", "2999-01-01")})
    client = app.test_client(use_cookies=False)
    ask(client, PHONE)
    ask(client, OTHER_PHONE)
    assert {one.test_number for one in trail_of(app).search(phone=PHONE)} == {True}
    assert {one.test_number for one in trail_of(app).search(phone=OTHER_PHONE)} == {False}


def test_known_unknown_and_blocked_numbers_leave_the_same_trail_of_the_request(
    app, phoneauth_login
):
    known, unknown, blocked = PHONE, OTHER_PHONE, "+447400123458"
    for phone in (known, blocked):
        phoneauth_login(app.test_client(), phone)
    app.test_cli_runner().invoke(args=["phoneauth", "users", "block", blocked])
    since = app.extensions["phoneauth"].live.parts.clock.now() + 3600
    app.extensions["phoneauth"].live.parts.clock.advance(7200)
    for phone in (known, unknown, blocked):
        ask(app.test_client(use_cookies=False), phone)
    for phone in (known, unknown, blocked):
        assert kinds(app, phone=phone, kind="asked", since=since) == ["asked"]
    app.extensions["phoneauth"].live.parts.clock.reset()


def test_a_trail_that_cannot_be_written_keeps_nobody_out(app, phoneauth_code, caplog):
    client = app.test_client()
    body = ask(client)
    query(app, "alter table phoneauth_audit rename to elsewhere")
    done = client.post("/auth/verify", json=entry(body, phoneauth_code(PHONE)))
    assert done.status_code == 200
    assert not trail_of(app).flush(15)
    assert "no such table" in caplog.text
    query(app, "alter table elsewhere rename to phoneauth_audit")
    assert trail_of(app).flush(15) or trail_of(app).flush(15)
    assert kinds(app) == ["asked", "sent", "signed_up", "signed_in"], "in order, each once"
    assert trail_of(app).lost == 0


class HeldRows:
    """A table that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.kept: list[AuditEntry] = []

    def add(self, entries) -> None:
        if not self.open.is_set():
            raise StoreUnavailable
        self.kept.extend(entries)

    def forget(self, before, *, kinds=()) -> bool:
        return True


def test_the_queue_is_bounded_and_what_is_lost_is_counted_and_logged_once(caplog):
    rows = HeldRows()
    trail = Trail(rows, Settings(), KEYS, HandClock())
    event = events.CodeWrong(f"{TAG}.x", "login", 1)
    for _ in range(MOST_WAITING + 7):
        trail.record(event, None)
    assert trail.lost == 7
    assert caplog.text.count("loses entries") == 1
    rows.open.set()
    trail.close(timeout=15)
    assert len(rows.kept) + trail.lost == MOST_WAITING + 7


def test_what_waits_is_written_at_the_end_and_nothing_is_taken_after_it():
    rows = HeldRows()
    rows.open.set()
    trail = Trail(rows, Settings(), KEYS, HandClock())
    trail.record(events.CodeWrong(f"{TAG}.x", "login", 1), None)
    trail.close(timeout=15)
    trail.record(events.CodeWrong(f"{TAG}.x", "login", 0), None)
    assert [one.detail for one in rows.kept] == ["1 left"]
    assert trail.lost == 1


def test_every_event_has_its_kind_of_entry():
    told = set()
    for kind in KINDS_OF_EVENTS:
        values = {
            name: 0 if name in ("tries_left", "percent") else f"{TAG}.x"
            for name in kind.__dataclass_fields__
        }
        if "user" in values:
            values["user"] = type("U", (), {"phone": ALICE, "get_id": lambda self: "7"})()
        made = entry_of(kind(**values), KEYS, client=None, now=5.0)
        assert made is not None, kind
        told.add(made.kind)
    assert told | {"locked"} == set(KINDS)
    assert set(MESSAGE_KINDS) < set(KINDS)


def test_only_receipts_are_told_of_deliveries():
    seen = events.DeliveryUpdated(f"{TAG}.x", "sent")
    assert entry_of(seen, KEYS, client=None, now=1.0) is None
    signed = events.DeliveryUpdated(f"{TAG}.x", "delivered", "twilio")
    made = entry_of(signed, KEYS, client=Client("192.0.2.1"), now=1.0)
    assert made is not None
    assert (made.kind, made.detail, made.address) == ("receipt", "twilio delivered", "")


def test_rows_are_found_by_number_kind_and_time_newest_first(rows):
    rows.add([asked(1.0), asked(2.0, kind="wrong", masked_phone=""), asked(3.0, phone_tag="other")])
    assert [one.at for one in rows.search()] == [3.0, 2.0, 1.0]
    assert [one.at for one in rows.search(phone_tag=TAG)] == [2.0, 1.0]
    assert [one.at for one in rows.search(kind="wrong")] == [2.0]
    assert [one.at for one in rows.search(since=2.0)] == [3.0, 2.0]
    assert [one.at for one in rows.search(limit=1)] == [3.0]
    assert rows.search(kind="wrong")[0].masked_phone == "+44 •••• ••3456", "by its tag"


def test_a_text_that_is_too_long_or_odd_is_cut_and_holds_nothing_up(rows):
    rows.add([asked(user_agent="x" * 999, user_id="a\0b\udc80")])
    (kept,) = rows.search()
    assert len(kept.user_agent) == 200
    assert kept.user_id == "ab?"


def test_what_is_past_its_time_is_forgotten_messages_before_logins(rows):
    clock = HandClock(400 * DAY)
    rows.add([asked(399 * DAY), asked(360 * DAY), asked(360 * DAY, kind="signed_in")])
    rows.add([asked(1 * DAY, kind="signed_in")])
    trail = Trail(rows, Settings(), KEYS, clock)
    trail.record(events.CodeWrong(f"{TAG}.x", "login", 1), None)
    trail.close(timeout=15)
    for _ in range(150):  # it is swept after the entry is written
        if len(left := rows.search()) == 3:
            break
        threading.Event().wait(0.1)
    assert sorted((one.kind, one.at // DAY) for one in left) == [
        ("asked", 399),
        ("signed_in", 360),
        ("wrong", 400),
    ]


def test_much_is_forgotten_in_small_steps(rows):
    rows.add([asked()] * (FORGET_ROWS + 1))
    assert not rows.forget(2.0)
    assert len(rows.search(limit=9999)) == 1
    assert rows.forget(2.0)
    assert rows.search() == []


def test_the_command_lists_what_fits_masked(app, run, phoneauth_login):
    phoneauth_login(app.test_client(), PHONE)
    phoneauth_login(app.test_client(), OTHER_PHONE)
    lines = run("--number", "0044 (0)7400 123456").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["asked", "sent", "signed_up", "signed_in"]
    assert all("+44 •••• ••3456" in line for line in lines)
    told = [json.loads(line) for line in run("--kind", "signed_in", "--json").stdout.splitlines()]
    assert [one["user_id"] for one in told] == ["1", "2"]
    assert told[0]["at"].endswith("+00:00")
    assert PHONE not in run("--json").output
    assert "--limit 10" in run("--limit", "1").stderr


def test_the_command_takes_dates_times_and_how_long_ago(app, run, phoneauth_login):
    phoneauth_login(app.test_client(), PHONE)
    for since in ("1h", "7d", "2020-01-31", "2020-01-31T08:00+02:00"):
        assert len(run("--since", since).stdout.splitlines()) == 4, since
    assert "No entries" in run("--since", "2999-01-01").stderr
    assert "12h" in run("--since", "lately", code=2).stderr
    assert "country code" in run("--number", "7400 123456", code=1).stderr


def test_a_trail_that_is_off_is_told_with_its_setting(make_app, phoneauth_login):
    app = make_app(AUDIT_URL="off")
    phoneauth_login(app.test_client(), PHONE)
    done = app.test_cli_runner().invoke(args=["phoneauth", "audit"])
    assert (done.exit_code, trail_of(app)) == (1, None)
    assert "PHONEAUTH_AUDIT_URL" in done.stderr


def test_the_trail_may_have_a_database_of_its_own(make_app, tmp_path, phoneauth_login):
    app = make_app(AUDIT_URL=f"sqlite:///{tmp_path}/audit.db")
    phoneauth_login(app.test_client(), PHONE)
    assert "signed_in" in kinds(app)
    own = sqlite3.connect(tmp_path / "audit.db")
    assert own.execute("select count(*) from phoneauth_audit").fetchone() == (4,)
    own.close()
    assert query(app, "select count(*) from phoneauth_audit") == [(0,)]
    assert database_of(app).exists()


def test_an_address_that_is_no_database_is_refused_with_its_cure(make_app):
    app = make_app(AUDIT_URL="redis://127.0.0.1/0")
    with pytest.raises(SettingError, match="PHONEAUTH_AUDIT_URL"):
        _ = app.extensions["phoneauth"].live


def test_what_an_operator_takes_back_or_removes_is_told(app, run, phoneauth_login):
    phoneauth_login(app.test_client())
    runner = app.test_cli_runner()
    for words in (
        ("users", "block", PHONE),
        ("users", "unblock", PHONE),
        ("users", "delete", PHONE, "--yes"),
        ("numbers", "unlock", PHONE),
    ):
        done = runner.invoke(args=["phoneauth", *words])
        assert done.exit_code == 0, done.output
    found = app.extensions["phoneauth"].live.trail.search(phone=PHONE)
    told = [one for one in found if one.kind in ("blocked", "unblocked", "deleted")]
    assert [(one.kind, one.user_id) for one in told] == [
        ("blocked", "1"),
        ("unblocked", "1"),
        ("deleted", "1"),
    ]
    (opened,) = [one for one in found if one.kind == "unlocked"]
    for one in (*told, opened):
        assert one.masked_phone.endswith("3456")
        assert PHONE not in repr(one)
        assert (one.address, one.user_agent) == ("", "")
