"""The numbers of fiction that say how a delivery ends: ``+1 NPA 555 01NN``.

The area code chooses the scenario, NN is free (one for each parallel test worker, say). These
numbers pass an application's number validation, unlike the virtual ones. Where an area code looks
like a status of HTTP, its meaning helps to remember the scenario.
"""

import re
from dataclasses import dataclass
from typing import Literal

from sms_sandbox.message import Status
from sms_sandbox.numbers.address import comparison_key
from sms_sandbox.reasons import Failing, Refusal

Quirk = Literal["duplicate", "reorder", "bad_signature", "contradict"]
"""What goes wrong with the callbacks; ``contradict`` is a late one that denies the delivery."""

_FICTION = re.compile(r"1([2-9][0-9]{2})55501[0-9]{2}")
_LATE = 30.0
_SWITCHED_OFF = 60.0
_HANGS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens to a message to one of these numbers. ``refusal`` and ``http_status`` refuse
    it (``once``: only the first of an account and number), ``hangs`` are real seconds before the
    answer, ``ends`` is the last status, for the reason ``failing``, ``after`` seconds of sandbox
    time where that is not the usual time; ``replies`` is what the handset answers to a delivery.
    """

    name: str
    area_code: str
    means: str
    refusal: Refusal | None = None
    http_status: int | None = None
    once: bool = False
    hangs: float = 0.0
    ends: Status = "delivered"
    failing: Failing | None = None
    after: float | None = None
    quirk: Quirk | None = None
    replies: Literal["stop", "code"] | None = None
    sim_swapped: bool = False
    line_type: Literal["mobile", "landline"] = "mobile"


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="delivered", area_code="201", means="delivered"),
    Scenario(
        name="sent_only",
        area_code="202",
        means="sent, and nothing more is heard",
        ends="sent",
    ),
    Scenario(
        name="undelivered",
        area_code="503",
        means="undelivered: the handset cannot be reached",
        ends="undelivered",
        failing="unreachable",
    ),
    Scenario(
        name="unknown_handset",
        area_code="404",
        means="failed: there is no such handset",
        ends="failed",
        failing="unknown_handset",
    ),
    Scenario(
        name="landline",
        area_code="405",
        means="undelivered: a landline takes no text",
        ends="undelivered",
        failing="landline",
        line_type="landline",
    ),
    Scenario(
        name="filtered",
        area_code="423",
        means="undelivered: the carrier filters it out",
        ends="undelivered",
        failing="filtered",
    ),
    Scenario(
        name="opted_out",
        area_code="410",
        means="refused: the handset has opted out",
        refusal="opted_out",
    ),
    Scenario(
        name="invalid",
        area_code="406",
        means="refused: not a valid number",
        refusal="invalid_number",
    ),
    Scenario(
        name="no_route",
        area_code="502",
        means="refused: no route leads to this number",
        refusal="no_route",
    ),
    Scenario(
        name="queue_full",
        area_code="507",
        means="refused: the queue is full",
        refusal="queue_full",
    ),
    Scenario(
        name="throttled_once",
        area_code="509",
        means="the first is refused with 429, later ones are delivered",
        refusal="throttled",
        once=True,
    ),
    Scenario(
        name="error_once",
        area_code="501",
        means="the first is answered 500, later ones are delivered",
        http_status=500,
        once=True,
    ),
    Scenario(
        name="timeout",
        area_code="504",
        means="the answer takes 60 s of real time; the message is delivered all the same",
        hangs=_HANGS,
    ),
    Scenario(
        name="slow", area_code="408", means="delivered after 30 s of sandbox time", after=_LATE
    ),
    Scenario(
        name="late_failure",
        area_code="205",
        means="delivered; 30 s later a callback says undelivered",
        quirk="contradict",
    ),
    Scenario(
        name="duplicate_callback",
        area_code="208",
        means="delivered; each callback comes twice",
        quirk="duplicate",
    ),
    Scenario(
        name="reordered_callbacks",
        area_code="409",
        means="delivered; the callbacks come in the wrong order",
        quirk="reorder",
    ),
    Scenario(
        name="bad_signature",
        area_code="401",
        means="delivered; the callbacks' signature is wrong",
        quirk="bad_signature",
    ),
    Scenario(
        name="replies_stop",
        area_code="417",
        means="delivered; the handset answers STOP",
        replies="stop",
    ),
    Scenario(
        name="replies_code",
        area_code="302",
        means="delivered; the handset answers the code, if there is one",
        replies="code",
    ),
    Scenario(
        name="sim_swapped",
        area_code="301",
        means="delivered; the SIM was swapped this moment",
        sim_swapped=True,
    ),
    Scenario(
        name="voice_only",
        area_code="415",
        means="refused: the line takes calls only",
        refusal="landline",
        line_type="landline",
    ),
    Scenario(
        name="off_for_a_minute",
        area_code="425",
        means="delivered after 60 s of sandbox time: the handset was off",
        after=_SWITCHED_OFF,
    ),
)  # fmt: skip
"""Every scenario, each with an area code of its own."""

_BY_AREA = {one.area_code: one for one in SCENARIOS}


def scenario_of(number: str) -> Scenario | None:
    """The scenario that a number of fiction stands for; ``None`` for every other number."""
    found = _FICTION.fullmatch(comparison_key(number))
    return None if found is None else _BY_AREA.get(found.group(1))
