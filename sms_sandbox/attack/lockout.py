"""Locking out: a stranger spends all that can be spent on somebody's number."""

from collections import Counter
from dataclasses import dataclass, field

from sms_sandbox.attack.findings import Finding, at_most, must, told
from sms_sandbox.attack.scene import (
    Challenge,
    Scene,
    ask,
    enter,
    opened,
    sign_in,
    unexpected,
    wrong_code,
)
from sms_sandbox.attack.visitor import Visitor

KEPT = 20.0
"""Seconds that are kept for the owner."""
_SPENT = ("locked", "budget_exhausted")


@dataclass(slots=True)
class _Spent:
    asks: int = 0
    sent: int = 0
    guesses: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


def lockout(scene: Scene) -> list[Finding]:
    """At most ``count`` asks of strangers, wrong codes and resends; then the owner's browser."""
    number = scene.numbers.scattered(1)[0]
    owner = scene.crowd.newcomer(browser=True)
    sign_in(scene, owner, number)
    left = owner.post("/logout", {})
    if left.status != 204:
        raise unexpected(left, "the owner's sign-out")
    since = scene.inbox.cursor()
    spent = _spend_all(scene, number)
    messages = scene.settled(since, [number], spent.sent)
    asked, signed_in = _owner_returns(scene, owner, number)
    return [
        told("strangers' asks, each from an address of its own", spent.asks),
        told("strangers' wrong codes", spent.guesses),
        at_most("messages that they caused", messages, scene.bounds.sends_per_hour),
        told("what they were refused with", _listed(spent.refusals)),
        must("the owner's browser gets a code", asked),
        must("the owner signs in with it", signed_in),
    ]


def _spend_all(scene: Scene, number: str) -> _Spent:
    """Until the number is closed to strangers, or no time is left to wait in."""
    spent = _Spent()
    while spent.asks < scene.count:
        stranger = scene.crowd.newcomer()
        since = scene.inbox.cursor()
        answer = ask(stranger, number)
        spent.asks += 1
        challenge = opened(answer)
        if challenge is not None:
            right = scene.code(number, since)
            _guess(scene, stranger, challenge, right, spent)
            continue
        spent.refusals[answer.code] += 1
        if answer.code in _SPENT or not scene.crowd.wait(answer.retry_after, keep=KEPT):
            break
    return spent


def _guess(
    scene: Scene, stranger: Visitor, challenge: Challenge, right: str, spent: _Spent
) -> None:
    spent.sent += 1
    for _ in range(scene.tries):
        judged = enter(stranger, challenge, wrong_code(challenge.digits, [right]))
        spent.guesses += 1
        if judged.code != "invalid_code":
            break
    spent.sent += stranger.post("/resend", challenge.fields()).status == 202


def _owner_returns(scene: Scene, owner: Visitor, number: str) -> tuple[bool, bool]:
    since = scene.inbox.cursor()
    challenge = opened(ask(owner, number))
    if challenge is None:
        return False, False
    answer = enter(owner, challenge, scene.code(number, since))
    return True, answer.status == 200 and owner.get("/me").status == 200


def _listed(refusals: Counter[str]) -> str:
    return ", ".join(f"{count} {code}" for code, count in refusals.most_common()) or "nothing"
