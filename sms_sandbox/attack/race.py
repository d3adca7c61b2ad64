"""Racing: the right code many times at the same moment."""

import threading
from collections import Counter

from sms_sandbox.attack.findings import Finding, exactly, told
from sms_sandbox.attack.scene import Scene, ask, enter, opened, unexpected
from sms_sandbox.attack.visitor import Answer, Visitor, together

_MEET = 30.0


def race(scene: Scene) -> list[Finding]:
    """``count`` right codes of one challenge at once, each from another address."""
    number = scene.numbers.scattered(1)[0]
    since = scene.inbox.cursor()
    asker = scene.crowd.newcomer()
    answer = ask(asker, number)
    challenge = opened(answer)
    if challenge is None:
        raise unexpected(answer, f"an ask for {number}")
    code = scene.code(number, since)
    start = threading.Barrier(scene.count)

    def run(visitor: Visitor) -> Answer:
        start.wait(_MEET)
        return enter(visitor, challenge, code)

    runners = [scene.crowd.newcomer() for _ in range(scene.count)]
    answers = together(run, runners, at_once=scene.count)
    winners = [runner for runner, one in zip(runners, answers, strict=True) if one.status == 200]
    signed_in = [runner for runner in winners if runner.get("/me").status == 200]
    refusals = Counter(one.code for one in answers if one.status != 200)
    return [
        told("right codes sent at once, each from an address of its own", scene.count),
        exactly("answered with a login", len(winners), 1),
        exactly("sessions that are signed in", len(signed_in), 1),
        exactly("sessions that the account has", _of_account(signed_in), 1),
        told("refused", ", ".join(f"{n} {why}" for why, n in refusals.most_common()) or "none"),
    ]


def _of_account(signed_in: list[Visitor]) -> int:
    if not signed_in:
        return 0
    answer = signed_in[0].get("/sessions", Accept="application/json")
    return len(answer.body.get("sessions") or ())
