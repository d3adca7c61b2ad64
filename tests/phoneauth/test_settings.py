"""One typed `Settings`: every malformed value is refused with its key and a cure."""

from __future__ import annotations

import logging
from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_phoneauth.settings import PREFIX, SettingError, Settings, declared

ZERO_IS_NONE = (
    "REDIS_WAIT",
    "MONEY_PER_DAY",
    "MONEY_PER_COUNTRY_PER_DAY",
    "MONEY_PER_PROVIDER_PER_DAY",
)


def build(**keys: Any) -> Settings:
    """Settings from keys without their prefix."""
    return Settings.from_config({PREFIX + name: value for name, value in keys.items()})


def of_kind(kind: type) -> list[str]:
    """The keys whose default is of that kind."""
    return [e.name.upper() for e in declared() if type(e.default) is kind]


def test_the_defaults_are_those_of_the_rules() -> None:
    settings = build()
    assert settings == Settings()
    figures = (settings.code_length, settings.code_ttl, settings.max_tries, settings.cooldown)
    assert figures == (6, 300, 5, (30, 60, 120, 240))
    assert (settings.signup, settings.virtual_numbers, settings.url_prefix) == (
        True,
        False,
        "/auth",
    )
    days = (settings.session_lifetime, settings.session_idle, settings.remember_lifetime)
    assert [seconds / 86400 for seconds in days] == [30, 14, 90]


def test_every_default_passes_when_it_is_given() -> None:
    given = {entry.name.upper(): getattr(Settings(), entry.name) for entry in declared()}
    assert build(**given) == Settings()


def test_every_setting_says_what_it_is_about() -> None:
    assert all(entry.metadata["about"] for entry in declared())


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = build(TEST_NUMBERS={"+15555550100": ("123456", "2030-01-31")})
    with pytest.raises(FrozenInstanceError):
        settings.max_tries = 100  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.test_numbers["+15555550100"] = ("1", "2")  # type: ignore[index]


def test_none_means_the_default() -> None:
    assert build(CODE_TTL=None, BRAND=None, PROVIDERS=None) == Settings()


def test_keys_of_others_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert (
        Settings.from_config({"SECRET_KEY": "x", "CODE_TTL": "x", "phoneauth_x": 1}) == Settings()
    )
    assert not caplog.records


@pytest.mark.parametrize(
    ("key", "nearest"), [("CODE_TLL", "CODE_TTL"), ("SIGN_UP", "SIGNUP"), ("PROVIDER", "PROVIDERS")]
)
def test_an_unknown_key_is_logged_with_the_nearest_name_and_without_its_value(
    caplog: pytest.LogCaptureFixture, key: str, nearest: str
) -> None:
    with caplog.at_level(logging.WARNING, "flask_phoneauth"):
        assert build(**{key: "hidden-value"}) == Settings()
    assert f"{PREFIX}{key} is not a setting" in caplog.text
    assert f"did you mean {PREFIX}{nearest}?" in caplog.text
    assert "hidden-value" not in caplog.text


def test_an_unknown_key_unlike_any_other_leads_to_the_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    build(**{"QQQQQQQQQQQQQQQQQQQQ": 1})
    assert "docs/reference/settings.md" in caplog.text


def test_the_environment_fills_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "PROVIDERS": '["sandbox", "console"]',
        "CODE_TTL": "240",
        "SIGNUP": "false",
        "BRAND": "Notes",
        "SANDBOX_ACCOUNT": "15555550100",
        "COOLDOWN": "[10, 20]",
        "TEST_NUMBERS": '{"+15555550100": ["123456", "2030-01-31"]}',
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"FLASK_PHONEAUTH_{name}", value)
    app = Flask("environment")
    app.config.from_prefixed_env()
    settings = Settings.from_config(app.config)
    assert settings.providers == ("sandbox", "console")
    assert (settings.code_ttl, settings.signup, settings.cooldown) == (240, False, (10, 20))
    assert (settings.brand, settings.sandbox_account) == ("Notes", "15555550100")
    assert settings.test_numbers == {"+15555550100": ("123456", "2030-01-31")}


