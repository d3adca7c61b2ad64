import pytest

from sms_sandbox.errors import SettingsError
from sms_sandbox.settings import Credential, Settings, from_environment, is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "sandbox.example"])
def test_binding_beyond_loopback_needs_a_password(host: str) -> None:
    with pytest.raises(SettingsError, match="--password"):
        Settings(host=host)
    assert Settings(host=host, password="secret").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "a.localhost"])
def test_loopback_needs_no_password(host: str) -> None:
    assert is_loopback(host)
    assert Settings(host=host).password is None


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "1270.0.0.1", ""])
def test_look_alikes_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "values",
    [
        {"port": -1},
        {"port": 65536},
        {"retention": 0},
        {"db": ""},
        {"password": ""},
        {"webhook_allow": ("10.0.0.1/8",)},
        {"webhook_allow": ("office",)},
        {"error_texts": "future"},
    ],
    ids=str,
)
def test_unusable_value_is_refused_at_start(values: dict) -> None:
    with pytest.raises(SettingsError):
        Settings(**values)


def test_switches_win_over_the_environment() -> None:
    environ = {
        "SMS_SANDBOX_PORT": "9000",
        "SMS_SANDBOX_DB": "a.db",
        "SMS_SANDBOX_ALLOW_HOST": "sms, sandbox.test",
        "SMS_SANDBOX_WEBHOOK_ALLOW": "10.0.0.0/8, fd00::/8",
        "SMS_SANDBOX_PASSWORD": "secret",
        "SMS_SANDBOX_RETENTION": "50",
        "SMS_SANDBOX_HOST": "0.0.0.0",
        "SMS_SANDBOX_ERROR_TEXTS": "former",
    }
    found = from_environment(environ, port=9001, db=None)
    assert (found.port, found.db, found.retention, found.host) == (9001, "a.db", 50, "0.0.0.0")
    assert found.error_texts == "former"
    assert found.allow_hosts == ("sms", "sandbox.test")
    assert found.webhook_allow == ("10.0.0.0/8", "fd00::/8")


def test_environment_number_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="SMS_SANDBOX_PORT"):
        from_environment({"SMS_SANDBOX_PORT": "eighty"})


def test_repr_hides_the_password() -> None:
    assert "hunter2" not in repr(Settings(password="hunter2"))


def test_configured_credentials_are_found_by_provider_and_name() -> None:
    one = Credential(provider="twilio", name="AC1", secret="hidden", account="AC1")
    settings = Settings(credentials=(one,), strict=True)
    assert settings.credential("twilio", "AC1") == one
    assert settings.credential("vonage", "AC1") is None
    assert "hidden" not in repr(settings)
