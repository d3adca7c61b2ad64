"""What every attack works with, and the steps of a login that they share."""

import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sms_sandbox.attack.bounds import Bounds
from sms_sandbox.attack.numbers import Numbers
from sms_sandbox.attack.visitor import Answer, AttackStopped, Crowd, Visitor
from sms_sandbox.client import SandboxClient, SandboxRefused

_ARRIVES = 20.0
"""Seconds within which an accepted message is in the sandbox, or was not sent there."""
_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an ask has opened; ``secret`` is empty where a cookie binds it."""

    id: str
    secret: str
    digits: int
    reference: str

    def fields(self, **more: Any) -> dict[str, Any]:
        """The body of a further step."""
        bound = {"challenge_secret": self.secret} if self.secret else {}
        return {"challenge_id": self.id, **bound, **more}


@dataclass(frozen=True, slots=True)
class Scene:
    """One attack: its visitors, whom it is aimed at, how often, and what is published."""

    crowd: Crowd
    inbox: SandboxClient
    account: str | None
    numbers: Numbers
    bounds: Bounds
    count: int
    tries: int

    def code(self, number: str, since: str) -> str:
        """The first code that the number got after that cursor; raises ``AttackStopped``."""
        match = {"to": number, "has_code": True}
        if self.account is not None:
            match["account"] = self.account
        try:
            found = self.inbox.wait(match=match, after=since, claim=False, timeout=_ARRIVES)
        except SandboxRefused as error:
            if error.status != 408:
                raise
            raise AttackStopped(
                f"No code for {number} came to the sandbox at {self.inbox.url}: point the "
                "application at it (sms-sandbox env tells how), or name another with --sandbox."
            ) from None
        return str(found[0]["code"])

    def arrived(self, since: str) -> list[dict[str, Any]]:
        """All messages to handsets that came after that cursor, newest first."""
        return list(self.inbox.newer(since, account=self.account, direction="outbound"))

    def settled(self, since: str, numbers: Iterable[str], expected: int) -> int:
        """How many messages those numbers got, once so many are there or no more come in time."""
        wanted = set(numbers)
        ends_at = time.monotonic() + _ARRIVES
        while True:
            count = sum(message["to"] in wanted for message in self.arrived(since))
            if count >= expected or time.monotonic() > ends_at:
                return count
            time.sleep(_STEP)


def ask(visitor: Visitor, number: str) -> Answer:
    """Ask for a code; raises ``AttackStopped`` for an answer that is neither yes nor wait."""
    answer = visitor.post("/login", {"phone": number})
    if answer.status not in (202, 429):
        raise unexpected(answer, f"an ask for {number}")
    return answer


def opened(answer: Answer) -> Challenge | None:
    """The challenge of a 202."""
    body = answer.body
    if answer.status != 202 or "challenge_id" not in body:
        return None
    return Challenge(
        id=str(body["challenge_id"]),
        secret=str(body.get("challenge_secret") or ""),
        digits=int(body.get("code_length") or 6),
        reference=str(body.get("reference") or ""),
    )


def enter(visitor: Visitor, challenge: Challenge, code: str) -> Answer:
    """Type a code in."""
    return visitor.post("/verify", challenge.fields(code=code))


def sign_in(scene: Scene, visitor: Visitor, number: str) -> None:
    """As the owner of the number, by the code in the sandbox; raises ``AttackStopped``."""
    since = scene.inbox.cursor()
    answer = ask(visitor, number)
    challenge = opened(answer)
    if challenge is None:
        raise unexpected(answer, f"an ask by the owner of {number}, before the attack")
    answer = enter(visitor, challenge, scene.code(number, since))
    if answer.status != 200:
        raise unexpected(answer, f"the right code of {number}")


def wrong_code(digits: int, right: Iterable[str]) -> str:
    """A guess that is none of the right codes, so that every look finds a wrong one."""
    known = set(right)
    while True:
        guess = "".join(secrets.choice("0123456789") for _ in range(digits))
        if guess not in known:
            return guess


def right_code(challenge: Challenge, messages: Iterable[dict[str, Any]]) -> str:
    """The code of the message that shows the challenge's letters, else of the newest."""
    found = [message for message in messages if message["code"]]
    shown = re.compile(rf"\b{re.escape(challenge.reference)}\b")
    for message in found:
        if challenge.reference and shown.search(message["body"]):
            return str(message["code"])
    return str(found[0]["code"]) if found else ""


_CURES = {
    "429": "what it guards is spent already: wait an hour, or give another --number",
    "403": "name a number that the application serves with --number",
    "422": "name a number that the application takes with --number",
    "404": "give --url the address of the application, with the path of its login if not /auth",
    "500": "look into the application's log",
    "503": "look into the application's log",
}


def unexpected(answer: Answer, to: str) -> AttackStopped:
    """The end of an attack that the application's answer leaves without ground."""
    cure = _CURES.get(str(answer.status), "is this Flask-PhoneAuth's login?")
    named = f" {answer.code}" if answer.code != str(answer.status) else ""
    return AttackStopped(f"The application answered {answer.status}{named} to {to}: {cure}.")
