"""`flask phoneauth explain`: why a code would be sent, or not; it changes nothing."""

from __future__ import annotations

import json

import pytest
from web_steps import OTHER_PHONE, PHONE, ask, entry, rows, wrong

from flask_phoneauth.flows.explain_number import SETTING_OF, SHARED_SETTING_OF
from flask_phoneauth.settings import PREFIX, Settings

ERRS = "+99012399"


def explain(app, *words):
    """The exit code and what was found, from the JSON."""
    done = app.test_cli_runner().invoke(args=["phoneauth", "explain", "--json", *words])
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


def budget(found, setting):
    return next(one for one in found["budgets"] if one["setting"] == f"PHONEAUTH_{setting}")


def test_an_ordinary_number_is_explained_to_its_text(app):
    code, found = explain(app, "00447400123456")
    assert (code, found["sent"], found["hindrances"]) == (0, True, [])
    assert (found["phone"], found["region"], found["kind"]) == ("+44 •••• ••3456", "GB", "ordinary")
    assert (found["account"], found["providers"]) == ("unknown", ["console"])
    assert found["text"].startswith("•••••• is your example code to sign in, valid for 5 minutes.")
    assert not any(character.isdigit() for character in found["text"].replace("5 minutes", ""))
    assert {one["setting"] for one in found["budgets"]} == set(SETTING_OF.values())


def test_every_budget_is_named_by_a_setting():
    names = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    assert {*SETTING_OF.values(), *SHARED_SETTING_OF.values()} <= names


def test_people_read_the_same_and_the_number_in_full_if_asked(app):
    runner = app.test_cli_runner()
    done = runner.invoke(args=["phoneauth", "explain", PHONE])
    assert done.exit_code == 0
    assert PHONE not in done.output
    lines = done.stdout.splitlines()
    assert "budget     PHONEAUTH_SENDS_PER_HOUR: 0 of 5 spent" in lines
    assert lines[-1] == "A code would be sent."
    assert PHONE in runner.invoke(args=["phoneauth", "explain", "--full", PHONE]).stdout


