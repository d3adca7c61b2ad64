"""The fault rules as they stand, kept in storage and in memory. Call everything but ``has`` under
the inbox's lock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from sqlite3 import Connection
from typing import Any

from sms_sandbox.clock import Clocks
from sms_sandbox.errors import InvalidRequest, TooManyFaults, UnknownFault
from sms_sandbox.faults import Effect, Place, Rule, Subject, Tally, is_live, look, struck
from sms_sandbox.ids import Ids
from sms_sandbox.live import Event, Live
from sms_sandbox.storage import Database, messages
from sms_sandbox.storage import faults as table

MAX_RULES = 200
"""How many fault rules there are at once; one that can strike no more makes room for another."""

_WHEN = ("every", "chance", "above_per_second")


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule with what it has seen, as of ``now``."""

    rule: Rule
    tally: Tally
    now: float

    def as_json(self) -> dict[str, Any]:
        """The object that the control API and the event stream show; ``expires_in`` is what is
        left of the time."""
        shown = _describe(self.rule)
        if self.rule.expires_at is not None:
            shown["expires_in"] = round(max(0.0, self.rule.expires_at - self.now), 3)
        return {
            "id": self.rule.id,
            **shown,
            "hits": self.tally.hits,
            "enabled": is_live(self.rule, self.tally, self.now),
        }


class Faults:
    """Every rule in its order, with its tally."""

    def __init__(self, database: Database, clock: Clocks, ids: Ids, live: Live) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._live = live
        with database.read() as connection:
            self._kept = {
                stored.id: (_rule(stored.id, stored.account, stored.rule), _tally(stored.state))
                for stored in table.load(connection)
            }

    def listed(self, account: str | None) -> list[Fault]:
        """The rules of one account, or all of them with ``None``."""
        return [
            self._fault(rule, tally)
            for rule, tally in self._kept.values()
            if account in (None, rule.account)
        ]

    def get(self, fault_id: str) -> Fault:
        """One rule. Raises ``UnknownFault``."""
        return self._fault(*self._find(fault_id))

    def add(self, asked: Mapping[str, Any], account: str | None) -> Fault:
        """Keep a new rule behind the others. Raises ``InvalidRequest``, ``TooManyFaults``."""
        owner, match = _owner(asked["match"], account)
        now = self._clock.now(owner or None)
        _check(asked)
        form = {name: one for name, one in asked.items() if one is not None} | {"match": match}
        if "expires_in" in form:
            form["expires_at"] = now + form.pop("expires_in")
        if "chance" in form:
            form.setdefault("seed", int(self._ids.hex(owner, 3, "fault"), 16))
        rule = _rule("flt_" + self._ids.hex(owner, 8, "fault"), owner, form)
        with self._database.write() as connection:
            self._make_room(connection)
            table.insert(connection, table.Stored(rule.id, owner, form, asdict(Tally())), now)
        # A new mapping, not a longer one: requests look into it without the lock.
        self._kept = {**self._kept, rule.id: (rule, Tally())}
        return self.get(rule.id)

    def switch(self, fault_id: str, *, enabled: bool) -> Fault:
        """Switch a rule on or off; what it has seen stays. Raises ``UnknownFault``."""
        rule, tally = self._find(fault_id)
        with self._database.write() as connection:
            self._keep(connection, rule, replace(tally, enabled=enabled))
        return self.get(fault_id)

    def remove(self, fault_id: str) -> None:
        """Forget one rule. Raises ``UnknownFault``."""
        self._find(fault_id)
        with self._database.write() as connection:
            self._drop(connection, [fault_id])

    def clear(self, connection: Connection, account: str | None) -> int:
        """Forget an account's rules, or all with ``None``; returns how many."""
        ids = [one.rule.id for one in self.listed(account)]
        self._drop(connection, ids)
        return len(ids)

    def has(self, *places: Place) -> bool:
        """Whether a rule acts in one of these places; if not, there is no need to ask."""
        return any(rule.effect.place in places for rule, _ in self._kept.values())

    def pick(self, connection: Connection, place: Place, subject: Subject) -> Effect | None:
        """What the rules do to ``subject`` in one place: the first that strikes is counted and
        told of. Every live rule that fits sees the subject, so that none disturbs another's row
        of chances."""
        chosen: Rule | None = None
        now = self._clock.now(subject.account)
        for rule, tally in tuple(self._kept.values()):
            if rule.effect.place != place or not self._is_live(rule, tally):
                continue
            if not rule.fits(subject):
                continue
            seen, strikes = look(rule, tally, subject.account, now)
            if strikes and chosen is None:
                chosen, seen = rule, struck(seen)
            self._keep(connection, rule, seen)
        if chosen is None:
            return None
        told = self.get(chosen.id).as_json()
        cursor = messages.next_place(connection)
        self._live.publish(Event(cursor, "fault_hit", subject.account, told))
        return chosen.effect

    def _is_live(self, rule: Rule, tally: Tally) -> bool:
        return is_live(rule, tally, self._clock.now(rule.account or None))

    def _fault(self, rule: Rule, tally: Tally) -> Fault:
        return Fault(rule, tally, self._clock.now(rule.account or None))

    def _find(self, fault_id: str) -> tuple[Rule, Tally]:
        found = self._kept.get(fault_id)
        if found is None:
            raise UnknownFault(
                "There is no fault rule with this id.",
                hint="GET /api/v1/faults lists the rules.",
            )
        return found

    def _make_room(self, connection: Connection) -> None:
        if len(self._kept) < MAX_RULES:
            return
        spent = [name for name, kept in self._kept.items() if not self._is_live(*kept)]
        if not spent:
            raise TooManyFaults(
                f"There are {MAX_RULES} fault rules, all of them live.",
                hint="Delete some: DELETE /api/v1/faults/{id}, or all=true.",
            )
        self._drop(connection, spent[:1])

    def _keep(self, connection: Connection, rule: Rule, tally: Tally) -> None:
        self._kept[rule.id] = (rule, tally)
        table.put_state(connection, rule.id, asdict(tally), tally.hits)

    def _drop(self, connection: Connection, ids: list[str]) -> None:
        table.delete(connection, ids)
        self._kept = {name: kept for name, kept in self._kept.items() if name not in ids}


