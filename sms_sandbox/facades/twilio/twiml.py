"""TwiML: what an application answers, kept as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.markup import HasDoctype, NotXml, read_xml

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
    try:
        read_xml(document, reader)
    except HasDoctype:
        raise BadTwiml("Document parse failure: a DOCTYPE is not read.") from None
    except NotXml as error:
        raise BadTwiml(
            f"Document parse failure: {error.why}, line {error.line}, column {error.column}."
        ) from None
    assert reader.root is not None
    if reader.root.name != "Response":
        raise BadTwiml("Invalid TwiML: the root must be <Response>.", 12102)
    return reader.root.children


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

    def end(self, name: str) -> None:  # noqa: ARG002
        verb = self._open.pop()
        verb.text = verb.text.strip()
        # What marks up speech is spoken: each element hands its text up.
        if self._open and self._open[-1].name not in _HOLDERS:
            self._open[-1].text += f" {verb.text} "
