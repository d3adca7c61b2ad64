"""The kinds of value that the control API takes: one record reads a value and describes it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sms_sandbox.errors import InvalidRequest, UnknownParameter
from sms_sandbox.message import DIRECTIONS, STATUSES
from sms_sandbox.numbers import parse_number, parse_sender

Reader = Callable[[Any, str], Any]

# NUL, and halves of surrogate pairs.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_WRITABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """A JSON Schema and the function that reads a value by it (value, pointer) or raises
    ``InvalidRequest``; ``parse`` first turns a query string's text into a JSON value."""

    schema: Mapping[str, Any]
    read: Reader
    parse: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Field:
    """A named value of a body or a query."""

    name: str
    kind: Kind
    description: str
    required: bool = field(default=False, kw_only=True)
    default: Any = field(default=None, kw_only=True)


_KEYS = re.compile(r"[0-9*#]+")
_MISSING: Final = object()


class Fields:
    """The values that a body, a query or a nested object may hold."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self._known = {one.name: one for one in fields}

    def read_object(self, value: object, pointer: str = "") -> dict[str, Any]:
        """Every field of a JSON object, with defaults. Raises ``InvalidRequest``."""
        if not isinstance(value, dict):
            raise refusal("This must be a JSON object.", pointer, "Send {...}.")
        self._refuse_unknown(value, pointer)
        return {one.name: _read(one, value.get(one.name, _MISSING), pointer) for one in self.fields}

    def read_query(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """Every field of a query. Raises ``UnknownParameter``, ``InvalidRequest``."""
        known = self._known
        for name, texts in query.items():
            if name not in known:
                raise UnknownParameter(
                    f"This URL knows no query key {name[:40]!r}.",
                    hint=_names(known) or "It takes no query.",
                )
            if len(texts) > 1:
                raise refusal(f"The query key {name} comes more than once.", name, "Give it once.")
        return {
            name: _read(one, one.kind.parse(query[name][0]) if name in query else _MISSING, "")
            for name, one in known.items()
        }

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the object."""
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
        schema["properties"] = {one.name: property_schema(one) for one in self.fields}
        if required := [one.name for one in self.fields if one.required]:
            schema["required"] = required
        return schema

    def _refuse_unknown(self, value: Mapping[str, object], pointer: str) -> None:
        for name in value:
            if name not in self._known:
                raise refusal(
                    f"There is no field {name[:40]!r} here.",
                    f"{pointer}/{name[:40]}",
                    _names(self._known) or "It takes no fields.",
                )


def property_schema(one: Field) -> dict[str, Any]:
    """A field's schema with its description and default."""
    extra = {} if one.default is None else {"default": one.default}
    return {**one.kind.schema, "description": one.description, **extra}


def refusal(detail: str, pointer: str, hint: str) -> InvalidRequest:
    """The 400 that names the place and the cure."""
    return InvalidRequest(detail, hint=hint, pointer=pointer)


def _read(one: Field, value: Any, pointer: str) -> Any:
    at = f"{pointer}/{one.name}"
    if value is _MISSING or (value is None and not one.required):
        if one.required:
            raise refusal(f"{one.name} is missing.", at, f"{one.name}: {one.description}")
        return one.default
    return one.kind.read(value, at)


def _names(known: Mapping[str, Field]) -> str:
    return f"Known: {', '.join(known)}." if known else ""


def text(limit: int, *, minimum: int = 0) -> Kind:
    """A text of at most ``limit`` characters."""

    def read(value: Any, at: str) -> str:
        if not isinstance(value, str):
            raise refusal("This must be a text.", at, 'Write it in quotes: "...".')
        if not minimum <= len(value) <= limit:
            raise refusal(
                f"This has {len(value)} characters; {minimum} to {limit} are allowed.",
                at,
                "Send a shorter text." if len(value) > limit else "Send a text.",
            )
        if _NOT_TEXT.search(value):
            raise refusal(
                "This holds a NUL or half a surrogate pair.", at, "Send Unicode text without them."
            )
        return value

    return Kind({"type": "string", "minLength": minimum, "maxLength": limit}, read)


def one_of(values: tuple[str, ...]) -> Kind:
    """One of a few words."""

    def read(value: Any, at: str) -> str:
        if not isinstance(value, str) or value not in values:
            raise refusal("This is not one of the known values.", at, f"Use {', '.join(values)}.")
        return value

    return Kind({"type": "string", "enum": list(values)}, read)


