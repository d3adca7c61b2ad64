"""Lanes: what strangers spend never closes the owner's own browser (RULES 19-21)."""

from __future__ import annotations

from typing import Any

from contracts.racing import crowd, told
from contracts.steps import HOUR, NEXT_HOUR, assert_passes_exactly, spend_tries
from contracts.stores import ALICE, BOB, Bench

from flask_phoneauth.budgets import DEVICE, STRANGER
from flask_phoneauth.stores.base import Advanced, Issued, Refusal, Right, Wrong

DAY = 86400


def in_lane(bench: Bench, who: str = "owner", device: str = "phone", phone: str = ALICE) -> Issued:
    """A start of the owner's own browser, which must be served."""
    begun = bench.ask(phone, who, address="anywhere", device=device)
    assert isinstance(begun, Issued), begun
    assert begun.lane == DEVICE
    return begun


def spend_sends(bench: Bench) -> None:
    """Everything that strangers may send in an hour."""
    for turn in range(5):
        begun = bench.begun(who=f"stranger-{turn}", address=f"a{turn}")
        bench.settle(begun.job, "accepted", f"stranger-{turn}")
        bench.now += 241


def test_a_browser_that_proved_the_number_is_in_the_device_lane(bench: Bench) -> None:
    assert bench.begun(who="first").lane == STRANGER
    bench.now += 60
    bench.enrolled("phone")
    bench.now += 1
    assert in_lane(bench).challenge.lane == DEVICE
    assert bench.ask(BOB, "elsewhere", device="phone").lane == STRANGER
    assert bench.look().devices == 1
    assert bench.look().known


def test_a_token_that_nobody_gave_out_is_a_strangers(bench: Bench) -> None:
    bench.enrolled("phone")
    forged = bench.ask(who="eve", device="forged")
    assert isinstance(forged, Issued)
    assert forged.lane == STRANGER
    assert bench.peek(forged.challenge.id, "eve", device="forged").resend_in == 30
    assert bench.ask(who="bea", device="other").code == "cooldown"


def test_spent_strangers_sends_leave_the_device_its_own(bench: Bench) -> None:
    bench.enrolled("phone")
    bench.now += NEXT_HOUR
    spend_sends(bench)
    assert bench.ask(who="late", address="late").code == "budget_exhausted"
    begun = in_lane(bench).challenge.id
    proven = bench.enter(begun, bench.code(begun), "owner", device="phone")
    assert isinstance(proven, Right)
    assert proven.lane == DEVICE


def test_spent_strangers_tries_leave_the_device_its_own(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50, max_live_challenges=50)
    bench.enrolled("phone")
    bench.now += 1
    spend_tries(bench, 15)
    assert bench.ask(who="late").code == "locked"
    begun = in_lane(bench).challenge.id
    assert bench.enter(begun, bench.code(begun), "owner").code == "locked"  # without its token
    assert isinstance(bench.enter(begun, bench.code(begun), "owner", device="phone"), Right)


def test_strangers_open_challenges_leave_room_for_the_devices(bench: Bench) -> None:
    bench.configure(cooldown=(1,), max_live_challenges=2)
    bench.enrolled("phone")
    for turn in range(2):
        bench.now += 1
        bench.begun(who=f"w{turn}")
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"
    first = in_lane(bench, "owner")
    bench.now += 1
    in_lane(bench, "owner's other window")
    bench.now += 1
    refused = bench.ask(who="owner's third window", device="phone")
    assert refused.code == "budget_exhausted"
    assert bench.peek(first.challenge.id, "owner", device="phone").challenge.lane == DEVICE


def test_a_strangers_cooldown_does_not_hold_the_device_up(bench: Bench) -> None:
    bench.enrolled("phone")
    bench.begun(who="stranger")
    assert bench.ask(who="late").code == "cooldown"
    assert in_lane(bench).resend_in == 30
    assert bench.ask(who="owner's other window", device="phone").code == "cooldown"


def test_a_strangers_failures_do_not_hold_the_device_up(bench: Bench) -> None:
    bench.enrolled("phone")
    for turn in range(3):
        begun = bench.begun(who=f"w{turn}", address=f"a{turn}")
        bench.settle(begun.job, "failed", f"w{turn}", "unreachable")
    assert bench.ask(who="late").code == "budget_exhausted"
    for _ in range(3):
        begun = in_lane(bench)
        bench.settle(begun.job, "failed", "owner", "unreachable", device="phone")
    refused = bench.ask(who="owner", device="phone")
    assert_passes_exactly(
        bench, refused, "budget_exhausted", lambda: bench.ask(who="owner", device="phone")
    )


