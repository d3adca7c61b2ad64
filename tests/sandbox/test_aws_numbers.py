"""SNS's numbers: opt-outs, the SMS sandbox, origination numbers, SMS attributes."""

import re

import pytest
from flask.testing import FlaskClient
from sandbox.aws_calls import (
    KEY,
    TO,
    ask,
    attribute,
    only_message,
    perform,
    publish,
    refused,
    signed,
    texts,
)

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

DAY = 24 * 3600


def is_opted_out(web: FlaskClient, number: str = TO) -> str:
    (shown,) = texts(perform(web, "CheckIfPhoneNumberIsOptedOut", phoneNumber=number), "isOptedOut")
    return shown


def opted_out(web: FlaskClient) -> list[str]:
    return texts(perform(web, "ListPhoneNumbersOptedOut"), "member")


def reply(web: FlaskClient, text: str) -> None:
    newest = web.get("/api/v1/messages").json["messages"][0]
    answer = web.post(f"/api/v1/messages/{newest['id']}/reply", json={"body": text})
    assert answer.status_code == 201


@pytest.mark.parametrize("word", ["STOP", " stop\n", "Unsubscribe", "ARRET", "opt-out"])
def test_a_stop_word_opts_its_number_out_whoever_sends(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, word: str
) -> None:
    publish(web)
    reply(web, word)
    assert (is_opted_out(web), opted_out(web)) == ("true", [TO])
    publish(web, "another", **attribute(1, "AWS.SNS.SMS.SenderID", "Notes"))
    clock.advance(1)
    sandbox.inbox.advance_due()
    message = web.get("/api/v1/messages").json["messages"][0]
    assert (message["status"], message["error_code"]) == ("failed", "Phone number is opted out")


@pytest.mark.parametrize("text", ["Please stop", "START", "YES"])
def test_another_answer_opts_nobody_out(web: FlaskClient, text: str) -> None:
    publish(web)
    reply(web, text)
    assert (is_opted_out(web), opted_out(web)) == ("false", [])


