"""The inbox as the server draws it: safe headers, inert text, and no script needed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
import urllib3

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings
from sms_sandbox.web.numbers import code_groups, number_view
from sms_sandbox.web.page import Place
from sms_sandbox.web.text import inert
from sms_sandbox.web.ways import ways

PHONE = "+12015550123"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    running = SandboxServer(Settings(port=0))
    running.start()
    yield running
    running.stop()


def ask(
    server: SandboxServer, path: str, method: str = "GET", **options: object
) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, server.url.rstrip("/") + path, **options)  # type: ignore[arg-type]


def send(server: SandboxServer, body: str, **values: str) -> dict[str, object]:
    message = {"to": PHONE, "from": "Notes", "body": body} | values
    answer = ask(server, "/api/v1/messages", "POST", json=message)
    assert answer.status == 201, answer.data
    stored: dict[str, object] = answer.json()
    return stored


def test_page_may_load_and_run_nothing_but_its_own_files(server: SandboxServer) -> None:
    for path in ("/", "/assets/main.js", "/messages/none"):
        headers = ask(server, path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_page_holds_no_inline_script_or_style(server: SandboxServer) -> None:
    html = ask(server, "/").data.decode()
    assert "<script>" not in html
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html


def test_message_text_is_escaped_where_the_server_draws_it(server: SandboxServer) -> None:
    send(server, "<img src=x onerror=alert(1)> \u202egnp.exe")
    html = ask(server, "/").data.decode()
    assert "<img" not in html
    assert "&lt;img" in html
    assert "\u202e" not in html
    assert "RLO" in html


def test_inert_text_draws_control_characters_and_keeps_honest_ones() -> None:
    assert inert("a\x00b") == 'a<span class="mark" title="U+0000">U+0000</span>b'
    assert inert("שלום\u200f שורה\n") == "שלום\u200f שורה\n"


def test_unknown_message_is_404_and_still_a_page(server: SandboxServer) -> None:
    answer = ask(server, "/messages/none")
    assert answer.status == 404
    assert "does not exist" in answer.data.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?to=%00",
        "?q=hel%00lo",
        "?before=x",
        "?before=-1",
        "?q=%22%27%25_",
        "?to=%20&account=%ff",
        "?only=x",
    ],
)
def test_strange_queries_never_break_the_page(server: SandboxServer, query: str) -> None:
    send(server, "hello")
    assert ask(server, "/" + query).status == 200


def test_older_link_reaches_every_message_once(server: SandboxServer) -> None:
    sent = [str(send(server, f"text {n}")["id"]) for n in range(120)]
    seen: list[str] = []
    path = "/"
    while path:
        html = ask(server, path).data.decode()
        seen += [
            part.split('"')[0]
            for part in html.split('class="open" href="/messages/')[1:]
            if part[0] != '"'
        ]
        path = (
            html.split('<p class="more no-js"><a class="button" href="')[1].split('"')[0]
            if 'class="more no-js"' in html
            else ""
        )
        path = path.replace("&amp;", "&")
    assert seen == sent[::-1]


def test_conversation_shows_both_sides_in_order(server: SandboxServer) -> None:
    first = send(server, "first question")
    ask(server, f"/api/v1/messages/{first['id']}/reply", "POST", json={"body": "an answer"})
    send(server, "second question")
    send(server, "elsewhere", to="+447700900123")
    html = ask(server, "/?to=%2B12015550123").data.decode()
    shown = html.split('id="list"')[1].split("</ol>")[0]
    places = [shown.index(text) for text in ("first question", "an answer", "second question")]
    assert places == sorted(places)
    assert "elsewhere" not in shown


def test_curl_line_of_the_first_run_works_by_pasting(server: SandboxServer) -> None:
    curl = ways(server.url.rstrip("/"), with_password=False)[0].text
    done = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["code"] == "481920"


def test_ways_show_no_password_but_read_it(server: SandboxServer) -> None:
    shell, flask, _ = ways("http://127.0.0.1:8025", with_password=True)
    assert "$SMS_SANDBOX_PASSWORD" in shell.text
    assert "SMS_SANDBOX_PASSWORD" in flask.text
    compile(flask.text, "snippet", "exec")


def test_number_view_groups_join_to_the_number() -> None:
    for number in (PHONE, "+447700900123", "+4915112345678", "+9901234", "+76001234567", "Notes"):
        assert "".join(number_view(number).groups) == number
    assert number_view(PHONE) == ("US", ["+1", "201", "555", "0123"])
    assert number_view("+12045550123").region == "CA"
    assert number_view("+77001234567").region == "KZ"
    assert number_view("+9901234").region == "TEST"
    assert number_view("+999").region == ""


def test_code_groups_are_even_halves() -> None:
    assert code_groups("481920") == ["481", "920"]
    assert code_groups("12345678") == ["1234", "5678"]
    assert code_groups("1234") == ["1234"]
    assert code_groups("1234567") == ["1234567"]


def test_place_keeps_a_plus_that_arrives_as_a_blank() -> None:
    assert Place.read({"to": " 12015550123"}).to == PHONE
    assert Place(to=PHONE).link() == "/?to=%2B12015550123"
    assert Place(q="a b").link("M/1") == "/messages/M%2F1?q=a+b"