def test_a_key_that_the_environment_reads_as_a_number_is_refused_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLASK_PHONEAUTH_SECRET", "12e45")
    app = Flask("environment")
    app.config.from_prefixed_env()
    with pytest.raises(SettingError, match=r"PHONEAUTH_SECRET must be text.*quotes"):
        Settings.from_config(app.config)


@pytest.mark.parametrize("key", of_kind(str))
def test_text_takes_an_int_and_refuses_everything_else(key: str) -> None:
    for value in (1.5, True, b"x", ["x"], {"x": 1}, object()):
        with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be text"):
            build(**{key: value})


def test_an_int_is_text_where_text_is_wanted() -> None:
    assert build(SANDBOX_PASSWORD=123456).sandbox_password == "123456"
    assert build(SECRET_FALLBACKS=[1, "b"]).secret_fallbacks == ("1", "b")


@pytest.mark.parametrize("key", of_kind(int))
def test_a_figure_must_be_a_positive_whole_number(key: str) -> None:
    for value in (300.0, "300", True, [300]):
        with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be a whole number"):
            build(**{key: value})
    for value in (-1, 10**10) if key in ZERO_IS_NONE else (0, -1, 10**10):
        with pytest.raises(SettingError, match=rf"PHONEAUTH_{key} must be \d+ to \d+, not {value}"):
            build(**{key: value})


@pytest.mark.parametrize("key", of_kind(bool))
def test_a_switch_must_be_true_or_false(key: str) -> None:
    for value in (1, 0, "true", "no", []):
        with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be True or False"):
            build(**{key: value})


@pytest.mark.parametrize("key", of_kind(tuple))
def test_a_list_must_be_a_list(key: str) -> None:
    for value in ("GB", 5, {"GB": 1}, object()):
        with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be a list"):
            build(**{key: value})
    with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be"):
        build(**{key: [1.5]})


def test_a_duration_may_be_a_timedelta() -> None:
    settings = build(CODE_TTL=timedelta(minutes=4), COOLDOWN=[timedelta(seconds=10)])
    assert (settings.code_ttl, settings.cooldown) == (240, (10,))


