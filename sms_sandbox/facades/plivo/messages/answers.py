"""Plivo's XML: the replies in an application's answer, read without a risk.

Documents with a DOCTYPE are refused, so there are no entities to grow or to fetch: the parser is
the standard library's expat, and nothing else is looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_ELEMENTS = 50
"""How many elements one document may hold."""


class BadAnswer(Exception):
    """The document cannot be used; says why."""


@dataclass(slots=True)
class Element:
    """One element: its name, its attributes, the text within it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = field(default="", repr=False)


def parse(document: str) -> list[Element]:
    """The elements within ``<Response>``. Raises ``BadAnswer``."""
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
        why = expat.errors.messages.get(error.code, "not XML")
        raise BadAnswer(f"The answer is not XML: {why}, line {error.lineno}.") from None
    return reader.found


def _refuse_doctype(*_: object) -> None:
    raise BadAnswer("The answer has a DOCTYPE, which is not read.")


class _Reader:
    def __init__(self) -> None:
        self.found: list[Element] = []
        self._depth = 0
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise BadAnswer(f"The answer holds more than {MAX_ELEMENTS} elements.")
        if self._depth == 0 and name != "Response":
            raise BadAnswer("The answer's root must be <Response>.")
        if self._depth == 1:
            self.found.append(Element(name, attributes))
        self._depth += 1

    def read(self, text: str) -> None:
        if self._depth > 1:
            self.found[-1].text += text

    def end(self, _name: str) -> None:
        self._depth -= 1