def test_a_device_may_be_sent_five_messages_in_an_hour(bench: Bench) -> None:
    bench.configure(cooldown=(1,), max_live_challenges=50)
    bench.enrolled("phone")
    for turn in range(5):
        bench.now += 1
        in_lane(bench, f"window-{turn}")
    bench.now += 1

    def ask() -> Any:
        return bench.ask(who="late", address="late", device="phone")

    assert_passes_exactly(bench, ask(), "budget_exhausted", ask)


def test_a_device_pays_no_addresss_budget(bench: Bench) -> None:
    bench.configure(address_asks_per_hour=1, address_total_asks_per_hour=1)
    bench.enrolled("phone")
    bench.begun(BOB, "somebody", address="office")
    assert bench.ask(who="late", address="office").code == "rate_limited"
    assert isinstance(bench.ask(who="owner", address="office", device="phone"), Issued)


def test_a_device_has_ten_wrong_codes_in_an_hour_and_costs_strangers_none(bench: Bench) -> None:
    bench.configure(cooldown=(1,), device_sends_per_hour=50, max_live_challenges=50)
    bench.enrolled("phone")
    for turn in range(2):
        bench.now += 2
        begun = in_lane(bench, f"window-{turn}").challenge.id
        for left in (4, 3, 2, 1, 0):
            wrong = bench.wrong(begun)
            assert bench.enter(begun, wrong, f"window-{turn}", device="phone") == Wrong(left)
    bench.now += 2
    stranger = bench.begun(who="stranger").challenge.id
    assert bench.look().spent[0] == 0
    assert isinstance(bench.enter(stranger, bench.code(stranger), "stranger"), Right)

    def ask() -> Any:
        return bench.ask(who="late", device="phone")

    assert_passes_exactly(bench, ask(), "locked", ask)


def test_each_device_guesses_on_its_own(bench: Bench) -> None:
    bench.configure(cooldown=(1,), device_tries_per_hour=1)
    bench.enrolled("phone")
    bench.now += 1
    bench.enrolled("tablet")
    bench.now += 1
    begun = in_lane(bench, device="phone").challenge.id
    assert bench.enter(begun, bench.wrong(begun), "owner", device="phone") == Wrong(4)
    assert bench.enter(begun, bench.code(begun), "owner", device="phone").code == "locked"
    assert isinstance(bench.enter(begun, bench.code(begun), "owner", device="tablet"), Right)


def test_the_messages_of_a_day_in_all_count_both_lanes(bench: Bench) -> None:
    bench.configure(cooldown=(1,), total_sends_per_day=3)
    bench.enrolled("phone")
    bench.now += 1
    bench.begun(who="stranger")
    in_lane(bench)
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"
    assert bench.ask(who="owner", device="phone").code == "budget_exhausted"


def test_a_success_in_one_lane_gives_back_its_own_send(bench: Bench) -> None:
    bench.configure(cooldown=(1,), device_sends_per_hour=1)
    bench.enrolled("phone")
    for _ in range(3):
        bench.now += 1
        begun = in_lane(bench).challenge.id
        assert isinstance(bench.enter(begun, bench.code(begun), "owner", device="phone"), Right)


def test_a_lost_message_of_a_device_is_replaced_though_strangers_have_spent_all(
    bench: Bench,
) -> None:
    bench.enrolled("phone")
    bench.now += NEXT_HOUR
    spend_sends(bench)
    begun = in_lane(bench)
    assert begun.job is not None
    bench.settle(begun.job, "accepted", "owner", device="phone")
    bench.now += 5
    told_ = bench.receipt(begun.job, "failed", "filtered")
    assert isinstance(told_, Advanced)
    assert told_.job is not None


def test_a_challenge_is_paid_by_the_lane_that_asks_once_more(bench: Bench) -> None:
    begun = bench.begun(who="owner").challenge.id
    bench.now += 31
    bench.enrolled("phone", who="other window")
    bench.now += 31
    again = bench.resend(begun, "owner", device="phone")
    assert isinstance(again, Issued)
    assert (again.lane, again.challenge.lane) == (DEVICE, DEVICE)
    bench.now += 61
    assert bench.resend(begun, "owner").lane == STRANGER


