"""An application's XML, read without a risk.

Documents with a DOCTYPE are refused, so there are no entities to grow or to fetch: the parser is
the standard library's expat, and nothing else is looked up.
"""

from typing import Protocol
from xml.parsers import expat


class Reader(Protocol):
    """Who is told of each element and each text, in their order; it bounds how many it takes."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """It ends."""

    def read(self, text: str) -> None:
        """Text of the element that is open."""


class HasDoctype(Exception):
    """The document has a DOCTYPE."""


class NotXml(Exception):
    """The document is not XML: ``why``, and where (``line`` from 1, ``column`` from 0)."""

    def __init__(self, why: str, line: int, column: int) -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        self.column = column


def read_xml(document: str, reader: Reader) -> None:
    """Tell ``reader`` of the whole document. Raises ``HasDoctype``, ``NotXml``, and what
    ``reader`` raises."""
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
        raise NotXml(why, error.lineno, error.offset) from None


def _refuse_doctype(*_: object) -> None:
    raise HasDoctype
