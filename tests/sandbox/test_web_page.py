"""The inbox as the server draws it: safe headers, inert text, and no script needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import urllib3

from sms_sandbox.message import Draft
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings
from sms_sandbox.web.engine import size, span
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
    return urllib3.request(method, server.url.rstrip("/") + path, **options, timeout=60)  # type: ignore[arg-type]


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


def set_up(server: SandboxServer, method: str, path: str, body: object) -> None:
    answer = ask(server, f"/api/v1{path}", method, json=body)
    assert answer.status < 300, answer.data


def test_faults_and_clocks_are_told_without_script(server: SandboxServer) -> None:
    assert 'id="stripe" role="status" hidden' in ask(server, "/").data.decode()
    for times in (1, 2):
        rule = {"times": times, "effect": {"type": "disconnect"}}
        set_up(server, "POST", "/faults", rule)
    set_up(server, "PUT", "/clock?account=<b>shop", {"frozen": True})
    set_up(server, "POST", "/clock/advance", {"seconds": 90_000})
    html = ask(server, "/").data.decode()
    told = (
        "2 fault rules active · The clock is 1 d ahead of real time"
        " · The clock of &lt;b&gt;shop stands still"
    )
    assert told in html
    assert 'id="stripe" role="status" hidden' not in html


def test_handset_is_drawn_with_its_name_and_state_in_words(server: SandboxServer) -> None:
    send(server, "hello")
    changes = {"state": "full", "opted_out": ["Notes"], "nickname": "Anna <b>\u202e"}
    set_up(server, "PUT", f"/handsets/{PHONE}", changes)
    html = ask(server, "/").data.decode()
    assert '<span class="words">Full, Opted out of 1</span>' in html
    assert "Anna &lt;b&gt;<span" in html
    set_up(server, "PUT", f"/handsets/{PHONE}", {"state": "on", "opted_out": True})
    now = ask(server, "/api/v1/clock").json()["now"]
    set_up(server, "PUT", f"/handsets/{PHONE}", {"sim_swapped_at": now})
    assert "Opted out, SIM swapped</span>" in ask(server, "/").data.decode()


def test_scheduled_and_canceled_messages_are_drawn(server: SandboxServer) -> None:
    draft = Draft(
        account="default",
        provider="sandbox",
        direction="outbound",
        sender="Notes",
        recipient=PHONE,
        body="later",
        send_at=4_000_000_000.0,
    )
    message = server.sandbox.inbox.accept(draft)
    for status in ("Scheduled", "Canceled"):
        for path in ("/", f"/?to=%2B{PHONE[1:]}", f"/messages/{message.id}"):
            answer = ask(server, path)
            assert answer.status == 200
            assert f'title="{status}"' in answer.data.decode()
            told = "Due 02 Oct 2096 07:06:40 UTC · in " in answer.data.decode()
            assert told == (status == "Scheduled")
        if status == "Scheduled":
            server.sandbox.inbox.move(message.id, "canceled")


def test_call_is_told_from_a_text_without_script(server: SandboxServer) -> None:
    account = "AC" + "a" * 32
    form = {"To": PHONE, "From": "+447700900123", "Twiml": "<Response><Say>Hi</Say></Response>"}
    made = ask(
        server,
        f"/twilio/2010-04-01/Accounts/{account}/Calls.json",
        "POST",
        body=urlencode(form),
        headers=urllib3.make_headers(basic_auth=f"{account}:token")
        | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert made.status == 201, made.data
    (call,) = ask(server, "/api/v1/messages").json()["messages"]
    send(server, "a text")
    for path in ("/", f"/?to=%2B{PHONE[1:]}", f"/messages/{call['id']}?to=%2B{PHONE[1:]}"):
        drawn = ask(server, path).data.decode().split("<template")[0]
        told = re.findall(r'<p class="note call" >.*?<span class="words">(Call[^<]*)</span>', drawn)
        assert told
        assert len(told) == 1 + path.startswith("/messages")


def test_page_tells_what_is_kept_and_what_has_gone(server: SandboxServer) -> None:
    html = ask(server, "/").data.decode()
    assert "Kept: the newest 10,000 messages, up to 2.1 GB, of any age. Now: 0 bytes." in html
    limits = {"messages": 1, "seconds": 5400, "bytes": 1500}
    set_up(server, "PUT", "/settings", {"retention": limits})
    send(server, "one")
    send(server, "two")
    html = ask(server, "/").data.decode()
    assert "Kept: the newest 1 messages, up to 1.5 kB, not older than 1.5 h." in html
    assert "Gone since the start: 1." in html


def test_lengths_of_time_and_sizes_are_short() -> None:
    spans = [span(one) for one in (0.2, 5, 59.4, 60, 3599, 3600, 5400, 86_400, 100_000)]
    assert spans == ["0.2 s", "5 s", "59.4 s", "1 min", "1 h", "1 h", "1.5 h", "1 d", "1.2 d"]
    sizes = [size(one) for one in (0, 999, 1000, 1500, 123_456, 2 << 30)]
    assert sizes == ["0 bytes", "999 bytes", "1 kB", "1.5 kB", "123 kB", "2.1 GB"]


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
    shell, *programs, _ = ways("http://127.0.0.1:8025", with_password=True)
    assert "$SMS_SANDBOX_PASSWORD" in shell.text
    assert len(programs) > 3
    for way in programs:
        assert 'os.environ["SMS_SANDBOX_PASSWORD"]' in way.text.replace("'", '"')
        compile(way.text, "snippet", "exec")


@pytest.mark.parametrize("password", [None, "correct horse"])
@pytest.mark.parametrize(
    ("sdk", "provider"),
    [("Twilio", "twilio"), ("MessageBird", "messagebird"), ("Amazon SNS", "sns")],
)
def test_vendors_ways_of_the_first_run_work_by_pasting(
    sdk: str, provider: str, password: str | None
) -> None:
    with SandboxServer(Settings(port=0, password=password)) as server:
        shown = ways(server.url.rstrip("/"), with_password=password is not None)
        (text,) = [way.text for way in shown if way.title.startswith(sdk)]
        given = {"SMS_SANDBOX_PASSWORD": password} if password else {}
        done = subprocess.run(
            [sys.executable, "-c", text],
            env=os.environ | {"NO_PROXY": "127.0.0.1"} | given,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        headers = urllib3.make_headers(basic_auth=f"any:{password}")
        (sent,) = ask(server, "/api/v1/messages", headers=headers).json()["messages"]
    assert (sent["provider"], sent["to"], sent["code"]) == (provider, PHONE, "481920")


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
