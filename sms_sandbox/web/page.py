"""The inbox page as the server draws it: readable at once, and without any script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from sms_sandbox.errors import UnknownMessage
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Message
from sms_sandbox.storage import Filter, counted_to
from sms_sandbox.web.engine import alerts, handset_note, kept
from sms_sandbox.web.notes import Notes, notes
from sms_sandbox.web.present import HandsetView, handsets
from sms_sandbox.web.ways import Way

PAGE = 50
_NUMBERS = 200
_ONLY = ("codes", "replies")
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reader is: what the address bar says, and nothing else."""

    to: str = ""
    account: str = ""
    q: str = ""
    only: str = ""
    before: int | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Place:
        """The place in a query string; what cannot be meant is left out, as in any link."""
        before = query.get("before", "")
        # A plus that was not escaped arrives as a blank.
        to = query.get("to", "")
        to = "+" + to.strip() if to.startswith(" ") else to.strip()
        return cls(
            to=to,
            account=query.get("account", "").strip(),
            q=query.get("q", "").replace("\0", " ").strip()[:_LONGEST_SEARCH],
            only=only if (only := query.get("only", "")) in _ONLY else "",
            before=int(before)
            if before.isascii() and before.isdigit() and len(before) < 19
            else None,
        )

    def link(self, message_id: str = "", **changes: str) -> str:
        """The address of a place that differs from this one by `changes`."""
        place = {"to": self.to, "account": self.account, "q": self.q, "only": self.only} | changes
        query = urlencode({key: value for key, value in place.items() if value})
        path = f"/messages/{quote(message_id, safe='')}" if message_id else "/"
        return f"{path}?{query}" if query else path

    def filters(self) -> tuple[Filter, ...]:
        """What to ask the inbox for: a conversation has two sides, so two of them."""
        account, text = self.account or None, self.q or None
        if self.to:
            return (
                Filter(account=account, text=text, recipient=self.to, direction="outbound"),
                Filter(account=account, text=text, sender=self.to, direction="inbound"),
            )
        return (
            Filter(
                account=account,
                text=text,
                has_code=True if self.only == "codes" else None,
                direction="inbound" if self.only == "replies" else None,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the template shows."""

    place: Place
    messages: list[Message]
    total: int
    more: bool
    everything: int
    older: str
    accounts: list[str]
    handsets: list[HandsetView]
    selected: Message | None
    base: str
    ways: tuple[Way, ...] = field(default=())
    alerts: list[str] = field(default_factory=list)
    kept: str = ""
    notes: Notes = field(default_factory=lambda: Notes({}, {}))

    @property
    def pane(self) -> str:
        """Which pane a phone shows first."""
        return "inspector" if self.selected else "list"

    @property
    def filtered(self) -> bool:
        """Whether the place leaves anything out."""
        return self.place != Place()

    @property
    def empty(self) -> bool:
        """Whether the sandbox still waits for its first message."""
        return not self.messages and not self.filtered

    @property
    def nothing(self) -> bool:
        """Whether the filters leave nothing to show."""
        return not self.messages and self.filtered

    @property
    def summary(self) -> str:
        """How many of how many are on show."""
        if len(self.messages) < self.total:
            more = " or more" if self.more else ""
            return f"{len(self.messages):,} of {self.total:,}{more}"
        return f"{self.total:,} {'message' if self.total == 1 else 'messages'}"


def build_page(
    inbox: Inbox, place: Place, *, base: str, ways: tuple[Way, ...], message_id: str = ""
) -> tuple[Page, int]:
    """The page for a place, and its HTTP status: 404 where the named message is gone."""
    selected = _selected(inbox, message_id) if message_id else None
    messages, total, older = _window(inbox, place)
    page = Page(
        place=place,
        messages=messages,
        total=total,
        more=any(_is_bound(total, wanted) for wanted in place.filters()),
        everything=inbox.count(Filter()),
        older=older,
        accounts=_with(inbox.accounts(), place.account),
        handsets=_handsets(inbox),
        selected=selected,
        base=base,
        ways=ways,
        alerts=alerts(inbox),
        kept=kept(inbox),
        notes=notes(inbox, [*messages, *([selected] if selected else [])]),
    )
    return page, 404 if message_id and selected is None else 200


def _handsets(inbox: Inbox) -> list[HandsetView]:
    found = []
    for view in handsets(inbox.find(Filter(), _NUMBERS)):
        _, now = inbox.clock(view.account)
        note = handset_note(inbox.handset(view.account, view.number), now)
        found.append(view._replace(name=note.nickname, state=note.state))
    return found


def _selected(inbox: Inbox, message_id: str) -> Message | None:
    try:
        return inbox.get(message_id)
    except UnknownMessage:
        return None


def _window(inbox: Inbox, place: Place) -> tuple[list[Message], int, str]:
    """Messages newest first (a conversation: newest last), how many in all, the older page."""
    filters = place.filters()
    found = [
        message
        for wanted in filters
        for message in inbox.find(replace(wanted, before=place.before), PAGE + 1)
    ]
    found.sort(key=lambda message: message.seq, reverse=True)
    shown = found[:PAGE]
    older = ""
    if len(found) > PAGE:
        separator = "&" if "?" in place.link() else "?"
        older = f"{place.link()}{separator}before={shown[-1].seq}"
    total = sum(inbox.count(wanted) for wanted in filters)
    return (shown[::-1] if place.to else shown), total, older


def _is_bound(total: int, wanted: Filter) -> bool:
    """Whether the counting may have stopped before the end."""
    bound = counted_to(wanted)
    return bound is not None and total >= bound


def _with(names: list[str], chosen: str) -> list[str]:
    return sorted({*names, chosen} - {""})
