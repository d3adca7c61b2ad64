"""Any story of starts, checks, looks, cancels and time, beside a model of Verify's rules."""

from dataclasses import dataclass

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox.verify_calls import ask, check, code_for, read, service, start, wrong

from sms_sandbox.app import create_app, open_sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.settings import Settings

NUMBERS = ("+12015550101", "+12015550102")
DEEDS = st.one_of(
    st.tuples(
        st.sampled_from(("start", "right", "wrong", "wrong", "wrong", "cancel", "look")),
        st.sampled_from(NUMBERS),
    ),
    st.tuples(st.just("wait"), st.sampled_from((1, 200, 599, 600))),
)


@dataclass
class Model:
    """One number's newest verification, as the documentation of Verify has it."""

    begun: float = -1000.0
    sends: int = 0
    checks: int = 0
    status: str = "none"

    def known(self, now: float) -> bool:
        return now - self.begun < 600 and self.status not in ("none", "approved")

    def start(self, now: float) -> str:
        if not self.known(now) or self.status == "canceled":
            self.begun, self.sends, self.checks, self.status = now, 1, 0, "pending"
            return "pending"
        if self.status == "max_attempts_reached":
            return "60202"
        if self.sends == 5:
            return "60203"
        self.sends += 1
        return "pending"

    def check(self, now: float, *, right: bool) -> str:
        if not self.known(now) or self.status == "canceled":
            return "20404"
        if self.checks == 5:
            self.status = "max_attempts_reached"
            return "60202"
        self.checks += 1
        self.status = "approved" if right else "pending"
        return self.status

    def cancel(self, now: float) -> str:
        if not self.known(now) or self.status == "canceled":
            return "20404"
        self.status = "canceled"
        return "canceled"

    def look(self, now: float) -> str:
        return self.status if self.known(now) else "20404"


def act(web: FlaskClient, path: str, deed: str, number: str) -> str:
    """Do it, and tell the status or the error's code."""
    one = f"{path}/Verifications"
    code = code_for(web, number)
    match deed:
        case "start":
            answer = ask(web, one, To=number, Channel="sms")
        case "right":
            answer = check(web, path, code, to=number)
        case "wrong":
            answer = check(web, path, wrong(code), to=number)
        case "cancel":
            answer = ask(web, f"{one}/{number}", Status="canceled")
        case _:
            answer = read(web, f"{one}/{number}")
    return str(answer.json.get("code") or answer.json["status"])


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(st.lists(DEEDS, min_size=5, max_size=40))
def test_every_story_goes_as_the_rules_say(deeds: list[tuple[str, str | int]]) -> None:
    clock = FrozenClock(1_800_000_000.0)
    sandbox = open_sandbox(Settings(), clock)
    try:
        web = create_app(sandbox).test_client()
        path = service(web)
        models = {number: Model() for number in NUMBERS}
        for number, model in models.items():
            start(web, path, to=number)
            model.start(clock.now())
        for deed, target in deeds:
            if isinstance(target, int):
                clock.advance(target)
                continue
            model, now = models[target], clock.now()
            told = act(web, path, deed, target)
            match deed:
                case "start":
                    assert told == model.start(now)
                case "right" | "wrong":
                    assert told == model.check(now, right=deed == "right")
                case "cancel":
                    assert told == model.cancel(now)
                case _:
                    assert told == model.look(now)
    finally:
        sandbox.close()
