"""What an outbound message meets before it is accepted: fault rules, the scenario that its number
stands for, the handset's opt-out. Each may refuse it or say how its delivery ends."""

from collections.abc import Mapping
from dataclasses import replace

from sms_sandbox import exchange
from sms_sandbox.errors import Busy, FaultStruck, Refused
from sms_sandbox.faults import Effect, Place, Subject
from sms_sandbox.inbox.parts import MAX_HELD, Parts
from sms_sandbox.inbox.plan import Ending
from sms_sandbox.message import Draft
from sms_sandbox.numbers import Scenario, comparison_key, scenario_of
from sms_sandbox.reasons import FAILINGS, Failing, Refusal
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

MAX_DELAY = 60
"""Real seconds that a request is held up at most."""

_ONCE = "scenario"
_OF_TEXTS: tuple[Refusal | None, ...] = ("landline", "opted_out")
_NOBODY_THERE: tuple[Failing, ...] = ("unreachable", "unknown_handset")
_SAYS: Mapping[Refusal, str] = {
    "invalid_number": "This is not a valid number.",
    "landline": "This line takes no text messages.",
    "no_route": "No route leads to this number.",
    "opted_out": "This handset has opted out of messages from this sender.",
    "queue_full": "The queue for this number is full.",
    "throttled": "Too many messages at once.",
    "unavailable": "The network is not available.",
}


def admit(parts: Parts, draft: Draft) -> Ending:
    """Let an outbound message in, and say how it ends. Raises ``Refused``, ``FaultStruck``,
    ``ConnectionDropped``; real time may pass."""
    subject = Subject(
        provider=draft.provider,
        account=draft.account,
        recipient=draft.recipient,
        sender=draft.sender,
        body=draft.body,
    )
    strike(parts, subject)
    if draft.kind == "call":
        return _as_call(_picked(parts, subject) or _ringing(parts, draft))
    if draft.fails is not None:
        return Ending(status="failed", error_code=draft.fails)
    scenario = scenario_of(draft.recipient)
    try:
        if parts.handsets.has_opted_out(draft.account, draft.recipient, draft.sender):
            raise _refused("opted_out")
        if scenario is not None:
            _enter(parts, draft, scenario)
    except Refused as refused:
        if refused.reason not in draft.late:
            raise
        return Ending(status="failed", error_code=draft.late[refused.reason])
    return _picked(parts, subject) or _staged(parts, draft.provider, scenario)


def strike(parts: Parts, subject: Subject) -> None:
    """Let the fault rules act on the request that this thread answers; elsewhere they have
    nothing to act on."""
    request = exchange.current()
    if request is None or not parts.faults.has("time", "answer"):
        return
    with parts.lock, parts.database.write() as connection:
        delay = parts.faults.pick(connection, "time", subject)
        answer = parts.faults.pick(connection, "answer", subject)
    if delay is not None:
        _hold(parts, request, delay.seconds or 0.0)
    if answer is None:
        return
    if answer.type == "disconnect":
        request.dropped = True
        raise exchange.ConnectionDropped
    if answer.type == "truncate":
        request.truncated = True
        return
    assert isinstance(answer.status, int)
    raise FaultStruck(answer.status, answer.code, answer.message, answer.retry_after)


def _hold(parts: Parts, request: exchange.Exchange, seconds: float) -> None:
    """Hold the request up. Raises ``Busy`` if too many are held already."""
    if not parts.holding.acquire(blocking=False):
        raise Busy(
            f"{MAX_HELD} requests are being held up by faults already.",
            hint="Send fewer at a time, or hold them up for less.",
            retry_after=1,
        )
    try:
        request.wait(min(MAX_DELAY, seconds), parts.stopping)
    finally:
        parts.holding.release()


def code_of(parts: Parts, provider: str, failing: Failing) -> str | int:
    """A failure in its vendor's own code; the native provider's is the word itself."""
    vendor = parts.vendors.get(provider)
    return failing if vendor is None else vendor.failings.get(failing, failing)


def _pick(parts: Parts, place: Place, subject: Subject) -> Effect | None:
    if not parts.faults.has(place):
        return None
    with parts.lock, parts.database.write() as connection:
        return parts.faults.pick(connection, place, subject)


def _enter(parts: Parts, draft: Draft, scenario: Scenario) -> None:
    """Let real time pass and refuse, as the scenario has it."""
    if scenario.once and not _is_first(parts, draft, scenario):
        return
    request = exchange.current()
    if scenario.hangs and request is not None:
        _hold(parts, request, scenario.hangs)
    if scenario.http_status is not None:
        raise FaultStruck(scenario.http_status)
    if scenario.refusal is not None:
        raise _refused(scenario.refusal)


def _staged(parts: Parts, provider: str, scenario: Scenario | None) -> Ending:
    if scenario is None:
        return Ending()
    code = None if scenario.failing is None else code_of(parts, provider, scenario.failing)
    return Ending(status=scenario.ends, error_code=code, after=scenario.after)


def _ringing(parts: Parts, draft: Draft) -> Ending:
    """How it ends that a handset rings: answered, or lost. A landline rings as well, and one that
    is full of texts or has declined them."""
    scenario = scenario_of(draft.recipient)
    if scenario is not None and scenario.refusal not in _OF_TEXTS:
        _enter(parts, draft, scenario)
    failing = parts.handsets.refusal(draft.account, draft.recipient)
    if failing == "handset_full":
        failing = None
    if failing is None and parts.handsets.is_off(draft.account, draft.recipient):
        failing = "unreachable"
    if failing is None and scenario is not None and scenario.failing in _NOBODY_THERE:
        failing = scenario.failing
    if failing is None:
        return Ending(status="sent")
    return Ending(status="failed", error_code=code_of(parts, draft.provider, failing))


def _as_call(ending: Ending) -> Ending:
    """The ending in the life of a call: what is sent has been answered, so what is lost never
    was; its vendor says when an answered one is over."""
    is_lost = ending.status in ("undelivered", "failed")
    return replace(ending, status="failed" if is_lost else "sent")


def _refused(refusal: Refusal) -> Refused:
    again = refusal in ("throttled", "queue_full", "unavailable")
    return Refused(refusal, _SAYS[refusal], retry_after=1 if again else None)


def _is_first(parts: Parts, draft: Draft, scenario: Scenario) -> bool:
    """Whether the account has not yet met this number's scenario; from now on it has."""
    number = comparison_key(draft.recipient)
    now = parts.clock.now(draft.account)
    with parts.lock, parts.database.write() as connection:
        if records.get(connection, _ONCE, draft.account, scenario.name, number) is not None:
            return False
        met = Record(
            provider=_ONCE,
            account=draft.account,
            kind=scenario.name,
            id=number,
            created_at=now,
            updated_at=now,
        )
        records.insert(connection, met)
    return True


def _picked(parts: Parts, subject: Subject) -> Ending | None:
    """How a fault rule lets the delivery end, if one does."""
    effect = _pick(parts, "delivery", subject)
    if effect is None:
        return None
    status = effect.status
    assert isinstance(status, str), "A delivery ends with a status."
    code = effect.code
    failing = next((one for one in FAILINGS if one == code), None)
    if code is None and status in ("undelivered", "failed"):
        failing = "unknown"
    if failing is not None:
        code = code_of(parts, subject.provider, failing)
    return Ending(status=status, error_code=code, after=effect.seconds)
