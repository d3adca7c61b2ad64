import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.facades.twilio.lookup import plan
from sms_sandbox.numbers import SCENARIOS


@given(st.text(max_size=80), st.none() | st.text(max_size=4))
def test_any_text_is_judged_without_an_error(text: str, country: str | None) -> None:
    found = plan.read(text, country)
    assert (found.error is None) == (found.calling_code is not None)
    assert (found.error is None) == (found.national is not None)
    assert len(found.number) <= 70


@given(st.from_regex(r"\+990[0-9]{4,12}", fullmatch=True))
def test_every_virtual_number_is_valid(number: str) -> None:
    found = plan.read(number)
    assert (found.number, found.error, found.possible) == (number, None, True)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_numbers_of_fiction_are_possible_and_have_their_scenario_s_line(scenario: object) -> None:
    area, kind = scenario.area_code, scenario.line_type  # type: ignore[attr-defined]
    number = f"+1{area}5550142"
    assert plan.read(number).possible
    assert plan.line_type(number) == kind


def test_a_virtual_number_may_be_written_with_blanks() -> None:
    assert plan.read("+990 123-4567").number == "+9901234567"
    assert plan.read(" 9901234567").number == "+9901234567"


def test_a_number_of_no_country_has_no_letters() -> None:
    found = plan.read("+80012345678")
    assert (found.error, found.country_code, found.calling_code) == (None, None, "800")
