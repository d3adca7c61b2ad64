from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import SERVICES, ask, bodies, read, refusal, service, start

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.settings import Credential

UNKNOWN = "VA" + "f" * 32


def test_a_service_has_exactly_verifys_keys_and_defaults(web: FlaskClient) -> None:
    shown = ask(web, SERVICES, FriendlyName="Notes").json
    sid, url = shown["sid"], f"http://localhost/twilio/v2/Services/{shown['sid']}"
    assert sid.startswith("VA")
    assert len(sid) == 34
    assert shown == {
        "sid": sid,
        "account_sid": ACCOUNT,
        "friendly_name": "Notes",
        "code_length": 6,
        "lookup_enabled": False,
        "psd2_enabled": False,
        "skip_sms_to_landlines": False,
        "dtmf_input_required": True,
        "tts_name": None,
        "do_not_share_warning_enabled": False,
        "custom_code_enabled": False,
        "push": {"include_date": False, "apn_credential_sid": None, "fcm_credential_sid": None},
        "totp": {"issuer": None, "time_step": None, "code_length": None, "skew": None},
        "whatsapp": {"msg_service_sid": None, "from": None},
        "passkeys": {
            "relying_party": {"id": None, "name": None, "origins": None},
            "authenticator_attachment": None,
            "discoverable_credentials": None,
            "user_verification": None,
        },
        "default_template_sid": None,
        "verify_event_subscription_enabled": False,
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:00Z",
        "url": url,
        "links": {
            "verification_checks": f"{url}/VerificationCheck",
            "verifications": f"{url}/Verifications",
            "rate_limits": f"{url}/RateLimits",
            "messaging_configurations": f"{url}/MessagingConfigurations",
            "entities": f"{url}/Entities",
            "webhooks": f"{url}/Webhooks",
            "access_tokens": f"{url}/AccessTokens",
        },
    }
    assert read(web, f"{SERVICES}/{sid}").json == shown


def test_every_setting_is_kept_and_an_update_changes_only_what_it_names(web: FlaskClient) -> None:
    path = service(
        web,
        CodeLength="8",
        LookupEnabled="true",
        DtmfInputRequired="False",
        CustomCodeEnabled="true",
        TtsName="alloy",
        **{
            "Push.IncludeDate": "true",
            "Totp.TimeStep": "20",
            "Totp.Issuer": "Notes",
            "Whatsapp.From": "whatsapp:+12015550100",
            "Passkeys.RelyingParty.Origins": "a.example,b.example",
        },
    )
    before = read(web, path).json
    assert (before["code_length"], before["lookup_enabled"]) == (8, True)
    assert (before["dtmf_input_required"], before["custom_code_enabled"]) == (False, True)
    assert before["push"]["include_date"] is True
    assert before["totp"] == {"issuer": "Notes", "time_step": 20, "code_length": None, "skew": None}
    assert before["whatsapp"]["from"] == "whatsapp:+12015550100"
    assert before["passkeys"]["relying_party"]["origins"] == ["a.example", "b.example"]
    after = ask(web, path, CodeLength="4", LookupEnabled="false").json
    assert after == before | {"code_length": 4, "lookup_enabled": False}
    assert read(web, path).json == after


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({}, "FriendlyName"),
        ({"FriendlyName": "  "}, "FriendlyName"),
        ({"FriendlyName": "a" * 33}, "FriendlyName"),
        ({"FriendlyName": "call 12345"}, "FriendlyName"),
        ({"FriendlyName": "a\0b"}, "FriendlyName"),
        ({"FriendlyName": "N", "CodeLength": "3"}, "CodeLength"),
        ({"FriendlyName": "N", "CodeLength": "11"}, "CodeLength"),
        ({"FriendlyName": "N", "CodeLength": "six"}, "CodeLength"),
        ({"FriendlyName": "N", "LookupEnabled": "yes"}, "LookupEnabled"),
        ({"FriendlyName": "N", "Totp.Skew": "3"}, "Totp.Skew"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    web: FlaskClient, form: dict[str, str], name: str
) -> None:
    answer = ask(web, SERVICES, **form)
    assert refusal(answer) == (400, 60200, f"Invalid parameter: {name}")
    assert read(web, SERVICES).json["services"] == []


def test_templates_are_refused_so_that_no_test_passes_by_mistake(web: FlaskClient) -> None:
    answer = ask(web, SERVICES, FriendlyName="N", DefaultTemplateSid="HJ" + "a" * 32)
    assert (answer.status_code, answer.json["code"]) == (400, 20001)


def test_a_deleted_service_stays_deleted(web: FlaskClient) -> None:
    path = service(web)
    start(web, path)
    gone = web.delete(path, headers=basic())
    assert (gone.status_code, gone.data) == (204, b"")
    own = path.removeprefix("/twilio")
    lost = (404, 20404, f"The requested resource {own} was not found")
    assert refusal(read(web, path)) == lost
    assert refusal(ask(web, path, CodeLength="5")) == lost
    assert refusal(web.delete(path, headers=basic())) == lost
    again = ask(web, f"{path}/Verifications", To="+12015550123", Channel="sms")
    assert again.json["code"] == 20404


