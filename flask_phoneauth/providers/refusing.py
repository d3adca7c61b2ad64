"""How a vendor's refusal becomes a failure of ours: by its own word for it, else by its status."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask_phoneauth.errors import AccountRefused, NumberRefused, ProviderDown, SendFailed

Meaning = tuple[type[SendFailed], str]
"""The kind of a failure and its reason, a short machine word."""

NUMBER: Meaning = (NumberRefused, "number_refused")
CREDENTIALS: Meaning = (AccountRefused, "credentials_refused")
ACCOUNT: Meaning = (AccountRefused, "account_unknown")
CREDIT: Meaning = (AccountRefused, "out_of_credit")
NOT_ALLOWED: Meaning = (AccountRefused, "not_allowed")
REGION: Meaning = (AccountRefused, "region_not_enabled")
REQUEST: Meaning = (AccountRefused, "request_refused")
SENDER: Meaning = (AccountRefused, "sender_refused")
THROTTLED: Meaning = (ProviderDown, "throttled")
SERVER: Meaning = (ProviderDown, "server_error")
"""What vendors' refusals come down to; only the first is about the number itself."""

NO_CODE = "none"
LARGEST_CODE = 99_999
"""Vendors' codes have five digits at most; the codes that visitors type mostly have more."""

logger = logging.getLogger("flask_phoneauth")


def by_status(status: int, table: Mapping[int, Meaning]) -> Meaning:
    """What a refusal means for which the vendor has no word of its own."""
    if status >= 500:
        return SERVER
    return table.get(status, REQUEST)


def refusal(who: str, meaning: Meaning, status: object, code: object = None) -> SendFailed:
    """The failure to raise, with the vendor's code; what is not the number's own is logged.

    The vendor's sentences may hold the number, so nobody is told them.
    """
    kind, reason = meaning
    status = status if _is_between(status, 100, 999) else NO_CODE
    answer = f"status {status}"
    if code is not None and code != NO_CODE:
        answer += f", error code {code}"
    if kind is not NumberRefused:
        shown = "" if code is None else f", error code {code}"
        logger.warning("%s answered %s%s", who, status, shown)
    return kind(reason, answer)


def shown(code: object) -> object:
    """A vendor's code if it is one, else `NO_CODE`: a long number may be a telephone's."""
    return code if _is_between(code, 0, LARGEST_CODE) else NO_CODE


def _is_between(figure: object, least: int, most: int) -> bool:
    # a vendor's JSON may hold anything in any place, and `true` is an `int` in Python
    return type(figure) is int and least <= figure <= most