@pytest.mark.parametrize(
    "numbers",
    [
        ["+15555550100"],
        {"+15555550100": "123456"},
        {"+15555550100": ("123456",)},
        {"+15555550100": ("123456", "soon")},
        {"+15555550100": ("123456", "2030-13-01")},
        {"+15555550100": ("12a456", "2030-01-31")},
        {"+15555550100": ("٠١٢٣٤٥", "2030-01-31")},
        {"+15555550100": ("", "2030-01-31")},
        {"+15555550100": (123456.0, "2030-01-31")},
    ],
)
def test_malformed_test_numbers_are_refused_with_an_example(numbers: object) -> None:
    with pytest.raises(SettingError, match=r'PHONEAUTH_TEST_NUMBERS must be \{"\+1'):
        build(TEST_NUMBERS=numbers)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"CODE_LENGTH": 5}, r"CODE_LENGTH must be 6 to 10.*ALLOW_SHORT_CODES"),
        ({"CODE_LENGTH": 11}, r"CODE_LENGTH must be 6 to 10"),
        ({"CODE_LENGTH": 3, "ALLOW_SHORT_CODES": True}, r"CODE_LENGTH must be 4 to 10"),
        (
            {"CODE_LENGTH": 4, "ALLOW_SHORT_CODES": True, "MAX_TRIES": 4},
            r"MAX_TRIES must be 1 to 3.*short codes",
        ),
        ({"CODE_TTL": 119}, r"CODE_TTL must be 120 to 600"),
        ({"CODE_TTL": 601}, r"CODE_TTL must be 120 to 600"),
        ({"MAX_TRIES": 11}, r"MAX_TRIES must be 1 to 10"),
        ({"QUEUE_NAME": "a b"}, r"QUEUE_NAME must be letters"),
        ({"DISPATCH": "inline", "SIGNUP": False}, r"DISPATCH = 'inline'.*SIGNUP.*'thread'"),
        ({"REDIS_WAIT": 6, "STORE_URL": "redis://host"}, r"REDIS_WAIT must be 0 to 5"),
        ({"REDIS_WAIT": 1}, r"REDIS_WAIT needs Redis: set PHONEAUTH_STORE_URL"),
        ({"REDIS_WAIT": 1, "STORE_URL": "memory://"}, r"REDIS_WAIT needs Redis"),
        ({"COOLDOWN": []}, r"COOLDOWN must be seconds"),
        ({"COOLDOWN": [30, 0]}, r"COOLDOWN must be seconds"),
        ({"URL_PREFIX": "auth"}, r"URL_PREFIX must begin with /"),
        ({"URL_PREFIX": "/auth/"}, r"URL_PREFIX must begin with /"),
        ({"PUBLIC_URL": "example.com"}, r"PUBLIC_URL must be an address"),
        ({"PUBLIC_URL": "ftp://example.com"}, r"PUBLIC_URL must be an address"),
        ({"PUBLIC_URL": "https://"}, r"PUBLIC_URL must be an address"),
        ({"PUBLIC_URL": "https://example.com:99999"}, r"PUBLIC_URL must be an address"),
        ({"PUBLIC_URL": "https://example.com?x=1"}, r"PUBLIC_URL must be an address"),
        ({"PUBLIC_URL": "https://[::1"}, r"PUBLIC_URL must be an address"),
        ({"SANDBOX_URL": "127.0.0.1:8025"}, r"SANDBOX_URL must be an address"),
        ({"ALLOWED_ORIGINS": ["example.com"]}, r"ALLOWED_ORIGINS must be an address"),
        ({"ALLOWED_REGIONS": ["gb"]}, r"'gb' is not a region.*'GB'"),
        ({"ALLOWED_REGIONS": ["GBR"]}, r"'GBR' is not a region"),
        ({"DEFAULT_REGION": 44}, r"'44' is not a region"),
        ({"AFTER_LOGIN_URL": ""}, r"AFTER_LOGIN_URL must be an address"),
        ({"AFTER_LOGOUT_URL": ""}, r"AFTER_LOGOUT_URL must be an address"),
    ],
)
def test_contradictions_are_refused_with_key_and_cure(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        build(**keys)


def test_short_codes_are_allowed_on_request_with_three_tries() -> None:
    settings = build(CODE_LENGTH=4, ALLOW_SHORT_CODES=True, MAX_TRIES=3)
    assert (settings.code_length, settings.max_tries) == (4, 3)


@pytest.mark.parametrize("url", ["https://example.com", "http://localhost:5000/app"])
def test_an_address_may_have_a_port_and_a_path(url: str) -> None:
    assert build(PUBLIC_URL=url).public_url == url


def test_secrets_are_not_shown() -> None:
    settings = build(
        SECRET="hidden-one",
        SECRET_FALLBACKS=["hidden-two"],
        SANDBOX_PASSWORD="hidden-three",
        DATABASE_URL="postgresql+psycopg://app:hidden-four@host/name",
        STORE_URL="postgresql+psycopg://app:hidden-five@host/name",
        SESSION_STORE_URL="postgresql+psycopg://app:hidden-six@host/name",
        TEST_NUMBERS={"+15555550100": ("987654", "2030-01-31")},
    )
    for secret in ("hidden", "987654", "5555550100"):
        assert secret not in repr(settings)


@pytest.mark.parametrize("key", ["PUBLIC_URL", "SANDBOX_URL"])
def test_a_password_in_an_address_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingError, match=f"PHONEAUTH_{key} must be an address") as caught:
        build(**{key: "https://me:hidden-word@example.com"})
    assert "hidden-word" not in str(caught.value)
