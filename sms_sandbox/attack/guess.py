"""Guessing: many sessions from many addresses try codes of one number."""

import math
from collections import Counter
from dataclasses import dataclass, field

from sms_sandbox.attack.findings import Finding, at_most, told
from sms_sandbox.attack.scene import (
    Challenge,
    Scene,
    ask,
    enter,
    opened,
    right_code,
    unexpected,
    wrong_code,
)
from sms_sandbox.attack.visitor import Answer, Visitor, together

BURSTS = 5
"""Sessions ask in so many groups, with the wait between them that the application asks for."""
KEPT = 15.0
"""Seconds that are kept for the guesses themselves."""


@dataclass(slots=True)
class _Session:
    visitor: Visitor
    challenge: Challenge
    looked_at: int = 0
    over: bool = False
    answers: list[Answer] = field(default_factory=list)

    def take(self, answer: Answer) -> None:
        """Count a guess: it was looked at if a try went, or the last one was spent by it."""
        self.answers.append(answer)
        last = answer.code == "too_many_tries" and not self.over
        counted = answer.code == "invalid_code" and "tries_left" in answer.body
        self.looked_at += answer.status == 200 or counted or last
        self.over = self.over or last


def guess(scene: Scene) -> list[Finding]:
    """``count`` sessions with ``tries`` guesses each, then a resend and as many once more."""
    number = scene.numbers.scattered(1)[0]
    since = scene.inbox.cursor()
    sessions, refusals = _sessions(scene, number)
    scene.settled(since, [number], len(sessions))
    codes = {message["code"] for message in scene.arrived(since)}
    _guess_at(scene, sessions, codes)
    resent = together(
        lambda one: one.visitor.post("/resend", one.challenge.fields()).status, sessions
    )
    messages = scene.settled(since, [number], len(sessions) + resent.count(202))
    codes |= {message["code"] for message in scene.arrived(since)}
    _guess_at(scene, sessions, codes)
    return [
        told("sessions that asked, each from an address of its own", scene.count),
        told("asks refused", _listed(refusals)),
        told("challenges opened", len(sessions)),
        at_most("messages to the number", messages, scene.bounds.sends_per_hour),
        told("guesses sent", sum(len(one.answers) for one in sessions)),
        at_most(
            "guesses looked at",
            sum(one.looked_at for one in sessions),
            scene.bounds.tries_per_hour,
        ),
        *_right_codes(scene, sessions, since),
    ]


def _sessions(scene: Scene, number: str) -> tuple[list[_Session], Counter[str]]:
    """Those whose ask was answered with a challenge, and why the others were refused."""
    visitors = [scene.crowd.newcomer() for _ in range(scene.count)]
    found: list[_Session] = []
    refusals: Counter[str] = Counter()
    size = math.ceil(len(visitors) / BURSTS)
    for start in range(0, len(visitors), size):
        burst = visitors[start : start + size]
        answers = together(lambda visitor: ask(visitor, number), burst)
        for visitor, answer in zip(burst, answers, strict=True):
            challenge = opened(answer)
            if challenge is None:
                refusals[answer.code] += 1
            else:
                found.append(_Session(visitor, challenge))
        if start + size < len(visitors):
            scene.crowd.wait(_wait(answers), keep=KEPT)
    if not found:
        raise unexpected(answers[0], f"the first ask for {number}")
    return found, refusals


def _wait(answers: list[Answer]) -> int:
    told_waits = [answer.retry_after for answer in answers if answer.retry_after]
    return min(told_waits) if told_waits else int(answers[0].body.get("resend_in") or 0)


def _guess_at(scene: Scene, sessions: list[_Session], codes: set[str | None]) -> None:
    """One guess of each session after another, the sessions at the same time."""
    right = [code for code in codes if code]

    def once(one: _Session) -> None:
        guess = wrong_code(one.challenge.digits, right)
        one.take(enter(one.visitor, one.challenge, guess))

    for _ in range(scene.tries):
        together(once, sessions)


def _right_codes(scene: Scene, sessions: list[_Session], since: str) -> list[Finding]:
    """Who has used up the guesses must not get in by the right code either."""
    if sum(one.looked_at for one in sessions) < scene.bounds.tries_per_hour:
        return []
    messages = scene.arrived(since)
    answers = together(
        lambda one: enter(one.visitor, one.challenge, right_code(one.challenge, messages)),
        sessions,
    )
    let_in = sum(answer.status == 200 for answer in answers)
    return [at_most("right codes let in after those guesses", let_in, 0)]


def _listed(refusals: Counter[str]) -> str:
    return ", ".join(f"{count} {code}" for code, count in refusals.most_common()) or "none"
