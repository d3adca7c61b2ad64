from __future__ import annotations

import pytest

from flask_phoneauth.errors import CountryBlocked
from flask_phoneauth.phone.number import parse
from flask_phoneauth.phone.policy import check_region

GB, US, CANADA = "+447400123456", "+12015550123", "+16045550123"
JERSEY, RUSSIA, KAZAKHSTAN = "+447797712345", "+79123456789", "+77012345678"
SATELLITE = "+881612345678"


@pytest.mark.parametrize(
    ("number", "regions"),
    [
        (GB, ["GB"]),
        (US, ["GB", "US"]),
        (CANADA, ["CA"]),
        (JERSEY, ["JE"]),
        (RUSSIA, ["RU"]),
        (KAZAKHSTAN, ["KZ"]),
    ],
)
def test_number_of_an_allowed_region_passes(number: str, regions: list[str]):
    check_region(parse(number), regions)


@pytest.mark.parametrize(
    ("number", "regions"),
    [
        (GB, ["US"]),
        (CANADA, ["US"]),
        (US, ["CA"]),
        (JERSEY, ["GB"]),
        (GB, ["JE"]),
        (RUSSIA, ["KZ"]),
        (KAZAKHSTAN, ["RU"]),
        (SATELLITE, ["US", "GB"]),
    ],
)
def test_other_region_is_blocked_though_it_shares_the_calling_code(number: str, regions: list[str]):
    with pytest.raises(CountryBlocked) as blocked:
        check_region(parse(number), regions)
    assert blocked.value.status == 403
    assert number[1:] not in str(blocked.value)


@pytest.mark.parametrize("number", [GB, US, SATELLITE])
def test_every_region_passes_where_none_is_listed(number: str):
    check_region(parse(number), ())


def test_virtual_numbers_pass_any_list():
    check_region(parse("+9901234", virtual_numbers=True), ["GB"])
