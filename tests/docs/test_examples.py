"""The examples of the pages, run as a reader would run them."""

from __future__ import annotations

import ast
import hmac
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from scripted_server import Behaviour, ScriptedServer, answer, drop

from flask_phoneauth.errors import (
    AccountRefused,
    BadSignature,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.records import Outbound, RawRequest, Receipt
from flask_phoneauth.settings import SettingError, Settings
from sms_sandbox.server import SandboxServer

ROOT = Path(__file__).parents[2]
APP, SANDBOX = "http://127.0.0.1:5000", "http://127.0.0.1:8025"
FREE_PORT = " --no-reload --port 0"
SECRET = "a secret of the tests, long enough"
AS_JSON = {"Content-Type": "application/json"}

Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def write(folder: Path, name: str, text: str) -> None:
    """Save a page's file, in the folder that its name says."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def fetch(url: str, form: bytes | None = None) -> tuple[int, str]:
    """The status and the text behind an address, redirects followed; a form is posted."""
    try:
        with urlopen(url, form, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


def test_every_example_is_run_by_a_test_of_this_folder(
    generate: ModuleType, blocks: Callable[[str], list[re.Match[str]]]
) -> None:
    tests = [
        {text.value for text in ast.walk(ast.parse(path.read_text("utf-8"))) if is_text(text)}
        for path in Path(__file__).parent.glob("test_*.py")
    ]
    for path in generate.pages():
        page = path.relative_to(ROOT / "docs").as_posix()
        for block in blocks(page):
            assert block["mark"] or block["language"] == "text", f"{page}: {block['text']}"
            if block["mark"] == "example":
                # a name that no page has is refused by `take`
                assert any({page, block["name"]} <= texts for texts in tests), block["name"]


def is_text(node: ast.AST) -> bool:
    """Whether it is a string in the source."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_ten_lines_log_in_with_the_console(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    write(tmp_path, "hello.py", take("quickstart.md", "hello.py"))
    app = start(take("quickstart.md", "run").strip() + FREE_PORT)
    assert "Sign in with your phone" in fetch(app.url)[1]
    asked = json.loads(shell(take("quickstart.md", "curl_login").replace(APP, app.url)))
    app.line(r"SMS to \+12015550123")
    entered = json.loads(shell(verify_line(take, asked, app.line(r"\b\d{6}\b"), app.url)))
    assert entered == json.loads(take("quickstart.md", "verify.json"))
    assert f"Hello, {entered['user']['phone']}!" in shell(f"curl -s -b cookies.txt {app.url}/")


def verify_line(take: Take, asked: dict[str, Any], code: str, url: str) -> str:
    """The page's line that enters the code, its places filled."""
    line = take("quickstart.md", "curl_verify").replace(APP, url)
    line = line.replace("CHALLENGE_ID", asked["challenge_id"])
    line = line.replace("CHALLENGE_SECRET", asked["challenge_secret"])
    return re.sub(r"\bCODE\b", code, line)


def test_curl_logs_in_with_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    prefixed = take("quickstart.md", "prefixed.py")
    hello = take("quickstart.md", "hello.py").replace("PhoneAuth(app)\n", prefixed)
    write(tmp_path, "hello.py", hello)
    sandbox = start(take("quickstart.md", "serve").strip() + " --port 0")
    command = take("quickstart.md", "run_with_sandbox").replace(SANDBOX, sandbox.url)
    app = start(command.strip() + FREE_PORT)
    asked = json.loads(shell(take("quickstart.md", "curl_login").replace(APP, app.url)))
    assert set(asked) == set(json.loads(take("quickstart.md", "login.json")))
    code = shell(take("quickstart.md", "code"), SMS_SANDBOX_URL=sandbox.url).strip()
    entered = json.loads(shell(verify_line(take, asked, code, app.url)))
    assert entered == json.loads(take("quickstart.md", "verify.json"))
    printed = shell(take("quickstart.md", "curl_me").replace(APP, app.url))
    assert json.loads(printed) == {"user": entered["user"]}


def test_pytest_examples_pass(take: Take, shell: Shell, tmp_path: Path) -> None:
    write(tmp_path, "hello.py", take("quickstart.md", "factory.py"))
    write(tmp_path, "test_hello.py", take("quickstart.md", "test_hello.py"))
    write(tmp_path, "test_sandbox.py", take("quickstart.md", "test_sandbox.py"))
    printed = shell("python -m pytest -q -p no:cacheprovider")
    assert "3 passed" in printed


def test_sandbox_commands_and_calls(take: Take, start: Start, shell: Shell) -> None:
    sandbox = start(take("sandbox.md", "serve").strip() + " --port 0")
    lines = shell(take("sandbox.md", "shell"), SMS_SANDBOX_URL=sandbox.url).splitlines()
    assert lines[1] == "424242"
    assert json.loads(lines[-1])["body"] == "See you at eight"
    printed = shell(take("sandbox.md", "time").replace(SANDBOX, sandbox.url))
    assert '"total":1' in printed.replace(" ", "")
    printed = shell(take("sandbox.md", "http").replace(SANDBOX, sandbox.url))
    assert '"code":"171717"' in printed.replace(" ", "")
    assert "\n171717\n" in printed


def test_login_form_stands_on_the_apps_own_page(take: Take, start: Start, tmp_path: Path) -> None:
    welcome = take("how-to/login_form.md", "templates/welcome.html")
    write(tmp_path, "templates/welcome.html", welcome)
    write(tmp_path, "app.py", take("how-to/login_form.md", "app.py"))
    app = start("flask --app app run --debug" + FREE_PORT)
    _, page = fetch(app.url)
    assert "Keep your notes" in page
    assert 'action="/auth/login"' in page
    assert re.search(r'name="next"[^>]*value="/notes"', page)
    sheet = re.search(r'href="([^"]+\.css)"', page)
    assert sheet is not None
    assert fetch(app.url + sheet[1])[0] == 200
    assert "Sign in with your phone" in fetch(app.url + "/notes")[1]


def test_pages_stand_in_the_apps_own_frame(take: Take, start: Start, tmp_path: Path) -> None:
    layout = take("how-to/templates.md", "templates/layout.html")
    base = take("how-to/templates.md", "templates/phoneauth/base.html")
    login = take("how-to/templates.md", "templates/phoneauth/login.html")
    write(tmp_path, "templates/layout.html", layout)
    write(tmp_path, "templates/phoneauth/base.html", base)
    write(tmp_path, "templates/phoneauth/login.html", login)
    write(tmp_path, "hello.py", take("quickstart.md", "hello.py"))
    app = start("flask --app hello run --debug" + FREE_PORT)
    _, page = fetch(app.url + "/auth/login")
    assert "<title>Welcome · Notes</title>" in page
    assert '<nav><a href="/">Notes</a></nav>' in page
    assert "Your notes, on every device" in page
    assert 'action="/auth/login"' in page
    status, problem = fetch(app.url + "/auth/logout", b"no=token")
    assert status == 403
    assert '<nav><a href="/">Notes</a></nav>' in problem


def install_provider(take: Take, folder: Path) -> None:
    """Put the page's provider into `folder` as an installed distribution would have it."""
    write(folder, "example_sms.py", take("how-to/provider.md", "example_sms.py"))
    write(folder, "example_receipts.py", take("how-to/provider.md", "example_receipts.py"))
    project = tomllib.loads(take("how-to/provider.md", "pyproject.toml"))["project"]
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    info = "example_sms-1.0.dist-info"
    write(folder, f"{info}/METADATA", "Metadata-Version: 2.1\nName: example-sms\nVersion: 1.0\n")
    write(folder, f"{info}/entry_points.txt", "\n".join(lines) + "\n")


def test_provider_of_ones_own_sends_and_its_keys_are_known(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    install_provider(take, tmp_path)
    configure = take("how-to/provider.md", "configure")
    configure = configure.replace(
        "https://gateway.example.com/messages", f"{sandbox.url}/api/v1/messages"
    )
    hello = take("quickstart.md", "hello.py").replace(
        "PhoneAuth(app)\n", f"{configure}PhoneAuth(app)\n"
    )
    write(tmp_path, "hello.py", hello)
    app = start("flask --app hello run --debug" + FREE_PORT)
    shell(take("quickstart.md", "curl_login").replace(APP, app.url))
    line = shell("sms-sandbox wait --to +12015550123 --json", SMS_SANDBOX_URL=sandbox.url)
    assert json.loads(line)["from"] == "Notes"
    printed = shell("flask --app hello --debug phoneauth doctor 2>&1")
    assert "provider example_sms: answers, and takes our credentials" in printed
    assert "EXAMPLE_SMS" not in printed
    assert not [line for line in app.seen if "is not a setting" in line]


@pytest.fixture
def own_provider(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page's provider, installed."""
    install_provider(take, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield load_provider("example_sms")
    for name in ("example_sms", "example_receipts"):
        del sys.modules[name]


def own_settings(**keys: str) -> Settings:
    values = {f"PHONEAUTH_EXAMPLE_SMS_{name}": value for name, value in keys.items()}
    shared = {"PHONEAUTH_PROVIDERS": ["example_sms"], "PHONEAUTH_PUBLIC_URL": "https://n.example"}
    return Settings.from_config({**shared, **values})


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (answer(401), AccountRefused),
        (answer(422), NumberRefused),
        (answer(429), ProviderDown),
        (answer(503), ProviderDown),
        (answer(200, b"?"), SendUncertain),
        (answer(200, []), SendUncertain),
        (drop, SendUncertain),
    ],
)
def test_provider_of_ones_own_tells_what_went_wrong(
    own_provider: Any, behaviour: Behaviour, kind: type[SendFailed]
) -> None:
    with ScriptedServer(behaviour) as server:
        provider = own_provider.from_settings(own_settings(URL=server.url, KEY="key"))
        with pytest.raises(SendFailed) as caught:
            provider.send(Outbound("+12015550123", "text", "reference"))
        provider.close()
        assert type(caught.value) is kind
        assert len(server.requests) == 1


def test_provider_of_ones_own_names_the_key_that_is_missing(own_provider: Any) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_EXAMPLE_SMS_KEY is missing"):
        own_provider.from_settings(own_settings(URL="http://127.0.0.1:9"))
    with pytest.raises(SettingError, match="PHONEAUTH_EXAMPLE_SMS_KEY must be text"):
        own_provider.from_settings(own_settings(URL="http://127.0.0.1:9", KEY=True))


def test_provider_of_ones_own_reads_its_receipts_and_refuses_a_forged_one(
    own_provider: Any,
) -> None:
    with ScriptedServer(answer(200, {"id": "m-1"})) as server:
        settings = own_settings(URL=server.url, KEY="key", SIGNING_KEY="a-signing-key")
        provider = own_provider.from_settings(settings)
        provider.send(Outbound("+12015550123", "text", "reference", "token"))
        provider.close()
        address = server.requests[0].json["callback"]
    assert address == "https://n.example/auth/receipts/example_sms/token"
    body = b'{"id": "m-1", "status": "lost"}'
    signature = hmac.digest(b"a-signing-key", address.encode() + body, "sha256").hex()
    signed = RawRequest("POST", address, {"x-signature": signature}, body)
    assert provider.receipts.read(signed) == Receipt("m-1", "failed", "lost")
    with pytest.raises(BadSignature):
        provider.receipts.read(RawRequest("POST", address + "x", signed.headers, body))


def test_production_settings_serve_and_a_missing_one_refuses(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    install_provider(take, tmp_path)
    notes = take("how-to/production.md", "notes.py")
    notes = notes.replace("/var/lib/notes", str(tmp_path / "var")[1:])
    keys = {"SECRET_KEY": SECRET, "EXAMPLE_SMS_URL": f"{APP}/", "EXAMPLE_SMS_KEY": "key"}
    write(tmp_path, "notes.py", notes)
    printed = shell(take("how-to/production.md", "init_db"), **keys)
    assert "The tables are ready." in printed
    app = start("flask --app notes run --port 0", **keys)
    assert fetch(app.url + "/auth/login")[0] == 200
    write(tmp_path, "lacking.py", re.sub(r".*PHONEAUTH_PUBLIC_URL.*\n", "", notes))
    app = start("flask --app lacking run --port 0", **keys)
    status, problem = fetch(app.url + "/auth/login")
    assert (status, json.loads(problem)["code"]) == (500, "misconfigured")
    app.line("PHONEAUTH_PUBLIC_URL: set the address that visitors use, with https")


VENDORS = {
    "twilio": (
        {"TWILIO_AUTH_TOKEN": "token", "TWILIO_ACCOUNT_SID": "AC" + "0" * 32},
        "AC" + "0" * 32,
    ),
    "plivo": ({"PLIVO_AUTH_TOKEN": "token", "PLIVO_AUTH_ID": "MA" + "0" * 18}, "MA" + "0" * 18),
    "messagebird": (
        {"MESSAGEBIRD_ACCESS_KEY": "live_key", "MESSAGEBIRD_SIGNING_KEY": "signing key"},
        "sandbox",
    ),
    "vonage": (
        {"VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": "a", "VONAGE_SIGNATURE_SECRET": "b"},
        "sandbox0",
    ),
    "sns": ({}, "sandbox"),
}
"""What the page's production app reads from the environment, and its sandbox app's account."""


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendors_settings_serve_in_production_and_send_to_a_sandbox_in_debug(
    shown: Callable[[str, str], str],
    start: Start,
    shell: Shell,
    tmp_path: Path,
    sms_server: SandboxServer,
    vendor: str,
) -> None:
    credentials, account = VENDORS[vendor]
    notes = shown(vendor, "notes.py")
    write(tmp_path, "notes.py", notes.replace("/var/lib/notes", str(tmp_path / "var")[1:]))
    keys = {"SECRET_KEY": SECRET, **credentials}
    shell("flask --app notes phoneauth init-db", **keys)
    app = start("flask --app notes run --port 0", **keys)
    assert fetch(app.url + "/auth/login")[0] == 200
    write(tmp_path, "sandbox.py", shown(vendor, "sandbox.py").replace(SANDBOX, sms_server.url))
    # who has sent with no credentials of their own before goes on as the same account
    bare = load_provider(vendor).from_settings(Settings(sandbox_url=sms_server.url))
    bare.send(Outbound(to="+447400123457", body="code 482913", reference="AB", delivery="token"))
    bare.close()
    app = start("flask --app sandbox run --debug" + FREE_PORT)
    ask = Request(app.url + "/auth/login", b'{"phone": "+447400123456"}', {**AS_JSON})
    with urlopen(ask, timeout=30) as answer:
        assert answer.status == 202
    found = json.dumps({"match": {"account": account, "to": "+447400123456"}, "timeout": 10})
    with urlopen(Request(f"{sms_server.url}/api/v1/wait", found.encode(), {**AS_JSON})) as answer:
        (message,) = json.load(answer)["messages"]
    assert (message["provider"], message["to"]) == (vendor, "+447400123456")


@pytest.fixture
def shown(take: Take) -> Callable[[str, str], str]:
    """`shown(vendor, name)`: an example of the page about sending through that vendor."""
    pages = {
        ("twilio", "notes.py"): take("how-to/twilio.md", "notes.py"),
        ("twilio", "sandbox.py"): take("how-to/twilio.md", "sandbox.py"),
        ("plivo", "notes.py"): take("how-to/plivo.md", "notes.py"),
        ("plivo", "sandbox.py"): take("how-to/plivo.md", "sandbox.py"),
        ("messagebird", "notes.py"): take("how-to/messagebird.md", "notes.py"),
        ("messagebird", "sandbox.py"): take("how-to/messagebird.md", "sandbox.py"),
        ("vonage", "notes.py"): take("how-to/vonage.md", "notes.py"),
        ("vonage", "sandbox.py"): take("how-to/vonage.md", "sandbox.py"),
        ("sns", "notes.py"): take("how-to/sns.md", "notes.py"),
        ("sns", "sandbox.py"): take("how-to/sns.md", "sandbox.py"),
    }
    return lambda vendor, name: pages[vendor, name]


def test_problem_is_as_shown(take: Take, app: Flask) -> None:
    answer = app.test_client().post("/auth/login", json={"phone": "07700 900123"})
    assert answer.get_json() == json.loads(take("reference/errors.md", "problem.json"))
    assert answer.mimetype == "application/problem+json"


def test_signal_example_hears_of_a_new_user(
    take: Take, app: Flask, phoneauth_login: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    listeners: dict[str, Any] = {"app": app}
    exec(take("reference/signals.md", "signals.py"), listeners)
    answer = phoneauth_login(app.test_client())
    assert f"a new user: {answer['user']['id']}" in capsys.readouterr().out


def test_python_example_signs_in_from_routes_of_ones_own(
    take: Take, app: Flask, phoneauth_code: Callable[[str], str]
) -> None:
    own: dict[str, Any] = {"app": Flask("own", instance_path=app.instance_path)}
    own["app"].config.from_mapping(app.config)
    exec(take("reference/python.md", "python.py"), own)
    client = own["app"].test_client()
    asked = client.post("/kiosk/number", json={"phone": "+12015550123"}).get_json()
    entry = {**asked, "code": phoneauth_code("+12015550123")}
    assert client.post("/kiosk/code", json=entry).get_json() == {"new_user": True}
    assert client.get("/auth/me").get_json()["user"]["phone"] == "+12015550123"
    wrong = client.post("/kiosk/number", json={"phone": "12"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 422


def test_readme_shows_the_same_ten_lines(take: Take) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = take("quickstart.md", "hello.py")
    assert f"```python\n{lines}```" in readme
    assert len([line for line in lines.splitlines() if line]) == 10


def test_readme_and_contributing_name_commands_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z]+):", makefile))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = set(re.findall(r"(?m)(?:^|`)make ([a-z]+)", text))
        assert named
        assert named <= targets


def test_twilios_sdks_and_curl_send_into_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    write(
        tmp_path, "client.py", take("vendors/twilio.md", "client.py").replace(SANDBOX, sandbox.url)
    )
    assert re.fullmatch(r"SM[0-9a-f]{32} queued\n", shell("python client.py"))
    printed = shell(take("vendors/twilio.md", "curl").replace(SANDBOX, sandbox.url))
    assert json.loads(printed)["status"] == "queued"
    write(
        tmp_path, "client.js", take("vendors/twilio.md", "client.js").replace(SANDBOX, sandbox.url)
    )
    modules = ROOT / "build" / "node" / "node_modules"
    if shutil.which("node") and (modules / "twilio").is_dir():
        printed = shell("node client.js", NODE_PATH=str(modules))
        assert re.fullmatch(r"SM[0-9a-f]{32} queued\n", printed)
    else:
        assert not os.environ.get("CI"), "run sh tests/install_node_sdks.sh"


def test_a_handset_writes_and_twilio_calls_in_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    printed = shell(take("vendors/twilio.md", "inbound").replace(SANDBOX, sandbox.url))
    assert '"direction":"inbound"' in printed.replace(" ", "")
    call = take("vendors/twilio.md", "call.py").replace(SANDBOX, sandbox.url)
    write(tmp_path, "call.py", call)
    assert re.fullmatch(r"CA[0-9a-f]{32} queued\n", shell("python call.py"))
    code = shell("sms-sandbox code +12015550123", SMS_SANDBOX_URL=sandbox.url)
    assert code.strip() == "424242"
    bought = take("vendors/twilio.md", "service.py").replace(SANDBOX, sandbox.url)
    write(tmp_path, "service.py", bought)
    assert shell("python service.py") == "accepted +12025550100\n"
    assert shell("python service.py") == "accepted +12025550101\n"


def test_twilios_sdks_verify_and_look_up_in_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    client = take("vendors/twilio_verify.md", "verify.py").replace(SANDBOX, sandbox.url)
    write(tmp_path, "verify.py", client)
    assert shell("python verify.py") == "approved mobile\n"
    script = take("vendors/twilio_verify.md", "verify.js").replace(SANDBOX, sandbox.url)
    write(tmp_path, "verify.js", script)
    modules = ROOT / "build" / "node" / "node_modules"
    if shutil.which("node") and (modules / "twilio").is_dir():
        assert shell("node verify.js", NODE_PATH=str(modules)) == "pending\n"
    else:
        assert not os.environ.get("CI"), "run sh tests/install_node_sdks.sh"


def test_awss_sdk_sends_into_the_sandbox_and_localstacks_path_shows_it(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    exports = take("vendors/sns.md", "env").replace(SANDBOX, sandbox.url)
    write(tmp_path, "client.py", take("vendors/sns.md", "client.py"))
    endpoint = take("vendors/sns.md", "endpoint.py").replace(SANDBOX, sandbox.url)
    write(tmp_path, "endpoint.py", endpoint)
    bare = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    published, sent = shell(f"{exports}python client.py", **bare).split()
    assert published != sent
    assert shell(f"{exports}python endpoint.py", **bare) == "{'MonthlySpendLimit': '1'}\n"
    shown = json.loads(shell(take("vendors/sns.md", "curl").replace(SANDBOX, sandbox.url)))
    ((number, (message,)),) = shown["sms_messages"].items()
    assert (number, message["MessageId"]) == ("+12015550123", published)


def test_number_policy_of_ones_own_decides(take: Take, app: Flask) -> None:
    client = own_app(take("how-to/abuse.md", "number_policy.py"), app).test_client()
    asked = {
        phone: client.post("/auth/login", json={"phone": phone}).status_code
        for phone in ("+447400123456", "+447400999456")
    }
    assert asked == {"+447400123456": 202, "+447400999456": 403}


def test_risk_hook_of_ones_own_decides(take: Take, app: Flask) -> None:
    client = own_app(take("how-to/abuse.md", "risk.py"), app).test_client()
    asked = {
        agent: client.post(
            "/auth/login", json={"phone": "+447400123456"}, headers={"User-Agent": agent}
        ).status_code
        for agent in ("Browser/1.0", "python-requests/2.32")
    }
    assert asked == {"Browser/1.0": 202, "python-requests/2.32": 403}


def own_app(text: str, like: Flask) -> Flask:
    """An app that a page's example sets up, with the settings of another."""
    own = Flask("own", instance_path=like.instance_path)
    own.config.from_mapping(like.config)
    exec(text, {"app": own})
    return own
