"""Calls through Twilio: begun by its SDK, spoken by the script that Twilio comes to ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twilio.twiml.voice_response import Gather, VoiceResponse

from flask_phoneauth.providers.twilio_receipts import TwilioReceipts
from flask_phoneauth.records import Accepted, Outbound, RawRequest, Script

RINGS_FOR = 25
"""Seconds after which a call that nobody takes is given up: before most voicemail picks up."""
LASTS = 120
"""Seconds after which any call ends, whatever the other side does."""
KEY_WAIT = 8
"""Seconds in which a key may be pressed, each of the `ASKS` times."""
ASKS = 2
LANGUAGES: Mapping[str, str] = {
    "ar": "arb",
    "de": "de-DE",
    "en": "en-GB",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-PT",
}
"""The voice that speaks each language (Twilio's attribute `language` of `<Say>`)."""


class TwilioVoice:
    """Twilio's Calls, for one sender; what it asks is verified as its receipts are."""

    media_type = "text/xml"

    def __init__(
        self,
        do: Callable[[Callable[[Any], Any]], Any],
        receipts: TwilioReceipts,
        *,
        sender: str,
        script_url: str,
        callback_url: str,
    ) -> None:
        """`do` runs a call of the SDK's client and raises the `SendFailed` tree."""
        self._do, self._receipts, self._sender = do, receipts, sender
        self._script_url, self._callback_url = script_url, callback_url

    def call(self, outbound: Outbound) -> Accepted:
        """Begin a call; raises the `SendFailed` tree."""
        wishes = {
            "to": outbound.to,
            "from_": self._sender,
            "url": f"{self._script_url}/{outbound.delivery}",
            "method": "POST",
            "status_callback": f"{self._callback_url}/{outbound.delivery}",
            "timeout": RINGS_FOR,
            "time_limit": LASTS,
        }
        created = self._do(lambda client: client.calls.create(**wishes))
        return Accepted("twilio", created.sid)

    def read(self, request: RawRequest) -> str:
        """The keys that were pressed; raises `BadSignature` for what Twilio did not sign."""
        return self._receipts.verified(request).get("Digits", "")

    def write(self, script: Script) -> str:
        """The script as TwiML."""
        language = LANGUAGES.get(script.locale.partition("_")[0], LANGUAGES["en"])
        response: Any = VoiceResponse()
        for _ in range(ASKS if script.asks else 1):
            into = response
            if script.asks:
                # without an address of its own it comes to this one again, with the key
                into = Gather(input="dtmf", num_digits=1, timeout=KEY_WAIT, method="POST")
                response.append(into)
            for line in script.lines:
                into.say(line, language=language)
                if not script.asks:
                    into.pause(length=1)
        response.hangup()
        return str(response)
