from itertools import product

import pytest

from sms_sandbox.message import STATUSES, can_move, has_reached, is_final, parse_status, rfc3339

FORWARD = {
    ("accepted", "queued"),
    ("accepted", "sent"),
    ("accepted", "delivered"),
    ("accepted", "undelivered"),
    ("accepted", "failed"),
    ("queued", "sent"),
    ("queued", "delivered"),
    ("queued", "undelivered"),
    ("queued", "failed"),
    ("sent", "delivered"),
    ("sent", "undelivered"),
    ("sent", "failed"),
    ("scheduled", "accepted"),
    ("scheduled", "queued"),
    ("scheduled", "sent"),
    ("scheduled", "delivered"),
    ("scheduled", "undelivered"),
    ("scheduled", "failed"),
    ("scheduled", "canceled"),
}


def test_status_moves_forward_only() -> None:
    allowed = {(old, new) for old, new in product(STATUSES, STATUSES) if can_move(old, new)}
    assert allowed == FORWARD


def test_final_statuses_allow_no_move() -> None:
    finals = {status for status in STATUSES if is_final(status)}
    assert finals == {"delivered", "undelivered", "failed", "canceled", "received"}


def test_delivered_message_has_been_sent_but_failed_one_has_not() -> None:
    assert has_reached("delivered", "sent")
    assert has_reached("undelivered", "sent")
    assert not has_reached("failed", "sent")
    assert not has_reached("undelivered", "delivered")
    assert not has_reached("queued", "sent")


@pytest.mark.parametrize("word", ["", "Sent", "read", "1"])
def test_unknown_status_is_none(word: str) -> None:
    assert parse_status(word) is None


def test_times_are_rfc3339_in_utc() -> None:
    assert rfc3339(1_800_000_000.5) == "2027-01-15T08:00:00.500Z"


def test_repr_hides_number_body_and_code(put) -> None:
    shown = repr(put("Your code is 482913"))
    assert "482913" not in shown
    assert "9901234567" not in shown
