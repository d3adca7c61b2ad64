"""Pumping: messages to a row of numbers, as those do who earn by each one that is delivered."""

from collections import Counter

from sms_sandbox.attack.findings import Finding, at_most, must, told
from sms_sandbox.attack.scene import Scene, ask, sign_in
from sms_sandbox.attack.visitor import together


def pump(scene: Scene) -> list[Finding]:
    """``count`` numbers in sequence that nobody ever proves, each asked for from elsewhere."""
    *row, known = scene.numbers.row(scene.count + 1)
    other = scene.numbers.scattered(1)[0]
    sign_in(scene, scene.crowd.newcomer(), known)
    since = scene.inbox.cursor()
    answers = together(lambda number: ask(scene.crowd.newcomer(), number), row)
    accepted = sum(answer.status == 202 for answer in answers)
    refusals = Counter(answer.code for answer in answers if answer.status != 202)
    arrived = scene.settled(since, row, accepted)
    findings = [
        told("numbers asked for, each from an address of its own", scene.count),
        told("refused", ", ".join(f"{n} {why}" for why, n in refusals.most_common()) or "none"),
        at_most(
            "messages that arrived in the sandbox", arrived, scene.bounds.prefix_sends_per_hour
        ),
    ]
    if other[:-4] != known[:-4]:
        through = _gets_through(scene, other)
        findings.append(must("a number of another prefix still gets its message", through))
    through = _gets_through(scene, known)
    findings.append(must("a number of this prefix that was proven before does", through))
    return findings


def _gets_through(scene: Scene, number: str) -> bool:
    since = scene.inbox.cursor()
    answer = ask(scene.crowd.newcomer(), number)
    return answer.status == 202 and scene.settled(since, [number], 1) > 0
