"""A site with users gains phone login by the lines of its page, and nobody notices who need not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

APP = Path(__file__).parents[1] / "existing_app" / "bookshelf"
PHONE, OTHER_PHONE = "+12015550123", "+12015550124"
RUN = "flask --app bookshelf run --debug"
BEFORE = "flask --app bookshelf db init && flask --app bookshelf db migrate -m users"
UPGRADE = "flask --app bookshelf db upgrade"
ADD_ANN = """python -c '
from bookshelf import create_app
from bookshelf.models import Book, User, db
with create_app().app_context():
    ann = User(username="ann", books=[Book(title="Emma")])
    ann.set_password("a long password")
    db.session.add(ann)
    db.session.commit()
'"""

Take = Callable[[str, str], str]


def change(folder: Path, name: str, diff: str) -> None:
    """Do to a file what a diff of the page shows; each place must be found once."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] or line for line in lines if line[0] in " -\n")
        new = "".join(line[1:] or line for line in lines if line[0] in " +\n")
        assert text.count(old) == 1, f"{name}: {old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class Visitor:
    """A browser: cookies, redirects, and the forms of pages."""

    def __init__(self, site: str) -> None:
        self.cookies = CookieJar()
        self._site = site
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def move(self, site: str) -> None:
        """The same site at another address of this machine."""
        self._site = site

    def get(self, path: str) -> str:
        """The page at a path, redirects followed."""
        return self._open(path, None)

    def send(self, page: str, action: str, **fields: str) -> str:
        """Fill in the form on `page` that posts to `action`; the page that it leads to."""
        forms = re.findall(r"(?s)<form\b(.*?)</form>", page)
        form = next(form for form in forms if f'action="{action}"' in form or not action)
        hidden = dict(re.findall(r'type="hidden" name="(\w+)"[^>]*? value="([^"]*)"', form))
        own = {"csrf_token": _value(form, "csrf_token")}
        if "challenge_id" in form:
            own["challenge_id"] = _value(form, "challenge_id")
        data = urlencode({**hidden, **own, **fields}).encode()
        return self._open(action or "/login", data)

    def _open(self, path: str, data: bytes | None) -> str:
        with self._opener.open(self._site + path, data, timeout=30) as answer:
            return str(answer.read().decode())


def _value(form: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', form)
    assert found is not None, form
    return found[1]


@pytest.fixture
def site(shell: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site as it was, with one member in its database."""
    shutil.copytree(APP, tmp_path / "bookshelf", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/bookshelf.sqlite3")
    shell("\n".join((BEFORE, UPGRADE, ADD_ANN)))
    return tmp_path


@pytest.fixture
def convert(take: Take, site: Path) -> Callable[[], None]:
    """Change every file as the page says."""

    changes = {
        "bookshelf/models.py": take("how-to/existing_app.md", "bookshelf/models.py"),
        "bookshelf/__init__.py": take("how-to/existing_app.md", "bookshelf/__init__.py"),
        "bookshelf/views.py": take("how-to/existing_app.md", "bookshelf/views.py"),
        "bookshelf/templates/login.html": take(
            "how-to/existing_app.md", "bookshelf/templates/login.html"
        ),
        "bookshelf/templates/shelf.html": take(
            "how-to/existing_app.md", "bookshelf/templates/shelf.html"
        ),
    }

    def converted() -> None:
        for name, text in changes.items():
            change(site, name, text)
        (site / "bookshelf" / "phone.py").write_text(
            take("how-to/existing_app.md", "bookshelf/phone.py"), encoding="utf-8"
        )

    return converted


def sign_in_by_password(visitor: Visitor) -> str:
    """Ann's own way; the page that she sees."""
    page = visitor.get("/login")
    return visitor.send(page, "", username="ann", password="a long password")


def sign_in_by_phone(visitor: Visitor, app: Any, phone: str) -> str:
    """The form that the page adds to the site's own login page."""
    code_page = visitor.send(visitor.get("/login"), "/auth/login", phone=phone)
    app.line(rf"SMS to \{phone}")
    return visitor.send(code_page, "/auth/verify", code=app.line(r"\b\d{6}\b"))


def test_a_site_with_users_gains_phone_login(
    take: Take,
    start: Callable[..., Any],
    shell: Callable[..., str],
    site: Path,
    convert: Callable[[], None],
) -> None:
    before = start(f"{RUN} --no-reload --port 0")
    ann = Visitor(before.url)
    assert "The shelf of ann" in sign_in_by_password(ann)
    assert "phone" not in ann.get("/login")

    convert()
    shell(take("how-to/existing_app.md", "migrate"))
    app = start(take("how-to/existing_app.md", "run").strip() + " --no-reload --port 0")

    ann.move(app.url)  # nobody was signed out
    assert "The shelf of ann" in ann.get("/")
    at_work = Visitor(app.url)
    shelf = sign_in_by_password(at_work)
    assert "Emma" in shelf
    number_page = at_work.get(re.findall(r'href="(/auth/phone[^"]*)"', shelf)[0])
    code_page = at_work.send(number_page, "/auth/phone", phone=PHONE)
    app.line(rf"SMS to \{PHONE}")
    shelf = at_work.send(code_page, "/auth/phone/verify", code=app.line(r"\b\d{6}\b"))
    assert "The shelf of ann" in shelf

    stranger = Visitor(app.url)
    assert f"The shelf of {OTHER_PHONE}" in sign_in_by_phone(stranger, app, OTHER_PHONE)
    assert "Emma" not in stranger.get("/")
    stolen = Visitor(app.url)
    for cookie in stranger.cookies:
        stolen.cookies.set_cookie(cookie)
    assert f"The shelf of {OTHER_PHONE}" in stolen.get("/")
    assert "Sign in" in stranger.send(stranger.get("/"), "/logout")
    assert "Sign in" in stolen.get("/")


def test_the_migration_keeps_what_is_there_and_fits_the_models(
    take: Take, shell: Callable[..., str], site: Path, convert: Callable[[], None]
) -> None:
    convert()
    change(site, "bookshelf/__init__.py", take("how-to/existing_app.md", "one_database"))
    shell(take("how-to/existing_app.md", "migrate"))
    assert "The tables are ready." in shell(take("how-to/existing_app.md", "init_db"))
    shell("flask --app bookshelf db check")
    told = shell(f"{ADD_ANN} 2>&1 || true")
    assert "UNIQUE constraint failed: user.username" in told
