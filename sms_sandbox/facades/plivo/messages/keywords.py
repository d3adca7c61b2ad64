"""The words by which a handset declines or takes messages again.

Source: https://www.plivo.com/docs/messaging/api/message/handling-incoming/ and
https://support.plivo.com/hc/en-us/articles/360041449352 (the words in English).
"""

from typing import Literal

Intent = Literal["optout", "optin", "help"]

_WORDS: dict[Intent, frozenset[str]] = {
    "optout": frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")),
    "optin": frozenset(("START", "YES", "UNSTOP")),
    "help": frozenset(("HELP", "INFO")),
}


def intent_of(body: str) -> Intent | None:
    """What the word means that a whole message is, in any case of letters."""
    word = body.strip().upper()
    return next((intent for intent, words in _WORDS.items() if word in words), None)
