"""How applications are pointed at a sandbox: environment variables, and lines for SDKs."""

import json
import shlex

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
    """What to set in a program, for SDKs that read no variable."""
    base = json.dumps(f"{url}/twilio")
    products = ("api", "verify", "lookups")
    python = " = ".join(f"client.{product}.base_url" for product in products)
    node = " = ".join(f"client.{product}.baseUrl" for product in products)
    plivo = json.dumps(f"{url}/plivo/v1/Account")
    messagebird = json.dumps(f"{url}/messagebird/")
    vonage = json.dumps(f"{url}/vonage")
    return [
        f"Twilio, Python: {python} = {base}",
        f"Twilio, Node:   {node} = {base}",
        f"Plivo, Python:  plivo.rest.client.PLIVO_API_BASE_URI = {plivo}",
        f"MessageBird, Python: messagebird.client.ENDPOINT = {messagebird}",
        f"Vonage, Node:   new Vonage(auth, {{ restHost: {vonage}, apiHost: {vonage} }})",
    ]
