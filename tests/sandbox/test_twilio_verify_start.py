from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import (
    TO,
    ask,
    bodies,
    check,
    code_for,
    read,
    refusal,
    service,
    start,
    wrong,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import Inbox

HASH = "FA+9qCX9VSu"


def test_a_started_verification_has_exactly_verifys_keys(web: FlaskClient) -> None:
    path = service(web)
    shown = start(web, path)
    sid = shown["sid"]
    (attempt,) = shown["send_code_attempts"]
    assert sid.startswith("VE")
    assert attempt.pop("attempt_sid").startswith("VL")
    assert attempt == {"time": "2027-01-15T08:00:00Z", "channel": "SMS"}
    assert shown == {
        "sid": sid,
        "service_sid": path.rpartition("/")[2],
        "account_sid": ACCOUNT,
        "to": TO,
        "channel": "sms",
        "status": "pending",
        "valid": False,
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:00Z",
        "lookup": {},
        "amount": None,
        "payee": None,
        "send_code_attempts": [attempt],
        "sna": None,
        "url": f"http://localhost{path}/Verifications/{sid}",
    }
    assert code_for(web) not in str(shown)


def test_the_code_arrives_in_the_inbox_in_verifys_words(web: FlaskClient) -> None:
    start(web, service(web, FriendlyName="Notes"))
    code = code_for(web)
    assert len(code) == 6
    assert bodies(web) == [f"Your Notes verification code is: {code}"]
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert (message["provider"], message["account"], message["to"]) == ("twilio", ACCOUNT, TO)
    raw = web.get(f"/api/v1/messages/{message['id']}/raw").text
    assert "Channel=sms" in raw
    assert "Authorization: (hidden)" in raw


def test_a_verification_s_message_is_none_of_the_account_s_own(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    start(web, path, Channel="call")
    root = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
    assert read(web, f"{root}/Messages.json").json["messages"] == []
    assert read(web, f"{root}/Calls.json").json["calls"] == []


def test_the_text_has_the_warning_the_hash_or_the_name_that_was_asked_for(
    web: FlaskClient,
) -> None:
    path = service(web, DoNotShareWarningEnabled="true", CodeLength="8")
    start(web, path)
    code = code_for(web)
    assert len(code) == 8
    start(web, path, AppHash=HASH)
    start(web, path, CustomFriendlyName="Other")
    warning = ". Don’t share this code with anyone; our employees will never ask for the code"
    assert bodies(web) == [
        f"Your Notes verification code is: {code}{warning}",
        f"<#> Your Notes verification code is: {code} {HASH}",
        f"Your Other verification code is: {code}{warning}",
    ]


def test_a_resend_repeats_sid_and_code_over_another_channel(web: FlaskClient) -> None:
    path = service(web)
    first = start(web, path)
    code = code_for(web)
    second = start(web, path, Channel="whatsapp")
    assert (second["sid"], second["channel"]) == (first["sid"], "whatsapp")
    assert [one["channel"] for one in second["send_code_attempts"]] == ["SMS", "whatsapp"]
    assert second["send_code_attempts"][0] == first["send_code_attempts"][0]
    assert bodies(web) == [f"Your Notes verification code is: {code}"] * 2


def test_a_service_and_a_number_have_codes_of_their_own(web: FlaskClient) -> None:
    one, other = service(web), service(web)
    first = start(web, one)
    assert start(web, other)["sid"] != first["sid"]
    assert start(web, one, to="+12015550124")["sid"] != first["sid"]


def test_a_sixth_send_is_refused_until_the_verification_ends(
    web: FlaskClient, clock: FrozenClock
) -> None:
    path = service(web)
    for _ in range(5):
        first = start(web, path)
    again = ask(web, f"{path}/Verifications", To=TO, Channel="sms")
    assert refusal(again) == (429, 60203, "Max send attempts reached")
    assert len(bodies(web)) == 5
    ask(web, f"{path}/Verifications/{first['sid']}", Status="canceled")
    assert start(web, path)["sid"] != first["sid"]


def test_a_code_dies_after_ten_minutes_and_a_resend_does_not_renew_it(
    web: FlaskClient, clock: FrozenClock
) -> None:
    path = service(web)
    first = start(web, path)
    code = code_for(web)
    clock.advance(599)
    assert start(web, path)["sid"] == first["sid"]
    clock.advance(1)
    assert check(web, path, code).json["code"] == 20404
    assert read(web, f"{path}/Verifications/{first['sid']}").json["code"] == 20404
    assert read(web, f"{path}/Verifications/{TO}").json["code"] == 20404
    assert start(web, path)["sid"] != first["sid"]


def test_after_an_approval_a_new_verification_begins(web: FlaskClient) -> None:
    path = service(web)
    first = start(web, path)
    assert check(web, path, code_for(web)).json["status"] == "approved"
    assert start(web, path)["sid"] != first["sid"]


def test_spent_checks_keep_a_new_code_away_until_the_old_one_dies(
    web: FlaskClient, clock: FrozenClock
) -> None:
    path = service(web)
    start(web, path)
    for _ in range(6):
        check(web, path, wrong(code_for(web)))
    again = ask(web, f"{path}/Verifications", To=TO, Channel="sms")
    assert refusal(again) == (429, 60202, "Max check attempts reached")
    clock.advance(600)
    start(web, path)


@pytest.mark.parametrize(
    ("form", "status", "code", "text"),
    [
        ({"To": ""}, 400, 60200, "Invalid parameter: To"),
        ({"To": "+90533333810"}, 400, 60200, "Invalid parameter `To`: +90533333810"),
        ({"To": "12015550123"}, 400, 60200, "Invalid parameter `To`: 12015550123"),
        ({"To": "me@example.com"}, 400, 60200, "Invalid parameter `To`: me@example.com"),
        ({"To": "+1 \0"}, 400, 60200, "Invalid parameter `To`: +1 \0"),
        ({"Channel": ""}, 400, 60200, "Invalid parameter: Channel"),
        ({"Channel": "pigeon"}, 400, 60200, "Invalid parameter: Channel"),
        ({"Channel": "email"}, 400, 60217, "Invalid Service configuration"),
        ({"Channel": "sna"}, 400, 60223, "Delivery channel disabled: SNA"),
        ({"AppHash": "short"}, 400, 60200, "Invalid parameter: AppHash"),
        ({"CustomFriendlyName": "a\nb"}, 400, 60200, "Invalid parameter: CustomFriendlyName"),
        ({"RateLimits": "{"}, 400, 60200, "Invalid parameter: RateLimits"),
        ({"RateLimits": "[1]"}, 400, 60200, "Invalid parameter: RateLimits"),
        ({"RateLimits": '{"ip": {}}'}, 400, 60200, "Invalid parameter: RateLimits"),
        ({"RateLimits": "[" * 100_000}, 400, 60200, "Invalid parameter: RateLimits"),
        ({"TemplateSid": "HJ1"}, 400, 20001, None),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_verifys_words(
    web: FlaskClient, form: dict[str, str], status: int, code: int, text: str | None
) -> None:
    path = service(web)
    answer = ask(web, f"{path}/Verifications", **({"To": TO, "Channel": "sms"} | form))
    assert refusal(answer)[:2] == (status, code)
    assert text is None or refusal(answer)[2] == text
    assert bodies(web) == []


def test_a_form_of_a_mebibyte_is_refused_in_twilios_form(web: FlaskClient) -> None:
    path = service(web)
    answer = ask(web, f"{path}/Verifications", To=TO, Channel="sms", Payee="a" * (2 << 20))
    assert answer.status_code == 400
    assert set(answer.json) == {"code", "message", "more_info", "status"}


def test_the_app_s_own_code_needs_the_service_s_consent(web: FlaskClient) -> None:
    plain = service(web)
    start(web, plain, CustomCode="7777")
    assert code_for(web) != "7777"
    own = service(web, CustomCodeEnabled="true")
    start(web, own, CustomCode="7777")
    assert bodies(web)[-1] == "Your Notes verification code is: 7777"
    start(web, own, CustomCode="8888")
    assert check(web, own, "7777").json["status"] == "pending"
    assert check(web, own, "8888").json["status"] == "approved"
    short = ask(web, f"{own}/Verifications", To=TO, Channel="sms", CustomCode="777")
    assert refusal(short) == (400, 60200, "Invalid parameter: CustomCode")


def test_a_payment_is_told_and_must_be_the_same_at_the_check(web: FlaskClient) -> None:
    path = service(web, Psd2Enabled="true")
    without = ask(web, f"{path}/Verifications", To=TO, Channel="sms")
    assert refusal(without) == (400, 60206, "'Amount' & 'Payee' params are required")
    spoken = ask(web, f"{path}/Verifications", To=TO, Channel="call", Amount="€9", Payee="Acme")
    assert spoken.json["code"] == 60214
    shown = start(web, path, Amount="€9", Payee="Acme")
    assert (shown["amount"], shown["payee"]) == ("€9", "Acme")
    code = code_for(web)
    assert bodies(web) == [f"Your Notes verification code for €9 to Acme is: {code}"]
    assert check(web, path, code, Amount="€8", Payee="Acme").json["valid"] is False
    assert check(web, path, code, Amount="€9", Payee="Emca").json["valid"] is False
    assert check(web, path, code, Amount="€9", Payee="Acme").json["valid"] is True


def test_a_service_with_look_ups_tells_the_carrier_and_spares_landlines(web: FlaskClient) -> None:
    path = service(web, LookupEnabled="true", SkipSmsToLandlines="true")
    assert start(web, path)["lookup"] == {
        "carrier": {
            "error_code": None,
            "name": "SMS Sandbox",
            "mobile_country_code": "001",
            "mobile_network_code": "01",
            "type": "mobile",
        }
    }
    answer = ask(web, f"{path}/Verifications", To="+14055550101", Channel="sms")
    assert refusal(answer) == (403, 60205, "SMS is not supported by landline phone number")
    assert start(web, path, to="+14055550101", Channel="call")["status"] == "pending"


def test_codes_of_virtual_numbers_are_their_last_digits(web: FlaskClient) -> None:
    start(web, service(web), to="+9901234")
    assert code_for(web, "+9901234") == "901234"
    start(web, service(web, CodeLength="10"), to="+9901234")
    assert code_for(web, "+9901234") == "0009901234"


def test_a_virtual_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    answer = ask(web, f"{service(web)}/Verifications", To="+9901299", Channel="sms")
    assert refusal(answer)[:2] == (503, 20503)
    assert answer.headers["Retry-After"] == "1"
    assert bodies(web) == []


@pytest.mark.parametrize(
    ("area", "status", "code"),
    [
        ("410", 400, 21610),
        ("406", 400, 60200),
        ("502", 403, 60605),
        ("507", 429, 20429),
        ("415", 403, 60205),
    ],
)
def test_what_the_network_refuses_leaves_no_verification(
    web: FlaskClient, area: str, status: int, code: int
) -> None:
    path, to = service(web), f"+1{area}5550101"
    answer = ask(web, f"{path}/Verifications", To=to, Channel="sms")
    assert refusal(answer)[:2] == (status, code)
    assert read(web, f"{path}/Verifications/{to}").json["code"] == 20404
    assert read(web, "/twilio/v2/Attempts").json["attempts"] == []


def test_a_refused_resend_leaves_the_verification_as_it_was(web: FlaskClient, inbox: Inbox) -> None:
    path = service(web)
    first = start(web, path)
    (message,) = web.get("/api/v1/messages").json["messages"]
    inbox.opt(ACCOUNT, TO, message["from"], out=True)
    assert ask(web, f"{path}/Verifications", To=TO, Channel="sms").json["code"] == 21610
    found = read(web, f"{path}/Verifications/{TO}").json
    assert found["send_code_attempts"] == first["send_code_attempts"]
    assert check(web, path, code_for(web)).json["status"] == "approved"


def test_a_line_for_calls_only_takes_a_call(web: FlaskClient) -> None:
    assert start(web, service(web), to="+14155550101", Channel="call")["channel"] == "call"


def test_a_fault_rule_strikes_starts_and_checks(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    rule = {"match": {"to": TO}, "times": 2, "effect": {"type": "error", "status": 503}}
    assert web.post("/api/v1/faults", json=rule).status_code == 201
    assert ask(web, f"{path}/Verifications", To=TO, Channel="sms").status_code == 503
    assert check(web, path, code_for(web)).status_code == 503
    assert len(bodies(web)) == 1
    assert check(web, path, code_for(web)).json["status"] == "approved"


def test_a_dropped_connection_leaves_no_verification(web: FlaskClient) -> None:
    path = service(web)
    rule = {"match": {"to": TO}, "times": 1, "effect": {"type": "disconnect"}}
    assert web.post("/api/v1/faults", json=rule).status_code == 201
    with pytest.raises(ConnectionAbortedError):
        ask(web, f"{path}/Verifications", To=TO, Channel="sms")
    assert read(web, f"{path}/Verifications/{TO}").json["code"] == 20404
    assert read(web, "/twilio/v2/Attempts").json["attempts"] == []
    assert start(web, path)["status"] == "pending"


def test_a_call_asks_for_a_key_before_it_speaks_the_code(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, service(web), Channel="call")
    clock.advance(1)
    sandbox.inbox.advance_due()
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert (message["body"], message["code"]) == (
        "Press any key to hear your verification code.",
        None,
    )
    pressed = web.post(f"/api/v1/messages/{message['id']}/press", json={"digits": "1"})
    assert pressed.status_code == 200, pressed.text
    sandbox.inbox.advance_due()
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert message["code"] == code_for(web)
    assert message["body"].endswith(f"Your Notes verification code is: {message['code']}")
    assert message["status"] == "delivered"


def test_a_call_whose_key_nobody_presses_ends_without_the_code(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    start(web, service(web), Channel="call")
    for _ in range(2):
        clock.advance(61)
        sandbox.inbox.advance_due()
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert (message["status"], message["code"]) == ("delivered", None)


def test_a_call_speaks_at_once_where_the_service_asks_for_no_key(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    path = service(web, DtmfInputRequired="false")
    start(web, path, Channel="call")
    clock.advance(1)
    sandbox.inbox.advance_due()
    assert check(web, path, code_for(web)).json["channel"] == "call"


def test_with_a_seed_sids_and_codes_repeat(make_sandbox: Callable[..., Sandbox]) -> None:
    def run() -> tuple[str, str, str]:
        web = create_app(make_sandbox(seed=7)).test_client()
        path = service(web)
        return path, start(web, path)["sid"], code_for(web)

    assert run() == run()


def test_the_account_s_own_clock_counts(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    answer = web.post(f"/api/v1/clock/advance?account={ACCOUNT}", json={"seconds": 600})
    assert answer.status_code == 200, answer.text
    assert check(web, path, code_for(web)).json["code"] == 20404
    other = basic(name="AC" + "d" * 32, secret="theirs")
    made = web.post("/twilio/v2/Services", data={"FriendlyName": "N"}, headers=other).json
    assert made["date_created"] == "2027-01-15T08:00:00Z"
