"""What `doctor` says of a vendor that makes and checks the codes, where one is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from flask_phoneauth.cli.findings import FAULT, OK, Finding
from flask_phoneauth.errors import AccountRefused, SendFailed
from flask_phoneauth.plugins import load_verifier
from flask_phoneauth.settings import SettingError, Settings


def verifier(settings: Settings) -> Iterator[Finding]:
    """Whether it takes us."""
    name = settings.verifier
    if not name:
        return
    about = f"verifier {name}"
    try:
        one = load_verifier(name).from_settings(settings)
    except SettingError as error:
        yield Finding(FAULT, about, str(error))
        return
    try:
        one.check()
        yield Finding(OK, about, "answers, and takes our credentials")
    except AccountRefused as failure:
        yield Finding(FAULT, about, f"it refuses us ({failure.told}): check its credentials")
    except SendFailed as failure:
        cure = "check its address and the network"
        yield Finding(FAULT, about, f"it does not serve ({failure.told}): {cure}")
    finally:
        one.close()
