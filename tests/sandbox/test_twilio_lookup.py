from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import refusal

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.inbox import Inbox

PACKAGES = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "line_type_intelligence",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)


def ask(web: FlaskClient, number: str, **query: str) -> Any:
    path = f"/twilio/v2/PhoneNumbers/{number}"
    return web.get(path, query_string=query, headers=basic())


def look_up(web: FlaskClient, number: str, **query: str) -> dict[str, Any]:
    answer = ask(web, number, **query)
    assert answer.status_code == 200, answer.text
    return answer.json


def package(web: FlaskClient, number: str, name: str, **query: str) -> Any:
    return look_up(web, number, Fields=name, **query)[name]


def test_a_look_up_has_exactly_lookups_keys(web: FlaskClient) -> None:
    shown = look_up(web, "+14159929960")
    assert shown == {
        "calling_country_code": "1",
        "country_code": "US",
        "phone_number": "+14159929960",
        "national_format": "(415) 992-9960",
        "valid": True,
        "validation_errors": [],
        **dict.fromkeys(PACKAGES),
        "url": "http://localhost/twilio/v2/PhoneNumbers/+14159929960",
    }
    assert list(shown) == [
        "calling_country_code",
        "country_code",
        "phone_number",
        "national_format",
        "valid",
        "validation_errors",
        *PACKAGES,
        "url",
    ]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("+141599299600", "TOO_LONG"),
        ("+1415", "TOO_SHORT"),
        ("+4930", "TOO_SHORT"),
        ("+15558675310", "INVALID_BUT_POSSIBLE"),
        ("+999123456789", "INVALID_COUNTRY_CODE"),
        ("abc", "NOT_A_NUMBER"),
        ("+990123", "INVALID_COUNTRY_CODE"),
        ("+14065550123", "INVALID_BUT_POSSIBLE"),
        ("1" * 5000, "TOO_LONG"),
    ],
)
def test_an_invalid_number_is_an_answer_too(web: FlaskClient, number: str, error: str) -> None:
    shown = look_up(web, number, Fields="sim_swap,line_status")
    assert (shown["valid"], shown["validation_errors"]) == (False, [error])
    for name in ("calling_country_code", "country_code", "national_format", *PACKAGES):
        assert shown[name] is None
    assert len(shown["phone_number"]) <= 64


@pytest.mark.parametrize(
    ("number", "country", "found", "national"),
    [
        ("4159929960", None, "+14159929960", "(415) 992-9960"),
        ("(415) 992-9960", None, "+14159929960", "(415) 992-9960"),
        ("07772000001", "GB", "+447772000001", "07772 000001"),
        ("07772000001", "gb", "+447772000001", "07772 000001"),
        (" 14159929960", None, "+14159929960", "(415) 992-9960"),
        ("+44 7772 000001", "US", "+447772000001", "07772 000001"),
    ],
)
def test_a_national_number_is_read_in_its_country(
    web: FlaskClient, number: str, country: str | None, found: str, national: str
) -> None:
    shown = look_up(web, number, **({"CountryCode": country} if country else {}))
    assert (shown["phone_number"], shown["national_format"]) == (found, national)
    assert shown["valid"] is True


def test_a_country_that_there_is_not_makes_a_national_number_invalid(web: FlaskClient) -> None:
    shown = look_up(web, "4159929960", CountryCode="XX")
    assert shown["validation_errors"] == ["INVALID_COUNTRY_CODE"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+447772000001", "mobile"),
        ("+442079460000", "landline"),
        ("+18005551234", "tollFree"),
        ("+14159929960", "mobile"),
        ("+9901234567", "mobile"),
        ("+14055550101", "landline"),
        ("+14155550101", "landline"),
        ("+12015550101", "mobile"),
        ("+447012345678", "personal"),
    ],
)
def test_the_line_type(web: FlaskClient, number: str, kind: str) -> None:
    assert package(web, number, "line_type_intelligence") == {
        "error_code": None,
        "mobile_country_code": "001",
        "mobile_network_code": "01",
        "carrier_name": "SMS Sandbox",
        "type": kind,
    }


def test_a_sim_is_500_hours_old_unless_the_handset_says_otherwise(
    web: FlaskClient, inbox: Inbox
) -> None:
    number = "+447772000001"
    swap = package(web, number, "sim_swap")
    assert swap == {
        "last_sim_swap": {
            "last_sim_swap_date": "2026-12-25T12:00:00Z",
            "swapped_period": "PT24H",
            "swapped_in_period": False,
        },
        "carrier_name": "SMS Sandbox",
        "mobile_country_code": "001",
        "mobile_network_code": "01",
        "error_code": None,
    }
    inbox.put_handset(ACCOUNT, number, {"sim_swapped_at": 1_800_000_000.0 - 3600})
    last = package(web, number, "sim_swap")["last_sim_swap"]
    assert last["last_sim_swap_date"] == "2027-01-15T07:00:00Z"
    assert last["swapped_in_period"] is True
    fresh = package(web, "+13015550101", "sim_swap")["last_sim_swap"]
    assert fresh["swapped_in_period"] is True


