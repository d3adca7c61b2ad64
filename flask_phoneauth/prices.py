"""Which budgets an ask or a try is charged to, by the settings (RULES 19-25)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask_phoneauth.budgets import (
    DAY,
    DEVICE,
    HOUR,
    LOCKED,
    STRANGER,
    AskPrice,
    Bounds,
    Charge,
    Cooldown,
    TryPrice,
    number_key,
)
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import (
    PAID,
    SPRAY_WINDOW,
    UNPROVEN,
    Place,
    recorded,
    shared_charges,
    shared_price,
)

DEVICE_NAME = 16
"""Letters of a device's hash in the keys of its budgets."""


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
        *(shared_charges(settings, address, place) if place else ()),
    )
    waits = cooldowns(settings, phone_tag=phone_tag, binding=binding, device=device, jitter=jitter)
    return AskPrice(recorded(settings, charges), waits)


def silent_price(settings: Settings, phone_tag: str, address: str, device: bytes = b"") -> AskPrice:
    """What a login without a code costs: as many of a number as messages, and no wait.

    `phone_tag` is the one that such logins have of their own, `address` a keyed hash, `device` of
    a browser that the number trusts: it has asks of its own, which no stranger can spend. Nothing
    is given back for a success, which the operator has yet to tell when the state is spent.
    """
    limits = [(number_key(phone_tag, "total"), settings.total_sends_per_day, DAY)]
    if device:
        limits += [(_device_key(phone_tag, device, "asks"), settings.device_sends_per_hour, HOUR)]
    else:
        limits += [
            (number_key(phone_tag, "asks"), settings.sends_per_hour, HOUR),
            (number_key(phone_tag, "day"), settings.sends_per_day, DAY),
        ]
    charges = [Charge(key, limit, window, rule="silent") for key, limit, window in limits]
    if not device:
        _, asks = _address_charges(settings, address)
        charges += [replace(asks, lane="")]
    return AskPrice(tuple(charges), ())


def silent_try_price(phone_tag: str) -> TryPrice:
    """What the way back costs: nothing, for a state is good once, and nobody can guess it."""
    key = number_key(phone_tag, "returns")
    charge = Charge(key, 1, HOUR, record_only=True, rule="silent")
    return TryPrice(stranger=charge, device=charge, bounds=Bounds(wrong_in_row=10**9))


def proven_otherwise(settings: Settings, phone_tag: str) -> TryPrice:
    """The price of a proof that is no typed code: no budget of wrong codes holds it up."""
    charge = replace(tries_charge(settings, phone_tag), record_only=True)
    return TryPrice(stranger=charge, device=charge, bounds=bounds(settings))


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
