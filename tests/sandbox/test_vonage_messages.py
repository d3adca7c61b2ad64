"""The Messages API by plain HTTP, and who is let in: API keys and applications' tokens."""

import re
import time
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sandbox.vonage_calls import (
    APPLICATION,
    FROM,
    KEY,
    SECRET,
    STRANGE,
    TO,
    ask_message,
    basic,
    bearer,
    inbound,
    newest,
    problem,
    public_base64,
    send_message,
    send_sms,
    settings,
    to_scenario,
    token,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.settings import Credential

PATH = "/vonage/v1/messages"
MISSING = "The value of one or more parameters is invalid."
NOWHERE = "00000000-0000-4000-8000-000000000000"
UNUSABLE: list[tuple[dict[str, Any], str, str]] = [
    ({"channel": None}, "channel", "is required"),
    ({"channel": "pigeon"}, "channel", "must be one of sms, mms"),
    ({"channel": "whatsapp"}, "channel", "only sms is imitated"),
    ({"message_type": None}, "message_type", "is required"),
    ({"message_type": "image"}, "message_type", "must be text"),
    ({"to": None}, "to", "is required"),
    ({"to": ""}, "to", "is required"),
    ({"to": 447700900000}, "to", "must be a string"),
    ({"to": "12"}, "to", "must be 7 to 15 digits"),
    ({"from_": None}, "from", "is required"),
    ({"from_": "<script>"}, "from", "must be a number, or a name"),
    ({"text": None}, "text", "is required"),
    ({"text": ["x"]}, "text", "must be a string"),
    ({"text": "x" * 3201}, "text", "must have at most 3200 characters"),
    ({"text": "\x01"}, "body", "The text holds a control character"),
    ({"ttl": 19}, "ttl", "must be a whole number from 20 to 604800"),
    ({"ttl": "20"}, "ttl", "must be a whole number"),
    ({"ttl": True}, "ttl", "must be a whole number"),
    ({"client_ref": "x" * 101}, "client_ref", "must have at most 100 characters"),
    ({"webhook_url": "ftp://x.test"}, "webhook_url", "must be an http or https URL"),
    ({"webhook_version": "v2"}, "webhook_version", "must be one of v0.1, v1"),
    ({"webhook_version": "v0.1"}, "webhook_version", "only v1 is imitated"),
    ({"trusted_recipient": "yes"}, "trusted_recipient", "must be true or false"),
    ({"sms": "auto"}, "sms", "must be an object"),
    ({"sms": {"encoding_type": "gsm"}}, "sms.encoding_type", "must be one of text"),
    ({"sms": {"content_id": 1}}, "sms.content_id", "must be a string"),
    ({"sms": {"ttl": 1}}, "sms.ttl", "is not an option of an SMS"),
    ({"failover": {}}, "failover", "must be a list of 1 to 5 messages"),
    ({"failover": []}, "failover", "must be a list of 1 to 5 messages"),
    ({"failover": [{}] * 6}, "failover", "must be a list of 1 to 5 messages"),
    ({"failover": ["x"]}, "failover.0", "must be a message without failover"),
    ({"failover": [{"failover": []}]}, "failover.0", "must be a message without failover"),
    ({"failover": [{"channel": "sms"}]}, "failover.0.message_type", "is required"),
    ({"failover": [{"channel": "rcs"}]}, "failover.0.channel", "only sms is imitated"),
    ({"image": {"url": "x"}}, "image", "is not a parameter of an SMS"),
]


def test_a_message_is_accepted_with_its_id(web: FlaskClient) -> None:
    answer = ask_message(web, client_ref="7", ttl=60, sms={"encoding_type": "auto"})
    assert answer.status_code == 202
    assert set(answer.json) == {"message_uuid"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.json["message_uuid"])
    message = newest(web)
    assert (message["account"], message["from"], message["body"]) == (KEY, f"+{FROM}", "Code 4829")


def test_what_cannot_be_used_is_named(web: FlaskClient) -> None:
    for changes, name, reason in UNUSABLE:
        found = problem(ask_message(web, **changes), 422)
        (wrong,) = found["invalid_parameters"]
        assert wrong["name"] == name, changes
        assert wrong["reason"].startswith(reason), changes
        assert (found["title"], found["detail"]) == ("Invalid params", MISSING)
    assert web.get("/api/v1/messages").json["total"] == 0


def test_no_value_breaks_the_api(web: FlaskClient) -> None:
    names = ("to", "from", "text", "channel", "ttl", "client_ref", "webhook_url", "sms", "failover")
    for name in names:
        for value in STRANGE:
            answer = ask_message(web, **{name: value})
            assert answer.status_code in (202, 422), (name, value, answer.text)


def test_no_body_breaks_the_api(web: FlaskClient) -> None:
    bodies = (b"", b"{", b"[1]", b"null", b"\xff", b'{"to": NaN}', b"[" * 100_000, b'{"a":' * 9000)
    for body in bodies:
        found = problem(web.post(PATH, data=body, headers=basic()), 422)
        assert found["invalid_parameters"][0]["name"] == "body"
    problem(web.post(PATH, data=b"x" * (10 << 20), headers=basic()), 413)


def test_a_handset_that_opted_out_is_told_of_later(web: FlaskClient, sandbox: Sandbox) -> None:
    send_message(web)
    inbound(web, "STOP")
    send_message(web)
    assert (newest(web)["status"], newest(web)["error_code"]) == ("queued", None)
    assert [move.error_code for move in _planned(sandbox, newest(web)["id"])] == ["1050"]


def _planned(sandbox: Sandbox, message_id: str) -> list[Any]:
    web = create_app(sandbox).test_client()
    web.post("/api/v1/clock/advance", json={"seconds": 5})
    return [one for one in sandbox.inbox.timeline(message_id)[1] if one.error_code is not None]


def test_a_message_that_is_no_whatsapp_cannot_be_marked(web: FlaskClient) -> None:
    message_uuid = send_message(web)
    body = {"status": "read"}
    found = problem(web.patch(f"{PATH}/{NOWHERE}", json=body, headers=basic()), 404)
    assert found["detail"] == f"Message with ID {NOWHERE} not found"
    found = problem(web.patch(f"{PATH}/{message_uuid}", json=body, headers=basic()), 422)
    assert found["invalid_parameters"][0]["name"] == "status"
    (part,) = send_sms(web)
    problem(web.patch(f"{PATH}/{part}", json=body, headers=basic()), 422)


def test_faults_are_said_as_problems(web: FlaskClient) -> None:
    rule = {"match": {"provider": "vonage"}, "times": 1}
    for effect, title in (
        ({"status": 429, "retry_after": 7}, "Rate Limit Hit"),
        ({"status": 402}, "Low balance"),
        ({"status": 500, "message": "Smoke"}, "Internal Error"),
        ({"status": 418}, "Bad Request"),
    ):
        web.post("/api/v1/faults", json=rule | {"effect": {"type": "error"} | effect})
        found = problem(ask_message(web), int(str(effect["status"])))
        assert found["title"] == title
        assert found["detail"] == effect.get("message", found["detail"])


def test_limits_and_numbers_are_said_as_problems(web: FlaskClient) -> None:
    found = problem(ask_message(web, to=to_scenario("invalid")), 422)
    assert found["invalid_parameters"] == [{"name": "to", "reason": "This is not a valid number."}]
    assert problem(ask_message(web, to=to_scenario("queue_full")), 429)["title"] == "Rate Limit Hit"
    settings(web, limits={"messages_per_second": 1, "burst": 1})
    send_message(web)
    answer = ask_message(web)
    assert problem(answer, 429)["title"] == "Rate Limit Hit"
    assert answer.headers["Retry-After"] == "1"


def test_other_methods_are_problems(web: FlaskClient) -> None:
    for method in ("GET", "PUT", "DELETE"):
        problem(web.open(PATH, method=method), 405)


def test_another_sites_page_cannot_send(web: FlaskClient) -> None:
    found = problem(ask_message(web, basic() | {"Origin": "https://evil.test"}), 403)
    assert found["title"] != "Forbidden"
    assert web.get("/api/v1/messages").json["total"] == 0


def test_an_application_sends_by_its_token(web: FlaskClient) -> None:
    send_message(web, bearer())
    assert newest(web)["account"] == APPLICATION
    assert "Bearer" not in web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text


def test_a_token_names_no_end_and_holds_for_a_quarter_of_an_hour(web: FlaskClient) -> None:
    send_message(web, bearer(exp=None))
    now = int(time.time())
    problem(ask_message(web, bearer(exp=None, iat=now - 1000)), 401)
    send_message(web, bearer(iat=now - 1000))
    send_message(web, bearer(iat=now - 86_300))


def test_tokens_that_are_none_are_refused(web: FlaskClient) -> None:
    now = int(time.time())
    for wrong, why in (
        (bearer(exp=now - 120), "The token has expired."),
        (bearer(iat=now + 3600), "The token is not valid yet."),
        (bearer(iat=now - 86_500, exp=now + 900), "The token has expired."),
        (bearer(nbf=now + 3600), "The token is not valid yet."),
        (bearer(iat=None), "The token's iat is missing"),
        (bearer(exp="soon"), "The token's exp must be a number"),
        (bearer(exp=10**400), "The token's exp must be a number"),
        (bearer(exp=float("nan")), "The token's exp must be a number"),
        (bearer(iat=True), "The token's iat must be a number"),
        (bearer(jti=None), "The token's jti is missing"),
        (bearer(jti="x" * 257), "The token's jti is missing"),
        (bearer(application_id=None), "The token's application_id must be"),
        (bearer(application_id="shop"), "The token's application_id must be"),
        (bearer(algorithm="HS256"), "The token's alg must be RS256."),
        ({"Authorization": "Bearer x"}, "The token is no signed JWT."),
        ({"Authorization": "Bearer a.b.c"}, "The token is no signed JWT."),
        ({"Authorization": "Bearer bnVsbA.bnVsbA.c2ln"}, "The token is no signed JWT."),
        ({"Authorization": "Bearer " + "x" * 9000}, "The token is no signed JWT."),
        ({"Authorization": "Bearer"}, ""),
        ({"Authorization": "Digest x"}, "Send the API key"),
        ({}, ""),
        (basic(secret=""), "The API secret is not this key's."),
        (basic(name="a b"), "There is no such API key."),
    ):
        headers = wrong or {"Authorization": ""}
        found = problem(ask_message(web, headers), 401)
        assert found["title"] == "Unauthorized"
        assert why in found["detail"], wrong
    assert web.get("/api/v1/messages").json["total"] == 0


def test_an_application_joins_its_key_by_an_alias(web: FlaskClient) -> None:
    web.put(f"/api/v1/accounts/{KEY}/aliases", json={"aliases": [APPLICATION]})
    send_message(web, bearer())
    assert newest(web)["account"] == KEY
    send_message(web, basic())
    assert web.get(f"/api/v1/messages?account={KEY}").json["total"] == 2


def test_a_configured_application_shows_that_it_has_its_key(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    known = Credential(provider="vonage", name=APPLICATION, secret=public_base64(), account=KEY)
    web = create_app(make_sandbox(strict=True, credentials=(known,))).test_client()
    send_message(web, bearer())
    assert newest(web)["account"] == KEY
    forged = problem(ask_message(web, bearer(signed_by="another")), 401)
    assert "signature is not this application's" in forged["detail"]
    signed = token()
    altered = signed[:-6] + ("AAAAAA" if not signed.endswith("AAAAAA") else "BBBBBB")
    problem(ask_message(web, {"Authorization": f"Bearer {altered}"}), 401)
    problem(ask_message(web, bearer(application_id=NOWHERE)), 401)
    problem(ask_message(web, basic()), 401)


def test_a_configured_key_that_is_none_lets_nobody_in(make_sandbox: Callable[..., Sandbox]) -> None:
    known = Credential(provider="vonage", name=APPLICATION, secret="c2hvcA==", account=KEY)
    web = create_app(make_sandbox(credentials=(known,))).test_client()
    found = problem(ask_message(web, bearer()), 401)
    assert "in the credentials" in found["detail"]


def test_a_password_is_the_secret_of_all_and_shuts_unknown_applications_out(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    web = create_app(make_sandbox(password="word")).test_client()
    problem(ask_message(web, basic()), 401)
    problem(ask_message(web, bearer()), 401)
    assert ask_message(web, basic(secret="word")).status_code == 202
    known = Credential(provider="vonage", name=APPLICATION, secret=public_base64(), account=KEY)
    web = create_app(make_sandbox(password="word", credentials=(known,))).test_client()
    assert ask_message(web, bearer()).status_code == 202


def test_secrets_are_in_no_answer(web: FlaskClient) -> None:
    send_message(web)
    raw = web.get(f"/api/v1/messages/{newest(web)['id']}/raw").text
    assert SECRET not in raw
    assert TO in raw
