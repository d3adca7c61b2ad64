"""Which budgets an ask and a try are charged to (RULES 19-25)."""

from __future__ import annotations

from typing import Any

from flask_phoneauth.budgets import DAY, DEVICE, HOUR, STRANGER, AskPrice, number_key
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.prices import (
    ask_price,
    cooldowns,
    failure_charges,
    number_price,
    tries_charge,
    try_price,
)
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place, message_cost

PRICE: dict[str, Any] = {"phone_tag": "tag", "binding": "b", "address": "a", "jitter": 0.0}
PHONE = b"\1" * 32
PLACE = Place("nearby", "GB", cost=40, provider="first")
CAPS = {"money_per_day": 100, "money_per_country_per_day": 50, "money_per_provider_per_day": 20}


def test_an_ask_looks_at_the_lock_first_and_at_failures() -> None:
    price = ask_price(Settings(), **PRICE)
    assert (price.charges[0].code, price.charges[0].cost) == ("locked", 0)
    looked = {charge.key for charge in price.charges if not charge.cost}
    failures = {c.key for c in failure_charges(Settings(), phone_tag="tag", binding="b")}
    assert looked == {tries_charge(Settings(), "tag").key} | failures


def test_every_figure_of_an_ask_is_a_setting() -> None:
    names = [
        "tries_per_hour",
        "failed_sends_per_hour",
        "binding_failed_sends_per_hour",
        "sends_per_hour",
        "sends_per_day",
        "total_sends_per_day",
        "address_asks_per_hour",
        "address_total_asks_per_hour",
    ]
    settings = Settings(**{name: 1000 + turn for turn, name in enumerate(names)})
    limits = [charge.limit for charge in ask_price(settings, **PRICE).charges]
    assert limits == [1000 + turn for turn in range(len(names))]


def test_the_budgets_are_those_of_the_rules() -> None:
    charges = ask_price(Settings(), **PRICE).charges
    figures = [(c.limit, c.window, c.code, c.refund_on) for c in charges]
    assert figures == [
        (15, HOUR, "locked", ""),
        (3, HOUR, "budget_exhausted", ""),
        (10, HOUR, "budget_exhausted", ""),
        (5, HOUR, "budget_exhausted", "success failure"),
        (10, DAY, "budget_exhausted", "success failure"),
        (30, DAY, "budget_exhausted", "failure"),
        (20, HOUR, "rate_limited", "success"),
        (120, HOUR, "rate_limited", ""),
    ]


def test_a_free_ask_looks_at_the_lock_alone() -> None:
    free = ask_price(Settings(), **PRICE).when_free()
    assert [charge.code for charge in free.charges] == ["locked"]
    assert free.cooldowns == ()


def test_the_keys_of_a_number_stand_under_its_tag_and_hold_no_digits() -> None:
    price = ask_price(Settings(), **PRICE)
    own = [c.key for c in (*price.charges, *price.cooldowns) if "tag" in c.key]
    assert own
    assert all(key.startswith("{tag}:") for key in own)
    assert number_key("tag", "tries") == "{tag}:tries"


def test_the_number_and_the_browser_cool_down() -> None:
    found = cooldowns(Settings(), phone_tag="tag", binding="b", jitter=0.05)
    assert [c.key for c in found] == ["{tag}:cooldown", "binding:b:cooldown"]
    assert {(c.ladder, c.idle, c.jitter) for c in found} == {((30, 60, 120, 240), 3600, 0.05)}


def lanes(price: AskPrice) -> dict[str, str]:
    """Who pays, by key."""
    return {charge.key: charge.lane for charge in price.charges}


def test_a_device_has_budgets_of_its_own_beside_the_strangers() -> None:
    found = lanes(ask_price(Settings(), **PRICE, device=PHONE))
    name = PHONE.hex()[:16]
    own = {key for key, lane in found.items() if lane == DEVICE}
    assert own == {f"{{tag}}:device:{name}:{kind}" for kind in ("tries", "failures", "sends")}
    assert {key for key, lane in found.items() if not lane} == {
        "{tag}:total",
        "binding:b:failures",
    }


def test_the_figures_of_a_device_are_those_of_the_rules() -> None:
    charges = ask_price(Settings(), **PRICE, device=PHONE).charges
    figures = [(c.limit, c.window, c.cost, c.code) for c in charges if c.lane == DEVICE]
    assert figures == [
        (10, HOUR, 0, "locked"),
        (3, HOUR, 0, "budget_exhausted"),
        (5, HOUR, 1, "budget_exhausted"),
    ]


