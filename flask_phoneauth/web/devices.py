"""The cookie by which a browser that once proved a number is known again (RULES 19).

It holds a token for each number, as `<tag><token>` joined by dots, the newest first. The store
knows the tokens' hashes only, and says which of them are trusted: a forged one is a stranger's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import Response, request

from flask_phoneauth.flows.prove import NO_DEVICE, Device
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import Client
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.web import inputs
from flask_phoneauth.web.binding import Binding, digest, host_cookie_name, is_secure, new_secret

COOKIE = "phoneauth_device"
MAX_PLACE = 100
"""Characters of a place that are kept."""
MAX_NUMBERS = 4
"""Numbers that one browser is remembered for; the one that was proven longest ago makes room."""
_ENTRY = re.compile(r"([a-z2-7]{16})([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Typing:
    """A code is typed in this browser: the token that it has for the number, and a fresh one."""

    tag: str
    held: str = field(repr=False)
    fresh: str = field(repr=False)

    @property
    def device(self) -> Device:
        """What the flow is told of it."""
        return Device(digest(self.held) if self.held else b"", digest(self.fresh))


def asker(live: Live) -> Client:
    """Who asks, with the devices that the browser claims to be."""
    tokens = _held(live)
    client = inputs.client(live.parts.settings)
    return replace(client, devices={tag: digest(token) for tag, token in tokens.items()})


def located_asker(live: Live) -> Client:
    """The same with its place, by the app's own resolver; the rest of the request knows it too."""
    resolve = live.parts.hooks.place
    client = inputs.client(live.parts.settings)
    if resolve is not None and not client.place:
        inputs.locate(str(resolve(client.address))[:MAX_PLACE])
    return asker(live)


def typing(live: Live, challenge_id: str, binding: Binding) -> Typing | None:
    """The device of a challenge that a cookie binds; None for a program, which keeps none."""
    if not binding.by_cookie:
        return None
    return typing_of(live, phone_tag_of(challenge_id))


def typing_of(live: Live, phone_tag: str) -> Typing:
    """The device of this browser for the number of that tag."""
    return Typing(phone_tag, _held(live).get(phone_tag, ""), new_secret())


def device_of(typing: Typing | None) -> Device:
    """What the flow is told of a browser, or of a program."""
    return NO_DEVICE if typing is None else typing.device


def remember(
    response: Response, live: Live, typing: Typing | None, *, enrolled: bool, former: str = ""
) -> None:
    """Give the browser that has proven the number its token, or its own one for longer.

    `former` is the tag of a number that it has none for any more.
    """
    token = "" if typing is None else (typing.fresh if enrolled else typing.held)
    held = {tag: one for tag, one in _held(live).items() if tag != former}
    if typing is not None and token:
        held.pop(typing.tag, None)
        _set(response, live, {typing.tag: token, **held})


def forget(response: Response, live: Live, phone_tag: str) -> None:
    """Take the number's token from the browser."""
    held = _held(live)
    if phone_tag in held:
        _set(response, live, {tag: one for tag, one in held.items() if tag != phone_tag})


def _held(live: Live) -> dict[str, str]:
    value = request.cookies.get(host_cookie_name(live, COOKIE), "")
    entries = (_ENTRY.fullmatch(entry) for entry in value[:1000].split(".")[:MAX_NUMBERS])
    return {entry[1]: entry[2] for entry in entries if entry}


def _set(response: Response, live: Live, tokens: Mapping[str, str]) -> None:
    entries = [tag + token for tag, token in tokens.items()][:MAX_NUMBERS]
    response.set_cookie(
        host_cookie_name(live, COOKIE),
        ".".join(entries),
        max_age=live.parts.settings.device_lifetime if entries else 0,
        secure=is_secure(live),
        httponly=True,
        samesite="Lax",
        path="/",
    )
