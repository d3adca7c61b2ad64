"""An operator asks what would happen if somebody asked for a code: looked at, nothing spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask_phoneauth.delivery.wording import compose
from flask_phoneauth.errors import CountryBlocked, NumberBlocked
from flask_phoneauth.flows.channels import email_of, offered
from flask_phoneauth.flows.check_sim import takes_second
from flask_phoneauth.flows.parts import Parts, test_code
from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.phone.number import PhoneNumber, line_type, parse
from flask_phoneauth.phone.policy import NO_COUNTRY, check_number
from flask_phoneauth.phone.virtual import Verdict, verdict
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import EMAIL, LOGIN, STEP_UP
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import shared_price
from flask_phoneauth.stores.base import Level, Look

BLANK = "\N{BULLET}"
SETTING_OF = {
    "tries": "PHONEAUTH_TRIES_PER_HOUR",
    "failures": "PHONEAUTH_FAILED_SENDS_PER_HOUR",
    "sends": "PHONEAUTH_SENDS_PER_HOUR",
    "day": "PHONEAUTH_SENDS_PER_DAY",
    "total": "PHONEAUTH_TOTAL_SENDS_PER_DAY",
}
"""The setting behind each budget of a number, by the last word of its key."""
SHARED_SETTING_OF = {
    ("prefix", "hour"): "PHONEAUTH_PREFIX_SENDS_PER_HOUR",
    ("prefix", "day"): "PHONEAUTH_PREFIX_SENDS_PER_DAY",
    ("country", "hour"): "PHONEAUTH_COUNTRY_SENDS_PER_HOUR",
    ("country", "day"): "PHONEAUTH_COUNTRY_SENDS_PER_DAY",
    ("total", "sent"): "PHONEAUTH_SPRAY_BUDGET",
    ("money", "all"): "PHONEAUTH_MONEY_PER_DAY",
    ("money", "country"): "PHONEAUTH_MONEY_PER_COUNTRY_PER_DAY",
    ("money", "provider"): "PHONEAUTH_MONEY_PER_PROVIDER_PER_DAY",
}
"""The setting behind each budget that numbers share, by what its key begins and goes on with."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One budget of a number now; `wait` is whole seconds until it has room, 0 where it has."""

    setting: str
    spent: int
    limit: int
    wait: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a number is and how it stands; `hindrances` are sentences, none where it is sent.

    `kind` is `ordinary`, `virtual` or `test`; `account` is `known`, `unknown` or `blocked`;
    `shared` are the budgets that it shares with its neighbours, its country and all numbers, money
    in thousandths. `proven` tells of an earlier success, `devices` counts the browsers that have
    proven it; `cooling` is seconds, `alive` counts open challenges. The text has its code blanked.
    `sim` is `changed` or `unchanged`, nothing where no operator was asked or could tell; `second`
    is what the account then takes beside the code: `email`, `missing` where it has no address.
    """

    number: PhoneNumber
    kind: str
    account: str
    standings: tuple[Standing, ...]
    proven: bool
    devices: int
    shared: tuple[Standing, ...]
    cooling: int
    alive: int
    providers: tuple[str, ...]
    text: str = field(repr=False)
    hindrances: tuple[str, ...]
    sim: str = ""
    second: str = ""


def explain_number(parts: Parts, text: str) -> Explanation:
    """Why a message would be sent to this number, or not; raises `InvalidPhone`.

    The budgets of a browser and of an address are not in it: nobody asks.
    """
    settings = parts.settings
    number = parse(
        text, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    )
    now = parts.clock.now()
    kind = _kind(parts, number, now)
    tag = parts.keys.phone_tag(number.e164)
    price = number_price(settings, tag)
    price = price if kind == "ordinary" else price.when_free()
    look = parts.challenges.look(tag, price, now=now)
    standings = tuple(
        Standing(SETTING_OF[charge.key.rpartition(":")[2]], spent, charge.limit, wait)
        for charge, spent, wait in zip(price.charges, look.spent, look.waits, strict=True)
    )
    shared = _shared(parts, number, look.known, now) if kind == "ordinary" else ()
    user = parts.users.by_phone(number.e164)
    account = _account(user)
    sim = _sim(parts, number, kind)
    return Explanation(
        number=number,
        kind=kind,
        account=account,
        standings=standings,
        proven=look.known,
        devices=look.devices,
        shared=shared,
        cooling=look.cooling,
        alive=look.alive,
        providers=parts.routes.of(number.region),
        text=_text(parts),
        hindrances=(
            *_by_policy(parts, number, kind),
            *_by_account(parts, account),
            *_by_sim(parts, sim),
            *_by_budget(parts, (*standings, *shared), look),
        ),
        sim=sim,
        second=_second(parts, number, user),
    )


def _shared(parts: Parts, number: PhoneNumber, known: bool, now: float) -> tuple[Standing, ...]:
    price = shared_price(parts.settings, parts.place(number.e164, number.region))
    return tuple(
        Standing(_shared_setting(one.level), one.level.spent, one.level.limit, one.wait)
        for one in parts.challenges.survey(price, known=known, now=now)
    )


def _shared_setting(level: Level) -> str:
    kind, *rest = level.key.split(":")
    named = rest[-1] if kind in ("prefix", "country") else rest[0]
    return SHARED_SETTING_OF[kind, named]


def _kind(parts: Parts, number: PhoneNumber, now: float) -> str:
    if test_code(parts.settings, number.e164, now) is not None:
        return "test"
    return "virtual" if number.virtual else "ordinary"


def _account(user: Any | None) -> str:
    if user is None:
        return "unknown"
    return "known" if user.blocked_at is None else "blocked"


def _sim(parts: Parts, number: PhoneNumber, kind: str) -> str:
    if parts.operator is None or parts.settings.sim_swap == "allow" or kind == "test":
        return ""
    try:
        changed = parts.operator.sim_changed(number.e164, parts.settings.sim_swap_hours)
    except Unsure:
        return ""
    return "changed" if changed else "unchanged"


def _second(parts: Parts, number: PhoneNumber, user: Any | None) -> str:
    if user is None or user.blocked_at is not None:
        return ""
    if not takes_second(parts, user, number.e164):
        return ""
    return "email" if EMAIL in offered(parts, STEP_UP) and email_of(parts, user) else "missing"


def _by_sim(parts: Parts, sim: str) -> Iterator[str]:
    if sim == "changed" and parts.settings.sim_swap == "refuse":
        yield (
            f"Its SIM was changed in the last {parts.settings.sim_swap_hours} hours, and "
            "PHONEAUTH_SIM_SWAP is 'refuse': codes by message or call are not sent."
        )


def _by_policy(parts: Parts, number: PhoneNumber, kind: str) -> Iterator[str]:
    try:
        check_number(number, parts.settings, parts.hooks.number_policy)
    except CountryBlocked:
        yield _of_no_served_country(number, parts.settings)
    except NumberBlocked:
        yield _blocked(number, parts.settings)
    if kind == "test":
        yield "It is one of PHONEAUTH_TEST_NUMBERS: the code stands there, nothing is sent."
    if number.virtual and verdict(number.e164) is Verdict.ERROR:
        yield "It is a virtual number that ends in 99, which always errs: take another ending."
    if not parts.settings.providers:
        yield "Nobody sends: name a provider in PHONEAUTH_PROVIDERS."


def _of_no_served_country(number: PhoneNumber, settings: Settings) -> str:
    if number.region == NO_COUNTRY:
        return "It belongs to no country, and PHONEAUTH_NON_GEOGRAPHIC_NUMBERS is off."
    allowed = ", ".join(settings.allowed_regions)
    return f"Its region {number.region} is not served: PHONEAUTH_ALLOWED_REGIONS holds {allowed}."


def _blocked(number: PhoneNumber, settings: Settings) -> str:
    if any(number.e164.startswith(beginning) for beginning in settings.blocked_prefixes):
        return "PHONEAUTH_BLOCKED_PREFIXES holds it, or how it begins."
    kind = line_type(number.e164)
    if kind in settings.blocked_line_types:
        return f"It is a number of the kind {kind}, which PHONEAUTH_BLOCKED_LINE_TYPES holds."
    return "The app's own number_policy refuses it."


def _by_account(parts: Parts, account: str) -> Iterator[str]:
    if account == "blocked":
        yield "Its user is blocked: 'flask phoneauth users unblock' lets the user in again."
    if account == "unknown" and not parts.settings.signup:
        yield "It has no account, and PHONEAUTH_SIGNUP is off."


def _by_budget(parts: Parts, standings: tuple[Standing, ...], look: Look) -> Iterator[str]:
    if look.locked:
        yield (
            f"{parts.settings.wrong_in_a_row} wrong codes in a row have closed it to strangers for "
            f"{look.locked} seconds; a browser that has proven it gets in, and "
            "'flask phoneauth numbers unlock' opens it."
        )
    for one in standings:
        if one.wait:
            left = ", and what is left is kept for known numbers" if one.spent < one.limit else ""
            yield (
                f"{one.setting} is spent ({one.spent} of {one.limit}{left}): "
                f"there is room in {one.wait} seconds."
            )
    if look.cooling:
        yield f"A code was asked for a moment ago: it cools down for {look.cooling} seconds."
    limit = parts.settings.max_live_challenges
    if look.alive >= limit:
        yield (
            f"PHONEAUTH_MAX_LIVE_CHALLENGES is reached ({look.alive} of {limit}): only a browser "
            "that has one of them can ask until one is over."
        )


def _text(parts: Parts) -> str:
    settings = parts.settings
    return compose(
        purpose=LOGIN,
        brand=parts.brand,
        code=BLANK * settings.code_length,
        minutes=settings.code_ttl // 60,
        host=urlsplit(settings.public_url).hostname or "",
        locale=settings.default_locale,
        reference=BLANK * 2,
    )
