"""The attacks see what a login without guards lets through, and keep to their own bounds."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.naive_login import NaiveLogin, served

from sms_sandbox.attack import AttackStopped, scene
from sms_sandbox.attack.bounds import Bounds
from sms_sandbox.attack.findings import at_most, must, table, told
from sms_sandbox.attack.numbers import Numbers
from sms_sandbox.attack.shapes import apart, shape_of
from sms_sandbox.attack.target import Target, read_target
from sms_sandbox.attack.visitor import Answer, Crowd
from sms_sandbox.cli import main
from sms_sandbox.client import SandboxClient
from sms_sandbox.errors import SettingsError
from sms_sandbox.server import SandboxServer

Lines = dict[str, dict[str, Any]]
Attack = Callable[..., tuple[int, Lines]]


@pytest.fixture
def naive(client: SandboxClient) -> NaiveLogin:
    return NaiveLogin(client)


@pytest.fixture
def url(naive: NaiveLogin, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    caplog.set_level(logging.WARNING, logger="werkzeug")
    with served(naive.app()) as address:
        yield address


@pytest.fixture
def attack(url: str, server: SandboxServer, capsys: pytest.CaptureFixture[str]) -> Attack:
    """`attack("guess", ...)`: the command's status and its lines by what they tell."""

    def driven(*arguments: str) -> tuple[int, Lines]:
        status = main(["attack", *arguments, "--url", url, "--sandbox", server.url, "--json"])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return status, {line["what"]: line for line in lines}

    return driven


def broken(lines: Lines) -> set[str]:
    return {what for what, line in lines.items() if line["holds"] is False}


def test_guess_counts_what_was_looked_at_and_what_the_right_code_opens_after(
    attack: Attack,
) -> None:
    status, lines = attack("guess", "--count", "10")
    assert status == 1
    assert lines["guesses looked at"]["figure"] == 50
    assert lines["guesses sent"]["figure"] == 100
    assert lines["messages to the number"]["figure"] == 10
    assert lines["right codes let in after those guesses"]["figure"] == 10
    assert broken(lines) == {
        "guesses looked at",
        "messages to the number",
        "right codes let in after those guesses",
    }


def test_visitors_come_from_addresses_of_their_own_and_claim_others(
    attack: Attack, naive: NaiveLogin
) -> None:
    attack("guess", "--count", "10", "--tries", "1")
    assert len({address for address, _ in naive.addresses}) == 10
    assert len({claimed for _, claimed in naive.addresses}) == 10


def test_bounds_of_other_settings_can_be_named(attack: Attack) -> None:
    others = ("--bound", "tries_per_hour=60", "--bound", "SENDS_PER_HOUR=10")
    status, lines = attack("guess", "--count", "10", *others)
    assert (status, broken(lines)) == (0, set())
    assert lines["guesses looked at"]["bound"] == "at most 60"


def test_race_counts_every_login_of_one_code(attack: Attack) -> None:
    status, lines = attack("race", "--count", "20")
    assert status == 1
    assert lines["answered with a login"]["figure"] == 20
    assert lines["sessions that the account has"]["figure"] == 20


def test_pump_counts_what_arrived_in_the_sandbox(attack: Attack, client: SandboxClient) -> None:
    status, lines = attack("pump", "--count", "40")
    assert status == 1
    assert lines["messages that arrived in the sandbox"]["figure"] == 40
    recipients = {message["to"] for message in client.newer("0")}
    assert len({number[:-4] for number in recipients}) == 2
    assert broken(lines) == {"messages that arrived in the sandbox"}


def test_enumerate_tells_the_step_that_gives_an_account_away(attack: Attack) -> None:
    status, lines = attack("enumerate", "--count", "2")
    assert status == 1
    assert lines["answers that differ, JSON: ask"]["figure"] == 2
    assert lines['    with an account: welcome: "back"']["holds"] is None
    assert lines["answers that differ, JSON: wrong code"]["holds"] is True
    assert lines["answers that differ, JSON: status"]["holds"] is True
    assert lines["answers that differ, forms: ask"]["holds"] is True


def test_lockout_tells_that_the_owner_is_locked_out(attack: Attack, naive: NaiveLogin) -> None:
    naive.locks = True
    status, lines = attack("lockout")
    assert status == 1
    assert lines["what they were refused with"]["figure"] == "1 locked"
    assert broken(lines) == {"the owner's browser gets a code", "the owner signs in with it"}


def test_lockout_holds_where_nobody_is_locked_out(attack: Attack) -> None:
    status, lines = attack("lockout", "--count", "2")
    assert (status, broken(lines)) == (0, set())