def _owner(match: Mapping[str, Any], account: str | None) -> tuple[str, dict[str, Any]]:
    """The account that a rule belongs to, '' if it is for several, and what is left to match."""
    asked = match.get("account")
    plain = asked if isinstance(asked, str) and "*" not in asked else None
    if account is not None and asked is not None and plain != account:
        raise InvalidRequest(
            "The query names one account and the rule another.",
            hint="Name the account in the query or in match, or the same in both.",
            pointer="/match/account",
        )
    owner = account or plain
    left = {name: one for name, one in match.items() if name != "account" or owner is None}
    return owner or "", left


def _check(asked: Mapping[str, Any]) -> None:
    given = [name for name in _WHEN if asked.get(name) is not None]
    if len(given) > 1:
        raise InvalidRequest(
            f"A rule has one of {', '.join(_WHEN)}; this one has {' and '.join(given)}.",
            hint="Leave one out; times may stand beside each of them.",
            pointer=f"/{given[1]}",
        )
    if asked.get("seed") is not None and asked.get("chance") is None:
        raise InvalidRequest(
            "A seed without a chance draws nothing.",
            hint='Add "chance": 0.1, or leave the seed out.',
            pointer="/seed",
        )


def _rule(fault_id: str, owner: str, form: Mapping[str, Any]) -> Rule:
    values = {name: one for name, one in form.items() if name != "effect"}
    return Rule(id=fault_id, account=owner, effect=Effect.of(form["effect"]), **values)


def _tally(state: Mapping[str, Any]) -> Tally:
    buckets = {name: (one[0], one[1]) for name, one in state["buckets"].items()}
    return Tally(**{**state, "buckets": buckets})


def _describe(rule: Rule) -> dict[str, Any]:
    """The rule as it was asked for; its owner stands in ``match``."""
    owner = {"account": rule.account} if rule.account else {}
    names = ("times", "every", "chance", "seed", "above_per_second")
    given = {name: getattr(rule, name) for name in names if getattr(rule, name) is not None}
    return {"match": {**rule.match, **owner}, **given, "effect": rule.effect.as_json()}
