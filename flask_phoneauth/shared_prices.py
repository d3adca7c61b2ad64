"""What a message pays into the budgets that many numbers share (RULES 23, 24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask_phoneauth.budgets import DAY, HOUR, STRANGER, WATCHED, AskPrice, Charge, number_key
from flask_phoneauth.records import SMS, VOICE
from flask_phoneauth.settings import Settings

SPRAY_WINDOW = 600
"""Seconds over which everything together is counted, to see an attack on all numbers at once."""
UNPROVEN = "success failure"
PAID = "failure"
"""What gives a charge back: only a message that never left, or a success as well."""


@dataclass(frozen=True, slots=True)
class Place:
    """What budgets that many numbers share know of a number.

    `prefix` is the keyed hash of its E.164 form without the last four digits, `region` its
    country, `cost` the thousandths that a message is priced at, `provider` who is asked first.
    """

    prefix: str
    region: str
    cost: int = 0
    provider: str = ""


def shared_price(settings: Settings, place: Place) -> AskPrice:
    """The part of an ask's price that other numbers pay into as well, whoever asks."""
    charges = (c for c in shared_charges(settings, "", place) if c.rule in WATCHED)
    return AskPrice(recorded(settings, charges), ())


def shared_charges(settings: Settings, address: str, place: Place) -> Iterable[Charge]:
    """What a message pays into them; `address` is a keyed hash, nothing for whoever asks."""
    yield Charge(
        f"address:{address}:near:{place.prefix}",
        settings.neighbour_asks_per_hour,
        HOUR,
        code="rate_limited",
        refund_on="success",
        lane=STRANGER,
        rule="neighbours",
    )
    yield from _prefix_charges(settings, place.prefix)
    if place.region:
        yield from _country_charges(settings, place.region)
    yield Charge(
        "total:sent",
        settings.spray_budget,
        SPRAY_WINDOW,
        record_only=True,
        refund_on=UNPROVEN,
        share=1.0,
        share_key="total:verified",
        rule="spray",
    )
    if place.cost:
        yield from _money_charges(settings, place)


def _prefix_charges(settings: Settings, prefix: str) -> Iterable[Charge]:
    caps = (
        ("hour", settings.prefix_sends_per_hour, HOUR),
        ("day", settings.prefix_sends_per_day, DAY),
    )
    for name, cap, window in caps:
        charge = Charge(f"prefix:{prefix}:{name}", cap, window, refund_on=UNPROVEN, rule="prefix")
        yield _reserving(settings, charge)


def _country_charges(settings: Settings, region: str) -> Iterable[Charge]:
    caps = (
        ("hour", settings.country_sends_per_hour, HOUR, settings.country_hour_share),
        ("day", settings.country_sends_per_day, DAY, settings.country_day_share),
    )
    for name, cap, window, percent in caps:
        charge = Charge(
            f"country:{region}:{name}",
            cap,
            window,
            refund_on=UNPROVEN,
            share=percent / 100,
            share_key=f"country:{region}:verified:{name}",
            rule="country",
        )
        yield _reserving(settings, charge)


def money_key(provider: str) -> str:
    """The budget of money that one provider may cost."""
    return f"money:provider:{provider}"


def _money_country(place: Place) -> str:
    return f"money:country:{place.region}"


def _money_charges(settings: Settings, place: Place) -> Iterable[Charge]:
    """In thousandths of the currency; a cap of 0 is none."""
    caps = (
        ("money:all", settings.money_per_day),
        (_money_country(place), settings.money_per_country_per_day),
        (money_key(place.provider), settings.money_per_provider_per_day),
    )
    for key, cap in caps:
        if cap:
            charge = Charge(key, cap * 1000, DAY, cost=place.cost, refund_on=PAID, rule="money")
            yield _reserving(settings, charge)


def _reserving(settings: Settings, charge: Charge) -> Charge:
    """Numbers with an earlier success own a share of what all numbers share (RULES 23)."""
    open_to_all = charge.limit * (100 - settings.known_share) // 100
    return replace(charge, limit=open_to_all, known_limit=charge.limit)


def recorded(settings: Settings, charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """These charges, of which some rules only count (`RECORD_ONLY`)."""
    only = settings.record_only
    return tuple(
        replace(charge, record_only=True) if charge.rule in only else charge for charge in charges
    )


def message_cost(settings: Settings, e164: str, channel: str = SMS) -> int:
    """Thousandths that a message to the number is priced at, or a call: that of a message where
    no price of calls fits."""
    call = _priced(settings.call_prices, e164) if channel == VOICE else None
    return (_priced(settings.prices, e164) or 0) if call is None else call


def _priced(prices: Mapping[str, int], e164: str) -> int | None:
    """By the longest prefix that fits."""
    fitting = [prefix for prefix in prices if e164.startswith(prefix)]
    return prices[max(fitting, key=len)] if fitting else None


def paid_otherwise(
    settings: Settings, place: Place, phone_tag: str, taken: Sequence[str]
) -> tuple[tuple[Charge, ...], tuple[str, ...]]:
    """What messages cost beside the one that was paid for at `place`'s provider when asked for.

    Each provider in `taken` has one, or may have it. Second come the names of the charges that
    were paid for nothing. Nothing is refused any more: the messages have left.
    """
    if not taken:
        return (), ()
    more = len(taken) - 1
    extra = []
    if more:
        key = number_key(phone_tag, "total")
        extra.append(Charge(key, settings.total_sends_per_day, DAY, cost=more, rule="total"))
    if not place.cost:
        return tuple(extra), ()
    for key, cap, cost in (
        ("money:all", settings.money_per_day, place.cost * more),
        (_money_country(place), settings.money_per_country_per_day, place.cost * more),
        *(
            (money_key(name), settings.money_per_provider_per_day, place.cost)
            for name in taken
            if name != place.provider
        ),
    ):
        if cap and cost:
            extra.append(Charge(key, cap * 1000, DAY, cost=cost, rule="money"))
    return tuple(extra), () if place.provider in taken else (money_key(place.provider),)
