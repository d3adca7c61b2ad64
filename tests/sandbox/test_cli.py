import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import until

from sms_sandbox.cli import main
from sms_sandbox.client import SandboxClient
from sms_sandbox.pointers import sdk_lines
from sms_sandbox.server import SandboxServer

NUMBER = "+9901234567"
COMMAND = [sys.executable, "-m", "sms_sandbox.cli"]


def _start(*switches: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "serve", *switches],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    running = _start("--port", "0", SMS_SANDBOX_DB=str(tmp_path / "sms.db"))
    yield running
    if running.poll() is None:
        running.kill()
    running.communicate()


def _welcome(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout is not None
    return list(iter(running.stdout.readline, "Ctrl-C stops it.\n"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_serves_and_stops_cleanly(
    process: subprocess.Popen[str], stop: signal.Signals
) -> None:
    welcome = _welcome(process)
    url = welcome[0].strip().removeprefix("SMS sandbox: ")
    sent = subprocess.run(
        [*COMMAND, "send", NUMBER, "code 482913", "--url", url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "482913" in sent.stdout
    with SandboxClient(url) as client:
        assert client.claim_code(NUMBER)["code"] == "482913"
    process.send_signal(stop)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert f"  export FLASK_PHONEAUTH_SANDBOX_URL={url}\n" in welcome


HEARD_ELSEWHERE = """
import signal, sys, threading
from sms_sandbox.cli import main

def end():
    sys.stdin.readline()
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=end, daemon=True).start()
sys.exit(main(["serve", "--port", "0"]))
"""


def test_serve_stops_by_a_signal_that_another_thread_takes() -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", HEARD_ELSEWHERE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = _welcome(running)[0].strip().removeprefix("SMS sandbox: ")
    with SandboxClient(url) as client:
        assert client.send(to=NUMBER, body="it serves")
    try:
        _, err = running.communicate("\n", timeout=60)
    finally:
        running.kill()
    assert (running.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("switches", "cure"),
    [
        (["--host", "0.0.0.0"], "--password"),
        (["--port", "99999"], "65535"),
        (["--db", "/nonexistent/folder/x.db", "--port", "0"], ":memory:"),
    ],
)
def test_serve_refuses_in_one_sentence(switches: list[str], cure: str) -> None:
    out, err = _start(*switches).communicate(timeout=60)
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert cure in err


def test_serve_leaves_signals_as_they_were_where_it_cannot_begin(server: SandboxServer) -> None:
    ends = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in ends]
    assert main(["serve", "--port", server.url.rpartition(":")[2]]) == 2
    assert [signal.getsignal(number) for number in ends] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_port_in_use_is_one_sentence(server: SandboxServer) -> None:
    running = _start("--port", server.url.rpartition(":")[2])
    _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert len(err.strip().splitlines()) == 1
    assert "--port" in err


@pytest.fixture
def at(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SMS_SANDBOX_URL", server.url)
    return server.url


def test_code_command_waits_claims_and_prints_the_code(
    at: str, client: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.send(to=NUMBER, body="code 111111")
    client.send(to=NUMBER, body="code 222222")
    for expected in ("111111", "222222"):
        assert main(["code", NUMBER]) == 0
        assert capsys.readouterr().out == f"{expected}\n"
    assert main(["code", NUMBER, "--newest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == "222222"


def test_time_out_has_its_own_status_and_tells_what_came(
    at: str, client: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.send(to=NUMBER, body="code 111111", account="other")
    assert main(["code", NUMBER, "--account", "mine", "--timeout", "0"]) == 3
    assert "you asked mine" in capsys.readouterr().err


def test_wait_prints_json_lines_and_takes_conditions(
    at: str, client: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.send(to=NUMBER, body="one", sender="Shop")
    client.send(to=NUMBER, body="two", sender="Notes")
    arguments = ["wait", "--to", NUMBER, "--from", "Notes", "--contains", "two", "--until", "sent"]
    assert main([*arguments, "--peek", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["body"] for line in lines] == ["two"]
    assert main(["wait", "--absent", "--timeout", "0"]) == 1


def test_reply_and_reset(
    at: str, client: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = client.send(to=NUMBER, body="hello", account="a")
    assert main(["reply", sent["id"], "STOP"]) == 0
    assert client.messages(direction="inbound")[0]["body"] == "STOP"
    assert main(["reset"]) == 2
    assert main(["reset", "--account", "a"]) == 0
    assert main(["reset", "--all"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["2 deleted", "0 deleted"]


def test_faults_are_listed_added_and_removed(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    rule = '{"match": {"to": "+1*"}, "effect": {"type": "error", "status": 503}}'
    assert main(["faults", "--add", rule, "--account", "a"]) == 0
    added = capsys.readouterr().out
    assert "0 hits" in added
    assert main(["faults"]) == 0
    assert capsys.readouterr().out == added
    assert main(["faults", "--remove", added.split()[0]]) == 0
    assert main(["faults", "--json"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["faults", "--add", rule, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["effect"]["status"] == 503
    assert main(["faults", "--clear"]) == 0
    assert main(["faults", "--add", "[]"]) == 2
    assert "one JSON object" in capsys.readouterr().err
    assert main(["faults", "--remove", "flt_0"]) == 1


def test_serve_takes_seed_limits_and_credentials(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("twilio AC1 secret\n")
    switches = ("--seed", "7", "--strict", "--credentials", str(file), "--retention-bytes", "5000")
    running = _start("--port", "0", *switches, "--retention-seconds", "60")
    try:
        url = _welcome(running)[0].strip().removeprefix("SMS sandbox: ")
        with SandboxClient(url) as client:
            kept = client.settings()["retention"]
            assert kept == {"messages": 10_000, "seconds": 60, "bytes": 5000}
            first = client.send(to=NUMBER, body="x")["id"]
            client.reset()
            assert client.send(to=NUMBER, body="x")["id"] == first
    finally:
        running.terminate()
        running.communicate(timeout=60)


def test_strict_without_credentials_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--strict", "--port", "0"]) == 2
    assert "--credentials" in capsys.readouterr().err


def test_env_prints_lines_that_a_shell_can_read(
    at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "--account", "it's me"]) == 0
    lines = capsys.readouterr().out
    shown = subprocess.run(
        ["sh", "-c", lines + 'printf %s "$FLASK_PHONEAUTH_SANDBOX_ACCOUNT"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "it's me"
    assert f"FLASK_PHONEAUTH_SANDBOX_URL={at}" in lines
    assert all(f"\n# {line}\n" in lines for line in sdk_lines(at))
    assert f"export AWS_ENDPOINT_URL_SNS={at}/aws\n" in lines
    assert f"export AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2={at}/aws\n" in lines


def test_hostile_text_cannot_steer_the_terminal(
    at: str, client: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.send(to=NUMBER, body="a\u202eb\nsecond line\tc")
    assert main(["wait"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert "\u202e" not in shown


def test_unreachable_sandbox_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", NUMBER, "--url", "http://127.0.0.1:1"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("sms-sandbox: No sandbox answers")
    assert len(err.splitlines()) == 1


def test_an_address_without_a_scheme_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", NUMBER, "--url", "localhost:8025"]) == 2
    err = capsys.readouterr().err
    assert err == "sms-sandbox: localhost:8025 is no address: write http://127.0.0.1:8025.\n"


def test_tail_prints_messages_as_they_arrive(
    at: str, client: SandboxClient, server: SandboxServer
) -> None:
    running = subprocess.Popen(
        [*COMMAND, "tail", "--json"], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    try:
        until(lambda: server.sandbox.inbox.watchers == 1 or running.poll() is not None)
        client.send(to=NUMBER, body="live")
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["body"] == "live"
    finally:
        running.terminate()
        running.communicate(timeout=60)
