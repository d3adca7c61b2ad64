"""Settings of the shield: prices and names are judged when the app is made."""

from __future__ import annotations

from typing import Any

import pytest

from flask_phoneauth.settings import PREFIX, SettingError, Settings


def build(**keys: Any) -> Settings:
    """Settings from keys without their prefix."""
    return Settings.from_config({PREFIX + name: value for name, value in keys.items()})


def test_prices_are_thousandths_rounded_up():
    prices = build(PRICES={"+44": 0.04, "+1": "0.0079", "+990": 0, "+": 1}).prices
    assert prices == {"+44": 40, "+1": 8, "+990": 0, "+": 1000}
    assert build(CALL_PRICES={"+44": 0.1}).call_prices == {"+44": 100}
    with pytest.raises(TypeError):
        prices["+44"] = 0  # type: ignore[index]


@pytest.mark.parametrize(
    "prices",
    [
        "0.04",
        ["+44"],
        {"44": 0.04},
        {"+44x": 0.04},
        {"+44": "much"},
        {"+44": -1},
        {"+44": True},
        {"+44": None},
        {"+44": float("nan")},
        {"+44": float("inf")},
        {"+44": 100_000},
    ],
)
def test_what_is_no_price_is_refused_with_an_example(prices: Any):
    with pytest.raises(SettingError, match=r'PHONEAUTH_PRICES must be \{"\+44": 0.04, "\+": 0.1\}'):
        build(PRICES=prices)


@pytest.mark.parametrize(
    "cap", ["MONEY_PER_DAY", "MONEY_PER_COUNTRY_PER_DAY", "MONEY_PER_PROVIDER_PER_DAY"]
)
def test_a_cap_on_money_needs_a_price_for_every_number(cap: str):
    with pytest.raises(SettingError, match="PHONEAUTH_PRICES"):
        build(**{cap: 10, "PRICES": {"+44": 0.04}})
    assert getattr(build(**{cap: 10, "PRICES": {"+": 0.04}}), cap.lower()) == 10


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("BLOCKED_LINE_TYPES", ["fax"], "it may name premium, shared_cost"),
        ("BLOCKED_PREFIXES", ["44"], "must begin with +"),
        ("RECORD_ONLY", ["tries"], "it may name address, neighbours"),
        ("RISK_PUZZLE", "recaptcha", "must be one of turnstile, hcaptcha"),
        ("KNOWN_SHARE", 91, "1 to 90"),
        ("COUNTRY_HOUR_SHARE", 101, "1 to 100"),
        ("DEVICES_PER_NUMBER", 101, "1 to 100"),
    ],
)
def test_a_word_or_figure_that_does_not_fit_is_refused_with_what_does(
    key: str, value: Any, cure: str
):
    with pytest.raises(SettingError, match=f"PHONEAUTH_{key}") as refused:
        build(**{key: value})
    assert cure in str(refused.value)


def test_a_puzzle_needs_both_of_its_keys_and_hides_the_one_of_the_server():
    with pytest.raises(SettingError, match="PHONEAUTH_RISK_SECRET_KEY"):
        build(RISK_PUZZLE="turnstile", RISK_SITE_KEY="site")
    sound = build(RISK_PUZZLE="turnstile", RISK_SITE_KEY="site", RISK_SECRET_KEY="server-key")
    assert "server-key" not in repr(sound)


def test_routes_are_providers_by_region():
    routes = {"GB": ["plivo", "twilio"], "*": ["twilio"]}
    found = build(PROVIDERS=["twilio", "plivo"], ROUTES=routes).routes
    assert found == {"GB": ("plivo", "twilio"), "*": ("twilio",)}
    assert build().routes == {}


@pytest.mark.parametrize(
    ("routes", "cure"),
    [
        (["twilio"], "must be"),
        ({"GB": "twilio"}, "has no list of names"),
        ({"GB": [1]}, "has no list of names"),
        ({"gb": ["twilio"]}, "neither a region nor"),
        ({"44": ["twilio"]}, "neither a region nor"),
        ({"GB": []}, "names providers, each once"),
        ({"GB": ["twilio", "twilio"]}, "names providers, each once"),
        ({"GB": ["plivo"]}, "put it into PHONEAUTH_PROVIDERS too"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused_with_the_cure(routes: Any, cure: str):
    with pytest.raises(SettingError, match="PHONEAUTH_ROUTES") as refused:
        build(PROVIDERS=["twilio"], ROUTES=routes)
    assert cure in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("SEND_SECONDS", 26, "1 to 25"),
        ("DELIVERED_FLOOR", 101, "1 to 100"),
        ("DELIVERED_WINDOW", 59, "60 to 86400"),
        ("BREAKER_FAILURES", 0, "must be positive"),
        ("BREAKER_PAUSES", [], r"as [15, 30, 60]"),
        ("BREAKER_PAUSES", [0], r"as [15, 30, 60]"),
    ],
)
def test_figures_of_failover_have_bounds(key: str, value: Any, cure: str):
    with pytest.raises(SettingError, match=f"PHONEAUTH_{key}") as refused:
        build(**{key: value})
    assert cure in str(refused.value)
