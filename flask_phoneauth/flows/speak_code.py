"""A call is answered: whoever presses the key hears the code, a machine hears nothing (RULES 10).

The code is derived when it is asked for, and only while its challenge lives: no job carries it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_phoneauth.delivery.tokens import read_token
from flask_phoneauth.delivery.wording import call_code, call_over, call_prompt
from flask_phoneauth.errors import BadSignature
from flask_phoneauth.events import DeliveryUpdated
from flask_phoneauth.flows.parts import Parts, code_of
from flask_phoneauth.otp.challenge import kind_of
from flask_phoneauth.records import Challenge, Generation, Job, RawRequest, Script

KEY = "1"


@dataclass(frozen=True, slots=True)
class Spoken:
    """The vendor's script, and what kind of text it is."""

    media_type: str
    text: str = field(repr=False)


def speak_code(parts: Parts, provider: str, token: str, request: RawRequest) -> Spoken:
    """What the call says next; raises `BadSignature`, `StoreUnavailable`."""
    voice = parts.calls.voice(provider)
    if voice is None:
        raise BadSignature
    keys = voice.read(request)
    named = read_token(parts.keys, token)
    script = _script(parts, provider, named, pressed=keys == KEY) if named else _over("en")
    return Spoken(voice.media_type, voice.write(script))


def _script(parts: Parts, provider: str, named: tuple[str, float], *, pressed: bool) -> Script:
    challenge_id, asked_at = named
    now = parts.clock.now()
    loaded = parts.challenges.load(Job(challenge_id, 0, asked_at), now=now)
    if loaded is None:
        return _over("en")
    challenge = loaded.challenge
    locale = str(challenge.payload.get("locale") or "en")
    live = [g for g in challenge.generations if g.digest is not None and now < g.expires_at]
    if not live:
        return _over(locale)
    if not pressed:
        purpose = kind_of(challenge.purpose)
        lines = call_prompt(purpose=purpose, brand=parts.brand, locale=locale)
        return Script(lines, locale, asks=True)
    code = _code(parts, challenge, live[-1], now)
    if code is None:
        return _over(locale)
    if parts.challenges.advance(challenge_id, asked_at, "delivered", "", now=now) is not None:
        parts.notify(DeliveryUpdated(challenge_id, "delivered", provider))
    return Script(call_code(code=code, locale=locale), locale)


def _over(locale: str) -> Script:
    return Script(call_over(locale=locale), locale)


def _code(parts: Parts, challenge: Challenge, generation: Generation, now: float) -> str | None:
    keys = parts.keys.find(challenge.key_id)
    if keys is None:  # its secret was taken out meanwhile
        return None
    return code_of(parts.settings, keys, challenge, generation.number, now)
