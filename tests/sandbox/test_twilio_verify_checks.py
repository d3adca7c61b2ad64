import threading

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import TO, ask, check, code_for, read, refusal, service, start, wrong

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock


def test_the_right_code_approves_with_exactly_verifys_keys(
    web: FlaskClient, clock: FrozenClock
) -> None:
    path = service(web)
    started = start(web, path)
    clock.advance(5)
    answer = check(web, path, code_for(web))
    assert answer.status_code == 200
    assert answer.json == {
        "sid": started["sid"],
        "service_sid": started["service_sid"],
        "account_sid": ACCOUNT,
        "to": TO,
        "channel": "sms",
        "status": "approved",
        "valid": True,
        "amount": None,
        "payee": None,
        "sna_attempts_error_codes": [],
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:05Z",
    }


def test_a_wrong_code_is_no_error_and_the_right_one_still_counts(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    code = code_for(web)
    for _ in range(4):
        answer = check(web, path, wrong(code))
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["valid"]) == ("pending", False)
    assert check(web, path, code).json["status"] == "approved"


def test_the_sixth_check_is_refused_even_with_the_right_code(web: FlaskClient) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    code = code_for(web)
    for _ in range(5):
        assert check(web, path, wrong(code)).json["status"] == "pending"
    assert refusal(check(web, path, code)) == (429, 60202, "Max check attempts reached")
    assert refusal(check(web, path, code))[1] == 60202
    assert read(web, f"{path}/Verifications/{sid}").json["status"] == "max_attempts_reached"


def test_a_verification_is_checked_by_its_sid_too(web: FlaskClient) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    form = {"VerificationSid": sid, "Code": code_for(web)}
    assert ask(web, f"{path}/VerificationCheck", **form).json["status"] == "approved"


def test_an_approved_verification_is_gone(web: FlaskClient) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    code = code_for(web)
    check(web, path, code)
    own = path.removeprefix("/twilio")
    text = f"The requested resource {own}/VerificationCheck was not found"
    assert refusal(check(web, path, code)) == (404, 20404, text)
    assert read(web, f"{path}/Verifications/{sid}").status_code == 404
    assert read(web, f"{path}/Verifications/{TO}").status_code == 404


@pytest.mark.parametrize(
    ("form", "status", "code", "text"),
    [
        ({"To": TO}, 400, 60200, "Invalid parameter: Code"),
        ({"To": TO, "Code": "123"}, 400, 60200, "Invalid parameter: Code"),
        ({"To": TO, "Code": "1" * 11}, 400, 60200, "Invalid parameter: Code"),
        ({"Code": "123456"}, 400, 60221, "No target verification specified"),
        ({"To": "nobody", "Code": "123456"}, 400, 60200, "Invalid parameter `To`: nobody"),
        ({"To": TO, "Code": "123456"}, 404, 20404, None),
        ({"VerificationSid": "VE" + "0" * 32, "Code": "123456"}, 404, 20404, None),
    ],
)
def test_a_check_that_cannot_be_is_refused(
    web: FlaskClient, form: dict[str, str], status: int, code: int, text: str | None
) -> None:
    answer = ask(web, f"{service(web)}/VerificationCheck", **form)
    assert refusal(answer)[:2] == (status, code)
    assert text is None or refusal(answer)[2] == text


def test_another_service_cannot_check_it(web: FlaskClient) -> None:
    path, other = service(web), service(web)
    sid = start(web, path)["sid"]
    code = code_for(web)
    assert check(web, other, code).status_code == 404
    form = {"VerificationSid": sid, "Code": code}
    assert ask(web, f"{other}/VerificationCheck", **form).status_code == 404
    assert read(web, f"{other}/Verifications/{sid}").status_code == 404
    assert ask(web, f"{other}/Verifications/{sid}", Status="canceled").status_code == 404
    stranger = basic(name="AC" + "d" * 32, secret="theirs")
    assert web.get(f"{path}/Verifications/{sid}", headers=stranger).status_code == 404


