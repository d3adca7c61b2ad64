"""Whose phone it is, as the operator says it."""

import hashlib

import pytest
from flask.testing import FlaskClient
from sandbox.operator_calls import (
    APPLICATION,
    CIBA,
    ERRS,
    EVEN,
    NUMBERS,
    ODD,
    PLAIN,
    REDIRECT,
    VERIFY_2,
    application_jwt,
    ask,
    auth_url,
    bearer,
    brought,
    by_code,
    code_for,
    configure,
    device_token,
    exchange,
    fault,
    follow,
    last_token,
    token_of,
    verify,
)

from sms_sandbox.facades.vonage.operator.errors import NOT_BY_NETWORK


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False)])
def test_tutorials_flow_tells_what_the_last_digit_says(
    web: FlaskClient, number: str, verified: bool
) -> None:
    end = follow(web, auth_url(web, number, state="of the application"))
    assert end.startswith(f"{REDIRECT}?")
    given = brought(end)
    assert given["state"] == "of the application"
    answer = by_code(web, given["code"])
    assert answer.json["token_type"] == "bearer"
    assert 0 < answer.json["expires_in"] <= 300
    assert answer.headers["Cache-Control"] == "no-store"
    said = verify(web, token_of(answer), number)
    assert (said.status_code, said.json) == (200, {"devicePhoneNumberVerified": verified})


def test_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    answer = verify(web, last_token(web, ERRS), ERRS)
    assert (answer.status_code, answer.json["code"]) == (403, NOT_BY_NETWORK)


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False), (PLAIN, True)])
def test_hash_of_the_devices_number_tells_the_same(
    web: FlaskClient, number: str, verified: bool
) -> None:
    digest = hashlib.sha256(number.encode()).hexdigest()
    answer = ask(web, f"{NUMBERS}/verify", last_token(web, number), hashedPhoneNumber=digest)
    assert answer.json == {"devicePhoneNumberVerified": verified}


def test_hash_of_a_number_that_errs_errs(web: FlaskClient) -> None:
    digest = hashlib.sha256(ERRS.encode()).hexdigest().upper()
    answer = ask(web, f"{NUMBERS}/verify", last_token(web, ERRS), hashedPhoneNumber=digest)
    assert answer.json["code"] == NOT_BY_NETWORK


def test_number_of_a_network_is_verified_if_it_is_the_devices_own(web: FlaskClient) -> None:
    assert verify(web, last_token(web, PLAIN), PLAIN).json == {"devicePhoneNumberVerified": True}
    strange = verify(web, last_token(web, PLAIN), "+12015550124")
    assert strange.json == {"devicePhoneNumberVerified": False}


def test_vonages_mode_looks_at_the_digits_alone_and_camaras_at_the_device_first(
    web: FlaskClient,
) -> None:
    assert verify(web, last_token(web, EVEN), "+99012345676").json["devicePhoneNumberVerified"]
    configure(web, mode="camara")
    other = verify(web, last_token(web, EVEN), "+99012345676")
    assert other.json == {"devicePhoneNumberVerified": False}
    assert verify(web, last_token(web, EVEN), EVEN).json == {"devicePhoneNumberVerified": True}
    assert verify(web, last_token(web, ODD), ODD).json == {"devicePhoneNumberVerified": False}


def test_account_of_the_key_and_of_the_application_can_be_one(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/abcd1234/aliases", json={"aliases": [APPLICATION]})
    configure(web, "abcd1234", mode="camara")
    other = verify(web, last_token(web, EVEN), "+99012345676")
    assert other.json == {"devicePhoneNumberVerified": False}


def test_code_survives_a_fault_of_its_exchange(web: FlaskClient) -> None:
    fault(web, {"to": EVEN, "body": "/oauth2/token"}, {"type": "error", "status": 503}, times=1)
    code = code_for(web)
    assert by_code(web, code).status_code == 503
    token = token_of(by_code(web, code))
    assert verify(web, token).json == {"devicePhoneNumberVerified": True}
    assert by_code(web, code).status_code == 400


def test_device_that_took_no_part_is_not_verified(web: FlaskClient) -> None:
    began = web.post(
        "/vonage/oauth2/bc-authorize",
        data={"login_hint": EVEN, "scope": VERIFY_2},
        headers=bearer(application_jwt()),
    )
    token = token_of(exchange(web, grant_type=CIBA, auth_req_id=began.json["auth_req_id"]))
    assert verify(web, token).json["code"] == NOT_BY_NETWORK


def test_token_names_its_device(web: FlaskClient) -> None:
    token = device_token(web, EVEN, "dpv:X number-verification:device-phone-number:read")
    answer = web.get(
        "/vonage/camara/number-verification/v2/device-phone-number", headers=bearer(token)
    )
    assert answer.json == {"devicePhoneNumber": EVEN}