def test_the_table_shows_figures_beside_what_is_published(
    url: str, server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["attack", "race", "--count", "2", "--url", url, "--sandbox", server.url])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["found", "published"]
    assert any(line.split()[-3:] == ["2", "1", "BROKEN"] for line in lines)
    assert table([told("a", 1), at_most("bb", 10, 15), must("c", False)]).splitlines()[1:] == [
        "a       1",
        "bb     10  at most 15  holds",
        "c      no  yes         BROKEN",
    ]


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "https://127.0.0.1", "http://192.168.1.7:5000", "127.0.0.1:5000", "//["],
)
@pytest.mark.parametrize("switch", ["--url", "--sandbox"])
def test_only_this_machine_is_attacked(
    url: str, switch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", "guess", switch, url]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert f"give {switch} an address as http://127.0.0.1:5000" in err


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--count", "1001"], "--count is 1 to 1000 here, not 1001."),
        (["--tries", "0"], "--tries is 1 to 20 here"),
        (["--seconds", "9999"], "--seconds is 1 to 3600 here"),
        (["--seconds", "nan"], "--seconds is 1 to 3600 here"),
        (["--number", "07400"], "+447400123456"),
        (["--bound", "sends=5"], "tries_per_hour=15"),
        (["--bound", "tries_per_hour=many"], "tries_per_hour=15"),
    ],
)
def test_figures_out_of_bounds_are_misuse(
    arguments: list[str], cure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", "guess", *arguments]) == 2
    assert cure in capsys.readouterr().err


def test_an_app_that_does_not_answer_is_one_sentence(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", "race", "--url", "http://127.0.0.1:1", "--sandbox", server.url]) == 1
    err = capsys.readouterr().err
    assert "127.0.0.1:1 does not answer" in err
    assert len(err.splitlines()) == 1


def test_an_app_that_sends_elsewhere_is_not_attacked_any_further(
    url: str,
    server: SandboxServer,
    naive: NaiveLogin,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    naive.sends = False
    monkeypatch.setattr(scene, "_ARRIVES", 0.2)
    assert main(["attack", "pump", "--url", url, "--sandbox", server.url]) == 1
    assert "point the application at it (sms-sandbox env" in capsys.readouterr().err
    assert len(naive.challenges) == 1


def test_a_wrong_path_is_told_with_its_cure(
    url: str, server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = f"{url}/elsewhere"
    assert main(["attack", "race", "--url", elsewhere, "--sandbox", server.url]) == 1
    assert "answered 404 to an ask" in capsys.readouterr().err


def test_an_attack_ends_with_its_requests_and_with_its_time(url: str) -> None:
    visitor = Crowd(read_target(url), seconds=60, requests=2).newcomer()
    assert [visitor.get("/me").status for _ in range(2)] == [401, 401]
    with pytest.raises(AttackStopped, match="ended after 2 requests"):
        visitor.get("/me")
    over = Crowd(read_target(url), seconds=0)
    with pytest.raises(AttackStopped, match="ended after 0 s"):
        over.newcomer().get("/me")
    assert not over.wait(0.001)
    assert not Crowd(read_target(url), seconds=60).wait(30, keep=31)


def test_the_login_is_where_the_address_says() -> None:
    assert read_target("http://localhost:5000") == Target("127.0.0.1", 5000, "/auth")
    assert read_target("http://127.3.2.1/members/") == Target("127.3.2.1", 80, "/members")
    assert not read_target("http://[::1]:5000").many_sources


def test_numbers_are_of_fiction_and_rows_share_their_prefix() -> None:
    numbers = Numbers()
    scattered = numbers.scattered(64)
    assert len({number[:-4] for number in scattered}) == 64
    assert all(number[5:10] == "55501" for number in scattered)
    row = numbers.row(501)
    assert len(set(row)) == 501
    assert {number[:-4] for number in row}.isdisjoint(number[:-4] for number in scattered)
    assert len({number[:-4] for number in row}) == 1
    assert [*Numbers("+447400123400").row(2), *Numbers("+447400123456").scattered(2)] == [
        "+447400123400",
        "+447400123401",
        "+447400123456",
        "+447400123457",
    ]
    with pytest.raises(SettingsError, match="begin lower"):
        Numbers("+447400129999").row(2)


def answer(text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(200, headers, text, 0.1)


def test_what_is_drawn_for_each_answer_is_no_difference_and_all_else_is() -> None:
    one = {"challenge_id": "abc", "expires_in": 299, "masked_phone": "+1 ••• ••0123", "x": 4}
    other = {"challenge_id": "xyz", "expires_in": 300, "masked_phone": "+1 ••• ••0199", "x": 4}
    cookie = ("Set-Cookie", "session=1; Path=/; HttpOnly"), ("Set-Cookie", "session=2; HttpOnly")
    date = ("Date", "now"), ("Date", "then")
    assert shape_of(answer(json.dumps(one), date[0])) == shape_of(
        answer(json.dumps(other), date[1])
    )
    assert shape_of(answer(json.dumps(one))) != shape_of(answer(json.dumps({**other, "x": 5})))
    assert shape_of(answer("", cookie[0])) != shape_of(answer("", cookie[1]))
    long = "a line that is as long as it is " * 9
    assert shape_of(answer(long + "1")) != shape_of(answer(long + "2"))


def test_times_that_are_apart_are_told_apart() -> None:
    assert apart([2, 3], [0, 1]) == 1
    assert apart([1, 2], [1, 2]) == 0.5


def test_bounds_keep_their_defaults_where_nothing_is_named() -> None:
    assert Bounds.named([]) == Bounds()
    assert Bounds.named(["sends_per_hour=7"]).sends_per_hour == 7
