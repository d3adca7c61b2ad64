"""The frozen record of what a flow may use, and the keyed names that several flows need."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown
from flask_phoneauth.channels.base import Mailing
from flask_phoneauth.clock import Clock
from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.delivery.failover import Delivery, Passage
from flask_phoneauth.dispatch.base import Dispatch
from flask_phoneauth.events import Notify
from flask_phoneauth.flows.alarm import Alarm
from flask_phoneauth.health import (
    Routes,
    floor_of,
    news_of,
    order,
    patience_of,
    region_of,
    routes_of,
)
from flask_phoneauth.operators.base import Operator
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring, KeySet
from flask_phoneauth.phone.policy import NumberPolicy
from flask_phoneauth.phone.virtual import fixed_code, is_virtual
from flask_phoneauth.prices import (
    ask_price,
    cooldowns,
    failure_charges,
)
from flask_phoneauth.records import EMAIL, LOGIN, SMS, STEP_UP, VOICE, Challenge, Client
from flask_phoneauth.risk.base import Puzzle, RiskHook
from flask_phoneauth.settings import Settings
from flask_phoneauth.shared_prices import Place, message_cost, paid_otherwise
from flask_phoneauth.stores.base import ChallengeStore, Loaded, Settlement
from flask_phoneauth.users.base import UserStore
from flask_phoneauth.verifiers.base import Verifier

PREFIX_LEAVES = 4
"""Digits at the end of a number that its neighbours do not share (RULES 23)."""
MAX_JITTER = 0.1
"""The largest share of a wait that is added to it, so that it cannot be timed (RULES 21)."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The app's own words: on a number, on an ask, and on where an address is."""

    number_policy: NumberPolicy | None = None
    risk: RiskHook | None = None
    place: Callable[[str], str] | None = None


NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a flow works with; built once per application."""

    settings: Settings
    keys: Keyring
    challenges: ChallengeStore
    users: UserStore
    delivery: Delivery
    dispatch: Dispatch
    clock: Clock
    notify: Notify
    brand: str
    hooks: Hooks = NO_HOOKS
    puzzle: Puzzle | None = None
    calls: Calls = field(default_factory=Calls)
    mailer: Mailing | None = None
    operator: Operator | None = None
    verifier: Verifier | None = None
    alarm: Alarm = field(default_factory=Alarm)

    def binding_key(self, binding: bytes) -> str:
        """What budgets call this browser."""
        return self.keys.hashed("binding", binding)

    def price(
        self,
        phone_tag: str,
        binding: bytes,
        client: Client,
        place: Place | None = None,
        *,
        solved: bool = False,
    ) -> AskPrice:
        """What a message to this number costs this client now; `place` is of the number.

        `solved` says that a puzzle was, which pays for it.
        """
        return ask_price(
            self.settings,
            phone_tag=phone_tag,
            binding=self.binding_key(binding),
            address=self.keys.hashed("address", client.address),
            jitter=secrets.randbelow(1000) / 1000 * MAX_JITTER,
            device=client.device_for(phone_tag),
            place=place,
            solved=solved,
        )

    def place(self, e164: str, region: str, channel: str = SMS) -> Place:
        """What the budgets that many numbers share know of a number; an e-mail costs no money."""
        if channel == EMAIL:
            return Place(self.keys.hashed("prefix", e164[:-PREFIX_LEAVES]), region="")
        calls = self.calls.names if channel == VOICE else ()
        return Place(
            prefix=self.keys.hashed("prefix", e164[:-PREFIX_LEAVES]),
            region=region,
            cost=message_cost(self.settings, e164, channel),
            provider=next(iter(calls or self.routes.of(region)), ""),
        )

    @property
    def routes(self) -> Routes:
        """Who sends to which region."""
        return routes_of(self.settings, self.delivery.names)

    @property
    def all_routes(self) -> Routes:
        """The same with those behind them who call, whichever region they send to."""
        routes, callers = self.routes, self.calls.names
        widened = {
            region: (*route, *(name for name in callers if name not in route))
            for region, route in routes.by_region.items()
        }
        return replace(routes, by_region=widened)

    def callers(self, loaded: Loaded, now: float) -> tuple[str, ...]:
        """Who may place the call of that challenge, one after the other."""
        return tuple(name for name in self.calls.names if loaded.health.allows(name, now))

    def order(self, loaded: Loaded, now: float) -> tuple[str, ...]:
        """Whom the message of that challenge asks, one after the other."""
        challenge = loaded.challenge
        route = self.routes.of(region_of(challenge))
        floor = floor_of(self.settings)
        # what failed was given back: these messages were taken, and nobody has typed their code
        turn = max(0, len({spend.at for spend in challenge.spends}) - 1)
        return order(route, loaded.health, floor, now, lost_by=challenge.lost_by, turn=turn)

    def met(
        self, settlement: Settlement, loaded: Loaded, passage: Passage, now: float
    ) -> Settlement:
        """The settlement with what the job has met: who is paid, and how the providers are."""
        challenge = loaded.challenge
        region = str(challenge.payload.get("region", ""))
        place = self.place(challenge.phone, region, challenge.channel)
        extra, unpaid = paid_otherwise(
            self.settings, place, phone_tag_of(challenge.id), passage.taken
        )
        tried = [(one.provider, one.error) for one in passage.tried]
        return replace(
            settlement,
            extra=extra,
            unpaid=unpaid,
            news=news_of(tried, loaded.health, now),
            patience=patience_of(self.settings),
        )

    def cooldowns(
        self, challenge_id: str, binding: bytes, device: bytes = b""
    ) -> Sequence[Cooldown]:
        """The waits that a challenge's number and browser are under."""
        return cooldowns(
            self.settings,
            phone_tag=phone_tag_of(challenge_id),
            binding=self.binding_key(binding),
            device=device,
        )

    def hides_strangers(self, challenge: Challenge) -> bool:
        """Whether known and unknown numbers must look alike: where only known ones get a code."""
        if challenge.channel == EMAIL:
            return challenge.purpose != STEP_UP  # whoever waits for it has proven the number
        return not self.settings.signup and challenge.purpose == LOGIN

    def failures(self, challenge: Challenge) -> Sequence[Charge]:
        """Where a message that never left is written down."""
        return failure_charges(
            self.settings,
            phone_tag=phone_tag_of(challenge.id),
            binding=self.binding_key(challenge.binding),
            device=challenge.device,
        )


def test_code(settings: Settings, phone: str, now: float) -> str | None:
    """The fixed code of an app reviewer's number while its date has not passed."""
    code, until = settings.test_numbers.get(phone, ("", ""))
    today = datetime.fromtimestamp(now, tz=UTC).date()
    return code if code and today <= date.fromisoformat(until) else None


def code_for(
    settings: Settings,
    keys: KeySet,
    *,
    phone: str,
    seed: bytes,
    purpose: str,
    generation: int,
    length: int,
    now: float,
) -> str:
    """The digits of one generation: derived, but fixed for virtual and test numbers."""
    fixed = test_code(settings, phone, now)
    if fixed is not None:
        return fixed
    if is_virtual(phone):
        return fixed_code(phone, length)
    return derive_code(keys.code, seed=seed, purpose=purpose, generation=generation, length=length)


def code_of(settings: Settings, keys: KeySet, challenge: Challenge, turn: int, now: float) -> str:
    """The digits of the generation `turn` of a challenge that has its seed still."""
    assert challenge.seed is not None
    return code_for(
        settings,
        keys,
        phone=challenge.phone,
        seed=challenge.seed,
        purpose=challenge.purpose,
        generation=turn,
        length=challenge.code_length,
        now=now,
    )
