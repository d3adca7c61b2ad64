"""A provider, and how to see what arrived at its other side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import urllib3
from contracts.vendors import Vendor
from scripted_server import Request

from flask_phoneauth.errors import SendFailed
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.base import Provider
from flask_phoneauth.providers.console import ConsoleProvider
from flask_phoneauth.records import Outbound

NUMBER = "+447911123456"
CODE = "481920"
TOKEN = "a-delivery-token"


class Sent(NamedTuple):
    """A message as it arrived at the other side; no `sender` where there is none to see."""

    to: str
    body: str
    sender: str = ""


Arrived = Callable[[], list[Sent]]
Sending = Callable[..., Request]
"""Sends a message by some settings; what came of it at the other side."""


def message(body: str = f"Your code: {CODE}", to: str = NUMBER) -> Outbound:
    return Outbound(to=to, body=body, reference="AB", delivery=TOKEN)


class Side(NamedTuple):
    """A provider and what arrived at its other side; the console has no `vendor`."""

    provider: Provider
    arrived: Arrived
    vendor: Vendor | None = None
    url: str = ""
    account: str = ""


def console_side(capsys: pytest.CaptureFixture[str]) -> Side:
    printed: list[str] = []

    def arrived() -> list[Sent]:
        printed.append(capsys.readouterr().err)
        rule = "\n" + "-" * 64 + "\n"
        sheets = [s for s in "".join(printed).split(rule) if s.startswith("SMS to ")]
        return [read_sheet(sheet) for sheet in sheets]

    return Side(ConsoleProvider(), arrived)


def read_sheet(sheet: str) -> Sent:
    head, *lines = sheet.split("\n")
    return Sent(head.removeprefix("SMS to "), "\n".join(line[2:] for line in lines))


def vendor_side(vendor: Vendor, url: str, **more: Any) -> Side:
    account = vendor.new_account()
    settings = vendor.settings(url, account, public_url="http://127.0.0.1:9", **more)
    provider = load_provider(vendor.name).from_settings(settings)
    return Side(provider, arrived_in(url, account), vendor, url, account)


def arrived_in(url: str, account: str) -> Arrived:
    def arrived() -> list[Sent]:
        with urllib3.PoolManager(retries=False, timeout=15.0) as client:
            found = client.request(
                "GET", f"{url}/api/v1/messages", fields={"account": account, "limit": "100"}
            ).json()
        return [Sent(one["to"], one["body"], one["from"]) for one in found["messages"]]

    return arrived


def ended(url: str, status: str, **match: str) -> dict[str, Any]:
    """The one message of that kind at a sandbox, once it has reached its last status."""
    wish = {"match": match, "until_status": status, "timeout": 20}
    answer = urllib3.request("POST", f"{url}/api/v1/wait", json=wish, timeout=60)
    assert answer.status == 200, answer.data
    [found] = answer.json()["messages"]
    assert isinstance(found, dict)
    return found


def failure(provider: Provider, outbound: Outbound | None = None) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(outbound or message())
    return caught.value
