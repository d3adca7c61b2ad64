"""Only the credentials that were configured."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import receiving
from sandbox.twilio_calls import ACCOUNT, ROOT, TOKEN, basic, create

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.errors import SettingsError
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.settings import Credential, Settings, from_environment, read_credentials

KEY = "SK" + "e" * 32
LINES = f"""
# provider, name, secret, and the account where it differs
twilio {ACCOUNT} {TOKEN}
twilio {KEY}   key-secret   {ACCOUNT}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "credentials"
    path.write_text(LINES)
    return str(path)


@pytest.fixture
def strict(make_sandbox: Callable[..., Sandbox], file: str) -> FlaskClient:
    return create_app(make_sandbox(strict=True, credentials=read_credentials(file))).test_client()


def status(web: FlaskClient, name: str, secret: str) -> int:
    return web.get(f"{ROOT}.json", headers=basic(name, secret)).status_code


def test_configured_credentials_are_let_in(strict: FlaskClient) -> None:
    assert status(strict, ACCOUNT, TOKEN) == 200
    assert status(strict, KEY, "key-secret") == 200


def test_others_get_the_vendors_own_refusal(strict: FlaskClient) -> None:
    assert status(strict, ACCOUNT, "another") == 401
    assert status(strict, KEY, TOKEN) == 401
    other = "AC" + "b" * 32
    path = f"/twilio/2010-04-01/Accounts/{other}.json"
    assert strict.get(path, headers=basic(other, "secret")).status_code == 401
    assert status(strict, "SK" + "f" * 32, "secret") == 401


def test_a_reset_forgets_no_configured_credential(strict: FlaskClient) -> None:
    strict.post("/api/v1/reset?all=true", json={})
    assert status(strict, ACCOUNT, "another") == 401
    assert status(strict, ACCOUNT, TOKEN) == 200


def test_a_configured_token_signs_for_a_key_that_came_first(strict: FlaskClient) -> None:
    with receiving() as receiver:
        form = {"To": "+15558675310", "From": "+15017122661", "Body": "x"}
        strict.post(
            f"{ROOT}/Messages.json",
            data=form | {"StatusCallback": receiver.url},
            headers=basic(KEY, "key-secret"),
        )
        strict.post("/api/v1/clock/advance", json={"seconds": 0.3})
        (post,) = receiver.await_posts(1)
    assert post.headers["X-Twilio-Signature"] == sign(TOKEN, receiver.url, post.form.items())


def test_who_is_refused_is_told_on_the_terminal_with_the_cure_and_without_a_secret(
    make_sandbox: Callable[..., Sandbox],
    strict: FlaskClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    status(strict, ACCOUNT, "another")
    status(strict, "SK" + "f" * 32, "secret of a stranger")
    web = create_app(make_sandbox()).test_client()
    create(web)
    assert caplog.text.count("is refused") == 2
    status(web, ACCOUNT, "wrong-secret")
    told = [record.getMessage() for record in caplog.records]
    assert f"twilio {ACCOUNT} is refused: the file of credentials" in told[0]
    assert "is strict" in told[1]
    assert told[2].endswith(f"To begin anew: sms-sandbox reset --account {ACCOUNT}")
    assert not [secret for secret in (TOKEN, "wrong-secret", "stranger") if secret in caplog.text]


def test_without_strict_others_open_accounts_of_their_own(
    make_sandbox: Callable[..., Sandbox], file: str
) -> None:
    web = create_app(make_sandbox(credentials=read_credentials(file))).test_client()
    assert status(web, ACCOUNT, "another") == 401
    create(web)
    other = "AC" + "b" * 32
    path = f"/twilio/2010-04-01/Accounts/{other}.json"
    assert web.get(path, headers=basic(other, "first")).status_code == 200
    assert web.get(path, headers=basic(other, "second")).status_code == 401


def test_an_alias_of_a_configured_account_is_let_in_with_its_own_secret(
    strict: FlaskClient,
) -> None:
    strict.put("/api/v1/accounts/main/aliases", json={"aliases": [ACCOUNT]})
    assert status(strict, ACCOUNT, TOKEN) == 200


def test_strict_without_credentials_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="--credentials"):
        Settings(strict=True)


def test_the_environment_names_the_file(file: str) -> None:
    environ = {
        "SMS_SANDBOX_CREDENTIALS": file,
        "SMS_SANDBOX_STRICT": "true",
        "SMS_SANDBOX_SEED": "7",
        "SMS_SANDBOX_RETENTION_BYTES": "5000",
    }
    found = from_environment(environ)
    assert (found.strict, found.seed, found.retention_bytes) == (True, 7, 5000)
    known = Credential(provider="twilio", name=ACCOUNT, secret=TOKEN, account=ACCOUNT)
    assert found.credentials[0] == known
    assert found.credentials[1].account == ACCOUNT
    assert TOKEN not in repr(found)
    with pytest.raises(SettingsError, match="SMS_SANDBOX_STRICT"):
        from_environment(environ | {"SMS_SANDBOX_STRICT": "perhaps"})


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("twilio AC1 secret\ntwilio AC2\n")
    with pytest.raises(SettingsError, match="line 2"):
        read_credentials(str(path))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_credentials(str(tmp_path / "none"))
