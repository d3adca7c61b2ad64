"""The words by which a handset declines or takes messages again, and what is answered to them.

Source: https://help.twilio.com/articles/223134027 (the default words in English).
"""

from typing import Literal

Keyword = Literal["STOP", "START", "HELP"]

_WORDS: dict[Keyword, frozenset[str]] = {
    "STOP": frozenset(
        ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL")
    ),
    "START": frozenset(("START", "YES", "UNSTOP")),
    "HELP": frozenset(("HELP", "INFO")),
}
ANSWERS: dict[Keyword, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from "
    "this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP "
    "for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
"""What Twilio itself answers to a handset."""


def keyword_of(body: str) -> Keyword | None:
    """The word that a whole message is, in any case of letters."""
    word = body.strip().upper()
    return next((keyword for keyword, words in _WORDS.items() if word in words), None)
