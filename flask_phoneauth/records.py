"""Frozen data that crosses rooms. Times are seconds since the epoch, durations seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

LOGIN = "login"
CHANGE_PHONE = "change_phone"
STEP_UP = "step_up"
"""The purpose of the second code, by e-mail, of an account whose number has a new SIM."""
PHONE_CHANGED = "phone_changed"
"""The purpose of a message without a code: the notice to the number that an account has left."""
SMS = "sms"
VOICE = "voice"
EMAIL = "email"
"""How a code comes: `Challenge.channel`. Only e-mail does not prove the number (RULES 10)."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the address that budgets count (IPv4, or an IPv6 /64) and what the browser says.

    `devices` holds the SHA-256 of the device tokens that came along, by the tag of the number
    that each is for; whether one is trusted, the store says. `place` is where an app's own
    resolver puts the address; nothing without one.
    """

    address: str
    user_agent: str = ""
    locale: str = "en"
    devices: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    place: str = ""

    def device_for(self, phone_tag: str) -> bytes:
        """The device that claims to have proven this number; b"" where none does."""
        return self.devices.get(phone_tag, b"")


@dataclass(frozen=True, slots=True)
class Generation:
    """One code of a challenge; a pending one has no digest until a provider accepted it."""

    number: int
    expires_at: float
    digest: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Spend:
    """What the message asked for at `at` cost: the counters to lower when it is given back.

    A success counts it under `share_key` instead, in windows of `window` seconds.
    """

    key: str
    bucket: int
    cost: int
    refund_on: str
    at: float
    share_key: str = ""
    window: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """The runs of one message's job, where a queue may bring it more than once.

    The message is told by when it was asked for; `begun` counts its runs, `over` says that one
    of them has written down what became of it.
    """

    asked_at: float
    begun: int = 1
    over: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """The record that waits for a code (RULES 1-6). `binding` is the SHA-256 of the secret.

    `free` marks virtual and test numbers, which skip send budgets and the cooldown. `lost_by` is
    the provider whose receipt has caused the one resend that receipts may cause (RULES 29).
    `lane` (`stranger` or `device`) has paid for its newest message; `device` is the SHA-256 of
    that device's token. `runs` are of messages whose jobs may come twice. `vendor_id` is that of
    the verification whose code a vendor has made, or stands for the address that a code was mailed
    to; it is shown to nobody. `led_to` is the id of the challenge that its right code asked for.
    """

    id: str
    purpose: str
    phone: str = field(repr=False)
    binding: bytes = field(repr=False)
    reference: str
    channel: str
    key_id: str
    seed: bytes | None = field(repr=False)
    generations: tuple[Generation, ...]
    code_length: int
    code_ttl: int
    max_tries: int
    created_at: float
    expires_at: float
    asked_at: float
    free: bool = False
    tries: int = 0
    delivery: str = "queued"
    reason: str = ""
    lost_by: str = ""
    ended: str = ""
    ended_at: float = 0.0
    spends: tuple[Spend, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    lane: str = "stranger"
    device: bytes = field(default=b"", repr=False)
    runs: tuple[Run, ...] = ()
    vendor_id: str = field(default="", repr=False)
    led_to: str = ""

    @property
    def newest(self) -> Generation:
        """The generation that a resend repeats or follows."""
        return self.generations[-1]

    @property
    def tries_left(self) -> int:
        """How many wrong codes it still stands."""
        return max(0, self.max_tries - self.tries)


@dataclass(frozen=True, slots=True)
class Job:
    """What a queue carries: never the code, the number or the seed (RULES 26).

    `delivered` is no part of it: how often a broker has brought it, as far as the broker knows;
    0 where it never left this process, and so cannot come twice.
    """

    challenge_id: str
    generation: int
    asked_at: float
    delivered: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Outbound:
    """One text for one number; `reference` tells a repeated send from a new one.

    `delivery` is the token by which a vendor's receipts find the message (RULES 29).
    """

    to: str = field(repr=False)
    body: str = field(repr=False)
    reference: str
    delivery: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A provider's word that it took the message, with its own id."""

    provider: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Script:
    """What a call says in the language of `locale`: the lines, one after the other.

    With `asks` it then waits for a key, and the vendor comes again with the one that was pressed.
    """

    lines: tuple[str, ...] = field(repr=False)
    locale: str = "en"
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail to one address; `subject` and `sender_name` are on one line."""

    to: str = field(repr=False)
    subject: str
    body: str = field(repr=False)
    sender_name: str = ""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A vendor's callback as it came; names of `headers` are lower case.

    `url` is as we handed it out, by `PUBLIC_URL`, never by the request's own Host.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A vendor's word on one message: `sent`, `delivered`, `failed`, or nothing new.

    `channel` says whether it was a message or a call.
    """

    message_id: str
    delivery: str
    reason: str = ""
    channel: str = SMS


class User(Protocol):
    """What flows need of an application's user: Flask-Login's `get_id` and the two phone facts."""

    phone: Any
    blocked_at: Any

    def get_id(self) -> str:
        """The user's id as text."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One signed-in device, as the registry keeps it; `id` is public, the token is not in it.

    `place` is where an app's own resolver put the address at the login.
    """

    id: str
    user_id: str
    created_at: float
    authenticated_at: float
    last_seen_at: float
    expires_at: float
    idle_seconds: int
    ip: str
    user_agent: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit trail; texts are empty where they do not apply.

    `phone_tag` stands for the number, which is masked here as everywhere. `detail` is a machine
    word: the problem of a refusal, the provider, a receipt's status. `test_number` marks what an
    app reviewer's number did.
    """

    at: float
    kind: str
    phone_tag: str = ""
    masked_phone: str = ""
    challenge_id: str = ""
    user_id: str = ""
    session_id: str = ""
    purpose: str = ""
    detail: str = ""
    address: str = ""
    user_agent: str = ""
    place: str = ""
    test_number: bool = False