# --- devices ----------------------------------------------------------------------------------


def test_a_device_is_remembered_for_so_long_and_each_success_renews_it(bench: Bench) -> None:
    bench.configure(device_lifetime=10 * DAY)
    bench.enrolled("phone")
    bench.now += 9 * DAY
    begun = in_lane(bench).challenge.id
    renewed = bench.enter(begun, bench.code(begun), "owner", device="phone", enrol="another")
    assert isinstance(renewed, Right)
    assert not renewed.enrolled  # it stays the same: a new one would have new budgets
    assert bench.look().devices == 1
    bench.now += 10 * DAY - 1
    in_lane(bench)
    bench.now += 400
    assert bench.ask(who="owner", device="phone").lane == STRANGER


def test_a_number_remembers_so_many_devices_and_forgets_the_one_that_ends_first(
    bench: Bench,
) -> None:
    bench.configure(devices_per_number=3)
    for turn in range(4):
        bench.enrolled(f"device-{turn}", who=f"w{turn}")
        bench.now += 60
    assert bench.look().devices == 3
    assert bench.ask(who="a", device="device-0").lane == STRANGER
    bench.now += 60
    assert bench.ask(who="b", device="device-1").lane == DEVICE
    assert bench.ask(who="c", device="device-3").lane == DEVICE


def test_a_wrong_code_remembers_nobody(bench: Bench) -> None:
    begun = bench.begun().challenge.id
    assert bench.enter(begun, bench.wrong(begun), enrol="phone") == Wrong(4)
    assert (bench.look().devices, bench.look().known) == (0, False)
    proven = bench.enter(begun, bench.code(begun))
    assert isinstance(proven, Right)
    assert not proven.enrolled
    assert (bench.look().devices, bench.look().known) == (0, True)


def test_signing_out_everywhere_forgets_the_devices_of_that_number_only(bench: Bench) -> None:
    bench.enrolled("phone")
    bench.enrolled("phone", BOB, "bob")
    bench.store.forget_devices(bench.keys.phone_tag(ALICE), now=bench.now)
    bench.now += 60
    assert bench.ask(who="owner", device="phone").lane == STRANGER
    assert bench.ask(BOB, "bob", device="phone").lane == DEVICE
    assert bench.look().known
    bench.store.forget_devices("nobody", now=bench.now)


# --- a hundred in a row -----------------------------------------------------------------------


def guess(bench: Bench, count: int) -> Any:
    """So many wrong codes of strangers, each hour as many as it allows; the last answer."""
    for _ in range(count):
        begun = bench.ask(who=f"guesser-{bench.made}", address=f"g{bench.made}")
        while not isinstance(begun, Issued):
            bench.now += begun.retry_after
            begun = bench.ask(who=f"guesser-{bench.made}", address=f"g{bench.made}")
        who = f"guesser-{bench.made - 1}"
        answer = bench.enter(begun.challenge.id, bench.wrong(begun.challenge.id), who)
        assert isinstance(answer, Wrong)
        bench.now += 1
    return answer


def row_of(bench: Bench, wrong: int = 4) -> None:
    """Short rows, and room for them."""
    bench.configure(
        wrong_in_a_row=wrong,
        cooldown=(1,),
        sends_per_hour=1000,
        sends_per_day=1000,
        total_sends_per_day=1000,
        tries_per_hour=1000,
        max_live_challenges=1000,
    )


def test_wrong_codes_in_a_row_close_a_number_to_strangers(bench: Bench) -> None:
    row_of(bench)
    waiting = bench.begun(who="waiting").challenge.id
    bench.now += 1
    bench.enrolled("phone")
    bench.now += 1
    guess(bench, 3)
    still = bench.begun(who="still").challenge.id
    bench.now += 1
    guess(bench, 1)
    for who, challenge_id in (("waiting", waiting), ("still", still)):
        assert bench.enter(challenge_id, bench.code(challenge_id), who).code == "locked"
        assert bench.resend(challenge_id, who).code == "locked"
    refused = bench.ask(who="late")
    assert refused.code == "locked"
    assert DAY - 5 <= refused.retry_after <= DAY
    assert bench.look().locked == refused.retry_after
    assert_passes_exactly(bench, refused, "locked", lambda: bench.ask(who="late"))


