"""Lists by the page: a token names the last item that was shown, so nothing is skipped or shown
twice while the list changes."""

import base64
import binascii
from collections.abc import Mapping, Sequence

from sms_sandbox.facades.aws.errors import invalid


def size(parameters: Mapping[str, str], limit: int) -> int:
    """``MaxResults``, at most and by default ``limit``. Raises ``AwsError``."""
    text = parameters.get("MaxResults")
    if text is None:
        return limit
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= limit):
        raise invalid(f"MaxResults Reason: give a number from 1 to {limit}")
    return int(text)


def after(parameters: Mapping[str, str], name: str) -> str:
    """The item that the page begins behind; empty: at the start. Raises ``AwsError``."""
    try:
        token = parameters.get(name, "").encode("ascii")
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise invalid(f"{name} Reason: it is none of a page's own") from None


def page(items: Sequence[str], limit: int) -> tuple[Sequence[str], str | None]:
    """The first ``limit`` of ``items``, and the token of the next page if there is one."""
    shown = items[:limit]
    if len(items) <= limit:
        return shown, None
    return shown, base64.urlsafe_b64encode(shown[-1].encode()).decode()
