"""Which budgets an ask or a try is charged to, by the settings (RULES 19-25)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flask_phoneauth.budgets import (
    DAY,
    DEVICE,
    HOUR,
    LOCKED,
    STRANGER,
    WATCHED,
    AskPrice,
    Bounds,
    Charge,
    Cooldown,
    TryPrice,
    number_key,
)
from flask_phoneauth.settings import Settings

SPRAY_WINDOW = 600
"""Seconds over which everything together is counted, to see an attack on all numbers at once."""
UNPROVEN = "success failure"
PAID = "failure"
DEVICE_NAME = 16
"""Letters of a device's hash in the keys of its budgets."""


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


def ask_price(
    settings: Settings,
    *,
    phone_tag: str,
    binding: str,
    address: str,
    jitter: float,
    device: bytes = b"",
    place: Place | None = None,
    solved: bool = False,
) -> AskPrice:
    """What asking for a message costs; `binding` and `address` are keyed hashes.

    `device` is the SHA-256 of the device token that came with the ask, proven or not; `solved`
    says that a risk challenge was.
    """
    failures = failure_charges(settings, phone_tag=phone_tag, binding=binding, device=device)
    charges = (
        *_locks(settings, phone_tag, device),
        *(replace(charge, cost=0) for charge in failures),
        *_send_charges(settings, phone_tag, device, solved=solved),
        *_address_charges(settings, address),
        *(_shared_charges(settings, address, place) if place else ()),
    )
    waits = cooldowns(settings, phone_tag=phone_tag, binding=binding, device=device, jitter=jitter)
    return AskPrice(_recorded(settings, charges), waits)


def silent_price(settings: Settings, phone_tag: str, address: str) -> AskPrice:
    """What a login without a code costs: as many of a number as messages, and no wait.

    `phone_tag` is the one that such logins have of their own, `address` a keyed hash. Nothing is
    given back for a success, which the operator has yet to tell when the state is spent.
    """
    limits = ((HOUR, settings.sends_per_hour, "asks"), (DAY, settings.sends_per_day, "day"))
    charges = [
        Charge(number_key(phone_tag, name), limit, window, rule="silent")
        for window, limit, name in limits
    ]
    _, asks = _address_charges(settings, address)
    return AskPrice((*charges, replace(asks, lane="")), ())


def silent_try_price(phone_tag: str) -> TryPrice:
    """What the way back costs: nothing, for a state is good once, and nobody can guess it."""
    key = number_key(phone_tag, "returns")
    charge = Charge(key, 1, HOUR, record_only=True, rule="silent")
    return TryPrice(stranger=charge, device=charge, bounds=Bounds(wrong_in_row=10**9))


def proven_otherwise(settings: Settings, phone_tag: str) -> TryPrice:
    """The price of a proof that is no typed code: no budget of wrong codes holds it up."""
    charge = replace(tries_charge(settings, phone_tag), record_only=True)
    return TryPrice(stranger=charge, device=charge, bounds=bounds(settings))


def message_cost(settings: Settings, e164: str) -> int:
    """Thousandths that a message to the number is priced at: by the longest prefix that fits."""
    fitting = [prefix for prefix in settings.prices if e164.startswith(prefix)]
    return settings.prices[max(fitting, key=len)] if fitting else 0


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


def try_price(settings: Settings, phone_tag: str, device: bytes = b"") -> TryPrice:
    """What a typed code costs; without a device token both lanes are the strangers'."""
    stranger = tries_charge(settings, phone_tag)
    wrong = Charge(
        "total:wrong",
        settings.spray_budget,
        SPRAY_WINDOW,
        record_only=True,
        share=1.0,
        share_key="total:right",
        rule="spray",
    )
    right = Charge("total:right", settings.spray_budget, SPRAY_WINDOW, record_only=True)
    return TryPrice(
        stranger=stranger,
        device=_device_tries(settings, phone_tag, device) if device else stranger,
        wrong=(wrong,),
        right=(right,),
        bounds=bounds(settings),
    )


def bounds(settings: Settings) -> Bounds:
    """What the facts of a number are bound by."""
    return Bounds(settings.devices_per_number, settings.device_lifetime, settings.wrong_in_a_row)


def tries_charge(settings: Settings, phone_tag: str, *, cost: int = 1) -> Charge:
    """Strangers' wrong codes of a number in any hour, over all its challenges."""
    return Charge(
        number_key(phone_tag, "tries"),
        settings.tries_per_hour,
        HOUR,
        cost=cost,
        code=LOCKED,
        lane=STRANGER,
        rule="tries",
    )


def number_price(settings: Settings, phone_tag: str) -> AskPrice:
    """The part of an ask's price that the number itself pays, whichever stranger asks."""
    whole = ask_price(settings, phone_tag=phone_tag, binding="", address="", jitter=0.0)
    own = number_key(phone_tag, "")
    return AskPrice(
        tuple(charge for charge in whole.charges if charge.key.startswith(own)),
        tuple(cooldown for cooldown in whole.cooldowns if cooldown.key.startswith(own)),
    )


