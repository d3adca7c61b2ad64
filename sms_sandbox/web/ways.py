"""The first run's ways to send a first message: each works by pasting it as it stands."""

from __future__ import annotations

import json
import shlex
from typing import NamedTuple

_NUMBER, _SENDER = "+12015550123", "+12015550199"  # from the range kept for fiction
_BODY = "Your code to sign in to Notes is 481920."


class Way(NamedTuple):
    """One way: what it is for, what to know, and the text to paste."""

    title: str
    note: str
    text: str


def ways(base: str, *, with_password: bool) -> tuple[Way, ...]:
    """The ways for a sandbox at `base`, an address without a slash at its end.

    With a password set, the lines read it from `SMS_SANDBOX_PASSWORD`; it is never shown.
    """
    return (
        Way(
            "Any language, any shell",
            "One request with the standard tools.",
            _curl(base, with_password=with_password),
        ),
        Way(
            "A Flask application with PhoneAuth",
            "In its configuration; every code it sends then arrives here.",
            _flask(base, with_password=with_password),
        ),
        Way(
            "Twilio's SDK",
            "Its address is an attribute; nothing else changes.",
            _twilio(base, with_password=with_password),
        ),
        Way(
            "MessageBird's SDK",
            "It takes an HTTP client with the address; the stroke at its end matters.",
            _messagebird(base, with_password=with_password),
        ),
        Way(
            "Amazon SNS, through AWS's SDK",
            "The SDK reads the address from the environment too: AWS_ENDPOINT_URL_SNS.",
            _sns(base, with_password=with_password),
        ),
        Way(
            "A test with pytest",
            "The fixture starts a sandbox of its own; nothing to configure.",
            _pytest(),
        ),
    )


def _curl(base: str, *, with_password: bool) -> str:
    message = {"to": _NUMBER, "from": "Notes", "body": _BODY}
    password = ' \\\n  -u ":$SMS_SANDBOX_PASSWORD"' if with_password else ""
    return (
        f"curl {shlex.quote(base + '/api/v1/messages')}{password} \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps(message))}"
    )


def _flask(base: str, *, with_password: bool) -> str:
    lines = [f"app.config['PHONEAUTH_SANDBOX_URL'] = {base!r}"]
    if with_password:
        lines.insert(0, "import os")
        lines.append(
            "app.config['PHONEAUTH_SANDBOX_PASSWORD'] = os.environ['SMS_SANDBOX_PASSWORD']"
        )
    return "\n".join(lines)


def _twilio(base: str, *, with_password: bool) -> str:
    secret = _secret(with_password=with_password)
    return "\n".join(
        [
            *(["import os", ""] if with_password else []),
            "from twilio.rest import Client",
            "",
            f'client = Client("AC" + "0" * 32, {secret})',
            f"client.api.base_url = {base + '/twilio'!r}",
            f"client.messages.create(to={_NUMBER!r}, from_={_SENDER!r}, body={_BODY!r})",
        ]
    )


def _messagebird(base: str, *, with_password: bool) -> str:
    # A key is name and secret in one: the password stands behind it.
    key = '"notes:" + os.environ["SMS_SANDBOX_PASSWORD"]' if with_password else '"notes"'
    return "\n".join(
        [
            *(["import os", ""] if with_password else []),
            "import messagebird",
            "from messagebird.http_client import HttpClient",
            "",
            f"key = {key}",
            f'http_client = HttpClient({base + "/messagebird/"!r}, key, "notes")',
            "client = messagebird.Client(key, http_client=http_client)",
            f"client.message_create({_SENDER!r}, {_NUMBER!r}, {_BODY!r})",
        ]
    )


def _sns(base: str, *, with_password: bool) -> str:
    secret = _secret(with_password=with_password)
    return "\n".join(
        [
            *(["import os", ""] if with_password else []),
            "import boto3",
            "",
            "sns = boto3.client(",
            f'    "sns", endpoint_url={base + "/aws"!r}, region_name="us-east-1",',
            f'    aws_access_key_id="test", aws_secret_access_key={secret},',
            ")",
            f"sns.publish(PhoneNumber={_NUMBER!r}, Message={_BODY!r})",
        ]
    )


def _secret(*, with_password: bool) -> str:
    """Where a password is set it is the secret of every account."""
    return 'os.environ["SMS_SANDBOX_PASSWORD"]' if with_password else '"sandbox"'


def _pytest() -> str:
    return (
        "def test_login(sms):\n"
        f"    ...  # your application sends a code to {_NUMBER} through sms.url\n"
        f"    code = sms.code_for({_NUMBER!r})"
    )
