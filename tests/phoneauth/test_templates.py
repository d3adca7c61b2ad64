"""Each template on its own: rendered by a bare Flask app that refuses undefined names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask, render_template
from jinja2 import StrictUndefined
from page_elements import Element, read_page

import flask_phoneauth.web
from flask_phoneauth.web.forms import CodeForm, EmptyForm, LoginForm, PhoneForm, ResendForm

WEB = Path(flask_phoneauth.web.__file__).parent
STATIC = WEB / "static"
PAGES = ("login.html", "verify.html", "phone.html", "sessions.html", "problem.html")


def problem_of(code: str, **fields: Any) -> SimpleNamespace:
    blank = {"title": "The title", "detail": "The detail.", "retry_after": None, "tries_left": None}
    return SimpleNamespace(code=code, **{**blank, **fields})


def device(name: str, *, current: bool = False, user_agent: str = "curl/8.5.0") -> dict[str, Any]:
    at = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
    return {
        "id": name,
        "current": current,
        "created_at": at,
        "authenticated_at": at,
        "last_seen_at": at + timedelta(minutes=5),
        "ip": "203.0.113.9",
        "user_agent": user_agent,
    }


def asked(**fields: Any) -> SimpleNamespace:
    usual = {
        "challenge_id": "tag.one",
        "masked_phone": "+44 •••• ••0123",
        "reference": "KT",
        "channel": "sms",
        "code_length": 6,
        "expires_in": 299,
        "resend_in": 30,
    }
    return SimpleNamespace(**{**usual, **fields})


@pytest.fixture
def app():
    app = Flask("bare")
    app.secret_key = "a key of the tests"
    app.jinja_env.undefined = StrictUndefined
    rooms = Blueprint(
        "phoneauth",
        "flask_phoneauth.web",
        url_prefix="/auth",
        template_folder="templates",
        static_folder="static",
    )
    for name in ("login", "verify", "resend", "logout", "phone"):
        rooms.add_url_rule(f"/{name}", name, lambda: "")
    rooms.add_url_rule("/sessions/revoke", "revoke_sessions", lambda: "")
    rooms.add_url_rule("/sessions/<session_id>/revoke", "revoke_session", lambda session_id: "")
    app.register_blueprint(rooms)
    return app


@pytest.fixture
def page(app):
    """`page("verify.html", status="expired")`: the page as elements."""

    def render(name: str, **context: Any) -> Element:
        with app.test_request_context():
            given = {**everything(name), **context}
            return read_page(render_template(f"phoneauth/{name}", **given))

    return render


def everything(name: str) -> dict[str, Any]:
    """What the routes give to a template when nothing is wrong."""
    common = {
        "_": lambda text: text,
        "ngettext": lambda one, many, n: one if n == 1 else many,
        "brand": "Notes & Co",
        "locale": "en",
        "problem": problem_of("csrf") if name == "problem.html" else None,
    }
    own: dict[str, dict[str, Any]] = {
        "_login_form.html": {"form": LoginForm()},
        "login.html": {"form": LoginForm()},
        "verify.html": {
            "form": CodeForm(challenge_id="tag.one"),
            "resend_form": ResendForm(challenge_id="tag.one"),
            "asked": asked(),
            "status": "pending",
            "delivery": "sent",
            "status_url": "/auth/challenges/tag.one",
            "purpose": "login",
            "verify_url": "/auth/verify",
            "start_url": "/auth/login",
        },
        "phone.html": {"form": PhoneForm(), "masked_phone": "+44 •••• ••0123"},
        "sessions.html": {
            "form": EmptyForm(),
            "sessions": [device("other"), device("mine", current=True)],
        },
        "problem.html": {},
    }
    return {**common, **own[name]}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_its_language_brand_and_title_and_has_one_visible_heading(page, name):
    root = page(name, locale="pt_BR")
    html = root.one("html")
    assert (html.attrs["lang"], html.attrs["dir"]) == ("pt-BR", "ltr")
    assert root.one("title").words.endswith("· Notes & Co")
    assert [one.words for one in root.all("p", class_="phoneauth-brand")] == ["Notes & Co"]
    assert len([one for one in root.all("h1") if one.shown]) == 1
    assert len(root.all("main")) == 1


def test_a_language_that_is_written_from_the_right_turns_the_page(page):
    assert page("login.html", locale="ar").one("html").attrs["dir"] == "rtl"


@pytest.mark.parametrize("name", [*PAGES, "_login_form.html"])
def test_nothing_is_inline_so_that_a_strict_policy_can_stand(page, name):
    root = page(name, problem=problem_of("cooldown", retry_after=9))
    assert all(one.attrs.get("src") and not one.words for one in root.all("script"))
    assert not root.all("style")
    kinds = {kind for one in root.all() for kind in one.attrs}
    assert not {kind for kind in kinds if kind == "style" or kind.startswith("on")}


@pytest.mark.parametrize("name", [*PAGES, "_login_form.html"])
def test_ids_are_unique_and_every_reference_to_one_is_kept(page, name):
    root = page(name, problem=problem_of("invalid_code", tries_left=2))
    ids = [one.attrs["id"] for one in root.all() if "id" in one.attrs]
    assert len(ids) == len(set(ids))
    for one in root.all():
        wanted = (one.attrs.get("aria-describedby") or "").split() + [
            one.attrs[kind] for kind in ("for", "aria-labelledby") if one.attrs.get(kind)
        ]
        assert set(wanted) <= set(ids)


@pytest.mark.parametrize("name", [*PAGES, "_login_form.html"])
def test_every_form_posts_its_own_token(page, name):
    forms = page(name).all("form")
    assert forms or name == "problem.html"
    for form in forms:
        assert form.attrs["method"] == "post"
        assert form.one("input", name="csrf_token").attrs["value"]


@pytest.mark.parametrize("name", [*PAGES, "_login_form.html"])
def test_pages_stand_where_the_app_has_turned_form_tokens_off(app, page, name):
    app.config["WTF_CSRF_ENABLED"] = False
    assert not page(name).all("input", name="csrf_token")


def test_the_number_is_a_labelled_telephone_field_that_keeps_what_was_typed(app, page):
    with app.test_request_context():
        form = LoginForm(phone='+44"<', remember=True, next="/notes?a=1&b=2")
    root = page("login.html", form=form)
    number = root.one("input", name="phone")
    assert number.has({"type": "tel", "autocomplete": "tel", "inputmode": "tel"})
    assert number.attrs["value"] == '+44"<'
    assert root.one("label", **{"for": number.attrs["id"]}).words == "Phone number"
    assert "placeholder" not in number.attrs
    assert "checked" in root.one("input", name="remember").attrs
    assert root.one("input", name="next").attrs["value"] == "/notes?a=1&b=2"
    assert root.one("form").attrs["action"] == "/auth/login"


def test_a_wrong_number_is_told_at_the_field_which_has_the_focus(page):
    root = page("login.html", problem=problem_of("invalid_phone"))
    number, told = root.one("input", name="phone"), root.one(role="alert")
    assert number.attrs["aria-invalid"] == "true"
    assert told.attrs["id"] in (number.attrs["aria-describedby"] or "").split()
    assert [one.tag for one in root.all() if "autofocus" in one.attrs] == ["input"]
    assert told.words == "The detail."


def test_any_other_problem_takes_the_focus_and_leaves_the_field_valid(page):
    root = page("login.html", problem=problem_of("country_blocked"))
    assert "aria-invalid" not in root.one("input", name="phone").attrs
    (focused,) = [one for one in root.all() if "autofocus" in one.attrs]
    assert focused.has({"role": "alert", "tabindex": "-1"})
    assert focused.words == "The title The detail."


def test_a_refusal_carries_its_wait_for_the_countdown_and_says_it_without(page):
    root = page("login.html", problem=problem_of("cooldown", detail="Wait 28 s.", retry_after=28))
    (wait,) = [one for one in root.all() if "data-phoneauth-wait" in one.attrs]
    assert wait.attrs["data-phoneauth-wait"] == "28"
    assert "{time}" in (wait.attrs["data-phoneauth-text"] or "")
    assert wait.words == "Wait 28 s."
    button = root.one("button")
    assert "disabled" not in button.attrs
    assert "{time}" in (button.attrs["data-phoneauth-text"] or "")


def test_a_short_fault_is_not_counted_down(page):
    root = page("login.html", problem=problem_of("busy", retry_after=1))
    assert not [one for one in root.all() if "data-phoneauth-wait" in one.attrs]


def test_the_form_alone_fits_into_another_page(page):
    root = page("_login_form.html")
    assert [one.tag for one in root.children] == ["form"]
    assert not [one for one in root.all() if "autofocus" in one.attrs]
    with_assets = page("_login_form.html", assets=True)
    assert {one.tag for one in with_assets.children} == {"link", "script", "form"}


def test_the_code_is_one_field_that_the_phone_can_fill(page):
    root = page("verify.html")
    code = root.one("input", name="code")
    assert code.has({"type": "text", "autocomplete": "one-time-code", "inputmode": "numeric"})
    assert "autofocus" in code.attrs
    assert int(code.attrs["maxlength"] or 0) >= 20
    assert root.one("label", **{"for": code.attrs["id"]}).words == "Code from the message"
    form = root.one("form", action="/auth/verify")
    assert form.one("input", name="challenge_id").attrs["value"] == "tag.one"


def test_the_code_page_says_where_the_code_went_and_how_to_know_it(page):
    text = page("verify.html").one("main").words
    assert "6-digit code sent to +44 •••• ••0123" in text
    assert "letters KT" in text
    assert "valid for 4 more minutes" in text


def test_a_wrong_code_tells_the_tries_left_and_is_not_shown_again(app, page):
    with app.test_request_context():
        form = CodeForm(challenge_id="tag.one", code="123456")
    root = page("verify.html", form=form, problem=problem_of("invalid_code", tries_left=1))
    assert root.one(role="alert").words == "The detail. 1 try left."
    code = root.one("input", name="code")
    assert (code.attrs["value"], code.attrs["aria-invalid"]) == ("", "true")
    assert "123456" not in root.words


def test_markup_in_what_comes_from_outside_stays_text(page):
    root = page("verify.html", asked=asked(masked_phone="<b>1</b>", reference="<i>"))
    assert not root.all("b")
    assert "<b>1</b>" in root.one("main").words


@pytest.mark.parametrize(
    ("delivery", "told"),
    [("queued", "Sending"), ("sent", "on its way"), ("delivered", "delivered"), ("failed", "not")],
)
def test_the_delivery_is_told_in_words_in_a_live_region(page, delivery, told):
    root = page("verify.html", delivery=delivery)
    (line,) = [one for one in root.all() if "data-phoneauth-delivery-text" in one.attrs]
    assert line.attrs["role"] == "status"
    assert told in line.words
    assert line.attrs[f"data-phoneauth-{delivery}"] == line.words


def test_resend_works_without_a_script_and_tells_the_script_the_wait(page):
    root = page("verify.html")
    form = root.one("form", action="/auth/resend")
    assert "disabled" not in form.one("button").attrs
    assert form.one("input", name="challenge_id").attrs["value"] == "tag.one"
    (facts,) = [one for one in root.all() if "data-phoneauth-pending" in one.attrs]
    assert facts.attrs["data-phoneauth-resend-in"] == "30"
    assert facts.attrs["data-phoneauth-expires-in"] == "299"
    assert facts.attrs["data-phoneauth-status-url"] == "/auth/challenges/tag.one"


def test_another_number_may_be_used_and_keeps_where_to_go(page):
    root = page("verify.html", start_url="/auth/login?next=/notes")
    (link,) = [one for one in root.all("a") if one.words == "Use another number"]
    assert link.attrs["href"] == "/auth/login?next=/notes"


@pytest.mark.parametrize(
    ("status", "told", "way"),
    [
        ("expired", "has expired", "Ask for a new code"),
        ("dead", "too many wrong codes", "Ask for a new code"),
        ("verified", "used already", "Go on"),
    ],
)
def test_a_code_that_is_over_offers_no_field_but_a_way_on(page, status, told, way):
    root = page("verify.html", status=status)
    assert not root.all("input")
    assert [one.words for one in root.all("a") if one.shown] == [way]
    (words,) = [one.words for one in root.all("p", class_="phoneauth-lead") if one.shown]
    assert told in words


def test_devices_are_named_and_the_current_one_comes_first(page):
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
    rows = [
        device("other"),
        device("mine", current=True, user_agent=chrome),
        device("x<", user_agent=""),
    ]
    root = page("sessions.html", sessions=rows)
    names = [one.words for one in root.all("h2")]
    assert names == ["Chrome on Linux This device", "curl", "Unknown device"]
    assert [form.attrs["action"] for form in root.one("ul").all("form")] == [
        "/auth/logout",
        "/auth/sessions/other/revoke",
        "/auth/sessions/x%3C/revoke",
    ]
    assert [one.words for one in root.one("ul").all("button")][1] == "Sign out: curl"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox on Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Safari/605.1", "Safari on macOS"),
        ("okhttp/4.12", "okhttp"),
        ("<script>x", "<script>x"),
    ],
)
def test_a_browser_is_called_by_its_usual_name(page, user_agent, name):
    root = page("sessions.html", sessions=[device("one", user_agent=user_agent)])
    assert root.one("h2").words == name


def test_times_are_given_to_programs_and_people(page):
    first = page("sessions.html").all("time")[0]
    assert first.attrs["datetime"] == "2026-03-04T12:35:00+00:00"
    assert first.words == "2026-03-04 12:35 UTC"


def test_the_others_or_all_can_be_signed_out_at_once(page):
    root = page("sessions.html")
    assert root.one("form", action="/auth/sessions/revoke").one("button")
    assert root.one("input", name="everywhere").attrs["value"] == "1"
    alone = page("sessions.html", sessions=[device("mine", current=True)])
    assert not alone.all("form", action="/auth/sessions/revoke")
    assert alone.one("input", name="everywhere")


@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("unknown_challenge", "Ask for a new code"),
        ("not_signed_in", "Sign in"),
        ("store_unavailable", "Try again"),
        ("misconfigured", None),
    ],
)
def test_an_error_page_offers_a_way_on_where_there_is_one(page, code, way):
    root = page("problem.html", problem=problem_of(code))
    assert root.one("h1").words == "The title"
    assert "The detail." in root.one("main").words
    assert [one.words for one in root.all("a")] == ([way] if way else [])


def test_every_style_rule_is_bound_to_our_own_classes():
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "phoneauth.css").read_text(), flags=re.DOTALL)
    css = re.sub(r"@keyframes [^{]+\{ to \{[^}]*\} \}", "", css)
    heads = [head for head in re.findall(r"([^{}]+)\{", css) if not head.strip().startswith("@")]
    selectors = [part for head in heads for part in re.split(r",(?![^(]*\))", head)]
    assert len(selectors) > 40
    assert not [one for one in selectors if "phoneauth-" not in one]


def test_no_file_names_another_host_or_writes_markup():
    for path in (*STATIC.iterdir(), *(WEB / "templates").rglob("*.html")):
        assert "//" not in re.sub(r"(?m)(^|\s)//.*$", "", path.read_text()), path.name
    script = (STATIC / "phoneauth.js").read_text()
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|\beval\b|new Function", script)


def test_the_code_page_sends_its_form_to_the_door_of_its_purpose(page):
    root = page("verify.html", purpose="change_phone", verify_url="/auth/phone/verify")
    (form,) = [one for one in root.all("form") if one.attrs["data-phoneauth"] == "verify"]
    assert form.attrs["action"] == "/auth/phone/verify"
    assert "Confirm this number" in form.words
    assert "Sign in" not in form.words


def test_the_number_page_tells_what_will_happen(page):
    root = page("phone.html")
    assert "+44 •••• ••0123" in root.words
    assert "tell the old one" in root.words
    assert "Your other devices will be signed out." in root.words
    assert "no number yet" in page("phone.html", masked_phone="").words