def number_between(low: float, high: float, *, whole: bool = False) -> Kind:
    """A number from ``low`` to ``high``."""

    def read(value: Any, at: str) -> Any:
        fits = isinstance(value, int) if whole else isinstance(value, int | float)
        if not fits or isinstance(value, bool) or not low <= value <= high:
            noun = "a whole number" if whole else "a number"
            raise refusal(f"This must be {noun} from {low:g} to {high:g}.", at, f"Try {low:g}.")
        return value

    schema = {"type": "integer" if whole else "number", "minimum": low, "maximum": high}
    return Kind(schema, read, _parse_number)


def list_of(kind: Kind, limit: int) -> Kind:
    """At most ``limit`` values of one kind."""

    def read(value: Any, at: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > limit:
            raise refusal(f"This must be a list of at most {limit}.", at, "Write [...].")
        return [kind.read(one, f"{at}/{place}") for place, one in enumerate(value)]

    return Kind({"type": "array", "items": kind.schema, "maxItems": limit}, read)


def web_address(limit: int, *, bare: bool = False) -> Kind:
    """An absolute http or https address, or an empty text. A ``bare`` one, as OAuth wants it, has
    no user and no fragment."""

    def read(value: Any, at: str) -> str:
        address: str = text(limit).read(value, at)
        if address and not _is_web_address(address):
            raise refusal(
                "This is no web address.",
                at,
                "Write http://127.0.0.1:5000/path, with %20 for a blank and so on.",
            )
        if bare and not _is_bare(address):
            raise refusal(
                "This address has a user, a fragment or a backslash.", at, "Leave it out."
            )
        return address

    return Kind({"type": "string", "maxLength": limit, "format": "uri"}, read)


def _is_web_address(address: str) -> bool:
    # A request line takes no other letters, and reading an address drops line breaks from it.
    if not _WRITABLE.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        # An unusable port only shows when it is asked for.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_bare(address: str) -> bool:
    return "#" not in address and "\\" not in address and "@" not in urlsplit(address).netloc


def nested(fields: Fields) -> Kind:
    """An object within the body."""
    return Kind(fields.schema(), fields.read_object)


def _parse_number(value: str) -> Any:
    # "1e3" and " 5" are numbers to Python, not to a reader of the documentation.
    if not value.isascii() or len(value) > 20:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _read_flag(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        raise refusal("This must be true or false.", at, "Write true or false, without quotes.")
    return value


def _parse_flag(value: str) -> Any:
    return {"true": True, "1": True, "false": False, "0": False}.get(value.casefold(), value)


def _read_handset(value: Any, at: str) -> str:
    return parse_number(ADDRESS.read(value, at), at)


def _read_sender(value: Any, at: str) -> str:
    return parse_sender(ADDRESS.read(value, at), at)


def _read_account(value: Any, at: str) -> str:
    name: str = text(64, minimum=1).read(value, at)
    if not name.isprintable():
        raise refusal("An account's name holds printable characters.", at, "Use letters.")
    return name


def _read_cursor(value: Any, at: str) -> int:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise refusal("This is not a cursor.", at, "Use the cursor of an earlier answer, a text.")
    return int(value)


def _read_moment(value: Any, at: str) -> float:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refusal("This is not a time.", at, "Write RFC 3339: 2026-01-31T12:00:00Z.")
    return moment.timestamp()


def _read_error_code(value: Any, at: str) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return value
    code: str = text(64, minimum=1).read(value, at)
    # Vendors say it in headers too, which carry nothing else.
    if not (code.isascii() and code.isprintable()):
        raise refusal("A code holds printable ASCII alone.", at, "Use letters and digits.")
    return code


def _read_keys(value: Any, at: str) -> str:
    keys: str = text(64, minimum=1).read(value, at)
    if not _KEYS.fullmatch(keys):
        raise refusal("These are not a telephone's keys.", at, "Use 0 to 9, * and #.")
    return keys


ADDRESS = text(64, minimum=1)
KEYS = Kind({"type": "string", "pattern": "^[0-9*#]{1,64}$"}, _read_keys)
HANDSET = Kind({"type": "string", "examples": ["+9901234567"]}, _read_handset)
SENDER = Kind({"type": "string", "examples": ["Notes", "+12015550100"]}, _read_sender)
ACCOUNT = Kind({"type": "string", "minLength": 1, "maxLength": 64}, _read_account)
FLAG = Kind({"type": "boolean"}, _read_flag, _parse_flag)
CURSOR = Kind({"type": "string", "pattern": "^[0-9]{1,18}$"}, _read_cursor)
MOMENT = Kind({"type": "string", "format": "date-time"}, _read_moment)
ERROR_CODE = Kind({"type": ["string", "integer"], "pattern": "^[ -~]{1,64}$"}, _read_error_code)
STATUS = one_of(STATUSES)
DIRECTION = one_of(DIRECTIONS)
