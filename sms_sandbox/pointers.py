"""How applications are pointed at a sandbox: environment variables, and lines for SDKs."""

import json
import shlex
from urllib.parse import urlsplit

from sms_sandbox.settings import MEMORY, Settings


def welcome(url: str, settings: Settings) -> str:
    """What a sandbox at ``url`` says when it has started."""
    lines = [f"SMS sandbox: {url}", f"  inbox       {url}/", f"  API         {url}/api/v1"]
    if settings.db != MEMORY:
        lines.append(f"  messages    {settings.db}")
    lines += ["", "Point Flask-PhoneAuth at it:"]
    for name, value in application_settings(url, None).items():
        lines.append(f"  export {name}={shlex.quote(value)}")
    if settings.password is not None:
        lines.append("  and the password as FLASK_PHONEAUTH_SANDBOX_PASSWORD")
    lines += ["", "Point a vendor's own SDK at it:"]
    lines += [f"  {line}" for line in sdk_lines(url)]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in aws_settings(url).items()]
    lines += ["", "Ctrl-C stops it."]
    return "\n".join(lines)


def application_settings(url: str, account: str | None) -> dict[str, str]:
    """The variables that point Flask-PhoneAuth at the sandbox."""
    values = {"FLASK_PHONEAUTH_PROVIDERS": '["sandbox"]', "FLASK_PHONEAUTH_SANDBOX_URL": url}
    if account is not None:
        values["FLASK_PHONEAUTH_SANDBOX_ACCOUNT"] = account
    return values


def aws_settings(url: str) -> dict[str, str]:
    """The variables that point AWS's SDKs at the sandbox."""
    services = ("SNS", "PINPOINT_SMS_VOICE_V2")
    return {f"AWS_ENDPOINT_URL_{service}": f"{url}/aws" for service in services}


def sdk_lines(url: str) -> list[str]:
    """What to set in a program, for SDKs that read no variable: ``Vendor, Language: line``."""
    return [f"{name}: {line}" for name, line in (*_python(url), *_node(url))]


def _python(url: str) -> list[tuple[str, str]]:
    products = ("api", "messaging", "verify", "lookups")
    twilio = " = ".join(f"client.{product}.base_url" for product in products)
    plivo, vonage = f"{url}/plivo/v1", json.dumps(f"{url}/vonage")
    return [
        ("Twilio, Python", f"{twilio} = {json.dumps(f'{url}/twilio')}"),
        (
            "Plivo, Python",
            f"plivo.rest.client.PLIVO_API_BASE_URI = {json.dumps(f'{plivo}/Account')}; "
            f"plivo.resources.lookup.LOOKUP_API_ENDPOINT = {json.dumps(f'{plivo}/Number')}",
        ),
        (
            "MessageBird, Python",
            f"messagebird.client.ENDPOINT = {json.dumps(f'{url}/messagebird/')}",
        ),
        (
            "Vonage, Python",
            'client.http_client._session.mount("https://", adapter), a requests adapter of your '
            f"own: its send() puts {vonage} in the place of https:// and the host, for no option "
            "of this SDK leads to plain HTTP",
        ),
    ]


def _node(url: str) -> list[tuple[str, str]]:
    products = ("api", "messaging", "verify", "lookups")
    twilio = " = ".join(f"client.{product}.baseUrl" for product in products)
    vonage = json.dumps(f"{url}/vonage")
    parts = urlsplit(url)
    # This SDK has no option at all: what it asks of Node is led here, by the name of its host.
    there = json.dumps({"hostname": parts.hostname, "port": parts.port or 80})[1:-1]
    host = json.dumps("rest.messagebird.com")
    return [
        ("Twilio, Node", f"{twilio} = {json.dumps(f'{url}/twilio')}"),
        (
            "Plivo, Node",
            "new plivo.Client(authId, authToken, "
            f"{{ url: {json.dumps(f'{url}/plivo/v1/Account/')} + authId }})",
        ),
        (
            "MessageBird, Node",
            f'const {{ request }} = require("{parts.scheme}"); require("https").request = '
            f"(options, answered) => request({{ ...options, {there}, "
            f"headers: {{ ...options.headers, host: {host} }} }}, answered)",
        ),
        ("Vonage, Node", f"new Vonage(auth, {{ restHost: {vonage}, apiHost: {vonage} }})"),
    ]
