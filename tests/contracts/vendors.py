"""How each provider is reached for real, and who judges its receipts.

A new vendor joins the contract by one `Vendor` in `VENDORS`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import jwt
import messagebird.error
import messagebird.request_validator
import plivo
from scripted_server import ENDLESS, Behaviour, answer
from twilio.request_validator import RequestValidator
from vonage_jwt import VonageVerifyJwtError, verify_signature

from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.base import Provider
from flask_phoneauth.providers.messagebird import MessageBirdProvider
from flask_phoneauth.providers.plivo import PlivoProvider
from flask_phoneauth.providers.sandbox import SandboxProvider
from flask_phoneauth.providers.sns import SnsProvider
from flask_phoneauth.providers.twilio import TwilioProvider
from flask_phoneauth.providers.vonage import VonageProvider
from flask_phoneauth.records import RawRequest
from flask_phoneauth.settings import Settings

SECRET = "a-password-of-the-vendor-long-enough"
ENOUGH = 15.0
"""Seconds that a provider of `toward` waits for an answer, for as long as it is not told."""
LITTLE = 0.3


def patience_with(behaviour: Behaviour) -> float:
    """Seconds to wait for a server that behaves so: little only where no answer ever comes."""
    return LITTLE if behaviour in ENDLESS else ENOUGH


class Vendor(NamedTuple):
    """One provider with a network.

    `new_account` is a credential that a sandbox has never seen, for the setting `account`;
    `secrets` are the settings of its secret, the last of which signs callbacks, and with `others`
    the inbox shows `sender`. `toward(url, patience)` builds a provider that leads to any address.
    `accepts` is how the vendor takes a message, as `m-1`. `needs` are the settings without which
    nothing but a sandbox can be asked. `judge` is the vendor's own validator of callbacks, None
    where it has none, which `covers_address` or the body alone; they are asked for by the fields
    `callback`.
    """

    name: str
    new_account: Callable[[], str]
    account: str
    secrets: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    sender: str
    toward: Callable[..., Provider]
    accepts: Behaviour
    needs: tuple[str, ...] = ()
    judge: Callable[[RawRequest, str], bool] | None = None
    covers_address: bool = True
    callback: tuple[str, ...] = ()

    @property
    def signed_by(self) -> str:
        """The setting with the key that signs callbacks."""
        return self.secrets[-1]

    def keys(self, account: str, secret: str) -> dict[str, str]:
        """The settings of an account with its secret."""
        return {self.account: account, **dict.fromkeys(self.secrets, secret), **dict(self.others)}

    def settings(self, url: str, account: str, secret: str = SECRET, **more: Any) -> Settings:
        """That account at the sandbox of that address."""
        return Settings(sandbox_url=url, **{**self.keys(account, secret), **more})

    def built(self, **settings: Any) -> Any:
        """Its provider, as those settings have it."""
        return load_provider(self.name).from_settings(Settings(**settings))


def values_of(text: str) -> dict[str, str | list[str]]:
    """Fields of a form or query as a vendor's validator wants them: a list where one repeats."""
    found = parse_qs(text, keep_blank_values=True)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def judged_by_twilio(request: RawRequest, secret: str) -> bool:
    posted = values_of(request.body.decode()) if request.method == "POST" else {}
    signature = request.headers.get("x-twilio-signature", "")
    return bool(RequestValidator(secret).validate(request.url, posted, signature))


def judged_by_plivo(request: RawRequest, secret: str) -> bool:
    headers = request.headers
    posted = values_of(request.body.decode()) if request.method == "POST" else {}
    if signature := headers.get("x-plivo-signature-v3"):
        nonce = headers.get("x-plivo-signature-v3-nonce", "")
        return bool(
            plivo.utils.validate_v3_signature(
                request.method, request.url, nonce, secret, signature, posted
            )
        )
    nonce = headers.get("x-plivo-signature-v2-nonce", "")
    signature = headers.get("x-plivo-signature-v2", "")
    return bool(plivo.utils.validate_signature(request.url, nonce, signature, secret))


def judged_by_messagebird(request: RawRequest, secret: str) -> bool:
    token = request.headers.get("messagebird-signature-jwt", "")
    judge = messagebird.request_validator.RequestValidator(secret)
    try:
        return bool(judge.validate_signature(token, request.url, request.body))
    except messagebird.error.ValidationError:
        return False


