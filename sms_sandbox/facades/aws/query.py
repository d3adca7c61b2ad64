"""The query protocol: a form of dotted names comes in, XML goes out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from sms_sandbox.facades.aws.errors import AwsError

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
MAX_FIELDS = 1000
"""Fields of a request that are read; one more and it is refused."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLACE = re.compile(r"[1-9][0-9]{0,3}")

Node = str | Sequence["Node"] | Mapping[str, "Node"]
"""What an answer is made of: a list's items are its ``member`` elements."""


class Pairs(dict[str, str]):
    """A map from text to text, which the protocol writes as ``entry`` elements."""


def parse(query: bytes, body: bytes) -> dict[str, str]:
    """The parameters of a request, from its address and its body; of two alike the first counts.
    Raises ``AwsError``."""
    found: dict[str, str] = {}
    for part in (query, body):
        try:
            fields = parse_qsl(
                part.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_FIELDS,
            )
        except ValueError:
            raise AwsError(
                "MalformedQueryString",
                f"The query string contains a syntax error: send at most {MAX_FIELDS} fields, "
                "form-urlencoded as UTF-8.",
            ) from None
        for name, value in fields:
            found.setdefault(name, value)
    return found


def members(parameters: Mapping[str, str], name: str) -> list[str]:
    """The items of a list: ``name.member.1`` and so on."""
    return [item.get("", "") for item in _numbered(parameters, f"{name}.member.")]


def entries(parameters: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """The entries of a map (``name.entry.1.key`` and so on), each by the rest of its names."""
    return list(_numbered(parameters, f"{name}.entry."))


def write_answer(action: str, result: Mapping[str, Node], request_id: str) -> str:
    """The document that answers an action."""
    root = ElementTree.Element(f"{action}Response", {"xmlns": NAMESPACE})
    _write(ElementTree.SubElement(root, f"{action}Result"), result)
    metadata = ElementTree.SubElement(root, "ResponseMetadata")
    _write(metadata, {"RequestId": request_id})
    return ElementTree.tostring(root, encoding="unicode")


def write_error(error: AwsError, request_id: str) -> str:
    """The document that refuses a request; whose fault it was follows from the status."""
    root = ElementTree.Element("ErrorResponse", {"xmlns": NAMESPACE})
    fault = "Receiver" if error.status >= 500 else "Sender"
    described = {"Type": fault, "Code": error.code, "Message": error.text}
    _write(root, {"Error": described, "RequestId": request_id})
    return ElementTree.tostring(root, encoding="unicode")


def _numbered(parameters: Mapping[str, str], prefix: str) -> Iterator[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name, value in parameters.items():
        place, _, rest = name.removeprefix(prefix).partition(".")
        if name.startswith(prefix) and _PLACE.fullmatch(place):
            found.setdefault(int(place), {})[rest] = value
    for number in sorted(found):
        yield found[number]


def _write(parent: ElementTree.Element, node: Node) -> None:
    if isinstance(node, str):
        parent.text = _NOT_XML.sub("\ufffd", node)
    elif isinstance(node, Pairs):
        for key, value in node.items():
            _write(ElementTree.SubElement(parent, "entry"), {"key": key, "value": value})
    elif isinstance(node, Mapping):
        for name, child in node.items():
            _write(ElementTree.SubElement(parent, name), child)
    else:
        for child in node:
            _write(ElementTree.SubElement(parent, "member"), child)
