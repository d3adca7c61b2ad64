"""The words by which a handset declines or takes messages again.

Source of the intents: https://docs.plivo.com/docs/messaging/api/message/handling-incoming. The
words are the usual ones in English.
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