def judged_by_vonage(request: RawRequest, secret: str) -> bool:
    """Vonage's SDK judges the token; its guide says how to judge the body by it."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        if not verify_signature(token, secret):
            return False
    except VonageVerifyJwtError:
        return False
    claims = jwt.decode(token, options={"verify_signature": False})
    return bool(claims["payload_hash"] == hashlib.sha256(request.body).hexdigest())


SANDBOX = Vendor(
    name="sandbox",
    new_account=lambda: uuid.uuid4().hex,
    account="sandbox_account",
    secrets=("sandbox_password",),
    others=(),
    sender="PhoneAuth",
    toward=lambda url, patience=ENOUGH: SandboxProvider(
        url, password=SECRET, read_timeout=patience
    ),
    accepts=answer(201, {"id": "m-1"}),
)
TWILIO = Vendor(
    name="twilio",
    new_account=lambda: f"AC{uuid.uuid4().hex}",
    account="twilio_account_sid",
    secrets=("twilio_auth_token",),
    others=(("twilio_from", "+15017122661"),),
    sender="+15017122661",
    toward=lambda url, patience=ENOUGH: TwilioProvider(
        f"AC{'a' * 32}", SECRET, sender="+15017122661", base_url=url, read_timeout=patience
    ),
    accepts=answer(201, {"sid": "m-1", "status": "queued"}),
    needs=("twilio_account_sid", "twilio_auth_token", "twilio_from"),
    judge=judged_by_twilio,
    callback=("StatusCallback",),
)
PLIVO = Vendor(
    name="plivo",
    new_account=lambda: f"MA{uuid.uuid4().hex[:18].upper()}",
    account="plivo_auth_id",
    secrets=("plivo_auth_token",),
    others=(("plivo_src", "+15017122661"),),
    sender="+15017122661",
    toward=lambda url, patience=ENOUGH: PlivoProvider(
        f"MA{'A' * 18}", SECRET, src="+15017122661", base_url=url, read_timeout=patience
    ),
    accepts=answer(202, {"api_id": "x", "message": "message(s) queued", "message_uuid": ["m-1"]}),
    needs=("plivo_auth_id", "plivo_auth_token", "plivo_src"),
    judge=judged_by_plivo,
    callback=("url",),
)
SNS = Vendor(
    name="sns",
    new_account=lambda: f"AKIA{uuid.uuid4().hex[:16].upper()}",
    account="sns_access_key_id",
    secrets=("sns_secret_access_key",),
    others=(("sns_region", "eu-west-1"), ("sns_sender_id", "Notes")),
    sender="Notes",
    toward=lambda url, patience=ENOUGH: SnsProvider(
        region="eu-west-1",
        access_key_id="AKIAIOSFODNN7EXAMPLE",
        secret_access_key=SECRET,
        base_url=url,
        read_timeout=patience,
    ),
    accepts=answer(
        200,
        b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
        b"<MessageId>m-1</MessageId></PublishResult></PublishResponse>",
    ),
)
VONAGE = Vendor(
    name="vonage",
    new_account=lambda: uuid.uuid4().hex[:8],
    account="vonage_api_key",
    secrets=("vonage_api_secret", "vonage_signature_secret"),
    others=(("vonage_from", "+15017122661"),),
    sender="+15017122661",
    toward=lambda url, patience=ENOUGH: VonageProvider(
        "abcd1234", SECRET, sender="15017122661", base_url=url, read_timeout=patience
    ),
    accepts=answer(202, {"message_uuid": "m-1"}),
    needs=("vonage_api_key", "vonage_api_secret", "vonage_from"),
    judge=judged_by_vonage,
    callback=("webhook_url", "client_ref"),
    covers_address=False,
)

MESSAGEBIRD = Vendor(
    name="messagebird",
    new_account=lambda: f"live_{uuid.uuid4().hex}",
    account="messagebird_access_key",
    secrets=("messagebird_signing_key",),
    others=(("messagebird_originator", "Notes"),),
    sender="Notes",
    toward=lambda url, patience=ENOUGH: MessageBirdProvider(
        SECRET, originator="Notes", base_url=url, read_timeout=patience
    ),
    accepts=answer(201, {"id": "m-1", "recipients": {"items": []}}),
    needs=("messagebird_access_key", "messagebird_originator"),
    judge=judged_by_messagebird,
    callback=("reference", "reportUrl"),
)

VENDORS = [SANDBOX, TWILIO, PLIVO, MESSAGEBIRD, SNS, VONAGE]
WITH_RECEIPTS = [vendor for vendor in VENDORS if vendor.judge is not None]


def altered(request: RawRequest, **changes: Any) -> RawRequest:
    """The same callback but for these parts."""
    parts = {name: getattr(request, name) for name in ("method", "url", "headers", "body")}
    return RawRequest(**{**parts, **changes})


def elsewhere(request: RawRequest) -> RawRequest:
    """The same callback, as if it had come to another message's address."""
    parts = urlsplit(request.url)
    return altered(request, url=parts._replace(path=parts.path + "x").geturl())
