"""Where a call is in its script, kept with the call as JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sms_sandbox.facades.twilio.twiml import Verb, from_json
from sms_sandbox.message import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``here`` is the address of the document that is played, ``left`` its verbs still to come,
    ``gather`` the one that waits for keys, ``keys`` what was pressed so far, ``awaits`` the token
    of the request whose answer is the next document, ``documents`` how many were played."""

    here: str | None = None
    left: tuple[Verb, ...] = ()
    gather: Verb | None = None
    keys: str = field(default="", repr=False)
    awaits: str | None = None
    documents: int = 0

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The state that a call's facts hold."""
        kept = dict(facts.get("state", {}))
        kept["left"] = tuple(from_json(one) for one in kept.get("left", ()))
        kept["gather"] = from_json(kept["gather"]) if kept.get("gather") else None
        return cls(**kept)

    def within(self, submission: Submission, **changes: Any) -> Submission:
        """The call with this state, and with other facts changed."""
        kept = {
            "here": self.here,
            "left": [one.as_json() for one in self.left],
            "gather": self.gather.as_json() if self.gather else None,
            "keys": self.keys,
            "awaits": self.awaits,
            "documents": self.documents,
        }
        return replace(submission, facts={**submission.facts, **changes, "state": kept})