def replacement_price(settings: Settings, phone_tag: str, place: Place | None = None) -> AskPrice:
    """What it costs to send a lost message anew: as any message, but no wait and no asker's part.

    `place` is of the number: without one the budgets that many numbers share are left out.
    """
    own = number_price(settings, phone_tag).charges
    return AskPrice((*own, *shared_price(settings, place).charges) if place else own, ())


def shared_price(settings: Settings, place: Place) -> AskPrice:
    """The part of an ask's price that other numbers pay into as well, whoever asks."""
    charges = (c for c in _shared_charges(settings, "", place) if c.rule in WATCHED)
    return AskPrice(_recorded(settings, charges), ())


def notice_price(settings: Settings, phone_tag: str) -> AskPrice:
    """A notice counts among the number's messages of a day, yet no budget holds it back."""
    key = number_key(phone_tag, "total")
    return AskPrice((Charge(key, settings.total_sends_per_day, DAY, record_only=True),), ())


def cooldowns(
    settings: Settings, *, phone_tag: str, binding: str, device: bytes = b"", jitter: float = 0.0
) -> tuple[Cooldown, ...]:
    """The waits between messages: the number's in each lane, and the browser's (RULES 21)."""
    keys = [(number_key(phone_tag, "cooldown"), STRANGER), (f"binding:{binding}:cooldown", "")]
    if device:
        keys.append((_device_key(phone_tag, device, "cooldown"), DEVICE))
    return tuple(
        Cooldown(key, settings.cooldown, settings.cooldown_idle, jitter, lane) for key, lane in keys
    )


def failure_charges(
    settings: Settings, *, phone_tag: str, binding: str, device: bytes = b""
) -> tuple[Charge, ...]:
    """Where a known failure is written down, never given back (RULES 24)."""
    limit, of_binding = settings.failed_sends_per_hour, settings.binding_failed_sends_per_hour
    key = number_key(phone_tag, "failures")
    stranger = Charge(key, limit, HOUR, lane=STRANGER, rule="failures")
    browser = Charge(f"binding:{binding}:failures", of_binding, HOUR, rule="failures")
    if not device:
        return (stranger, browser)
    own = replace(stranger, key=_device_key(phone_tag, device, "failures"), lane=DEVICE)
    return (stranger, browser, own)


def _device_key(phone_tag: str, device: bytes, name: str) -> str:
    return number_key(phone_tag, f"device:{device.hex()[:DEVICE_NAME]}:{name}")


def _device_tries(settings: Settings, phone_tag: str, device: bytes, *, cost: int = 1) -> Charge:
    return Charge(
        _device_key(phone_tag, device, "tries"),
        settings.device_tries_per_hour,
        HOUR,
        cost=cost,
        code=LOCKED,
        lane=DEVICE,
        rule="tries",
    )


def _locks(settings: Settings, phone_tag: str, device: bytes) -> tuple[Charge, ...]:
    stranger = tries_charge(settings, phone_tag, cost=0)
    return (stranger, _device_tries(settings, phone_tag, device, cost=0)) if device else (stranger,)


def _send_charges(
    settings: Settings, phone_tag: str, device: bytes, *, solved: bool
) -> Iterable[Charge]:
    """A solved risk challenge buys a send beside those of the hour, not of the day."""
    name = "challenged" if solved else "sends"
    limit = settings.challenged_sends_per_hour if solved else settings.sends_per_hour
    day, total = number_key(phone_tag, "day"), number_key(phone_tag, "total")
    sends = Charge(
        number_key(phone_tag, name), limit, HOUR, refund_on=UNPROVEN, lane=STRANGER, rule="sends"
    )
    yield sends
    if device:
        key = _device_key(phone_tag, device, "sends")
        yield replace(sends, key=key, limit=settings.device_sends_per_hour, lane=DEVICE)
    yield replace(sends, key=day, limit=settings.sends_per_day, window=DAY, rule="day")
    yield Charge(total, settings.total_sends_per_day, DAY, refund_on=PAID, rule="total")


def _address_charges(settings: Settings, address: str) -> tuple[Charge, ...]:
    unproven = Charge(
        f"address:{address}:unproven",
        settings.address_asks_per_hour,
        HOUR,
        code="rate_limited",
        refund_on="success",
        lane=STRANGER,
        rule="address",
    )
    total = settings.address_total_asks_per_hour
    asks = replace(unproven, key=f"address:{address}:asks", limit=total, refund_on="")
    return (unproven, asks)


def _shared_charges(settings: Settings, address: str, place: Place) -> Iterable[Charge]:
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


def _recorded(settings: Settings, charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """With the rules that only count."""
    only = settings.record_only
    return tuple(
        replace(charge, record_only=True) if charge.rule in only else charge for charge in charges
    )
