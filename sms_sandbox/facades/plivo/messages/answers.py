"""Plivo's XML: the replies in an application's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sms_sandbox.markup import HasDoctype, NotXml, read_xml

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
    try:
        read_xml(document, reader)
    except HasDoctype:
        raise BadAnswer("The answer has a DOCTYPE, which is not read.") from None
    except NotXml as error:
        raise BadAnswer(f"The answer is not XML: {error.why}, line {error.line}.") from None
    return reader.found


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

    def end(self, name: str) -> None:  # noqa: ARG002
        self._depth -= 1
