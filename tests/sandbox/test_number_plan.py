import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.facades.twilio.lookup import words
from sms_sandbox.numbers import SCENARIOS, Scenario, plan


@given(st.text(max_size=80), st.none() | st.text(max_size=4))
def test_any_text_is_judged_without_an_error(text: str, country: str | None) -> None:
    found = plan.read(text, country)
    assert found.valid == bool(found.calling_code) == bool(found.national) == bool(found.link)
    assert len(found.number) <= 70
    assert (words.error_of(words.read(text, country)) is None) <= words.read(text, country).valid


@given(st.from_regex(r"\+990[0-9]{4,12}", fullmatch=True))
def test_every_virtual_number_is_valid(number: str) -> None:
    found = plan.read(number)
    assert (found.number, found.valid, found.possible) == (number, True, True)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_numbers_of_fiction_are_possible_and_have_their_scenario_s_line(scenario: Scenario) -> None:
    number = f"+1{scenario.area_code}5550142"
    assert plan.read(number).possible
    assert plan.read(number).line == words.line_type(number) == scenario.line_type


def test_a_virtual_number_may_be_written_with_blanks() -> None:
    assert plan.read("+990 123-4567").number == "+9901234567"
    assert plan.read(" 9901234567").number == "+9901234567"


def test_a_number_of_no_country_has_no_letters() -> None:
    found = plan.read("+80012345678")
    assert (found.wrong, found.country, found.calling_code) == (None, "", "800")


def test_number_is_read_as_it_is_dialled_in_a_country() -> None:
    assert plan.read("030 123456", "de").number == "+4930123456"
    assert plan.read("030 123456").wrong == "invalid_country_code"
    assert words.read("(201) 555-0123").number == "+12015550123"


def test_number_that_cannot_be_has_twilio_s_word_for_it() -> None:
    assert words.error_of(words.read("+1201")) == "TOO_SHORT"
    assert words.error_of(words.read("nobody")) == "NOT_A_NUMBER"
    assert words.error_of(words.read("+14065550100")) == "INVALID_BUT_POSSIBLE"
