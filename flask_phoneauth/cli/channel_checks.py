"""What `doctor` says of calls and e-mails, where they are wanted."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.channels.base import Mailing
from flask_phoneauth.cli.findings import FAULT, HINT, OK, Finding
from flask_phoneauth.cli.speaking import running
from flask_phoneauth.errors import AccountRefused, SendFailed, StoreUnavailable
from flask_phoneauth.flows.channels import not_offered
from flask_phoneauth.plugins import load_mailer
from flask_phoneauth.records import EMAIL, SMS
from flask_phoneauth.settings import SettingError, Settings


def channels(settings: Settings, *, strict: bool) -> Iterator[Finding]:
    """Whether each can be offered, and whether the mail server takes us."""
    if set(settings.channels) == {SMS}:
        return
    if EMAIL in settings.channels:
        try:
            load_mailer()
        except SettingError as error:
            yield Finding(FAULT, "e-mail", str(error))
            return
    try:
        parts = running().parts
    except (SettingError, StoreUnavailable):
        yield Finding(HINT, "channels", "not looked at: mend the faults above first")
        return
    faults = not_offered(parts)
    for fault in faults:
        yield Finding(FAULT, "channels", fault)
    if not faults:
        yield Finding(OK, "channels", f"{', '.join(settings.channels)} are offered")
    if parts.mailer is not None:
        yield _mail_server(parts.mailer)
        if strict and settings.email_security == "none":
            text = "codes travel in the clear: set PHONEAUTH_EMAIL_SECURITY to 'starttls' or 'tls'"
            yield Finding(HINT, "e-mail", text)


def _mail_server(mailer: Mailing) -> Finding:
    try:
        mailer.check()
    except AccountRefused as failure:
        text = f"the server refuses us ({failure.told}): check PHONEAUTH_EMAIL_USERNAME"
        return Finding(FAULT, "e-mail", text)
    except SendFailed as failure:
        cure = "check PHONEAUTH_EMAIL_HOST, PHONEAUTH_EMAIL_PORT and PHONEAUTH_EMAIL_SECURITY"
        return Finding(FAULT, "e-mail", f"the server does not serve ({failure.told}): {cure}")
    return Finding(OK, "e-mail", "the server answers, and takes our credentials")
