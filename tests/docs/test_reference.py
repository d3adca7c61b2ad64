"""The reference pages name everything that is there, and nothing that is not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
from blinker import NamedSignal
from flask import Flask

import flask_phoneauth
from flask_phoneauth import PhoneAuth, errors, signals
from flask_phoneauth.cli import phoneauth_group
from flask_phoneauth.settings import PREFIX, declared
from flask_phoneauth.settings.own import is_own
from sms_sandbox import cli as sandbox_cli
from sms_sandbox.app import create_app
from sms_sandbox.server import SandboxServer

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "flask_phoneauth" / "web" / "templates" / "phoneauth"
STYLE_SHEET = ROOT / "flask_phoneauth" / "web" / "static" / "phoneauth.css"
PLUGINS = ("flask_phoneauth", "sms_sandbox")
FREE_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

Read = Callable[[str], str]


def words(pattern: str, text: str) -> set[str]:
    """Everything in `text` that `pattern` fits."""
    return set(re.findall(pattern, text))


def test_generated_tables_are_as_the_code_is(generate: ModuleType) -> None:
    for page in generate.pages():
        text = page.read_text(encoding="utf-8")
        assert text == generate.render(text), "run: python docs/generate.py"


def test_every_generated_table_stands_on_one_page(generate: ModuleType) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in generate.pages())
    found = re.findall(r"<!-- generated: (\w+) -->", text)
    assert sorted(found) == sorted(generate.GENERATORS)


def test_every_setting_is_described_and_no_page_names_another(
    generate: ModuleType, read: Read
) -> None:
    known = {PREFIX + entry.name.upper() for entry in declared()}
    assert words(r"\| `(PHONEAUTH_\w+)`", read("reference/settings.md")) == known
    pages = [*generate.pages(), *(ROOT / name for name in FREE_PAGES)]
    for page in pages:
        named = words(r"\bPHONEAUTH_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8"))
        named |= {
            word.removeprefix("FLASK_")
            for word in words(r"\bFLASK_PHONEAUTH_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8"))
        }
        assert {key for key in named if not is_own(key, ["example_sms"])} <= known, page.name


def test_every_group_and_unit_of_the_tables_is_of_a_setting(generate: ModuleType) -> None:
    names = {entry.name for entry in declared()}
    assert set(generate.settings.GROUPS) | generate.settings.SECONDS <= names
    assert next(iter(generate.settings.GROUPS)) == declared()[0].name


def test_every_figure_among_the_settings_is_a_limit(read: Read) -> None:
    page = read("reference/limits.md")
    for entry in declared():
        if isinstance(entry.default, int) and not isinstance(entry.default, bool):
            assert f"| `{PREFIX}{entry.name.upper()}` | {entry.default:,}" in page


def test_every_problem_has_its_cure_and_no_other_is_named(generate: ModuleType, read: Read) -> None:
    classes = generate.problems.problem_classes()
    assert set(generate.problems.CURES) == {kind.code for kind in classes}
    for kind in classes:
        row = f"| {kind.status} | `{kind.code}` | `{kind.__name__}` |"
        assert row in read("reference/errors.md")
    shown = {name for name, value in vars(errors).items() if isinstance(value, type)}
    named = words(r"`([A-Z][a-zA-Z]+)`", read("reference/errors.md"))
    assert named <= shown | {"SettingError", "ValueError"} | {"Retry"}


def test_problem_codes_in_the_http_reference_exist(generate: ModuleType, read: Read) -> None:
    codes = {(str(kind.status), kind.code) for kind in generate.problems.problem_classes()}
    named = set(re.findall(r"\b([45]\d\d)\s+`([a-z_]+)`", read("reference/http.md")))
    assert named
    assert named <= codes


def test_every_route_is_described_and_none_that_is_not_there(read: Read) -> None:
    app = Flask("bare")
    PhoneAuth(app)
    routes = {
        f"{method} {_path(rule.rule)}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("phoneauth.") and rule.endpoint != "phoneauth.static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert words(r"(?m)^### `([A-Z]+ /auth\S*)`$", read("reference/http.md")) == routes


def test_every_operation_of_the_control_api_is_described(
    sms_server: SandboxServer, read: Read
) -> None:
    rules = list(create_app(sms_server.sandbox).url_map.iter_rules())
    page = read("reference/sandbox_api.md")
    routes = {
        f"{method} {_path(rule.rule)}"
        for rule in rules
        if rule.endpoint.startswith("control.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert words(r"(?m)^### `([A-Z]+ /api/v1\S*)`$", page) == routes
    for rule in rules:
        if rule.endpoint.startswith("operations."):
            assert f"`{rule.rule}`" in page


def test_every_event_of_the_stream_is_described(read: Read) -> None:
    from typing import get_args

    from sms_sandbox.live import EventKind

    events = read("reference/sandbox_api.md").partition("## Events")[2]
    assert words(r"(?m)^\| `(\w+)` \|", events) == set(get_args(EventKind))


def test_every_public_name_and_method_is_described(read: Read) -> None:
    page = read("reference/python.md")
    assert words(r"(?m)^### `(\w+)`$", page) == set(flask_phoneauth.__all__)
    methods = {name for name in vars(PhoneAuth) if not name.startswith("_")}
    assert words(r"(?m)^\| `(\w+)\(", page) == methods


def test_every_signal_is_described_and_none_that_is_not_there(read: Read) -> None:
    names = {name for name, value in vars(signals).items() if isinstance(value, NamedSignal)}
    assert len(names) == len(signals.SIGNALS)
    assert words(r"(?m)^\| `(\w+)` \|", read("reference/signals.md")) == names


def test_every_flask_command_is_described_with_its_switches(read: Read) -> None:
    page = read("reference/cli.md")
    commands = dict(_commands("flask phoneauth", phoneauth_group))
    assert words(r"(?m)^#{3,4} `(flask phoneauth \S.*)`$", page) == set(commands)
    for name, command in commands.items():
        if not isinstance(command, click.Group):
            section = re.split(r"(?m)^#{2,4} ", page.partition(f"# `{name}`\n")[2])[0]
            options = (one for one in command.params if isinstance(one, click.Option))
            switches = {switch for one in options for switch in one.opts}
            assert words(r"\| `(--[\w-]+)`", section) == switches, name


def test_every_sandbox_command_is_described_with_its_switches(
    read: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    page = read("reference/cli.md")
    commands = words(r"(?m)^    (\w+)  +\S", _help(capsys))
    assert words(r"(?m)^### `sms-sandbox (\w+)`$", page) == commands
    shared = words(r"\| `(--[\w-]+)`", _section(page, "Commands that speak to a running sandbox"))
    for command in commands:
        switches = words(r"(?<![\w-])--[a-z][\w-]*", _usage(_help(capsys, command))) - {"--help"}
        described = words(r"\| `(--[\w-]+)`", _section(page, f"`sms-sandbox {command}`"))
        assert described | (set() if command == "serve" else shared) == switches, command


def test_every_fixture_is_described_and_none_that_is_not_there(read: Read, tmp_path: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    ).stdout
    page = read("reference/pytest.md")
    assert words(r"(?m)^### `(\w+)`$", page) == set(_fixtures(listed))


def test_every_template_block_and_colour_is_described(read: Read) -> None:
    page = read("how-to/templates.md")
    pages = {path.name for path in TEMPLATES.glob("[!_]*.html")} - {"base.html"}
    assert words(r"\| `phoneauth/(\w+\.html)` \|", page) == pages
    blocks = words(r"{%-? block (\w+)", (TEMPLATES / "base.html").read_text(encoding="utf-8"))
    sentence = page.partition("The pages fill the blocks ")[2].partition(";")[0]
    assert words(r"`(\w+)`", sentence) == blocks
    properties = words(r"--phoneauth-[a-z-]+[a-z]", STYLE_SHEET.read_text(encoding="utf-8"))
    assert words(r"\| `(--phoneauth-[a-z-]+)` \|", page) == properties


def test_links_between_the_free_pages_lead_somewhere() -> None:
    for name in FREE_PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in words(r"\]\((?!https?:|#)([^)#\s]+)", text):
            assert (ROOT / target).exists(), target


def _path(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _section(page: str, title: str) -> str:
    return page.partition(f"### {title}\n")[2].partition("\n### ")[0]


def _commands(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every command below `group`, with the words that call it."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None, word
        yield f"{name} {word}", command
        if isinstance(command, click.Group):
            yield from _commands(f"{name} {word}", command)


def _help(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        sandbox_cli.main([*command, "--help"])
    return capsys.readouterr().out


def _usage(text: str) -> str:
    return text.partition("\n\n")[0]


def _fixtures(listed: str) -> Iterator[str]:
    """The public fixtures of our plugins in what `pytest --fixtures` prints."""
    ours = False
    for line in listed.splitlines():
        if heading := re.match(r"-+ fixtures defined from (\w+)", line):
            ours = heading[1] in PLUGINS
        elif ours and (found := re.match(r"(\w+)(?: \[\w+ scope\])? -- ", line)):
            yield found[1]


def test_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    options = ("-W", "--keep-going", "-q", "-b", "dummy")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
