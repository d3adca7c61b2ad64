"""Where a vendor's servers ask what a call is to say."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_limiter import Limiter

from flask_phoneauth.flows.speak_code import speak_code
from flask_phoneauth.providers.base import voice_url
from flask_phoneauth.sessions.state import current_live
from flask_phoneauth.web.receipts import raw_request

ENDPOINT = "phoneauth.voice"


def voice(provider: str, delivery: str) -> Any:
    """A vendor's signed question; the answer is the call's script, in the vendor's form."""
    live = current_live()
    base = voice_url(live.parts.settings, provider)
    raw = raw_request(f"{base}/{delivery}")
    spoken = speak_code(live.parts, provider, delivery, raw)
    return Response(spoken.text, mimetype=spoken.media_type)


def exempt(limiter: Limiter) -> None:
    """Keep a host's own limits away: all of a vendor's questions come from a few addresses."""
    limiter.exempt(voice)
