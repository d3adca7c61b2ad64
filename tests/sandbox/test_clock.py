import time

import pytest

from sms_sandbox.clock import FrozenClock, RealClock


def test_real_clock_tells_the_time_of_day() -> None:
    assert abs(RealClock().now() - time.time()) < 5


def test_real_clock_never_waits_for_the_past() -> None:
    clock = RealClock()
    assert clock.seconds_until(clock.now() - 10) == 0
    assert 9 < clock.seconds_until(clock.now() + 10) <= 10


def test_frozen_clock_stands_until_advanced_and_tells_its_watchers() -> None:
    clock = FrozenClock(100.0)
    told: list[float] = []
    clock.watch(lambda: told.append(clock.now()))
    assert clock.seconds_until(101.0) is None
    clock.advance(1.0)
    assert told == [101.0]
    assert clock.seconds_until(101.0) == 0.0


def test_frozen_clock_never_goes_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        FrozenClock(100.0).advance(-1)