def test_two_devices_share_no_budget() -> None:
    one, other = (lanes(ask_price(Settings(), **PRICE, device=bytes([n]) * 32)) for n in (1, 2))
    shared = set(one) & set(other)
    assert not any(one[key] == DEVICE for key in shared)


def test_a_solved_challenge_buys_a_send_of_its_own_and_no_day() -> None:
    plain, solved = (lanes(ask_price(Settings(), **PRICE, solved=how)) for how in (False, True))
    assert set(plain) - set(solved) == {"{tag}:sends"}
    assert set(solved) - set(plain) == {"{tag}:challenged"}
    limits = {c.key: c.limit for c in ask_price(Settings(), **PRICE, solved=True).charges}
    assert limits["{tag}:challenged"] == 3


def test_what_numbers_share_is_charged_where_the_place_is_told() -> None:
    settings = Settings(**CAPS, prices={"+": 40})
    charges = ask_price(settings, **PRICE, place=PLACE).charges
    shared = {c.key: (c.limit, c.known_limit, c.window) for c in charges if c.known_limit}
    assert shared == {
        "prefix:nearby:hour": (21, 30, HOUR),
        "prefix:nearby:day": (105, 150, DAY),
        "country:GB:hour": (140, 200, HOUR),
        "country:GB:day": (1400, 2000, DAY),
        "money:all": (70_000, 100_000, DAY),
        "money:country:GB": (35_000, 50_000, DAY),
        "money:provider:first": (14_000, 20_000, DAY),
    }
    assert {c.cost for c in charges if c.rule == "money"} == {40}
    assert {c.refund_on for c in charges if c.rule == "money"} == {"failure"}


def test_a_price_of_nothing_and_a_cap_of_nothing_charge_no_money() -> None:
    for settings, place in [(Settings(**CAPS), Place("p", "GB")), (Settings(), PLACE)]:
        charges = ask_price(settings, **PRICE, place=place).charges
        assert not any(charge.rule == "money" for charge in charges)


def test_a_number_of_no_country_pays_no_countrys_budget() -> None:
    charges = ask_price(Settings(), **PRICE, place=Place("p", "")).charges
    assert not any(charge.rule == "country" for charge in charges)


def test_a_country_grows_by_its_share_of_what_is_proven() -> None:
    charges = ask_price(Settings(), **PRICE, place=PLACE).charges
    shares = {c.key: (c.share, c.share_key) for c in charges if c.rule == "country"}
    assert shares == {
        "country:GB:hour": (0.2, "country:GB:verified:hour"),
        "country:GB:day": (0.3, "country:GB:verified:day"),
    }


def test_rules_that_only_count_are_named_in_the_settings() -> None:
    settings = Settings(record_only=("prefix", "address"))
    charges = ask_price(settings, **PRICE, place=PLACE).charges
    recorded = {charge.rule for charge in charges if charge.record_only}
    assert recorded == {"prefix", "address", "spray"}


def test_the_longest_beginning_of_a_number_prices_its_message() -> None:
    settings = Settings(prices={"+": 100, "+44": 40, "+4474": 50})
    numbers = ("+447400123456", "+442071838750", "+12015550123")
    assert [message_cost(settings, number) for number in numbers] == [50, 40, 100]
    assert message_cost(Settings(), "+447400123456") == 0


def test_a_try_is_priced_for_both_lanes() -> None:
    price = try_price(Settings(), "tag", PHONE)
    assert price.of(STRANGER) == tries_charge(Settings(), "tag")
    assert (price.of(DEVICE).limit, price.of(DEVICE).key) == (
        10,
        f"{{tag}}:device:{PHONE.hex()[:16]}:tries",
    )
    assert try_price(Settings(), "tag").of(DEVICE) == tries_charge(Settings(), "tag")
    assert (price.bounds.devices, price.bounds.wrong_in_row) == (10, 100)


def test_no_key_is_longer_than_its_column() -> None:
    keys = Keyring(b"root")
    tag = keys.phone_tag("+447400123456")
    hashed = keys.hashed("prefix", "+44740012")
    settings = Settings(**CAPS, prices={"+": 40})
    price = ask_price(
        settings,
        phone_tag=tag,
        binding=hashed,
        address=hashed,
        jitter=0.0,
        device=PHONE,
        place=Place(hashed, "GB", 40, "a-provider-with-quite-a-long-name"),
    )
    assert max(len(c.key) for c in (*price.charges, *price.cooldowns)) <= 120


def test_the_price_of_a_number_is_what_a_stranger_pays_it() -> None:
    price = number_price(Settings(), "tag")
    assert all(c.key.startswith("{tag}:") for c in (*price.charges, *price.cooldowns))
    assert {c.lane for c in price.charges} == {"", STRANGER}
