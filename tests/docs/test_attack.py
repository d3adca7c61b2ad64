"""The page on attacks: its command runs against the demo, its bounds are those of the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_phoneauth.settings import Settings

APP, SANDBOX = "http://127.0.0.1:5000", "http://127.0.0.1:8025"

Read = Callable[[str], str]


def test_the_race_of_the_page_is_run_against_the_demo(
    take: Callable[[str, str], str], start: Callable[..., Any], shell: Callable[..., str]
) -> None:
    demo = start("exec python -m example_app", APP_PORT="0", SANDBOX_PORT="0")
    sandbox = demo.line(r"http://127\.0\.0\.1:\d+")
    command = take("how-to/attack.md", "race").replace(APP, demo.url).replace(SANDBOX, sandbox)
    lines = shell(command).splitlines()
    assert [line.split()[-1] for line in lines].count("holds") == 3


def test_the_figures_of_the_page_are_the_settings(read: Read) -> None:
    page, settings = read("how-to/attack.md"), Settings()
    tries, sends = settings.tries_per_hour, settings.sends_per_hour
    assert f"{tries} guesses an hour are looked at, {sends} messages sent" in page
    prefix = settings.prefix_sends_per_hour
    kept = prefix * settings.known_share // 100
    assert f"{prefix} messages an hour for all that share a prefix" in page
    assert f"Of the {prefix} messages of a prefix {kept} are kept" in page
    assert f"so strangers get {prefix - kept}." in page
