"""A message comes in: store, then live, then whoever waits for it."""

import re
from dataclasses import replace

from sms_sandbox import codes
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.inbox import admit
from sms_sandbox.inbox.intake import Arrival, Intake
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.inbox.plan import RECEIVED, Ending, Way
from sms_sandbox.inbox.plan import plan as plan_way
from sms_sandbox.message import Draft, Message
from sms_sandbox.segments import MAX_SEGMENTS, Segmentation, segment

MAX_RAW = 128 * 1024
"""Characters of a request that are kept: the longest text fits, each letter as a JSON escape."""

# Controls other than tab, line feed, form feed and carriage return; halves of surrogate pairs.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def accept(parts: Parts, draft: Draft, intake: Intake) -> Message:
    """Look at ``draft``, let it in, and have it stored and told of."""
    cut = _segment(draft.body, may_be_empty=draft.kind != "text")
    outbound = draft.direction == "outbound"
    code = codes.extract(draft.body).code if outbound else None
    if outbound:
        parts.throttle.spend(draft.account)
    ending = admit.admit(parts, draft) if outbound else None
    now = parts.clock.now(draft.account)
    way = RECEIVED if ending is None else _plan(parts, draft, now, ending)
    message = intake.do(
        Arrival(
            draft=_bounded(draft),
            cut=cut,
            code=code,
            way=way,
            now=now,
            id="msg_" + parts.ids.hex(draft.account, 12),
        )
    )
    if way.moves:
        for planned in parts.planned:
            planned(way.moves[0].at, message.account)
    return message


def reply_to(message: Message, body: str, raw: str) -> Draft:
    """What the handset of ``message`` sends back, in the same account."""
    inbound = message.direction == "inbound"
    return Draft(
        account=message.account,
        provider=message.provider,
        direction="inbound",
        sender=message.sender if inbound else message.recipient,
        recipient=message.recipient if inbound else message.sender,
        body=body,
        raw=raw,
    )


def _bounded(draft: Draft) -> Draft:
    left_out = len(draft.raw) - MAX_RAW
    if left_out <= 0:
        return draft
    return replace(draft, raw=f"{draft.raw[:MAX_RAW]}\n({left_out} more characters, not kept)")


def _segment(body: str, *, may_be_empty: bool) -> Segmentation:
    if not (body or may_be_empty):
        raise InvalidRequest("The text is empty.", hint="Send a text.", pointer="/body")
    if _NOT_TEXT.search(body):
        raise InvalidRequest(
            "The text holds a control character or half a surrogate pair.",
            hint="Send Unicode text; line breaks and tabs are allowed.",
            pointer="/body",
        )
    cut = segment(body)
    if cut.count > MAX_SEGMENTS:
        raise InvalidRequest(
            f"The text needs {cut.count} parts; a joined message has at most {MAX_SEGMENTS}.",
            hint="Send a shorter text.",
            pointer="/body",
        )
    return cut


def _plan(parts: Parts, draft: Draft, now: float, ending: Ending) -> Way:
    timings = parts.accounts.settings(draft.account).timings
    usual = parts.settings
    return plan_way(
        draft,
        now,
        ending,
        sent_after=usual.sent_after if timings.sent_after is None else timings.sent_after,
        delivered_after=(
            usual.delivered_after if timings.delivered_after is None else timings.delivered_after
        ),
        expired=admit.code_of(parts, draft.provider, "expired"),
    )
