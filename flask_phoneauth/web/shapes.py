"""The JSON shapes of the OpenAPI document; lengths and names follow the app's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_phoneauth.errors import PhoneAuthError
from flask_phoneauth.flows.look_up_challenge import SHOWN
from flask_phoneauth.otp.challenge import proves_number
from flask_phoneauth.otp.code import MAX_CODE_TEXT
from flask_phoneauth.phone.spelling import MAX_LENGTH
from flask_phoneauth.settings import Settings
from flask_phoneauth.web.responses import PROBLEM_TYPE

CHALLENGE_ID = r"^[a-z2-7]{16}\.[A-Za-z0-9_-]{22}$"
SECRET = r"^[A-Za-z0-9_-]{43}$"  # noqa: S105 - a form, not a secret
SESSION_ID = r"^(?:[0-9a-f]{16}|current)$"
PROVIDER = r"^[a-z0-9_]+$"
DELIVERY = r"^[a-z2-7]{16}[A-Za-z0-9_-]{12,200}$"
DELIVERIES = ("queued", "sent", "delivered", "failed")

Shape = dict[str, Any]


def all_codes() -> list[str]:
    """The machine code of every problem, sorted."""
    return sorted({kind.code for kind in _kinds(PhoneAuthError) if "code" in vars(kind)})


def shapes(settings: Settings) -> dict[str, Shape]:
    """Every shape by its name."""
    wishes = _wishes(settings.channels)
    proofs = _wishes(tuple(name for name in settings.channels if proves_number(name)))
    return {
        "Login": _object(
            {**_start(), "remember": {"type": ["boolean", "null"]}, **wishes},
            optional=("remember", *wishes),
        ),
        "SilentLogin": _object(
            {
                **_start(),
                "remember": {"type": ["boolean", "null"]},
                "verifier_challenge": {
                    "type": ["string", "null"],
                    "pattern": SECRET,
                    "description": "S256 of the `verifier` that a program without cookies shows "
                    "to the callback (RFC 7636).",
                },
                **wishes,
            },
            optional=("remember", "verifier_challenge", *wishes),
        ),
        "Phone": _object({**_start(), **proofs}, optional=tuple(proofs)),
        "Code": _object(
            {
                **_held(),
                "code": {
                    "type": "string",
                    "minLength": settings.code_length,
                    "maxLength": MAX_CODE_TEXT,
                    "examples": ["0" * settings.code_length],
                    "description": f"{settings.code_length} digits of any script and spacing.",
                },
            },
            optional=("challenge_secret",),
        ),
        "Resend": _object(
            {**_held(), "channel": _channel(settings.channels)},
            optional=("challenge_secret", "channel"),
        ),
        "Logout": _object({"everywhere": {"type": ["boolean", "null"]}}, optional=("everywhere",)),
        "Empty": _object({}),
        **_answers(settings),
        "Problem": _problem(),
    }


def problem_of_codes(codes: list[str]) -> Shape:
    """A problem that has one of these codes."""
    return {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"code": {"enum": codes}}},
        ]
    }


def _answers(settings: Settings) -> dict[str, Shape]:
    user = _object({"id": {"type": "string"}, "phone": {"type": ["string", "null"]}})
    seconds = {"type": "integer", "minimum": 0}
    moment = {"type": "string", "format": "date-time"}
    session = _object(
        {
            "id": {"type": "string"},
            "current": {"type": "boolean"},
            **dict.fromkeys(("created_at", "authenticated_at", "last_seen_at"), moment),
            "ip": {"type": "string"},
            "user_agent": {"type": "string"},
        }
    )
    left = {**seconds, "maximum": settings.code_ttl}
    return {
        "Asked": _object(
            {
                "challenge_id": {"type": "string", "pattern": CHALLENGE_ID},
                "challenge_secret": {
                    "type": "string",
                    "pattern": SECRET,
                    "description": "Only for programs without cookies.",
                },
                "masked_phone": {"type": "string"},
                "reference": {"type": "string", "pattern": "^[A-Z]{2}$"},
                "channel": {"enum": list(settings.channels)},
                "code_length": {"type": "integer", "examples": [settings.code_length]},
                "expires_in": left,
                "resend_in": seconds,
            },
            optional=("challenge_secret",),
        ),
        "Silent": _object(
            {
                "url": {"type": "string", "format": "uri"},
                "challenge_id": {"type": "string", "pattern": CHALLENGE_ID},
            }
        ),
        "SignedIn": _object(
            {"user": user, "new_user": {"type": "boolean"}, "next": {"type": "string"}}
        ),
        "Challenge": _object(
            {
                "status": {"enum": list(SHOWN.values())},
                "delivery": {"enum": list(DELIVERIES)},
                "resend_in": seconds,
                "expires_in": left,
            }
        ),
        "Me": _object({"user": user}),
        "Sessions": _object({"sessions": {"type": "array", "items": session}}),
        "Document": {"type": "object", "description": "OpenAPI 3.1"},
    }


def _problem() -> Shape:
    error = _object({"pointer": {"type": "string"}, "detail": {"type": "string"}})
    return _object(
        {
            "type": {"type": "string", "pattern": f"^{PROBLEM_TYPE}"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"enum": all_codes()},
            "tries_left": {"type": "integer", "minimum": 0},
            "retry_after": {"type": "integer", "minimum": 1},
            "errors": {"type": "array", "items": error},
        },
        optional=("tries_left", "retry_after", "errors"),
    )


def _start() -> dict[str, Shape]:
    about = "A number in any human spelling."
    return {"phone": {"type": "string", "maxLength": MAX_LENGTH, "description": about}}


def _wishes(channels: tuple[str, ...]) -> dict[str, Shape]:
    return {
        "risk_token": {
            "type": ["string", "null"],
            "description": "The answer of a puzzle, after `risk_challenge`.",
        },
        "next": {
            "type": ["string", "null"],
            "description": "A path of this site to go on to; anything else is ignored.",
        },
        "channel": _channel(channels),
        "challenge_id": {"type": ["string", "null"]},
        "challenge_secret": {
            "type": ["string", "null"],
            "pattern": SECRET,
            "description": "Of an earlier challenge, to go on with it.",
        },
    }


def _held() -> dict[str, Shape]:
    return {
        "challenge_id": {"type": "string"},
        "challenge_secret": {
            "type": ["string", "null"],
            "description": "The one that came with the challenge, unless by cookie.",
        },
    }


def _channel(channels: tuple[str, ...]) -> Shape:
    return {
        "enum": [*channels, None],
        "description": "How the code comes; at a resend the channel of the newest message.",
    }


def _object(properties: Mapping[str, Shape], *, optional: tuple[str, ...] = ()) -> Shape:
    required = [name for name in properties if name not in optional]
    shape: Shape = {"type": "object", "properties": dict(properties)}
    return {**shape, "required": required} if required else shape


def _kinds(kind: type[PhoneAuthError]) -> list[type[PhoneAuthError]]:
    below = (found for child in kind.__subclasses__() for found in _kinds(child))
    return [kind, *below]
