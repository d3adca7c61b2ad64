"""An app that the sandbox's Twilio reaches, for stories that are told on the phone."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from flask_phoneauth import PhoneAuth
from sms_sandbox.client import SandboxClient

ACCOUNT = "phoneauth"
PATIENCE = 60
"""Seconds that a busy machine may take for what the sandbox does by itself."""
SPOKEN = re.compile(r"(?:\d )+\d")
"""The digits of a code, as they are read."""


@dataclass(frozen=True)
class Scene:
    """The app, and the account of the sandbox that its messages and calls go through."""

    app: Flask
    sandbox: SandboxClient
    account: str

    def wait(self, number: str, *words: str, after: str) -> dict[str, Any]:
        """The message or call since the cursor `after`, once it holds these words."""
        match = {"to": number, "account": self.account, "body_contains": " ".join(words)}
        wish = {"match": match, "after": after, "claim": False, "timeout": PATIENCE}
        return self.sandbox.wait(**wish)[0]


@contextmanager
def serving(folder: Path, url: str, **settings: Any) -> Iterator[Scene]:
    """Serve an app at its `PUBLIC_URL` whose Twilio is the sandbox at `url`."""
    app = Flask("notes", instance_path=str(folder))
    account = f"AC{uuid.uuid4().hex}"
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    given = {
        "PROVIDERS": ["twilio"],
        "CHANNELS": ["sms", "voice"],
        "SANDBOX_URL": url,
        "PUBLIC_URL": f"http://127.0.0.1:{server.server_port}",
        "TWILIO_ACCOUNT_SID": account,
        "TWILIO_AUTH_TOKEN": "a-token-of-the-account",
        "TWILIO_FROM": "+15017122661",
        **settings,
    }
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    app.config.update({f"PHONEAUTH_{name}": value for name, value in given.items()})
    auth = PhoneAuth(app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with SandboxClient(url) as sandbox:
        yield Scene(app, sandbox, account)
    server.shutdown()
    thread.join()
    server.server_close()
    auth.close(app)
