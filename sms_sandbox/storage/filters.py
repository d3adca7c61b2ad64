"""Which messages a caller means: a frozen filter and the SQL that it stands for."""

import re
from dataclasses import dataclass, field

from sms_sandbox.message import Direction, Status
from sms_sandbox.numbers import comparison_key

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_NUMBER_WORD = re.compile(r"\+?[0-9][0-9().\-]*")
_TRIGRAM = 3
_MAX_WORDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All conditions must hold; ``None`` asks nothing. ``before`` and ``after`` are places
    in arrival order (both exclusive), ``since`` is seconds since 1970."""

    account: str | None = None
    recipient: str | None = field(default=None, repr=False)
    sender: str | None = field(default=None, repr=False)
    provider: str | None = None
    status: Status | None = None
    direction: Direction | None = None
    has_code: bool | None = None
    claimed: bool | None = None
    text: str | None = field(default=None, repr=False)
    before: int | None = None
    after: int | None = None
    since: float | None = None

    def is_open(self) -> bool:
        """Whether nothing is asked, so that every message is meant."""
        return self == Filter()

    def where(self, *, searches_text: bool) -> tuple[str, list[object]]:
        """The SQL condition and its values; ``searches_text`` says that the text index exists."""
        parts = [*self._equalities(), *self._ranges(), *self._words(searches_text)]
        if not parts:
            return "1", []
        return " AND ".join(part for part, _ in parts), [
            value for _, values in parts for value in values
        ]

    def _equalities(self) -> list[tuple[str, list[object]]]:
        wanted = {
            "account": self.account,
            "provider": self.provider,
            "status": self.status,
            "direction": self.direction,
            "recipient_key": None if self.recipient is None else comparison_key(self.recipient),
            "sender_key": None if self.sender is None else comparison_key(self.sender),
            "claimed": self.claimed,
        }
        return [(f"{column} = ?", [value]) for column, value in wanted.items() if value is not None]

    def _ranges(self) -> list[tuple[str, list[object]]]:
        parts: list[tuple[str, list[object]]] = []
        if self.before is not None:
            parts.append(("seq < ?", [self.before]))
        if self.after is not None:
            parts.append(("seq > ?", [self.after]))
        if self.since is not None:
            parts.append(("created_at >= ?", [self.since]))
        if self.has_code is not None:
            parts.append((f"code IS {'NOT ' if self.has_code else ''}NULL", []))
        return parts

    def _words(self, searches_text: bool) -> list[tuple[str, list[object]]]:
        words = split_words(self.text or "")
        indexed = [word for word in words if searches_text and len(word) >= _TRIGRAM]
        parts: list[tuple[str, list[object]]] = []
        if indexed:
            query = " AND ".join('"' + word.replace('"', '""') + '"' for word in indexed)
            parts.append(
                ("seq IN (SELECT rowid FROM message_text WHERE message_text MATCH ?)", [query])
            )
        for word in words:
            if word not in indexed:
                pattern = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
                columns = ("body", "recipient", "sender", "code")
                likes = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
                parts.append((f"({likes})", [pattern] * len(columns)))
        return parts


def split_words(text: str) -> list[str]:
    """The words and "quoted phrases" that a message must hold; numbers lose their punctuation."""
    found = [phrase or word for phrase, word in _WORD.findall(text)]
    return [_plain_number(word) for word in found if word][:_MAX_WORDS]


def _plain_number(word: str) -> str:
    if _NUMBER_WORD.fullmatch(word) and sum(map(str.isdigit, word)) >= 7:
        return re.sub(r"[().\-]", "", word)
    return word
