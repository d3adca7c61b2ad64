"""CAMARA's own scenarios, by their tags, as far as they need no real operator."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox.operator_calls import (
    APPLICATION,
    CHECK,
    CODES,
    DATE,
    ERRS,
    EVEN,
    NUMBERS,
    NUMBERS_2,
    ODD,
    OTP,
    PLAIN,
    SHARE,
    SIMS,
    SIMS_2,
    VERIFY_2,
    ask,
    bearer,
    configure,
    device_token,
    number_token,
    own_token,
)

from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.vonage.operator.errors import NOT_BY_NETWORK
from sms_sandbox.facades.vonage.operator.one_time_password import MAX_CODES
from sms_sandbox.message import rfc3339
from sms_sandbox.numbers import SCENARIOS

HOUR = 3600.0
DIGEST, OTHER_DIGEST = (hashlib.sha256(one.encode()).hexdigest() for one in (EVEN, ODD))
NOTHING: Any = object()
BODY = {"phoneNumber": EVEN}
LANDLINE = f"+1{next(one.area_code for one in SCENARIOS if one.refusal == 'landline')}5550101"


@dataclass(frozen=True)
class Case:
    """One scenario: the ``operator``'s knobs, the body (``NOTHING``: none), the ``token`` (``None``
    makes a good one), and what is answered."""

    tag: str
    body: Any
    status: int
    answer: dict[str, Any] = field(default_factory=dict)
    number: str = EVEN
    operator: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    header: bool = True


def refused(tag: str, body: Any, status: int, code: str, **more: Any) -> Case:
    return Case(tag, body, status, {"status": status, "code": code}, **more)


def replay(web: FlaskClient, path: str, case: Case, make: Callable[..., str], scope: str) -> None:
    configure(web, **case.operator)
    token = case.token if case.token is not None else make(web, case.number, scope)
    headers = (bearer(token) if case.header else {}) | {"x-correlator": "corr-1"}
    json = {} if case.body is NOTHING else {"json": case.body}
    answer = web.post(f"/vonage{path}", headers=headers, **json)
    assert answer.status_code == case.status, answer.text
    assert answer.headers["x-correlator"] == "corr-1"
    assert case.answer.items() <= (answer.json or {}).items()
    if case.status >= 400:
        assert set(answer.json) == {"status", "code", "message"}


UNAUTHORIZED = (
    refused("401.1", {"phoneNumber": EVEN}, 401, "UNAUTHENTICATED", header=False),
    refused("401.2", {"phoneNumber": EVEN}, 401, "UNAUTHENTICATED", operator={"tokens": "expired"}),
    refused("401.3", {"phoneNumber": EVEN}, 401, "UNAUTHENTICATED", token="invalid"),
)

VERIFY_CASES = (
    Case("01", {"phoneNumber": EVEN}, 200, {"devicePhoneNumberVerified": True}),
    Case("02", {"phoneNumber": PLAIN}, 200, {"devicePhoneNumberVerified": True}, number=PLAIN),
    Case("03 odd", {"phoneNumber": ODD}, 200, {"devicePhoneNumberVerified": False}, number=ODD),
    Case(
        "03 camara",
        {"phoneNumber": "+99012345676"},
        200,
        {"devicePhoneNumberVerified": False},
        operator={"mode": "camara"},
    ),
    Case("04", {"hashedPhoneNumber": DIGEST}, 200, {"devicePhoneNumberVerified": True}),
    Case("05", {"hashedPhoneNumber": OTHER_DIGEST}, 200, {"devicePhoneNumberVerified": False}),
    refused("400.1", NOTHING, 400, "INVALID_ARGUMENT"),
    refused("400.2", {}, 400, "INVALID_ARGUMENT"),
    refused("400.3", {"phoneNumber": EVEN, "more": 1}, 400, "INVALID_ARGUMENT"),
    refused("400.4", {"phoneNumber": EVEN, "hashedPhoneNumber": DIGEST}, 400, "INVALID_ARGUMENT"),
    *UNAUTHORIZED,
    refused("403.1", BODY, 403, "PERMISSION_DENIED", operator={"tokens": "no_scope"}),
    refused("403.2", {"phoneNumber": EVEN}, 403, NOT_BY_NETWORK, operator={"tokens": "wrong_amr"}),
    refused("403.2 nobody", BODY, 403, NOT_BY_NETWORK, operator={"tokens": "no_number"}),
    refused("403.2 99", {"phoneNumber": ERRS}, 403, NOT_BY_NETWORK, number=ERRS),
    refused("C02.01", {"phoneNumber": "0123456"}, 400, "INVALID_ARGUMENT"),
    refused("C02.01 plus", {"phoneNumber": EVEN[1:]}, 400, "INVALID_ARGUMENT"),
    refused("C02.01 type", {"phoneNumber": 99012345678}, 400, "INVALID_ARGUMENT"),
    refused("C02.01 hash", {"hashedPhoneNumber": "x" * 64}, 400, "INVALID_ARGUMENT"),
)  # fmt: skip


@pytest.mark.parametrize("case", VERIFY_CASES, ids=lambda case: case.tag)
def test_number_is_verified_as_camara_has_it(web: FlaskClient, case: Case) -> None:
    replay(web, f"{NUMBERS_2}/verify", case, device_token, VERIFY_2)


@pytest.mark.parametrize("root", [NUMBERS, NUMBERS_2])
def test_token_survives_somebody_who_only_looks(web: FlaskClient, root: str) -> None:
    token = device_token(web, EVEN, SHARE)
    path = f"/vonage{root}/device-phone-number"
    assert web.head(path, headers=bearer(token)).status_code == 405
    assert web.get(path, headers=bearer(token)).json == {"devicePhoneNumber": EVEN}


@pytest.mark.parametrize(
    ("operator", "token", "status", "code"),
    [
        ({}, None, 200, ""),
        ({}, "", 401, "UNAUTHENTICATED"),
        ({"tokens": "expired"}, None, 401, "UNAUTHENTICATED"),
        ({}, "invalid", 401, "UNAUTHENTICATED"),
        ({"tokens": "no_scope"}, None, 403, "PERMISSION_DENIED"),
        ({"tokens": "wrong_amr"}, None, 403, NOT_BY_NETWORK),
    ],
    ids=["01", "401.1", "401.2", "401.3", "403.1", "403.2"],
)
@pytest.mark.parametrize("root", [NUMBERS, NUMBERS_2])
def test_number_is_shared_as_camara_has_it(
    web: FlaskClient, root: str, operator: dict[str, str], token: str | None, status: int, code: str
) -> None:
    configure(web, **operator)
    token = device_token(web, EVEN, SHARE) if token is None else token
    answer = web.get(f"/vonage{root}/device-phone-number", headers=bearer(token))
    assert answer.status_code == status
    said = {"code": code} if code else {"devicePhoneNumber": EVEN}
    assert said.items() <= answer.json.items()


def test_older_path_takes_a_number_without_plus_and_names_a_token_without_context(
    web: FlaskClient,
) -> None:
    token = device_token(web)
    answer = ask(web, f"{NUMBERS}/verify", token, phoneNumber=EVEN[1:])
    assert answer.json == {"devicePhoneNumberVerified": True}
    configure(web, tokens="no_number")
    answer = ask(web, f"{NUMBERS}/verify", device_token(web), phoneNumber=EVEN)
    assert answer.json["code"] == "NUMBER_VERIFICATION.INVALID_TOKEN_CONTEXT"


def own(web: FlaskClient, _: str, scope: str) -> str:
    return own_token(web, scope)


SIM_ERRORS = (
    *UNAUTHORIZED,
    refused("C02.01", {"phoneNumber": "12345678901234567"}, 400, "INVALID_ARGUMENT"),
    refused("C02.02", {"phoneNumber": ERRS}, 404, "IDENTIFIER_NOT_FOUND"),
    refused("C02.04", {}, 422, "MISSING_IDENTIFIER"),
    refused("C02.05", {"phoneNumber": LANDLINE}, 422, "SERVICE_NOT_APPLICABLE"),
)


@pytest.mark.parametrize(
    "case",
    [
        Case("1", {"phoneNumber": EVEN}, 200, {"swapped": False}),
        Case("4", {"phoneNumber": EVEN, "maxAge": 501}, 200, {"swapped": True}),
        Case("4 equal", {"phoneNumber": EVEN, "maxAge": 500}, 200, {"swapped": True}),
        Case("5", {"phoneNumber": EVEN, "maxAge": 499}, 200, {"swapped": False}),
        refused("400.1", {"phoneNumber": EVEN, "maxAge": "long"}, 400, "INVALID_ARGUMENT"),
        refused("400.2 low", {"phoneNumber": EVEN, "maxAge": 0}, 400, "OUT_OF_RANGE"),
        refused("400.2 high", {"phoneNumber": EVEN, "maxAge": 2401}, 400, "OUT_OF_RANGE"),
        refused("400 type", {"phoneNumber": EVEN, "maxAge": True}, 400, "INVALID_ARGUMENT"),
        refused("400 more", {"phoneNumber": EVEN, "more": 1}, 400, "INVALID_ARGUMENT"),
        *SIM_ERRORS,
    ],
    ids=lambda case: case.tag,
)
def test_sim_is_checked_as_camara_has_it(web: FlaskClient, case: Case) -> None:
    replay(web, f"{SIMS_2}/check", case, own, CHECK)


@pytest.mark.parametrize(
    ("age", "hours", "swapped"),
    [(12, 240, True), (239, 240, True), (241, 240, False), (260, 261, True), (260, 24, False),
     (20_000, 2400, False)],
)  # fmt: skip
def test_sim_swap_of_a_handset_is_told(
    web: FlaskClient, clock: FrozenClock, age: int, hours: int, swapped: bool
) -> None:
    swap(web, clock.now() - age * HOUR)
    asked = {"phoneNumber": PLAIN, "maxAge": hours}
    answer = ask(web, f"{SIMS_2}/check", own_token(web, CHECK), **asked)
    assert answer.json == {"swapped": swapped}


def swap(web: FlaskClient, moment: float, number: str = PLAIN) -> None:
    answer = web.put(
        f"/api/v1/handsets/{number}?account={APPLICATION}",
        json={"sim_swapped_at": rfc3339(moment)},
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("case", SIM_ERRORS, ids=lambda case: case.tag)
def test_date_is_refused_as_camara_has_it(web: FlaskClient, case: Case) -> None:
    replay(web, f"{SIMS_2}/retrieve-date", case, own, DATE)


def test_date_is_told_unless_the_operator_must_not_or_can_not(
    web: FlaskClient, clock: FrozenClock
) -> None:
    def date() -> Any:
        asked = ask(web, f"{SIMS_2}/retrieve-date", own_token(web, DATE), phoneNumber=EVEN)
        assert asked.status_code == 200, asked.text
        return asked.json

    def at(age: float) -> str:
        return rfc3339(clock.now() - age)

    assert date() == {"latestSimChange": at(500 * HOUR)}
    swap(web, clock.now() - 60, EVEN)
    assert date() == {"latestSimChange": at(60)}
    configure(web, monitored_days=1)
    assert date() == {"latestSimChange": at(60)}
    swap(web, clock.now() - 49 * HOUR, EVEN)
    assert date() == {"latestSimChange": None, "monitoredPeriod": 1}
    configure(web, sim_dates="hidden")
    assert date() == {"latestSimChange": None}


def test_number_is_said_once_by_the_token_or_by_the_body(web: FlaskClient) -> None:
    token = number_token(web)
    twice = ask(web, f"{SIMS_2}/check", token, phoneNumber=EVEN)
    assert (twice.status_code, twice.json["code"]) == (422, "UNNECESSARY_IDENTIFIER")
    assert ask(web, f"{SIMS_2}/check", token).json == {"swapped": False}
    assert ask(web, f"{SIMS_2}/check", token).status_code == 401


def test_older_path_wants_the_tokens_number(web: FlaskClient) -> None:
    wrong = ask(web, f"{SIMS}/check", number_token(web), phoneNumber=ODD)
    assert (wrong.status_code, wrong.json["code"]) == (403, "INVALID_TOKEN_CONTEXT")
    unknown = ask(web, f"{SIMS}/retrieve-date", number_token(web, ERRS, DATE), phoneNumber=ERRS)
    assert (unknown.status_code, unknown.json["code"]) == (404, "SIM_SWAP.UNKNOWN_PHONE_NUMBER")
    right = ask(web, f"{SIMS}/check", number_token(web), phoneNumber=EVEN, maxAge=501)
    assert right.json == {"swapped": True}


@pytest.mark.parametrize("scope", [CHECK, VERIFY_2, CODES])
def test_right_to_one_thing_is_none_to_another(web: FlaskClient, scope: str) -> None:
    answer = ask(web, f"{SIMS_2}/retrieve-date", own_token(web, scope), phoneNumber=EVEN)
    assert (answer.status_code, answer.json["code"]) == (403, "PERMISSION_DENIED")


def test_correlator_of_the_wrong_form_is_refused_and_not_repeated(web: FlaskClient) -> None:
    headers = bearer(own_token(web, CHECK)) | {"x-correlator": "with space"}
    answer = web.post(f"/vonage{SIMS_2}/check", json={"phoneNumber": EVEN}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_ARGUMENT")
    assert "x-correlator" not in answer.headers


TEXT = "{{code}} is your code"


def send(web: FlaskClient, number: str = PLAIN, message: str = TEXT) -> Any:
    return ask(web, f"{OTP}/send-code", own_token(web), phoneNumber=number, message=message)


def sent(web: FlaskClient, number: str = PLAIN) -> tuple[str, str]:
    """The id of a code that was sent, and the code."""
    answer = send(web, number)
    assert answer.status_code == 200, answer.text
    return str(answer.json["authenticationId"]), newest(web, number)["code"]


def newest(web: FlaskClient, number: str) -> dict[str, Any]:
    found = web.get("/api/v1/messages", query_string={"to": number}).json["messages"]
    return dict(found[0])


def validate(web: FlaskClient, name: str, code: Any) -> tuple[int, str]:
    answer = ask(web, f"{OTP}/validate-code", own_token(web), authenticationId=name, code=code)
    return answer.status_code, (answer.json or {}).get("code", "")


SEND_CASES = (
    Case("01", {"phoneNumber": PLAIN, "message": TEXT}, 200),
    refused("400.1", {"phoneNumber": PLAIN}, 400, "INVALID_ARGUMENT"),
    refused("400.2", {"message": TEXT}, 400, "INVALID_ARGUMENT"),
    refused("400.4", {"phoneNumber": "1234", "message": TEXT}, 400, "INVALID_ARGUMENT"),
    refused("400.5", {"phoneNumber": PLAIN, "message": "no code"}, 400, "INVALID_ARGUMENT"),
    refused("400.6", {"phoneNumber": PLAIN, "message": TEXT + "x" * 160}, 400, "INVALID_ARGUMENT"),
    refused("400.7", NOTHING, 400, "INVALID_ARGUMENT"),
    *UNAUTHORIZED,
    refused("500", {"phoneNumber": ERRS, "message": TEXT}, 500, "INTERNAL"),
)  # fmt: skip


@pytest.mark.parametrize("case", SEND_CASES, ids=lambda case: case.tag)
def test_code_is_sent_as_camara_has_it(web: FlaskClient, case: Case) -> None:
    replay(web, f"{OTP}/send-code", case, own, CODES)


def test_code_is_sent_and_right_once(web: FlaskClient) -> None:
    name, code = sent(web)
    message = newest(web, PLAIN)
    assert message["body"] == f"{code} is your code"
    assert (message["provider"], len(code)) == ("vonage", 6)
    assert validate(web, name, code) == (204, "")
    assert validate(web, name, code) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")


def test_wrong_code_is_refused_until_the_tries_are_spent(web: FlaskClient) -> None:
    name, code = sent(web)
    wrong = "000000" if code != "000000" else "111111"
    assert validate(web, name, wrong) == (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")
    assert validate(web, name, "\u00e9") == (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")
    assert validate(web, name, wrong) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED")
    assert validate(web, name, code) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED")


def test_code_is_too_old_or_followed_by_another(web: FlaskClient, clock: FrozenClock) -> None:
    first, code = sent(web)
    second, newer = sent(web)
    assert validate(web, first, code) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    clock.advance(301)
    assert validate(web, second, newer) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")


def test_number_gets_a_few_codes_only(web: FlaskClient, clock: FrozenClock) -> None:
    for _ in range(MAX_CODES):
        sent(web)
    refused_one = send(web)
    assert refused_one.status_code == 403
    assert refused_one.json["code"] == "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"
    clock.advance(601)
    sent(web)


def test_numbers_that_take_no_codes_are_named(web: FlaskClient) -> None:
    answer = send(web, LANDLINE)
    assert answer.json["code"] == "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED"
    handset = f"/api/v1/handsets/{PLAIN}?account={APPLICATION}"
    web.put(handset, json={"opted_out": True})
    for _ in range(MAX_CODES):
        assert send(web).json["code"] == "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED"
    web.put(handset, json={"opted_out": False})
    assert send(web).status_code == 200, "what was refused has used nothing up"


@pytest.mark.parametrize(
    ("number", "expected"),
    [(EVEN, (204, "")), (ODD, (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"))],
)
def test_code_of_a_virtual_number_is_its_digits(
    web: FlaskClient, number: str, expected: tuple[int, str]
) -> None:
    name, code = sent(web, number)
    assert code == number[-6:]
    assert validate(web, name, code) == expected


def test_validation_names_what_is_missing_or_unknown(web: FlaskClient) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert validate(web, nowhere, "123456") == (404, "NOT_FOUND")
    for name, code in (
        ("", "1"),
        (nowhere, ""),
        ("x" * 37, "1"),
        (nowhere, "1" * 11),
        (1, "1"),
        (nowhere, 1),
    ):
        assert validate(web, name, code) == (400, "INVALID_ARGUMENT")
    answer = ask(web, f"{OTP}/validate-code", own_token(web), code="1")
    assert answer.json["code"] == "INVALID_ARGUMENT"


STRANGE: tuple[Any, ...] = (
    0, -1, 1.5, 10**30, True, None, "", " ", "\ud800", "x" * 5000, "\x00", [], [[]], {}, {"a": 1},
)  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_strange_values_are_refused_in_camaras_words(web: FlaskClient, value: Any) -> None:
    calls = (
        (NUMBERS, "verify", ("phoneNumber", "hashedPhoneNumber"), device_token(web)),
        (SIMS_2, "check", ("phoneNumber", "maxAge"), own_token(web, CHECK)),
        (OTP, "send-code", ("phoneNumber", "message"), own_token(web)),
        (OTP, "validate-code", ("authenticationId", "code"), own_token(web)),
    )
    for root, verb, names, token in calls:
        for name in names:
            answer = ask(web, f"{root}/{verb}", token, **{name: value})
            assert 400 <= answer.status_code < 500, (verb, name, answer.text)
            assert set(answer.json) == {"status", "code", "message"}


@pytest.mark.parametrize("value", ["\ud800", "\x00"], ids=repr)
def test_half_a_letter_is_refused_where_all_else_is_right(web: FlaskClient, value: str) -> None:
    assert send(web, PLAIN, TEXT + value).json["code"] == "INVALID_ARGUMENT"
    assert validate(web, value, "123456") == (400, "INVALID_ARGUMENT")
