"""The words by which a handset declines or takes messages again: the usual ones in English."""

_STOP = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"))
_START = frozenset(("START", "YES", "UNSTOP"))


def opts_out(body: str) -> bool | None:
    """Whether a message that is one word, in any case of letters, declines more (``True``) or
    takes it again (``False``)."""
    word = body.strip().upper()
    if word in _STOP:
        return True
    return False if word in _START else None
