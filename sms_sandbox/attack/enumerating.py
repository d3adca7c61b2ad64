"""Enumerating: is it to be seen who has an account?"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_sandbox.attack.findings import Finding, exactly, told
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
from sms_sandbox.attack.shapes import apart, chance, shape_of
from sms_sandbox.attack.visitor import Answer, Visitor

FORM_PAIRS = 2
_SETTLES = 10.0
_LOOK_EVERY = 0.5
_SHOWN = 3
_MOST_LETTERS = 90
_TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
_DIGITS = re.compile(r'data-phoneauth-length="([0-9]{1,2})"')

Shapes = dict[str, tuple[str, ...]]


@dataclass(slots=True)
class _Seen:
    """What one number's visitors saw, step by step, and how long the asks and tries took."""

    number: str
    visitor: Visitor
    shapes: Shapes = field(default_factory=dict)
    ask_seconds: float = 0.0
    try_seconds: float = 0.0
    challenge: Challenge | None = None


def enumerate_accounts(scene: Scene) -> list[Finding]:
    """``count`` numbers with an account beside as many without, in JSON; a few by forms too."""
    forms = min(FORM_PAIRS, scene.count)
    total = scene.count + forms
    known, unknown = scene.numbers.scattered(total), scene.numbers.scattered(total)
    for number in known:
        sign_in(scene, scene.crowd.newcomer(), number)
    programs = _in_pairs(scene, _as_program, known[forms:], unknown[forms:])
    _look_at_status(scene, [one for pair in programs for one in pair])
    browsers = _in_pairs(scene, _as_browser, known[:forms], unknown[:forms])
    return [
        told("numbers with an account, and as many without", total),
        *_compared("JSON", programs),
        *_compared("forms", browsers),
        _timing("ask", [(with_.ask_seconds, without.ask_seconds) for with_, without in programs]),
        _timing("try", [(with_.try_seconds, without.try_seconds) for with_, without in programs]),
    ]


def _in_pairs(
    scene: Scene,
    see: Callable[[Scene, str], _Seen],
    known: Sequence[str],
    unknown: Sequence[str],
) -> list[tuple[_Seen, _Seen]]:
    """One after the other, now the one first and now the other, so that times compare."""
    found = []
    for pair in zip(known, unknown, strict=True):
        order = random.SystemRandom().sample(pair, 2)
        seen = {number: see(scene, number) for number in order}
        found.append((seen[pair[0]], seen[pair[1]]))
    return found


def _as_program(scene: Scene, number: str) -> _Seen:
    seen = _Seen(number, scene.crowd.newcomer())
    answer = ask(seen.visitor, number)
    challenge = opened(answer)
    if challenge is None:
        raise unexpected(answer, f"an ask for {number}")
    seen.challenge, seen.ask_seconds = challenge, answer.seconds
    # sent or not: with sign-up closed a number without an account gets no message
    guess = wrong_code(challenge.digits, ())
    tried = enter(seen.visitor, challenge, guess)
    seen.try_seconds = tried.seconds
    stranger = scene.crowd.newcomer()
    unbound = Challenge(challenge.id, "", challenge.digits, "")
    steps = {
        "ask": answer,
        "wrong code": tried,
        "resend": seen.visitor.post("/resend", challenge.fields()),
        "ask again from elsewhere": ask(stranger, number),
        "code from elsewhere": enter(stranger, unbound, guess),
        "resend from elsewhere": stranger.post("/resend", unbound.fields()),
    }
    seen.shapes = {step: shape_of(one) for step, one in steps.items()}
    return seen


def _look_at_status(scene: Scene, all_seen: Sequence[_Seen]) -> None:
    """Once it no longer changes: how far a message is by now differs from one to the next."""
    before: list[tuple[str, ...]] = []
    ends_at = scene.crowd.left - _SETTLES
    while True:
        shapes = [shape_of(_status(seen)) for seen in all_seen]
        if shapes == before or scene.crowd.left < ends_at:
            break
        before = shapes
        if not scene.crowd.wait(_LOOK_EVERY, keep=1.0):
            break
    for seen, shape in zip(all_seen, shapes, strict=True):
        seen.shapes["status"] = shape


def _status(seen: _Seen) -> Answer:
    assert seen.challenge is not None
    headers = {"PhoneAuth-Challenge-Secret": seen.challenge.secret}
    return seen.visitor.get(f"/challenges/{seen.challenge.id}", **headers)


def _as_browser(scene: Scene, number: str) -> _Seen:
    """Without JSON: the page, its form, the code page, a wrong code."""
    seen = _Seen(number, scene.crowd.newcomer(browser=True))
    asked = _submitted(seen.visitor, "/login", {"phone": number}, seen.visitor.get("/login"))
    location = asked.header("Location")
    challenge_id = location.rpartition("challenge_id=")[2].partition("&")[0]
    if asked.status != 303 or not challenge_id:
        raise unexpected(asked, f"the form that asks for {number}")
    page = seen.visitor.get(f"/verify?challenge_id={challenge_id}", Accept="text/html")
    digits = _DIGITS.search(page.text)
    guess = wrong_code(int(digits[1]) if digits else 6, ())
    fields = {"challenge_id": challenge_id, "code": guess}
    tried = _submitted(seen.visitor, "/verify", fields, page)
    resent = _submitted(seen.visitor, "/resend", {"challenge_id": challenge_id}, page)
    steps = {"ask": asked, "code page": page, "wrong code": tried, "resend": resent}
    seen.shapes = {step: shape_of(one, challenge_id) for step, one in steps.items()}
    return seen


def _submitted(visitor: Visitor, path: str, fields: Mapping[str, str], page: Answer) -> Answer:
    token = _TOKEN.search(page.text)
    if token is None:
        raise unexpected(page, f"a look at the form of {path}, which has no token against forgery")
    return visitor.submit(path, {"csrf_token": token[1], **fields})


def _compared(form: str, pairs: Sequence[tuple[_Seen, _Seen]]) -> list[Finding]:
    """A line for each step, and some of what differs."""
    findings = []
    for step in pairs[0][0].shapes:
        lines = [
            line
            for known, unknown in pairs
            for line in _difference(known.shapes[step], unknown.shapes[step])
        ]
        pairs_apart = sum(known.shapes[step] != unknown.shapes[step] for known, unknown in pairs)
        findings.append(exactly(f"answers that differ, {form}: {step}", pairs_apart, 0))
        findings += [told(f"    {_shown(line)}", "") for line in lines[:_SHOWN]]
    return findings


def _shown(line: str) -> str:
    # it is the application's text: nothing of it may steer the terminal
    return "".join(letter if letter.isprintable() else " " for letter in line)[:_MOST_LETTERS]


def _difference(known: tuple[str, ...], unknown: tuple[str, ...]) -> list[str]:
    missing = [line for line in known if line not in unknown]
    added = [line for line in unknown if line not in known]
    return [f"with an account: {line}" for line in missing[:1]] + [
        f"without: {line}" for line in added[:1]
    ]


def _timing(what: str, pairs: Sequence[tuple[float, float]]) -> Finding:
    known, unknown = [one for one, _ in pairs], [other for _, other in pairs]
    margin = chance(len(pairs))
    bound = f"0.5 +- {margin:.2f} by chance"
    return Finding(
        f"time of the {what}: AUC of known against unknown", apart(known, unknown), bound
    )
