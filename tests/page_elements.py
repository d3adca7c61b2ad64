"""A page of HTML as elements that tests can ask for by tag, attribute and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}


def read_page(page: str) -> Element:
    """The root of a page; fails where a tag is not closed in order."""
    return _Reader(page).root


@dataclass(eq=False)
class Element:
    """A tag with its attributes, its own and its children's text, and what it stands in."""

    tag: str
    attrs: dict[str, str | None]
    parent: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str = "", **wanted: str | None) -> list[Element]:
        """Descendants by tag and attributes; `class_` finds one class among several."""
        below = [found for child in self.children for found in (child, *child.all())]
        return [one for one in below if tag in ("", one.tag) and one.has(wanted)]

    def one(self, tag: str = "", **wanted: str | None) -> Element:
        """The only such descendant."""
        (found,) = self.all(tag, **wanted)
        return found

    def has(self, wanted: Mapping[str, str | None]) -> bool:
        """Whether it carries these attributes."""
        for name, value in wanted.items():
            if name == "class_":
                if value not in (self.attrs.get("class") or "").split():
                    return False
            elif self.attrs.get(name, self) != value:
                return False
        return True

    @property
    def words(self) -> str:
        """Its text with single spaces."""
        return " ".join(self.text.split())

    @property
    def shown(self) -> bool:
        """Whether neither it nor what it stands in is `hidden`."""
        return "hidden" not in self.attrs and (self.parent is None or self.parent.shown)


class _Reader(HTMLParser):
    """Reads a page into elements and insists that every tag is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.at = self.root = Element("", {}, None)
        self.feed(page)
        self.close()
        assert self.at is self.root, f"<{self.at.tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        place: Element | None = self.at
        while place is not None:
            place.text += data
            place = place.parent
