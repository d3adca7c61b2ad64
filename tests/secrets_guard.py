"""Watches the whole run for secrets that get out: full codes, and numbers that are not masked.

Whatever a test makes the extension derive or look at is remembered while it runs. After it, every
log record, error, line of the audit trail and answer of our routes is searched for it, and a test
that let something out fails. Allowed are a page's own input fields, the number in a user's own
`user` object, and the one that is handed to its mobile operator (`login_hint`). What other
processes write is not seen.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished

MOST_TEXTS = 4000
MOST_TEXT = 200_000
"""Texts of one test, and characters of one of them, that are searched."""
TAIL = 9
"""Digits at a number's end that tell it, with or without its country code."""
NOT_OURS = ("sms_sandbox", "twilio", "urllib3", "botocore", "waitress", "schemathesis")
"""Loggers of the simulator, which shows codes by purpose, and of others' programs."""
_EXAMPLE = "+44 7400 123456"
"""The number that our own sentences give as an example."""
_RUNS = re.compile(r"(?<![\w.-])\d{4,}(?![\w-])(?!\.\d)|\d{9,}")
_INPUTS = re.compile(r"<(?:input|option)\b[^>]*>")
_OWN_USER = re.compile(r'"user":\s*\{[^}]*\}')
_OWN_HINT = re.compile(r"login_hint=tel%3A%2B[0-9]+")


class Guard:
    """What one test has used, and what came out of the extension meanwhile."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.tails: set[str] = set()
        self.texts: list[tuple[str, str]] = []

    def use_code(self, code: str) -> None:
        """A code that must not get out."""
        self.codes.add(code)

    def use_number(self, e164: str) -> None:
        """A number that must not get out unmasked."""
        digits = e164.removeprefix("+")
        if digits.isdecimal() and len(digits) > TAIL:
            self.tails.add(digits[-TAIL:])

    def see(self, where: str, text: str) -> None:
        """Something that came out, to be searched once the test is over."""
        if len(self.texts) < MOST_TEXTS:
            self.texts.append((where, text[:MOST_TEXT]))

    def leaks(self) -> list[str]:
        """Where something got out, and what; in its context."""
        return [
            f"{where}: {kind} in {text[max(0, at - 40) : at + 60]!r}"
            for where, text in self.texts
            for kind, at in self._found(text)
        ]

    def _found(self, text: str) -> Iterator[tuple[str, int]]:
        for run in _RUNS.finditer(text.replace(_EXAMPLE, "")):
            digits = run[0]
            if digits in self.codes:
                yield "a code", run.start()
            windows = (digits[at : at + TAIL] for at in range(len(digits) - TAIL + 1))
            if any(window in self.tails for window in windows):
                yield "a number", run.start()


class _Records(logging.Handler):
    def __init__(self, plugin: SecretsGuard) -> None:
        super().__init__(logging.NOTSET)
        self._plugin = plugin
        self._formatter = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        """A record as a handler of the app's would write it, with its traceback."""
        if not record.name.startswith(NOT_OURS):
            self._plugin.guard.see(f"log of {record.name}", self._formatter.format(record))


class SecretsGuard:
    """The pytest plugin: one `Guard` at a time."""

    def __init__(self) -> None:
        self.guard = Guard()
        self._undo: list[Callable[[], None]] = []

    def pytest_sessionstart(self) -> None:
        """Stand at every door: where codes and numbers come from, where texts go."""
        from flask_phoneauth.errors import PhoneAuthError
        from flask_phoneauth.flows import parts
        from flask_phoneauth.otp.keys import Keyring
        from flask_phoneauth.stores.audit import SqlAudit

        self._wrap(parts, "derive_code", after=lambda code, _: self.guard.use_code(code))
        self._wrap(Keyring, "phone_tag", after=lambda _, args: self.guard.use_number(args[1]))
        self._wrap(PhoneAuthError, "__init__", after=lambda _, args: self._see_error(args[0]))
        self._wrap(SqlAudit, "add", after=lambda _, args: self._see_rows(args[1]))
        records = _Records(self)
        logging.getLogger().addHandler(records)
        self._undo.append(lambda: logging.getLogger().removeHandler(records))
        request_finished.connect(self._see_answer)
        self._undo.append(lambda: request_finished.disconnect(self._see_answer))

    def pytest_sessionfinish(self) -> None:
        """Leave everything as it was."""
        while self._undo:
            self._undo.pop()()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Begin anew with each test."""
        self.guard = Guard()
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """The test, and then the search."""
        yield
        if leaks := self.guard.leaks():
            pytest.fail("secrets got out:\n" + "\n".join(leaks[:5]), pytrace=False)

    def _wrap(self, owner: Any, name: str, *, after: Callable[[Any, Any], None]) -> None:
        plain = getattr(owner, name)

        def watched(*args: Any, **options: Any) -> Any:
            result = plain(*args, **options)
            after(result, args)
            return result

        setattr(owner, name, watched)
        self._undo.append(lambda: setattr(owner, name, plain))

    def _see_error(self, error: Exception) -> None:
        self.guard.see(f"error {type(error).__name__}", f"{error} {error!r}")

    def _see_rows(self, rows: Any) -> None:
        for row in rows:
            self.guard.see("audit trail", " ".join(map(str, (row.detail, row.masked_phone))))
            self.guard.see("audit trail", repr(row))

    def _see_answer(self, sender: Flask, response: Response, **_: Mapping[str, Any]) -> None:
        if not (request.endpoint or "").startswith("phoneauth.") or response.is_streamed:
            return
        if response.direct_passthrough:
            return
        text = _OWN_USER.sub("", _INPUTS.sub("", response.get_data(as_text=True)))
        text = _OWN_HINT.sub("", text)
        self.guard.see(f"answer of {request.path}", text)
        self.guard.see(f"headers of {request.path}", str(response.headers))


def pytest_configure(config: pytest.Config) -> None:
    """Join the run."""
    config.pluginmanager.register(SecretsGuard(), "secrets-guard-of-the-suite")
