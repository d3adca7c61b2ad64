"""Vonage's own Python SDK, unmodified, led to a sandbox: it has no option for plain HTTP, so a
requests adapter in its session names another address."""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from vonage import Auth, HttpClientOptions, Vonage


class Led(HTTPAdapter):
    """Leads requests to Vonage's hosts to a sandbox instead, and counts them."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.hosts: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        parts = urlsplit(request.url or "")
        self.hosts.append(parts.netloc)
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self._base}/vonage{parts.path}{query}"
        return super().send(request, *args, **more)


def led(base: str, **credentials: Any) -> tuple[Vonage, Led]:
    """A client of the sandbox at ``base`` and what leads it there."""
    client = Vonage(Auth(**credentials), HttpClientOptions(timeout=30))
    adapter = Led(base)
    client.http_client._session.mount("https://", adapter)
    return client, adapter