def test_a_service_of_an_app_s_configuration_opens_at_its_first_start(web: FlaskClient) -> None:
    path = f"{SERVICES}/{UNKNOWN}"
    assert read(web, path).json["code"] == 20404
    start(web, path)
    assert read(web, path).json["friendly_name"] == "SMS sandbox"
    assert bodies(web)[0].startswith("Your SMS sandbox verification code is: ")
    malformed = ask(web, f"{SERVICES}/VA1/Verifications", To="+12015550123", Channel="sms")
    assert malformed.json["code"] == 20404


def test_a_strict_sandbox_opens_no_service(make_sandbox: Callable[..., Sandbox]) -> None:
    known = Credential(provider="twilio", name=ACCOUNT, secret="test_auth_token", account=ACCOUNT)
    web = create_app(make_sandbox(strict=True, credentials=(known,))).test_client()
    path = f"{SERVICES}/{UNKNOWN}/Verifications"
    assert ask(web, path, To="+12015550123", Channel="sms").json["code"] == 20404
    start(web, service(web))


def test_services_come_in_pages_with_absolute_addresses(web: FlaskClient) -> None:
    for number in range(5):
        service(web, FriendlyName=f"service {number}")
    first = read(web, f"{SERVICES}?PageSize=2").json
    assert [one["friendly_name"] for one in first["services"]] == ["service 4", "service 3"]
    meta = first["meta"]
    assert list(meta) == [
        "page",
        "page_size",
        "first_page_url",
        "previous_page_url",
        "next_page_url",
        "key",
        "url",
    ]
    root = "http://localhost/twilio/v2/Services?PageSize=2&Page="
    assert (meta["page"], meta["page_size"], meta["key"]) == (0, 2, "services")
    assert meta["first_page_url"] == meta["url"] == f"{root}0"
    assert meta["previous_page_url"] is None
    assert meta["next_page_url"].startswith(f"{root}1&PageToken=PA")
    second = read(web, meta["next_page_url"]).json
    assert [one["friendly_name"] for one in second["services"]] == ["service 2", "service 1"]
    back = read(web, second["meta"]["previous_page_url"]).json
    assert back["services"] == first["services"]
    assert read(web, back["meta"]["next_page_url"]).json["services"] == second["services"]
    last = read(web, second["meta"]["next_page_url"]).json
    assert [one["friendly_name"] for one in last["services"]] == ["service 0"]
    assert last["meta"]["next_page_url"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=0", 20001),
        ("PageSize=x", 20001),
        ("PageSize=1001", 20007),
        ("Page=-1", 20001),
        ("Page=2", 20006),
        ("PageToken=nonsense", 20006),
        ("PageToken=PA" + "f" * 32, 20006),
    ],
)
def test_a_page_that_there_is_not_is_refused(web: FlaskClient, query: str, code: int) -> None:
    answer = read(web, f"{SERVICES}?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_an_account_does_not_see_another_s_services(web: FlaskClient) -> None:
    path = service(web)
    stranger = basic(name="AC" + "d" * 32, secret="theirs")
    assert web.get(path, headers=stranger).status_code == 404
    assert web.get(SERVICES, headers=stranger).json["services"] == []


def test_wrong_credentials_are_refused(web: FlaskClient) -> None:
    service(web)
    for headers in ({}, basic(secret="another"), basic(name="me")):
        answer = web.get(SERVICES, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, 20003)


def test_a_key_has_an_account_of_its_own_until_it_comes_with_one(web: FlaskClient) -> None:
    key = basic(name="SK" + "e" * 32, secret="key secret")
    made = web.post(SERVICES, data={"FriendlyName": "N"}, headers=key).json
    assert made["account_sid"] == "AC" + "e" * 32
    wrong = basic(name="SK" + "e" * 32, secret="wrong")
    assert web.get(SERVICES, headers=wrong).status_code == 401
    own = f"/twilio/2010-04-01/Accounts/{ACCOUNT}.json"
    assert web.get(own, headers=key).status_code == 200
    made = web.post(SERVICES, data={"FriendlyName": "N"}, headers=key).json
    assert made["account_sid"] == ACCOUNT


def test_a_reset_forgets_services(web: FlaskClient) -> None:
    path = service(web)
    web.post(f"/api/v1/reset?account={ACCOUNT}", json={})
    assert read(web, path).json["code"] == 20404


def test_under_twilios_own_name_addresses_are_twilios_own(web: FlaskClient) -> None:
    headers = basic() | {"Host": "verify.twilio.com"}
    made = web.post("/v2/Services", data={"FriendlyName": "N"}, headers=headers).json
    assert made["url"] == f"https://verify.twilio.com/v2/Services/{made['sid']}"
    listed = web.get("/v2/Services", headers=headers).json
    assert listed["meta"]["url"] == "https://verify.twilio.com/v2/Services?PageSize=50&Page=0"
