"""Which trigrams of a search to ask the text index for: the rarest, and few of them.

The index tells messages that hold three characters in a row, and not where. What it names is
compared with the words, so every choice finds the same; a good one compares few messages and reads
no long list of them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sms_sandbox.storage import text
from sms_sandbox.storage.words import count_digits

LENGTH = 3
"""How many characters the index looks at together; it knows no shorter word."""

_MOST = 4
# A list is worth reading if it is at most so many times as long as the shortest one.
_WORTH = 32
# So many messages are compared sooner than another list is read.
_ENOUGH = 200
_LOOKED_AT = 64
_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Trigram:
    """Three characters of a word, where they stand, and the share of the messages that hold
    them, about."""

    word: int
    at: int
    text: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What to ask a shard for, and about how many messages all of them will name."""

    query: str
    expected: int


def trigrams(found: Sequence[str]) -> list[Trigram]:
    """Those of the words ``found``; of many, enough to cover each character. None if all words
    are short."""
    step = 1 if sum(map(len, found)) <= _LOOKED_AT else LENGTH
    told: dict[str, Trigram] = {}
    for number, word in enumerate(found):
        last = len(word) - LENGTH
        for at in (*range(0, last, step), last) if last >= 0 else ():
            part = word[at : at + LENGTH]
            # The index's language ends at a NUL.
            if "\0" not in part:
                told.setdefault(part, Trigram(number, at, part))
    return list(told.values())[:_LOOKED_AT]


def choose(
    connection: sqlite3.Connection, shards: Sequence[text.Shard], possible: Sequence[Trigram]
) -> Terms:
    """Which of the trigrams ``possible``, at least one, to ask the shards for."""
    sampled = _sampled(shards)
    first = _first_place(connection, sampled)
    weighed = [replace(one, share=_share(connection, sampled, first, one.text)) for one in possible]
    weighed.sort(key=lambda one: one.share)
    messages = sum(shard.messages for shard in shards)
    chosen, share = _rarest(weighed, _ENOUGH / max(1, messages))
    return Terms(" AND ".join(_quoted(one.text) for one in chosen), int(share * messages))


def _sampled(shards: Sequence[text.Shard]) -> text.Shard:
    """The newest shard that holds enough to be like the others."""
    return next((one for one in shards[:2] if one.messages >= text.SHARD // 2), shards[0])


def _first_place(connection: sqlite3.Connection, shard: text.Shard) -> int:
    # The very first shard begins before any place that is given out.
    row = connection.execute(
        "SELECT seq FROM messages WHERE seq >= ? ORDER BY seq LIMIT 1", (shard.first,)
    ).fetchone()
    return shard.first if row is None else int(row[0])


def _share(connection: sqlite3.Connection, shard: text.Shard, first: int, part: str) -> float:
    """How many of its messages hold it, told by how far back the newest of them reach."""
    row = connection.execute(
        f"SELECT rowid FROM {shard.table} WHERE {shard.table} MATCH ?"  # noqa: S608
        " ORDER BY rowid DESC LIMIT 1 OFFSET ?",
        (_quoted(part), _SAMPLE - 1),
    ).fetchone()
    whole = max(1, shard.last - first)
    reach = whole if row is None else max(1, shard.last - int(row[0]))
    return min(1.0, _SAMPLE * whole / (reach * max(1, shard.messages)))


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def _rarest(weighed: Sequence[Trigram], enough: float) -> tuple[list[Trigram], float]:
    """Those worth asking for, rarest first, until about the share ``enough`` of the messages is
    left, and what share that is."""
    worth = [term for term in weighed if term.share <= weighed[0].share * _WORTH]
    spread: list[Trigram] = []
    for term in worth:
        if not any(_are_neighbours(term, one) for one in spread):
            spread.append(term)
    chosen, share = [worth[0]], worth[0].share
    for term in [*spread[1:], *(one for one in worth if one not in spread)][: _MOST - 1]:
        if share <= enough:
            break
        if all(_are_apart(term, one) for one in chosen):
            share *= term.share
        chosen.append(term)
    return chosen, share


def _are_neighbours(term: Trigram, other: Trigram) -> bool:
    return term.word == other.word and abs(term.at - other.at) < LENGTH - 1


def _are_apart(term: Trigram, other: Trigram) -> bool:
    # Letters of a word come together, and so do neighbours; words and digits do not.
    if term.word != other.word:
        return True
    return count_digits(term.text) == LENGTH and not _are_neighbours(term, other)
