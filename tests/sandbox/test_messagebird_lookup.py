from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import KEY, NOWHERE, ROOT, STRANGE, TO, error, get, key

from sms_sandbox.clock import FrozenClock


def create_hlr(web: FlaskClient, path: str = f"/lookup/{TO}/hlr", **values: Any) -> Any:
    answer = web.post(f"{ROOT}{path}", json=values, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json


def test_valid_number_is_told_of_key_for_key(web: FlaskClient) -> None:
    assert get(web, f"/lookup/{TO}") == {
        "href": f"https://rest.messagebird.com/lookup/{TO}",
        "countryCode": "NL",
        "countryPrefix": 31,
        "phoneNumber": 31612345678,
        "type": "mobile",
        "formats": {
            "e164": "+31612345678",
            "international": "+31 6 12345678",
            "national": "06 12345678",
            "rfc3966": "tel:+31-6-12345678",
        },
        "hlr": None,
    }


@pytest.mark.parametrize(
    ("number", "country", "found", "kind"),
    [
        ("0612345678", "NL", 31612345678, "mobile"),
        ("+4930123456", None, 4930123456, "fixed line"),
        ("18005550199", None, 18005550199, "toll free"),
        ("14055550100", None, 14055550100, "fixed line"),
        ("9901234568", None, 9901234568, "mobile"),
        ("447012345678", None, 447012345678, "personal number"),
    ],
)
def test_kind_of_a_line_in_messagebirds_words(
    web: FlaskClient, number: str, country: str | None, found: int, kind: str
) -> None:
    query = {"countryCode": country} if country else {}
    shown = get(web, f"/lookup/{number}", **query)
    assert (shown["phoneNumber"], shown["type"]) == (found, kind)


@pytest.mark.parametrize("path", ["/lookup/{}", "/lookup/{}/hlr"])
@pytest.mark.parametrize(
    "number", ["nobody", "1201", "9995551234", "14065550100", "%00", "0612345678"]
)
def test_number_that_is_not_valid_is_refused(web: FlaskClient, path: str, number: str) -> None:
    for method in ("GET", "POST") if path.endswith("hlr") else ("GET",):
        answer = web.open(ROOT + path.format(number), method=method, headers=key())
        assert (answer.status_code, error(answer)[0], error(answer)[2]) == (422, 10, "phoneNumber")


def test_network_is_asked_at_once_and_look_ups_show_it(web: FlaskClient) -> None:
    missing = web.get(f"{ROOT}/lookup/{TO}/hlr", headers=key())
    assert (missing.status_code, error(missing)) == (404, (20, "hlr not found", None))
    made = create_hlr(web, reference="mine")
    assert made == {
        "id": made["id"],
        "href": f"https://rest.messagebird.com/hlr/{made['id']}",
        "msisdn": 31612345678,
        "network": 101,
        "reference": "mine",
        "status": "active",
        "details": {
            "status_desc": None,
            "imsi": None,
            "country_iso": "NL",
            "country_name": "Netherlands",
            "location_msc": None,
            "location_iso": "nl",
            "ported": 0,
            "roaming": 0,
        },
        "createdDatetime": "2027-01-15T08:00:00+00:00",
        "statusDatetime": "2027-01-15T08:00:00+00:00",
    }
    assert get(web, f"/lookup/{TO}/hlr") == get(web, f"/lookup/{TO}")["hlr"] == made
    assert get(web, f"/hlr/{made['id']}") == made
    newer = create_hlr(web, f"/lookup/0{TO[2:]}/hlr?countryCode=NL")
    assert get(web, f"/lookup/{TO}")["hlr"] == newer


def test_query_of_its_own_is_answered_after_a_while(web: FlaskClient, clock: FrozenClock) -> None:
    made = create_hlr(web, "/hlr", msisdn=int(TO), reference="mine")
    assert (made["status"], made["network"], made["details"]) == ("sent", None, {})
    clock.advance(0.9)
    assert get(web, f"/hlr/{made['id']}") == made
    clock.advance(0.1)
    shown = get(web, f"/hlr/{made['id']}")
    assert (shown["status"], shown["network"]) == ("active", 101)
    assert shown["statusDatetime"] == "2027-01-15T08:00:01+00:00"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("+15035550100", "absent"),
        ("+14045550100", "unknown"),
        ("+4930123456", "unknown"),
        ("+9901234567", "active"),
        ("+9901234599", "failed"),
    ],
)
def test_answer_is_what_the_number_stands_for(
    web: FlaskClient, clock: FrozenClock, number: str, status: str
) -> None:
    made = create_hlr(web, "/hlr", msisdn=number)["id"]
    clock.advance(1)
    assert get(web, f"/hlr/{made}")["status"] == status


def test_handset_that_is_off_is_absent(web: FlaskClient) -> None:
    web.put(f"/api/v1/handsets/%2B{TO}?account={KEY}", json={"state": "off"})
    assert create_hlr(web)["status"] == "absent"


def test_values_that_cannot_be_used_are_named(web: FlaskClient) -> None:
    missing = web.post(f"{ROOT}/hlr", json={}, headers=key())
    assert error(missing) == (9, "no msisdn found", "msisdn")
    wrong = web.post(f"{ROOT}/hlr", json={"msisdn": "nobody"}, headers=key())
    assert (wrong.status_code, error(wrong)[2]) == (422, "msisdn")
    for name in ("msisdn", "reference", "countryCode"):
        for value in STRANGE:
            answer = web.post(f"{ROOT}/hlr", json={"msisdn": TO, name: value}, headers=key())
            assert answer.status_code in (201, 422), (name, value)
    for path in (f"/hlr/{NOWHERE}", "/hlr/%00"):
        answer = web.get(ROOT + path, headers=key())
        assert (answer.status_code, error(answer)) == (404, (20, "hlr not found", None))


def test_body_null_is_no_parameters(web: FlaskClient) -> None:
    answer = web.post(f"{ROOT}/lookup/{TO}/hlr", data=b"null", headers=key())
    assert answer.status_code == 201, answer.text


def test_virtual_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    for method, path in (("GET", ""), ("GET", "/hlr"), ("POST", "/hlr")):
        answer = web.open(f"{ROOT}/lookup/9901234599{path}", method=method, headers=key())
        assert (answer.status_code, error(answer)[0]) == (500, 99)


def test_fault_strikes_a_look_up_of_its_number(web: FlaskClient) -> None:
    rule = {"match": {"to": f"+{TO}"}, "effect": {"type": "error", "status": 429}}
    web.post("/api/v1/faults", json=rule)
    assert web.get(f"{ROOT}/lookup/{TO}", headers=key()).status_code == 429
    assert web.post(f"{ROOT}/hlr", json={"msisdn": TO}, headers=key()).status_code == 429
    assert web.get(f"{ROOT}/lookup/31612345679", headers=key()).status_code == 200
