"""How many messages and tries a number, a browser, an address, a country may cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_phoneauth.settings.declaring import among, key_of, setting, within
from flask_phoneauth.settings.values import SettingError

RULES_TO_RECORD = ("address", "neighbours", "prefix", "country", "money")
"""What `RECORD_ONLY` may name: the rules over many numbers, never those that guard one."""
CAPS = ("money_per_day", "money_per_country_per_day", "money_per_provider_per_day")
"""The caps on money; 0 is none."""


@dataclass(frozen=True, kw_only=True)
class BudgetsSettings:
    """How many messages and tries a number, a browser, an address, a country may cause."""

    sends_per_hour: int = setting(
        5, "messages to a number in any hour without a later success, for strangers together"
    )
    sends_per_day: int = setting(
        10, "messages to a number in any day without a later success, for strangers together"
    )
    challenged_sends_per_hour: int = setting(
        3, "messages to a number in any hour beside those, each for a solved risk challenge"
    )
    device_sends_per_hour: int = setting(
        5, "messages in any hour for a browser that has proven the number, without a later success"
    )
    total_sends_per_day: int = setting(30, "messages to a number in any day in all")
    failed_sends_per_hour: int = setting(3, "failed sends to a number in any hour")
    binding_failed_sends_per_hour: int = setting(10, "failed sends of one browser in any hour")
    tries_per_hour: int = setting(
        15, "wrong codes for a number in any hour, for strangers together"
    )
    device_tries_per_hour: int = setting(
        10, "wrong codes in any hour of a browser that has proven the number"
    )
    wrong_in_a_row: int = setting(
        100, "wrong codes in a row that close a number to strangers, for a day, doubling to a week"
    )
    devices_per_number: int = setting(10, "browsers that are remembered as a number's own")
    device_lifetime: int = setting(
        180 * 86400, "how long a browser, and a number's success, is remembered"
    )
    address_asks_per_hour: int = setting(
        20, "asks from an address in any hour without a later success"
    )
    address_total_asks_per_hour: int = setting(120, "asks from an address in any hour in all")
    neighbour_asks_per_hour: int = setting(
        10,
        "asks from an address in any hour for numbers that differ in their last four digits only, "
        "without a later success",
    )
    prefix_sends_per_hour: int = setting(
        30,
        "messages in any hour to numbers that differ in their last four digits only, without a "
        "later success",
    )
    prefix_sends_per_day: int = setting(150, "the same in any day")
    country_sends_per_hour: int = setting(
        200, "messages to a country in any hour without a later success"
    )
    country_sends_per_day: int = setting(2000, "the same in any day")
    country_hour_share: int = setting(
        20, "percent of the country's successes of the hour, where that is more"
    )
    country_day_share: int = setting(
        30, "percent of the country's successes of the day, where that is more"
    )
    spray_budget: int = setting(
        2000, "messages in any ten minutes without a later success, over all numbers"
    )
    known_share: int = setting(
        30, "percent of every shared budget that is kept for numbers with an earlier success"
    )
    prices: Mapping[str, int] = field(
        default_factory=dict,
        metadata={
            "about": "what a message costs, by how its number begins, the longest that fits: "
            '`{"+44": 0.04, "+": 0.1}`; `+` is for all others'
        },
    )
    call_prices: Mapping[str, int] = field(
        default_factory=dict,
        metadata={
            "about": "what a call costs, in the form of `PRICES`; where nothing fits, as much as a "
            "message"
        },
    )
    money_per_day: int = setting(0, "the most that messages may cost in any day; 0: no cap")
    money_per_country_per_day: int = setting(0, "the same for each country")
    money_per_provider_per_day: int = setting(0, "the same for each provider")
    record_only: tuple[str, ...] = setting(
        (),
        "rules that count and never refuse: `address`, `neighbours`, `prefix`, `country`, `money`",
    )
    cooldown: tuple[int, ...] = setting(
        (30, 60, 120, 240), "waits between messages, growing; per number and per browser"
    )
    cooldown_idle: int = setting(3600, "quiet time after which the waits begin anew")


def check(settings: BudgetsSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    among(settings, "record_only", RULES_TO_RECORD)
    for name in ("country_hour_share", "country_day_share"):
        within(settings, name, 1, 100, "it is a percentage")
    within(settings, "known_share", 1, 90, "it is a percentage, and newcomers need a part as well")
    within(settings, "devices_per_number", 1, 100, "each may guess on its own")
    if not settings.cooldown or min(settings.cooldown) < 1:
        raise SettingError("PHONEAUTH_COOLDOWN must be seconds, as [30, 60, 120, 240]")
    for name in CAPS:
        within(settings, name, 0, 10**9, "0 is no cap")
    capped = [name for name in CAPS if getattr(settings, name)]
    if capped and "+" not in settings.prices:
        raise SettingError(
            f"{key_of(capped[0])} needs PHONEAUTH_PRICES with the price of all other "
            'numbers, as {"+44": 0.04, "+": 0.1}'
        )
