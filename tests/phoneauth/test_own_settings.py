"""Settings of other packages' providers: known while they send, read by their own names."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_phoneauth.plugins import PROVIDERS
from flask_phoneauth.settings import SettingError, Settings, declared, unknown_key
from flask_phoneauth.settings.providers import OURS

KEYS = {
    "PHONEAUTH_ACME_SMS_KEY": "hidden-value",
    "PHONEAUTH_ACME_SMS_PATIENCE": timedelta(seconds=7),
    "PHONEAUTH_ACME_SMS_FLASH": True,
}


def build(*providers: str, **more: Any) -> Settings:
    return Settings.from_config({"PHONEAUTH_PROVIDERS": list(providers), **KEYS, **more})


def test_they_are_read_by_the_rest_of_their_names() -> None:
    own = build("acme-sms").own("acme-sms")
    assert own.text("key") == "hidden-value"
    assert own.whole("patience") == 7
    assert own.switch("flash") is True
    assert (own.text("from", "Acme"), own.whole("tries", 0), own.switch("dry", False)) == (
        "Acme",
        0,
        False,
    )


def test_a_listed_providers_keys_are_no_news_and_everybody_elses_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "flask_phoneauth"):
        build("console", "acme_sms")
        assert not caplog.records
        build("console", "acme")
    told = [record.getMessage() for record in caplog.records]
    assert told == []  # "acme" owns everything that begins with its name
    with caplog.at_level(logging.WARNING, "flask_phoneauth"):
        assert build("console").own("acme_sms").values == {}
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition(" ")[0] for line in told] == list(KEYS)
    assert "hidden-value" not in caplog.text


@pytest.mark.parametrize("name", OURS)
def test_a_provider_of_ours_has_only_the_settings_that_are_declared(name: str) -> None:
    assert "is not a setting" in unknown_key(f"PHONEAUTH_{name.upper()}_X", [name])


def test_ours_are_the_built_in_providers() -> None:
    assert set(OURS) == set(PROVIDERS.rows)


def test_a_missing_one_and_a_malformed_one_are_named_without_their_values() -> None:
    own = build("acme_sms", PHONEAUTH_ACME_SMS_URL=["hidden-value"]).own("acme_sms")
    with pytest.raises(SettingError, match=r"PHONEAUTH_ACME_SMS_SECRET is missing.*'acme_sms'"):
        own.text("secret")
    for read in (own.text, own.whole, own.switch):
        with pytest.raises(SettingError, match="PHONEAUTH_ACME_SMS_URL must be") as caught:
            read("url")
        assert "hidden-value" not in str(caught.value)


def test_they_outlive_what_the_app_fills_in_and_show_in_no_repr() -> None:
    settings = replace(build("acme_sms"), brand="Notes")
    assert settings.own("acme_sms").text("key") == "hidden-value"
    assert "hidden-value" not in repr(settings)
    assert "hidden-value" not in repr(settings.own("acme_sms"))


def test_they_are_no_settings_of_ours() -> None:
    assert "outside" not in {entry.name for entry in declared()}


def test_the_environment_fills_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_PHONEAUTH_PROVIDERS", '["acme_sms"]')
    monkeypatch.setenv("FLASK_PHONEAUTH_ACME_SMS_KEY", "12345")
    app = Flask("environment")
    app.config.from_prefixed_env()
    assert Settings.from_config(app.config).own("acme_sms").text("key") == "12345"