def test_what_was_spent_is_seen_and_looking_spends_nothing(app, phoneauth_clock, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
    before = rows(app)
    for _ in range(3):
        code, found = explain(app, PHONE)
    assert rows(app) == before
    assert code == 1
    assert budget(found, "SENDS_PER_HOUR")["spent"] == 1
    assert budget(found, "TRIES_PER_HOUR")["spent"] == 1
    assert (found["cooling"] > 20, found["open_challenges"]) == (True, 1)
    assert "cools down" in found["hindrances"][0]
    phoneauth_clock.advance(60)
    assert explain(app, PHONE)[0] == 0
    assert explain(app, OTHER_PHONE)[1]["open_challenges"] == 0


def test_a_spent_budget_is_named_with_its_wait(make_app, phoneauth_clock):
    app = make_app(SENDS_PER_HOUR=1)
    ask(app.test_client())
    phoneauth_clock.advance(300)
    code, found = explain(app, PHONE)
    assert code == 1
    (reason,) = found["hindrances"]
    wait = budget(found, "SENDS_PER_HOUR")["wait"]
    assert reason.startswith("PHONEAUTH_SENDS_PER_HOUR is spent (1 of 1)")
    assert f"{wait} seconds" in reason
    phoneauth_clock.advance(wait)
    assert explain(app, PHONE)[1]["sent"] is True


def test_too_many_open_challenges_are_named(make_app, phoneauth_clock):
    app = make_app(MAX_LIVE_CHALLENGES=1)
    ask(app.test_client())
    phoneauth_clock.advance(120)
    code, found = explain(app, PHONE)
    assert (code, found["open_challenges"]) == (1, 1)
    assert "PHONEAUTH_MAX_LIVE_CHALLENGES" in found["hindrances"][0]


def test_a_blocked_user_and_closed_sign_up_are_named(make_app):
    app = make_app(SIGNUP=False)
    runner = app.test_cli_runner()
    code, found = explain(app, PHONE)
    assert (code, found["account"]) == (1, "unknown")
    assert "PHONEAUTH_SIGNUP is off" in found["hindrances"][0]
    runner.invoke(args=["phoneauth", "users", "create", PHONE])
    assert explain(app, PHONE)[1]["account"] == "known"
    runner.invoke(args=["phoneauth", "users", "block", PHONE])
    code, found = explain(app, PHONE)
    assert (code, found["account"]) == (1, "blocked")
    assert "users unblock" in found["hindrances"][0]


def test_a_country_that_is_not_served_is_named(make_app):
    code, found = explain(make_app(ALLOWED_REGIONS=["US", "FR"]), PHONE)
    assert code == 1
    assert "GB is not served: PHONEAUTH_ALLOWED_REGIONS holds US, FR" in found["hindrances"][0]


@pytest.mark.parametrize(("number", "sent"), [("+9901234", True), (ERRS, False)])
def test_virtual_numbers_pay_the_lock_only(make_app, number, sent):
    code, found = explain(make_app(VIRTUAL_NUMBERS=True), number)
    assert (code == 0, found["kind"], len(found["budgets"])) == (sent, "virtual", 1)


def test_a_reviewers_number_is_never_sent_to(make_app):
    app = make_app(TEST_NUMBERS={PHONE: ("123456", "2999-01-31")})
    code, found = explain(app, PHONE)
    assert (code, found["kind"]) == (1, "test")
    assert "PHONEAUTH_TEST_NUMBERS" in found["hindrances"][0]
    assert "123456" not in json.dumps(found)


def test_what_is_no_number_is_told_with_its_cure(app):
    done = app.test_cli_runner().invoke(args=["phoneauth", "explain", "07400 123456"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Add the country code" in done.stderr


def test_an_app_that_production_refuses_sends_nothing(make_app):
    app = make_app(testing=False)
    assert not app.test_cli_runner().invoke(args=["phoneauth", "init-db"]).exit_code
    code, found = explain(app, PHONE)
    assert code == 1
    assert "PHONEAUTH_PUBLIC_URL" in found["hindrances"][0]
    assert any("PHONEAUTH_PROVIDERS" in one for one in found["hindrances"][1:])


MONEY = {
    "PRICES": {"+": 0.04},
    "MONEY_PER_DAY": 5,
    "MONEY_PER_COUNTRY_PER_DAY": 5,
    "MONEY_PER_PROVIDER_PER_DAY": 5,
}


def shared(found):
    return {one["setting"]: one["spent"] for one in found["shared_budgets"]}


def test_the_budgets_that_numbers_share_are_shown_with_what_neighbours_spent(make_app):
    app = make_app(**MONEY)
    ask(app.test_client(use_cookies=False))
    code, found = explain(app, OTHER_PHONE)
    assert code == 0
    assert shared(found) == {
        "PHONEAUTH_PREFIX_SENDS_PER_HOUR": 1,
        "PHONEAUTH_PREFIX_SENDS_PER_DAY": 1,
        "PHONEAUTH_COUNTRY_SENDS_PER_HOUR": 1,
        "PHONEAUTH_COUNTRY_SENDS_PER_DAY": 1,
        "PHONEAUTH_SPRAY_BUDGET": 1,
        "PHONEAUTH_MONEY_PER_DAY": 40,
        "PHONEAUTH_MONEY_PER_COUNTRY_PER_DAY": 40,
        "PHONEAUTH_MONEY_PER_PROVIDER_PER_DAY": 40,
    }
    assert set(shared(found)) == set(SHARED_SETTING_OF.values())
    assert PHONE[1:-4] not in json.dumps(found)
    abroad = explain(app, "+33612345678")[1]
    assert shared(abroad)["PHONEAUTH_PREFIX_SENDS_PER_HOUR"] == 0
    assert shared(abroad)["PHONEAUTH_COUNTRY_SENDS_PER_HOUR"] == 0
    assert shared(abroad)["PHONEAUTH_SPRAY_BUDGET"] == 1


def test_a_shared_budget_that_neighbours_spent_is_named_as_the_hindrance(make_app):
    app = make_app(PREFIX_SENDS_PER_HOUR=2)
    ask(app.test_client(use_cookies=False))
    before = rows(app)
    code, found = explain(app, OTHER_PHONE)
    assert code == 1
    (reason,) = found["hindrances"]
    assert reason.startswith(
        "PHONEAUTH_PREFIX_SENDS_PER_HOUR is spent (1 of 2, and what is left is kept"
    )
    assert rows(app) == before
    done = app.test_cli_runner().invoke(args=["phoneauth", "explain", OTHER_PHONE])
    assert "shared     PHONEAUTH_PREFIX_SENDS_PER_HOUR: 1 of 2 spent, room in" in done.stdout


def test_a_virtual_number_shares_nothing(make_app):
    assert explain(make_app(VIRTUAL_NUMBERS=True), "+9901234")[1]["shared_budgets"] == []
