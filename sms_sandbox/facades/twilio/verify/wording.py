"""What a verification's message says."""

from collections.abc import Mapping
from typing import Any

_WARNING = ". Don’t share this code with anyone; our employees will never ask for the code"


def text_of(service: Mapping[str, Any], data: Mapping[str, Any], channel: str) -> str:
    """The text for a verification's ``data`` over a ``channel``; ``service`` are its settings.

    The sentences with and without the warning, and with an app's hash, are Twilio's own; the one
    that names a payment is the sandbox's.
    """
    name, code = data["name"] or service["friendly_name"], data["code"]
    if data["amount"] is not None:
        text = f"Your {name} verification code for {data['amount']} to {data['payee']} is: {code}"
    else:
        text = f"Your {name} verification code is: {code}"
    if channel != "sms":
        return text
    if data["app_hash"]:
        return f"<#> {text} {data['app_hash']}"
    return text + _WARNING if service["do_not_share_warning_enabled"] else text