def test_opting_in_lets_messages_through_again_once_in_thirty_days(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    for _ in range(2):
        sandbox.inbox.opt(KEY, TO, "*", out=True)
        sandbox.inbox.opt(KEY, TO, "Notes", out=True)
        assert list(perform(web, "OptInPhoneNumber", phoneNumber=TO)) == []
        assert is_opted_out(web) == "false"
        sandbox.inbox.opt(KEY, TO, "*", out=True)
        status, _, code, text = refused(ask(web, "OptInPhoneNumber", phoneNumber=TO))
        assert (status, code) == (400, "InvalidParameter")
        assert "30 days" in text
        assert is_opted_out(web) == "true"
        clock.advance(30 * DAY)


def test_opting_in_a_number_that_never_left_changes_nothing(web: FlaskClient) -> None:
    for _ in range(2):
        perform(web, "OptInPhoneNumber", phoneNumber=TO)


def test_opt_outs_are_listed_a_hundred_a_page(web: FlaskClient, sandbox: Sandbox) -> None:
    numbers = [f"+1201555{number:04}" for number in range(250)]
    for number in reversed(numbers):
        sandbox.inbox.opt(KEY, number, "*", out=True)
    sandbox.inbox.opt("another account", "+12065550100", "*", out=True)
    found: list[str] = []
    sizes: list[int] = []
    token: dict[str, str] = {}
    while True:
        result = perform(web, "ListPhoneNumbersOptedOut", **token)
        page = texts(result, "member")
        sizes.append(len(page))
        found += page
        following = texts(result, "nextToken")
        if not following:
            break
        token = {"nextToken": following[0]}
    assert (found, sizes) == (numbers, [100, 100, 50])


def test_a_token_of_nobodys_is_refused(web: FlaskClient) -> None:
    for action, name in (
        ("ListPhoneNumbersOptedOut", "nextToken"),
        ("ListSMSSandboxPhoneNumbers", "NextToken"),
        ("ListOriginationNumbers", "NextToken"),
    ):
        for token in ("é", "x", "/w==", "_w=="):
            status, _, code, text = refused(ask(web, action, **{name: token}))
            assert (status, code) == (400, "InvalidParameter")
            assert name in text


def test_a_wrong_number_is_refused(web: FlaskClient) -> None:
    for action in ("CheckIfPhoneNumberIsOptedOut", "OptInPhoneNumber"):
        for parameters in ({}, {"phoneNumber": "x"}):
            assert refused(ask(web, action, **parameters))[2:] == (
                "InvalidParameter",
                "Invalid parameter: PhoneNumber Reason: input incorrectly formatted",
            )
    for action in (
        "CreateSMSSandboxPhoneNumber",
        "VerifySMSSandboxPhoneNumber",
        "DeleteSMSSandboxPhoneNumber",
    ):
        assert refused(ask(web, action))[2] == "InvalidParameter"


def listed(web: FlaskClient) -> list[tuple[str, str]]:
    result = perform(web, "ListSMSSandboxPhoneNumbers")
    return list(zip(texts(result, "PhoneNumber"), texts(result, "Status"), strict=True))


def test_a_sandbox_number_is_added_proven_and_deleted(web: FlaskClient) -> None:
    perform(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO, LanguageCode="de-DE")
    assert listed(web) == [(TO, "Pending")]
    code = only_message(web)["code"]
    assert re.fullmatch(r"[0-9]{6}", code)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    answer = ask(web, "VerifySMSSandboxPhoneNumber", PhoneNumber=TO, OneTimePassword=wrong)
    assert refused(answer)[:3] == (400, "Sender", "VerificationException")
    perform(web, "VerifySMSSandboxPhoneNumber", PhoneNumber=TO, OneTimePassword=code)
    assert listed(web) == [(TO, "Verified")]
    answer = ask(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO)
    assert refused(answer)[:3] == (400, "Sender", "UserError")
    perform(web, "DeleteSMSSandboxPhoneNumber", PhoneNumber=TO)
    assert listed(web) == []
    for action in ("DeleteSMSSandboxPhoneNumber", "VerifySMSSandboxPhoneNumber"):
        answer = ask(web, action, PhoneNumber=TO, OneTimePassword=code)
        assert refused(answer)[:3] == (404, "Sender", "ResourceNotFound")


def test_a_pending_number_gets_a_new_code(web: FlaskClient) -> None:
    for _ in range(2):
        perform(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO)
    new, old = (one["code"] for one in web.get("/api/v1/messages").json["messages"])
    assert listed(web) == [(TO, "Pending")]
    if new != old:
        answer = ask(web, "VerifySMSSandboxPhoneNumber", PhoneNumber=TO, OneTimePassword=old)
        assert refused(answer)[2] == "VerificationException"
    perform(web, "VerifySMSSandboxPhoneNumber", PhoneNumber=TO, OneTimePassword=new)


def test_sandbox_numbers_are_ten_and_listed_by_the_page(web: FlaskClient) -> None:
    numbers = [f"+1201555{number:04}" for number in range(10)]
    for number in numbers:
        perform(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=number)
    assert refused(ask(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO))[2] == "UserError"
    first = perform(web, "ListSMSSandboxPhoneNumbers", MaxResults="6")
    (token,) = texts(first, "NextToken")
    second = perform(web, "ListSMSSandboxPhoneNumbers", MaxResults="6", NextToken=token)
    assert texts(first, "PhoneNumber") + texts(second, "PhoneNumber") == numbers
    assert texts(second, "NextToken") == []
    for size in ("0", "101", "x", "-1", "1" * 5000):
        answer = ask(web, "ListSMSSandboxPhoneNumbers", MaxResults=size)
        assert refused(answer)[2] == "InvalidParameter"


def test_each_region_has_sandbox_numbers_of_its_own(web: FlaskClient) -> None:
    perform(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO)
    form = {"Action": "ListSMSSandboxPhoneNumbers", "Version": "2010-03-31"}
    elsewhere = web.post("/aws", data=form, headers=signed(region="eu-west-1"))
    assert elsewhere.status_code == 200
    assert TO not in elsewhere.text
    assert listed(web) == [(TO, "Pending")]


def test_a_sandbox_number_is_refused_by_its_language_code_and_opt_out(
    web: FlaskClient, sandbox: Sandbox
) -> None:
    answer = ask(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO, LanguageCode="xx-XX")
    assert refused(answer)[2] == "InvalidParameter"
    answer = ask(web, "VerifySMSSandboxPhoneNumber", PhoneNumber=TO, OneTimePassword="1234")
    assert refused(answer)[2] == "InvalidParameter"
    sandbox.inbox.opt(KEY, TO, "*", out=True)
    answer = ask(web, "CreateSMSSandboxPhoneNumber", PhoneNumber=TO)
    assert refused(answer)[:3] == (400, "Sender", "OptedOut")
    assert listed(web) == []


def test_accounts_are_out_of_the_sandbox(web: FlaskClient) -> None:
    assert texts(perform(web, "GetSMSSandboxAccountStatus"), "IsInSandbox") == ["false"]


def test_origination_numbers_are_the_accounts_own_and_those_it_sends_from(
    web: FlaskClient,
) -> None:
    publish(web)
    own = only_message(web)["from"]
    publish(web, **attribute(1, "AWS.MM.SMS.OriginationNumber", "+442071838750"))
    publish(web, **attribute(1, "AWS.SNS.SMS.SenderID", "Notes"))
    result = perform(web, "ListOriginationNumbers")
    assert texts(result, "PhoneNumber") == [own, "+442071838750"]
    assert texts(result, "Iso2CountryCode") == ["US"]
    assert texts(result, "CreatedAt") == ["2027-01-15T08:00:00.000Z"] * 2
    assert texts(result, "member")[1] == "SMS"
    (token,) = texts(perform(web, "ListOriginationNumbers", MaxResults="1"), "NextToken")
    second = perform(web, "ListOriginationNumbers", NextToken=token)
    assert texts(second, "PhoneNumber") == ["+442071838750"]
    assert refused(ask(web, "ListOriginationNumbers", MaxResults="31"))[2] == "InvalidParameter"


def entries(**values: str) -> dict[str, str]:
    shown: dict[str, str] = {}
    for number, (name, value) in enumerate(values.items(), start=1):
        shown[f"attributes__entry__{number}__key"] = name
        shown[f"attributes__entry__{number}__value"] = value
    return shown


def attributes(web: FlaskClient, *names: str) -> dict[str, str]:
    asked = {f"attributes__member__{number}": name for number, name in enumerate(names, start=1)}
    result = perform(web, "GetSMSAttributes", **asked)
    return dict(zip(texts(result, "key"), texts(result, "value"), strict=True))


def test_attributes_are_kept_and_cleared(web: FlaskClient) -> None:
    assert attributes(web) == {"MonthlySpendLimit": "1"}
    perform(web, "SetSMSAttributes", **entries(DefaultSMSType="Transactional"))
    perform(web, "SetSMSAttributes", **entries(DefaultSenderID="Notes", MonthlySpendLimit="50"))
    assert attributes(web) == {
        "MonthlySpendLimit": "50",
        "DefaultSenderID": "Notes",
        "DefaultSMSType": "Transactional",
    }
    assert attributes(web, "DefaultSMSType", "UsageReportS3Bucket") == {
        "DefaultSMSType": "Transactional"
    }
    perform(web, "SetSMSAttributes", **entries(DefaultSenderID=""))
    assert "DefaultSenderID" not in attributes(web)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"Color": "red"},
        {"DefaultSMSType": "transactional"},
        {"DefaultSenderID": "123"},
        {"MonthlySpendLimit": "-1"},
        {"DeliveryStatusSuccessSamplingRate": "101"},
        {"DeliveryStatusIAMRole": "x"},
        {"UsageReportS3Bucket": "A"},
    ],
)
def test_a_wrong_attribute_changes_nothing(web: FlaskClient, values: dict[str, str]) -> None:
    given = {"DefaultSMSType": "Promotional"} | values if values else {}
    answer = ask(web, "SetSMSAttributes", **entries(**given))
    assert refused(answer)[:3] == (400, "Sender", "InvalidParameter")
    assert attributes(web) == {"MonthlySpendLimit": "1"}
    asked = {"attributes__member__1": "Color"}
    assert refused(ask(web, "GetSMSAttributes", **asked))[2] == "InvalidParameter"
