"""Which numbers are served, by the number alone, before anything is spent."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.house import ALICE, House, binding
from web_steps import post_form, problem, rows

from flask_phoneauth import PhoneAuth
from flask_phoneauth.errors import CountryBlocked, LineTypeBlocked, NumberBlocked, RateLimited
from flask_phoneauth.phone.number import line_type, parse
from flask_phoneauth.phone.policy import NumberFacts, check_number
from flask_phoneauth.records import Client
from flask_phoneauth.settings import LINE_TYPES, Settings
from flask_phoneauth.shared_prices import Place

GB, US, CANADA = "+447400123456", "+12015550123", "+16045550123"
JERSEY, RUSSIA, KAZAKHSTAN = "+447797712345", "+79123456789", "+77012345678"
SATELLITE, FREEPHONE = "+881612345678", "+80012345678"
LANDLINE = "+442079460018"
KINDS = {
    "premium": "+449012345678",
    "shared_cost": "+43820123456",
    "toll_free": "+18005550123",
    "voip": "+33912345678",
    "pager": "+447640123456",
    "voicemail": "+41860123456789",
    "uan": "+443001234567",
    "personal": "+447012345678",
    "landline": LANDLINE,
}
"""A number of each kind that may be refused."""


def check(number: str, **settings: Any) -> None:
    """Judge a number by these settings."""
    check_number(parse(number, virtual_numbers=True), Settings(**settings))


@pytest.mark.parametrize(
    ("number", "regions"),
    [
        (GB, ("GB",)),
        (US, ("GB", "US")),
        (CANADA, ("CA",)),
        (JERSEY, ("JE",)),
        (RUSSIA, ("RU",)),
        (KAZAKHSTAN, ("KZ",)),
    ],
)
def test_number_of_an_allowed_region_passes(number: str, regions: tuple[str, ...]):
    check(number, allowed_regions=regions)


@pytest.mark.parametrize(
    ("number", "regions"),
    [
        (GB, ("US",)),
        (CANADA, ("US",)),
        (US, ("CA",)),
        (JERSEY, ("GB",)),
        (GB, ("JE",)),
        (RUSSIA, ("KZ",)),
        (KAZAKHSTAN, ("RU",)),
        (SATELLITE, ("US", "GB")),
    ],
)
def test_other_region_is_blocked_though_it_shares_the_calling_code(
    number: str, regions: tuple[str, ...]
):
    with pytest.raises(CountryBlocked) as blocked:
        check(number, allowed_regions=regions)
    assert blocked.value.status == 403
    assert number[1:] not in str(blocked.value)


@pytest.mark.parametrize("number", [GB, US, LANDLINE])
def test_every_region_passes_where_none_is_listed(number: str):
    check(number)


@pytest.mark.parametrize("number", [SATELLITE, FREEPHONE])
def test_numbers_of_no_country_are_served_on_request_only(number: str):
    with pytest.raises(CountryBlocked):
        check(number)
    check(number, non_geographic_numbers=True, blocked_line_types=(), allowed_regions=("GB",))


def test_virtual_numbers_pass_any_list():
    check("+9901234", allowed_regions=("GB",), blocked_prefixes=("+990",))


@pytest.mark.parametrize("kind", LINE_TYPES)
def test_a_kind_of_line_is_refused_where_it_is_listed_and_served_where_not(kind: str):
    number = KINDS[kind]
    assert line_type(number) == kind
    with pytest.raises(LineTypeBlocked):
        check(number, blocked_line_types=(kind,))
    check(number, blocked_line_types=tuple(other for other in LINE_TYPES if other != kind))


def test_by_default_what_cannot_be_a_persons_phone_is_refused():
    refused = set()
    for kind, number in KINDS.items():
        try:
            check(number)
        except LineTypeBlocked:
            refused.add(kind)
    assert refused == set(KINDS) - {"landline"}


def test_what_cannot_be_told_apart_passes_though_landlines_are_refused():
    assert line_type(US) == "landline_or_mobile"
    check(US, blocked_line_types=LINE_TYPES)


def test_a_beginning_or_a_whole_number_can_be_refused():
    for beginning in ("+447400", GB):
        with pytest.raises(NumberBlocked):
            check(GB, blocked_prefixes=("+1", beginning))
    check(GB, blocked_prefixes=("+447401", "+7400"))


def test_an_apps_own_word_counts_and_is_told_what_the_number_is():
    asked: list[NumberFacts] = []

    def policy(facts: NumberFacts) -> bool:
        asked.append(facts)
        return facts.line_type == "mobile"

    check_number(parse(GB), Settings(), policy)
    with pytest.raises(NumberBlocked):
        check_number(parse(LANDLINE), Settings(), policy)
    assert asked == [NumberFacts(GB, "GB", "mobile"), NumberFacts(LANDLINE, "GB", "landline")]
    assert GB not in repr(asked)


@pytest.mark.parametrize("number", [KINDS["premium"], SATELLITE, "+447400999999"])
def test_a_refused_number_costs_nothing_and_nothing_is_sent(house: House, number: str):
    house.configure(blocked_prefixes=("+447400999",), prices={"+": 100}, money_per_day=1)
    for _ in range(30):
        with pytest.raises(NumberBlocked):
            house.ask(number)
    assert house.provider.sent == []
    assert house.events == []
    tag = house.parts.keys.phone_tag(number)
    price = house.parts.price(tag, binding("ann"), Client("198.51.100.7"), _place(house, number))
    with house.store._read() as unit:
        assert not any(state.counts for state in unit.look(c.key for c in price.charges).values())
    assert house.log_in(ALICE).new_user


def _place(house: House, number: str) -> Place:
    return house.parts.place(number, parse(number).region)


def test_a_refused_number_writes_nothing_to_the_database(app: Flask):
    client = app.test_client()
    client.get("/auth/login")
    before = rows(app)
    answer = client.post("/auth/login", json={"phone": KINDS["premium"]})
    told = problem(answer, 403, "line_type_blocked")
    assert told["errors"][0]["pointer"] == "/phone"
    assert rows(app) == before


def test_the_page_says_why_in_plain_words(app: Flask):
    page = post_form(app.test_client(), "/auth/login", phone=KINDS["pager"])
    assert page.status_code == 403
    assert "Please use the number of a mobile phone." in page.text
    assert KINDS["pager"] in page.text, "what was typed can be mended"


def test_the_app_hands_its_policy_to_the_extension(tmp_path: Any):
    app = Flask("policy", instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    PhoneAuth(app, number_policy=lambda facts: facts.region != "US")
    client: FlaskClient = app.test_client()
    problem(client.post("/auth/login", json={"phone": US}), 403, "line_type_blocked")
    assert client.post("/auth/login", json={"phone": GB}).status_code == 202
    told = app.test_cli_runner().invoke(args=["phoneauth", "explain", US])
    assert "The app's own number_policy refuses it." in told.output


def test_explain_names_the_setting_that_refuses(make_app: Any):
    app = make_app(BLOCKED_PREFIXES=["+4474009"])
    run = app.test_cli_runner()
    for number, named in (
        (KINDS["premium"], "PHONEAUTH_BLOCKED_LINE_TYPES"),
        ("+447400912345", "PHONEAUTH_BLOCKED_PREFIXES"),
        (SATELLITE, "PHONEAUTH_NON_GEOGRAPHIC_NUMBERS"),
    ):
        told = run.invoke(args=["phoneauth", "explain", number])
        assert (told.exit_code, named in told.output) == (1, True), told.output


def test_numbers_one_after_the_other_from_one_address_are_stopped(house: House):
    house.configure(neighbour_asks_per_hour=4)
    sent = 0
    for last in range(10):
        try:
            house.ask(f"+44740012{last:04d}", f"browser {last}")
            sent += 1
        except RateLimited:
            assert last >= 4
    assert sent == 4
    house.ask("+447400990000", "another block")
    house.ask("+447400129999", "another address", address="203.0.113.9")


def test_neighbours_who_sign_in_are_no_attack(house: House):
    house.configure(neighbour_asks_per_hour=2)
    for last in range(6):
        assert house.log_in(f"+44740012{last:04d}", f"browser {last}").new_user
