from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_phoneauth import plugins
from flask_phoneauth.plugins import DISPATCHERS, PROVIDERS, Table, load_dispatch, load_provider
from flask_phoneauth.settings import SettingError


def test_each_row_of_the_tables_leads_to_a_class_that_is_built_from_settings() -> None:
    for table in (PROVIDERS, DISPATCHERS):
        for name in table.rows:
            assert callable(table.load(name).from_settings)


def test_a_provider_carries_the_name_that_loads_it() -> None:
    for name in PROVIDERS.rows:
        assert load_provider(name).name == name


def test_an_unknown_provider_is_refused_with_the_setting_and_the_known_names() -> None:
    with pytest.raises(SettingError) as caught:
        load_provider("pigeon")
    for word in ("PHONEAUTH_PROVIDERS", "'pigeon'", "console", "sandbox"):
        assert word in str(caught.value)


def test_an_unknown_dispatch_is_refused_with_the_setting_and_the_known_names() -> None:
    with pytest.raises(
        SettingError, match=r"PHONEAUTH_DISPATCH.*'pigeon'.*celery, inline, rq, thread"
    ):
        load_dispatch("pigeon")


def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_an_sdk.py").write_text("import an_sdk_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    table = Table("PHONEAUTH_PROVIDERS", {"twilio": "needs_an_sdk:Provider [twilio]"})
    with pytest.raises(SettingError) as caught:
        table.load("twilio")
    assert "an_sdk_that_is_not_there" in str(caught.value)
    assert "pip install 'Flask-PhoneAuth[twilio]'" in str(caught.value)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution on the path with three entry points, one of them under a built-in name."""
    info = tmp_path / "acme_sms-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-sms\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[flask_phoneauth.providers]\n"
        "acme = acme_sms_provider:Acme\n"
        "console = acme_sms_provider:Acme\n"
        "acme-gone = acme_sms_provider:Gone\n"
        "acme-broken = acme_sms_not_there:Acme\n"
    )
    (tmp_path / "acme_sms_provider.py").write_text("class Acme:\n    name = 'acme'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_sms_provider", raising=False)
    return tmp_path


@pytest.mark.usefixtures("installed")
def test_an_installed_package_adds_a_provider_by_entry_point() -> None:
    assert load_provider("acme").__module__ == "acme_sms_provider"
    assert "acme" in PROVIDERS.names()


@pytest.mark.usefixtures("installed")
def test_an_installed_package_cannot_take_a_built_in_name_over() -> None:
    assert load_provider("console").__module__ == "flask_phoneauth.providers.console"


@pytest.mark.usefixtures("installed")
def test_an_entry_point_that_leads_nowhere_is_named() -> None:
    with pytest.raises(SettingError, match="'acme-gone' leads to 'acme_sms_provider:Gone'"):
        load_provider("acme-gone")
    with pytest.raises(SettingError, match="pip install 'acme-sms'"):
        load_provider("acme-broken")


def test_built_in_parts_are_found_without_a_look_at_every_installed_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: looked.append(group) or ())
    assert load_provider("console").name == "console"
    assert callable(load_dispatch("inline").from_settings)
    assert looked == []
    assert "console" in PROVIDERS.names()
    assert looked == ["flask_phoneauth.providers"]


def test_only_the_chosen_parts_are_imported() -> None:
    parts = [
        row.partition(":")[0] for table in (PROVIDERS, DISPATCHERS) for row in table.rows.values()
    ]
    program = (
        "import sys; from flask_phoneauth import plugins; "
        f"loaded = lambda: [part for part in {parts} if part in sys.modules]; "
        "assert loaded() == [], loaded(); plugins.load_provider('console'); "
        "assert loaded() == ['flask_phoneauth.providers.console'], loaded()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=100)
