"""Who asks the SMS API: a signature, a secret among the parameters, or HTTP Basic."""

from collections.abc import Mapping

from flask import request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import login, signature
from sms_sandbox.facades.vonage.caller import Caller, enter_account
from sms_sandbox.facades.vonage.sms.errors import SmsError, missing
from sms_sandbox.facades.vonage.wire import PROVIDER


def enter(room: Room, asked: Mapping[str, str]) -> Caller:
    """The caller of the present request. Raises ``SmsError``, ``Denied``.

    A signature is judged where the sandbox knows what signs: the account's ``signing_key``, the
    secret that was configured for its key, or the sandbox's password.
    """
    key = asked.get("api_key", "")
    if "sig" in asked:
        # A header is no secret beside it: SDKs keep sending the one of an earlier call.
        return _signed(room, key, asked)
    if "api_secret" in asked:
        name, account = login.check(room, key, asked["api_secret"])
        return Caller(room=room, account=account, api_key=name)
    if request.authorization is None and not key:
        raise missing("api_key")
    if request.authorization is None:
        raise missing("api_secret")
    return enter_account(room)


def _signed(room: Room, key: str, asked: Mapping[str, str]) -> Caller:
    if "api_secret" in asked:
        raise SmsError("32")
    if not key:
        raise missing("api_key")
    if not asked.get("timestamp", "").isdecimal():
        raise missing("timestamp")
    account = room.inbox.account_of(login.account_of(room, key))
    secret = _secret(room, key, account)
    if secret is not None and not signature.is_signed(asked, secret, _methods(room, account)):
        raise SmsError("14")
    return Caller(room=room, account=account, api_key=key)


def _secret(room: Room, key: str, account: str) -> str | None:
    known = room.settings.credential(PROVIDER, key)
    configured = room.settings.password if known is None else known.secret
    return room.inbox.account_settings(account).signing_key or configured


def _methods(room: Room, account: str) -> tuple[str, ...]:
    wanted = (room.inbox.account_settings(account).signature_method or "").casefold()
    return (wanted,) if wanted in signature.METHODS else signature.METHODS
