"""TwiML: what an application answers, read without a risk and kept as plain values.

Documents with a DOCTYPE are refused, so there are no entities to grow or to fetch: the parser is
the standard library's expat, and nothing else is looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

MAX_VERBS = 200
"""How many elements one document may hold."""
_MAX_DEPTH = 10
_HOLDERS = frozenset(("Response", "Gather", "Message"))


class BadTwiml(Exception):
    """The document cannot be used; says why. ``code`` is Twilio's."""

    def __init__(self, why: str, code: int = 12100) -> None:
        super().__init__(why)
        self.code = code


@dataclass(slots=True)
class Verb:
    """One element: its name, its attributes, the text within it, and what it holds."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    children: list["Verb"] = field(default_factory=list)

    def as_json(self) -> list[Any]:
        """The element as JSON values."""
        inside = [child.as_json() for child in self.children]
        return [self.name, dict(self.attributes), self.text, inside]


def from_json(value: list[Any]) -> Verb:
    """The opposite of ``as_json``."""
    name, attributes, text, inside = value
    return Verb(name, attributes, text, [from_json(one) for one in inside])


def parse(document: str) -> list[Verb]:
    """The verbs within ``<Response>``. Raises ``BadTwiml``."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")  # whatever the document says: it has been decoded
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.read
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(document.strip().encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise BadTwiml(
            f"Document parse failure: {expat.errors.messages.get(error.code, 'not XML')}, "
            f"line {error.lineno}, column {error.offset}."
        ) from None
    assert reader.root is not None
    if reader.root.name != "Response":
        raise BadTwiml("Invalid TwiML: the root must be <Response>.", 12102)
    return reader.root.children


def _refuse_doctype(*_: object) -> None:
    raise BadTwiml("Document parse failure: a DOCTYPE is not read.")


class _Reader:
    def __init__(self) -> None:
        self.root: Verb | None = None
        self._open: list[Verb] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_VERBS or len(self._open) >= _MAX_DEPTH:
            raise BadTwiml(f"The document holds more than {MAX_VERBS} elements, or nests too deep.")
        verb = Verb(name, attributes)
        if self._open:
            self._open[-1].children.append(verb)
        else:
            self.root = verb
        self._open.append(verb)

    def read(self, text: str) -> None:
        self._open[-1].text += text

    def end(self, _name: str) -> None:
        verb = self._open.pop()
        verb.text = verb.text.strip()
        # What marks up speech is spoken: each element hands its text up.
        if self._open and self._open[-1].name not in _HOLDERS:
            self._open[-1].text += f" {verb.text} "