def test_a_pending_verification_is_fetched_by_sid_and_by_number(web: FlaskClient) -> None:
    path = service(web)
    started = start(web, path)
    assert read(web, f"{path}/Verifications/{started['sid']}").json == started
    assert read(web, f"{path}/Verifications/{TO}").json == started
    assert read(web, f"{path}/Verifications/%2B{TO[1:]}").json == started
    assert read(web, f"{path}/Verifications/+12015550199").status_code == 404


def test_a_canceled_verification_can_be_fetched_but_not_checked(web: FlaskClient) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    canceled = ask(web, f"{path}/Verifications/{sid}", Status="canceled")
    assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
    assert canceled.json["valid"] is False
    assert read(web, f"{path}/Verifications/{sid}").json["status"] == "canceled"
    assert check(web, path, code_for(web)).status_code == 404
    assert ask(web, f"{path}/Verifications/{sid}", Status="canceled").status_code == 404


def test_only_the_app_s_own_codes_are_approved_by_hand(web: FlaskClient) -> None:
    plain = service(web)
    start(web, plain)
    answer = ask(web, f"{plain}/Verifications/{TO}", Status="approved")
    assert refusal(answer) == (400, 60200, "Invalid parameter: Status")
    own = service(web, CustomCodeEnabled="true")
    start(web, own, CustomCode="7777")
    approved = ask(web, f"{own}/Verifications/{TO}", Status="approved").json
    assert (approved["status"], approved["valid"]) == ("approved", True)
    assert read(web, f"{own}/Verifications/{TO}").status_code == 404


@pytest.mark.parametrize("status", ["", "pending", "expired"])
def test_no_other_status_can_be_given(web: FlaskClient, status: str) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    answer = ask(web, f"{path}/Verifications/{sid}", Status=status)
    assert refusal(answer) == (400, 60200, "Invalid parameter: Status")


def test_an_odd_virtual_number_is_never_approved(web: FlaskClient) -> None:
    path = service(web)
    start(web, path, to="+9901232")
    assert check(web, path, code_for(web, "+9901232"), to="+9901232").json["valid"] is True
    start(web, path, to="+9901231")
    right = code_for(web, "+9901231")
    for _ in range(5):
        assert check(web, path, right, to="+9901231").json["status"] == "pending"
    assert check(web, path, right, to="+9901231").json["code"] == 60202


def test_the_status_is_not_told_without_end(web: FlaskClient, clock: FrozenClock) -> None:
    path = service(web)
    sid = start(web, path)["sid"]
    for _ in range(60):
        assert read(web, f"{path}/Verifications/{sid}").status_code == 200
    spent = read(web, f"{path}/Verifications/{sid}")
    assert refusal(spent) == (429, 20429, "Too many requests")
    clock.advance(60)
    assert read(web, f"{path}/Verifications/{sid}").status_code == 200


def test_parallel_checks_are_all_counted_and_one_wins(sandbox: Sandbox) -> None:
    app = create_app(sandbox)
    web = app.test_client()
    path = service(web)
    start(web, path)
    code = code_for(web)
    gate = threading.Barrier(8)
    seen: list[int | str] = []

    def enter(text: str) -> None:
        gate.wait(timeout=30)
        body = check(app.test_client(), path, text).json
        seen.append(body.get("code") or body["status"])

    threads = [threading.Thread(target=enter, args=(wrong(code),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(str, seen)) == ["60202"] * 3 + ["pending"] * 5


def test_parallel_starts_share_one_code(sandbox: Sandbox) -> None:
    app = create_app(sandbox)
    web = app.test_client()
    path = service(web)
    gate = threading.Barrier(8)
    sids: list[str | None] = []

    def begin() -> None:
        gate.wait(timeout=30)
        form = {"To": TO, "Channel": "sms"}
        sids.append(ask(app.test_client(), f"{path}/Verifications", **form).json.get("sid"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(sids.count, set(sids))) == [3, 5]
    messages = web.get("/api/v1/messages").json["messages"]
    assert len({one["code"] for one in messages}) == 1
    assert len(messages) == 5
