"""Cloudflare Turnstile and hCaptcha: both take the answer as a form and say `success`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError

from flask_phoneauth.providers.wire import open_pool, read_body
from flask_phoneauth.settings import Settings

ANSWER_SECONDS = 3.0
"""For the vendor's word; after that `RISK_FAIL_OPEN` decides."""
CONNECTIONS = 4

logger = logging.getLogger("flask_phoneauth")


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a vendor's puzzle is loaded and judged, and how its script speaks to the page."""

    script_url: str
    verify_url: str
    css_class: str
    field: str


VENDORS: Mapping[str, Vendor] = {
    "turnstile": Vendor(
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        "cf-turnstile",
        "cf-turnstile-response",
    ),
    "hcaptcha": Vendor(
        "https://js.hcaptcha.com/1/api.js",
        "https://api.hcaptcha.com/siteverify",
        "h-captcha",
        "h-captcha-response",
    ),
}


class SiteVerify:
    """The puzzle of one vendor; `RISK_VERIFY_URL` may take the place of the vendor's address."""

    def __init__(self, settings: Settings) -> None:
        vendor = VENDORS[settings.risk_puzzle]
        self.name = settings.risk_puzzle
        self.site_key = settings.risk_site_key
        self.script_url = vendor.script_url
        self.css_class = vendor.css_class
        self.field = vendor.field
        self._verify_url = settings.risk_verify_url or vendor.verify_url
        self._secret = settings.risk_secret_key
        self._fail_open = settings.risk_fail_open
        self._pool = open_pool(connections=CONNECTIONS, read_timeout=ANSWER_SECONDS)

    def solved(self, token: str, address: str) -> bool:
        """Ask the vendor; where it does not answer, `RISK_FAIL_OPEN` decides and the log tells."""
        answer = self._ask(token, address)
        if answer is None:
            logger.warning("the judge of %s does not answer; RISK_FAIL_OPEN decides", self.name)
            return self._fail_open
        return answer

    def _ask(self, token: str, address: str) -> bool | None:
        """None where there is no answer that can be read."""
        sent = {"secret": self._secret, "response": token}
        if address and "/" not in address:  # an IPv6 network is no address
            sent["remoteip"] = address
        try:
            response = self._pool.request(
                "POST",
                self._verify_url,
                # what no request can carry must reach the vendor as another text, which it calls
                # wrong: an error of ours would count as silence, and `RISK_FAIL_OPEN` decide
                body=urlencode(sent, errors="replace"),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                preload_content=False,
            )
            try:
                body = read_body(response, ANSWER_SECONDS)
            finally:
                # ends the connection where a rest is unread, which the next answer would follow
                response.close()
        except HTTPError:
            return None
        return _read(response.status, body)

    def close(self) -> None:
        """Let connections go."""
        self._pool.clear()


def _read(status: int, body: bytes | None) -> bool | None:
    """What the vendor says: of an answer that it will not read, too, that it is not right."""
    try:
        told = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    success = told.get("success") if isinstance(told, dict) else None
    if success is False and status < 500:
        return False
    return True if success is True and status == 200 else None
