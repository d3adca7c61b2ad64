from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.plivo_calls import basic


def look_up(web: FlaskClient, number: str, **query: str) -> Any:
    path = f"/plivo/v1/Number/{number}"
    return web.get(path, query_string={"type": "carrier"} | query, headers=basic())


def test_valid_number_is_told_of_key_for_key(web: FlaskClient) -> None:
    answer = look_up(web, "+12015550123")
    assert answer.status_code == 200, answer.text
    shown = answer.json
    assert shown.pop("api_id")
    assert shown == {
        "phone_number": "+12015550123",
        "country": {"name": "United States", "iso2": "US", "iso3": "USA"},
        "format": {
            "e164": "+12015550123",
            "national": "(201) 555-0123",
            "international": "+1 201-555-0123",
            "rfc3966": "tel:+1-201-555-0123",
        },
        "carrier": {
            "mobile_country_code": "001",
            "mobile_network_code": "01",
            "name": "SMS Sandbox",
            "type": "mobile",
            "ported": "no",
        },
        "resource_uri": "/v1/Number/+12015550123?type=carrier",
    }


@pytest.mark.parametrize(
    ("number", "kind", "iso3"),
    [
        ("+4930123456", "fixed", "DEU"),
        ("+4915112345678", "mobile", "DEU"),
        ("+18005550199", "toll-free", "USA"),
        ("+33612345678", "mobile", "FRA"),
        ("+14055550100", "fixed", "USA"),
        ("+9901234568", "mobile", ""),
        ("+80012345678", "toll-free", ""),
    ],
)
def test_kind_and_country_of_a_line(web: FlaskClient, number: str, kind: str, iso3: str) -> None:
    shown = look_up(web, number).json
    assert (shown["carrier"]["type"], shown["country"]["iso3"]) == (kind, iso3)
    assert bool(shown["carrier"]["mobile_country_code"]) == (kind == "mobile")
    assert shown["carrier"]["ported"] == ("no" if iso3 == "USA" else "unknown")


@pytest.mark.parametrize("number", ["nobody", "+1201", "+9995551234", "+14065550100", "0123"])
def test_number_that_is_not_valid_is_not_found(web: FlaskClient, number: str) -> None:
    answer = look_up(web, number)
    assert answer.status_code == 404
    assert set(answer.json) == {"api_id", "error_code", "message"}
    assert answer.json["error_code"] == 20404


def test_virtual_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    assert look_up(web, "+9901234599").status_code == 500


def test_type_must_be_carrier_and_credentials_must_be_shown(web: FlaskClient) -> None:
    assert look_up(web, "+12015550123", type="owner").status_code == 400
    assert web.get("/plivo/v1/Number/+12015550123?type=carrier").status_code == 401
    post = web.post("/plivo/v1/Number/+12015550123", headers=basic())
    assert post.status_code == 405


def test_fault_strikes_a_look_up_of_its_number(web: FlaskClient) -> None:
    rule = {"match": {"to": "+12015550123"}, "effect": {"type": "error", "status": 429}}
    web.post("/api/v1/faults", json=rule)
    answer = look_up(web, "+12015550123")
    assert (answer.status_code, answer.json["error"]) == (429, "too many requests")
    assert look_up(web, "+12015550124").status_code == 200


def test_lookups_own_host_name_leads_here(web: FlaskClient) -> None:
    headers = {**basic(), "Host": "lookup.plivo.com"}
    answer = web.get("/v1/Number/+12015550123?type=carrier", headers=headers)
    assert answer.json["phone_number"] == "+12015550123"