def test_the_lock_of_a_row_leaves_the_device_alone_whose_success_opens_it(bench: Bench) -> None:
    row_of(bench)
    bench.enrolled("phone")
    bench.now += 1
    guess(bench, 4)
    begun = in_lane(bench).challenge.id
    assert bench.enter(begun, bench.wrong(begun), "owner", device="phone") == Wrong(4)
    assert isinstance(bench.enter(begun, bench.code(begun), "owner", device="phone"), Right)
    bench.now += 1
    assert isinstance(bench.ask(who="late"), Issued)


def test_a_success_begins_the_row_anew(bench: Bench) -> None:
    row_of(bench)
    guess(bench, 3)
    bench.enrolled("phone")
    bench.now += 1
    guess(bench, 3)
    assert isinstance(bench.ask(who="late"), Issued)


def test_a_devices_wrong_codes_are_in_no_row(bench: Bench) -> None:
    row_of(bench)
    bench.enrolled("phone")
    begun = in_lane(bench).challenge.id
    for _ in range(4):
        bench.enter(begun, bench.wrong(begun), "owner", device="phone")
    assert bench.look().locked == 0


def test_the_lock_doubles_up_to_a_week(bench: Bench) -> None:
    row_of(bench, wrong=1)
    locks = []
    for _ in range(5):
        guess(bench, 1)
        locks.append(round(bench.look().locked / DAY))
        bench.now += bench.look().locked
    assert locks == [1, 2, 4, 7, 7]


def test_an_operator_opens_the_lock_and_the_next_one_is_a_day_again(bench: Bench) -> None:
    row_of(bench, wrong=1)
    for _ in range(2):
        guess(bench, 1)
        bench.store.unlock(bench.keys.phone_tag(ALICE), now=bench.now)
        assert bench.look().locked == 0
    guess(bench, 1)
    assert round(bench.look().locked / DAY) == 1


def test_fifty_wrong_codes_at_once_lock_once(bench: Bench) -> None:
    row_of(bench, wrong=5)
    bench.configure(max_tries=10)
    ids = []
    for turn in range(5):
        ids.append(bench.begun(who=f"w{turn}").challenge.id)
        bench.now += 1
    wrong = [bench.wrong(challenge_id) for challenge_id in ids]
    answers = crowd(50, lambda n: bench.enter(ids[n % 5], wrong[n % 5], f"w{n % 5}"))
    looked_at = sum(isinstance(answer, Wrong) for answer in answers)
    assert looked_at <= 5
    if looked_at == 5:  # a busy store may have been away for some
        assert round(bench.look().locked / DAY) == 1


def test_fifty_right_codes_at_once_remember_one_device(bench: Bench) -> None:
    begun = bench.begun().challenge.id
    code = bench.code(begun)
    answers = crowd(50, lambda n: bench.enter(begun, code, enrol=f"device-{n}"))
    assert sum(isinstance(answer, Right) for answer in answers) == 1
    assert {told(answer) for answer in answers} <= {"Right", "used", "unavailable"}
    assert bench.look().devices == 1


def test_what_a_stranger_can_spend_is_bounded_and_the_owner_gets_in(bench: Bench) -> None:
    """Everything at once: sends, tries, failures, open challenges, the row and the cooldown."""
    bench.configure(wrong_in_a_row=20)
    bench.enrolled("phone")
    looked_at: list[float] = []
    for turn in range(400):
        asked = bench.ask(who=f"eve-{turn}", address=f"e{turn}")
        if isinstance(asked, Issued) and asked.job is not None:
            if turn % 7 == 0:
                bench.settle(asked.job, "failed", f"eve-{turn}", "unreachable")
            wrong = bench.wrong(asked.challenge.id)
            for _ in range(5):
                answer = bench.enter(asked.challenge.id, wrong, f"eve-{turn}")
                if isinstance(answer, Wrong):
                    looked_at.append(bench.now)
        bench.now += 45
    for moment in looked_at:
        assert sum(moment - HOUR < other <= moment for other in looked_at) <= 15
    assert isinstance(bench.ask(who="late"), Refusal)
    begun = in_lane(bench).challenge.id
    assert isinstance(bench.enter(begun, bench.code(begun), "owner", device="phone"), Right)
