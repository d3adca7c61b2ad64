"""Every page with invented content, so that an app's own templates can be tried at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from flask_phoneauth.errors import InvalidPhone
from flask_phoneauth.flows.look_up_challenge import Status
from flask_phoneauth.flows.request_code import Asked
from flask_phoneauth.records import LOGIN
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.web import pages
from flask_phoneauth.web.responses import problem_of

FOLDER = "phoneauth/"
OWN = Path(__file__).parent / "templates"
CHALLENGE = "sample"
FORMLESS = ("phoneauth/problem.html", "phoneauth/silent.html")
BASE_URL = "http://127.0.0.1"


class NoForm(ValueError):
    """A page that came out without what it is for."""


def overridden(app: Flask) -> list[str]:
    """The templates under `phoneauth/` that the app brings in place of ours, sorted."""
    found = []
    for path in OWN.joinpath(FOLDER).glob("*.html"):
        name = FOLDER + path.name
        _, source, _ = app.jinja_env.loader.get_source(app.jinja_env, name)  # type: ignore[union-attr]
        if source is None or Path(source) != path:
            found.append(name)
    return sorted(found)


def render_sample(app: Flask, live: Live, name: str) -> None:
    """Render that page; raises what its template raises, `NoForm` where its form is missing."""
    with app.test_request_context(base_url=BASE_URL):
        with suppress(HTTPException):  # a page may need what the app's hooks lay ready
            app.preprocess_request()
        text = SAMPLES[name](live).get_data(as_text=True)
    if "<form" not in text and name not in FORMLESS:
        raise NoForm("no form is on the page: the frame needs the block 'content'")


def _login(live: Live) -> Response:
    return pages.login_page(live)


def _silent(live: Live) -> Response:
    return pages.silent_page(live, "https://operator.example/oauth2/auth")


def _verify(live: Live) -> Response:
    settings = live.parts.settings
    asked = Asked(
        challenge_id=CHALLENGE,
        masked_phone="+990 •• 1234",
        reference="AB",
        channel="sms",
        code_length=settings.code_length,
        expires_in=settings.code_ttl,
        resend_in=settings.cooldown[0],
    )
    status = Status(
        "pending", "sent", asked, tries_left=settings.max_tries, next="/", purpose=LOGIN
    )
    return pages.code_page(live, status, CHALLENGE)


def _sessions(live: Live) -> Response:
    now = live.parts.clock.now()
    times = dict.fromkeys(pages.TIMES, now)
    device = {
        "ip": "192.0.2.1",
        "place": "",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    }
    shown = [{"id": "a", "current": True, **times, **device}]
    return pages.sessions_page(live, [*shown, {"id": "b", "current": False, **times, **device}])


def _problem(live: Live) -> Response:
    return pages.bare_problem_page(live, problem_of(InvalidPhone(pointer="/phone"), "en"))


SAMPLES: Mapping[str, Callable[[Live], Response]] = {
    "phoneauth/login.html": _login,
    "phoneauth/silent.html": _silent,
    "phoneauth/verify.html": _verify,
    "phoneauth/phone.html": pages.phone_page,
    "phoneauth/sessions.html": _sessions,
    "phoneauth/problem.html": _problem,
}
