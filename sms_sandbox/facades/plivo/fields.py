"""The JSON object of a request, read value by value; what cannot be used is named."""

import json
from collections.abc import Sequence

from sms_sandbox.facades.plivo.errors import PlivoError
from sms_sandbox.facades.posting import MAX_URL, is_url
from sms_sandbox.facades.values import Values


class Fields(Values):
    """What a request asks for. Every method raises ``PlivoError`` for a value that is not of its
    kind; ``null`` counts as left out."""

    def wrong(self, name: str, rule: str) -> PlivoError:
        """The refusal that names a value and its rule."""
        return PlivoError(400, f"{name} {rule}")

    def text(self, name: str, *, most: int = 10_000) -> str | None:
        """A text of at most ``most`` characters."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "must be a string")
        if len(value) > most:
            raise self.wrong(name, f"must have at most {most} characters")
        return value

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false``."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def switch(self, name: str) -> bool:
        """Whether something is switched on: ``true`` or 1, else off."""
        value = self._values.get(name, False)
        word = str(value).casefold() if isinstance(value, (bool, int, str)) else ""
        if word not in ("true", "1", "false", "0"):
            raise self.wrong(name, "must be true or false")
        return word in ("true", "1")

    def one_of(self, name: str, values: Sequence[str]) -> str | None:
        """One of a few words, in any case of letters."""
        text = self.text(name)
        found = next((one for one in values if text and one.casefold() == text.casefold()), None)
        if text is not None and found is None:
            raise self.wrong(name, f"must be one of {', '.join(values)}")
        return found

    def texts(self, name: str, *, most: int) -> list[str]:
        """A list of at most ``most`` texts."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(name, "must be a list of strings")
        if len(value) > most:
            raise self.wrong(name, f"must have at most {most} entries")
        return value

    def url(self, name: str) -> str | None:
        """An address that the sandbox could post to."""
        text = self.text(name, most=MAX_URL) or None
        if text is not None and not is_url(text):
            raise self.wrong(name, "is not a valid http or https URL")
        return text

    def logs(self, name: str) -> str:
        """What is logged of a message; the SDKs write it as a text, others as a truth value."""
        value = self._values.get(name, True)
        word = str(value).casefold() if isinstance(value, (bool, str)) else ""
        if word not in ("true", "false", "content_only", "number_only"):
            raise self.wrong(name, "must be true, false, content_only or number_only")
        return word


def read(media: str, body: bytes) -> Fields:
    """The object in a body. Raises ``PlivoError``."""
    if media != "application/json":
        raise PlivoError(400, "Plivo accepts application/json only: send that Content-Type")
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise PlivoError(400, "The body is not valid JSON") from None
    if not isinstance(values, dict):
        raise PlivoError(400, "The body must be a JSON object")
    return Fields(values)