def test_the_handset_s_state_shows(web: FlaskClient, inbox: Inbox) -> None:
    number = "+447772000001"
    seen = {"on": package(web, number, "line_status")["status"]}
    for state in ("off", "blocked"):
        inbox.put_handset(ACCOUNT, number, {"state": state, "nickname": "Ada"})
        seen[state] = package(web, number, "line_status")["status"]
    assert seen == {"on": "active", "off": "unreachable", "blocked": "inactive"}
    assert package(web, "+15035550101", "line_status")["status"] == "unreachable"
    assert package(web, "+14045550101", "line_status")["status"] == "inactive"
    name = package(web, number, "caller_name")
    assert name == {"caller_name": "Ada", "caller_type": "CONSUMER", "error_code": None}


def test_pumping_risk_is_high_where_messages_are_filtered(web: FlaskClient) -> None:
    low = package(web, "+12015550101", "sms_pumping_risk")
    assert low == {
        "carrier_risk_category": "low",
        "number_blocked": False,
        "number_blocked_date": None,
        "number_blocked_last_3_months": False,
        "sms_pumping_risk_score": 5,
        "error_code": None,
    }
    high = package(web, "+14235550101", "sms_pumping_risk")
    assert (high["carrier_risk_category"], high["sms_pumping_risk_score"]) == ("high", 95)
    assert high["number_blocked"] is True
    quality = package(web, "+14235550101", "phone_number_quality_score")
    assert (quality["quality_score"], quality["quality_category"]) == (5, "low")


def test_packages_about_a_person_have_no_data(web: FlaskClient) -> None:
    number = "+14159929960"
    identity = package(web, number, "identity_match", FirstName="Ada")
    assert identity["first_name_match"] == "no_data_available"
    assert (identity["last_name_match"], identity["summary_score"]) == (None, 0)
    assert set(package(web, number, "pre_fill").values()) == {None}
    known = package(web, number, "reassigned_number", LastVerifiedDate="2026-01-01")
    assert (known["last_verified_date"], known["is_number_reassigned"]) == ("2026-01-01", "no")
    unknown = package(web, number, "reassigned_number")
    assert unknown["is_number_reassigned"] == "no_data_available"
    assert package(web, number, "call_forwarding")["call_forwarding_enabled"] is False


def test_a_virtual_number_is_valid_and_one_that_ends_in_99_has_no_data(web: FlaskClient) -> None:
    shown = look_up(web, "+9901299", Fields=",".join(PACKAGES))
    assert (shown["valid"], shown["calling_country_code"]) == (True, "990")
    assert (shown["country_code"], shown["national_format"]) == (None, "1299")
    for name in PACKAGES:
        assert shown[name].pop("error_code") == 60600
        assert set(shown[name].values()) == {None}


def test_fields_may_be_spaced_and_name_validation(web: FlaskClient) -> None:
    shown = look_up(web, "+14159929960", Fields="validation, line_status,")
    assert shown["line_status"] == {"status": "active", "error_code": None}
    assert shown["caller_name"] is None


def test_a_field_that_there_is_not_is_refused(web: FlaskClient) -> None:
    answer = ask(web, "+14159929960", Fields="line_type_inteligence")
    assert refusal(answer) == (
        400,
        20001,
        "Unknown parameters: Fields has no line_type_inteligence.",
    )


def test_paths_and_methods_that_there_are_not_are_refused_in_twilios_form(
    web: FlaskClient,
) -> None:
    for method, path in (
        ("GET", "/v2/PhoneNumbers"),
        ("GET", "/v2/PhoneNumbers/+14159929960/more"),
        ("POST", "/v2/PhoneNumbers/+14159929960"),
        ("GET", "/v1/PhoneNumbers/+14159929960"),
    ):
        answer = web.open(f"/twilio{path}", method=method, headers=basic())
        assert refusal(answer)[:2] == (404, 20404)


def test_credentials_and_faults_hold_here_too(web: FlaskClient) -> None:
    assert web.get("/twilio/v2/PhoneNumbers/+14159929960").json["code"] == 20003
    effect = {"type": "error", "status": 429, "retry_after": 3}
    rule = {"match": {"to": "+1415992*"}, "times": 1, "effect": effect}
    assert web.post("/api/v1/faults", json=rule).status_code == 201
    assert ask(web, "+447772000001").status_code == 200
    struck = ask(web, "+14159929960")
    assert (struck.status_code, struck.json["code"]) == (429, 20429)
    assert struck.headers["Retry-After"] == "3"
    assert ask(web, "+14159929960").status_code == 200


def test_under_twilios_own_name_the_address_is_twilios_own(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    web = create_app(make_sandbox()).test_client()
    headers = basic() | {"Host": "lookups.twilio.com"}
    shown = web.get("/v2/PhoneNumbers/+14159929960", headers=headers).json
    assert shown["url"] == "https://lookups.twilio.com/v2/PhoneNumbers/+14159929960"
