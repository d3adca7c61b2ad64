"""Who is let in; botocore's own signer is the judge of what a right signature is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from flask.testing import FlaskClient
from sandbox.aws_calls import KEY, TO, only_message, refused, said, send_raw, signed

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.facades.aws import signature
from sms_sandbox.settings import Credential

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BODY = "Action=Publish&Version=2010-03-31&PhoneNumber=%2B12015550123&Message=h%C3%A9"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

Open = Callable[..., FlaskClient]


@pytest.fixture
def strict(make_sandbox: Callable[..., Sandbox]) -> FlaskClient:
    known = Credential(provider="sns", name=KEY, secret=SECRET, account="shop")
    return create_app(make_sandbox(strict=True, credentials=(known,))).test_client()


def sign(
    url: str = "http://localhost/aws",
    *,
    body: str = BODY,
    key: str = KEY,
    secret: str = SECRET,
    token: str | None = None,
    service: str = "sns",
    **headers: str,
) -> dict[str, str]:
    """Headers of a request that botocore has signed."""
    request = AWSRequest(
        method="POST", url=url, data=body, headers={"Content-Type": FORM, **headers}
    )
    SigV4Auth(Credentials(key, secret, token), service, "eu-west-1").add_auth(request)
    return dict(request.headers.items())


def sign_at(monkeypatch: pytest.MonkeyPatch, minutes: float) -> dict[str, str]:
    """Headers that botocore has signed so many minutes from now."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    with monkeypatch.context() as moved:
        moved.setattr("botocore.auth.get_current_datetime", lambda: moment)
        return sign()


def post(web: FlaskClient, headers: dict[str, str], path: str = "/aws", body: str = BODY) -> Any:
    return web.post(path, data=body, headers=headers)


@pytest.mark.parametrize(
    ("signed_url", "path"),
    [
        ("http://localhost/aws", "/aws"),
        ("http://localhost/aws/sns", "/aws/sns"),
        ("http://localhost/aws/?b=2&a=%C3%A9&a=1&c=", "/aws/?b=2&a=%C3%A9&a=1&c="),
    ],
)
def test_a_strict_sandbox_accepts_what_botocore_signs(
    strict: FlaskClient, signed_url: str, path: str
) -> None:
    assert post(strict, sign(signed_url), path).status_code == 200
    assert only_message(strict)["account"] == "shop"


def test_every_signed_header_counts(strict: FlaskClient) -> None:
    headers = sign(token="a session's", **{"X-Custom": "  two   words "})
    assert post(strict, headers).status_code == 200
    assert refused(post(strict, headers | {"X-Custom": "other"}))[2] == "SignatureDoesNotMatch"


def test_behind_the_vendors_own_host_the_path_is_signed_without_a_prefix(
    strict: FlaskClient,
) -> None:
    headers = sign("https://sns.eu-west-1.amazonaws.com/")
    headers["Host"] = "sns.eu-west-1.amazonaws.com"
    assert post(strict, headers, "/").status_code == 200


def test_a_strict_sandbox_refuses_another_secret_and_a_changed_request(
    strict: FlaskClient,
) -> None:
    for answer in (
        post(strict, sign(secret="other")),
        post(strict, sign(), body=BODY + "x"),
        post(strict, sign(), "/aws/sns"),
        post(strict, sign(), "/aws?x=1"),
    ):
        status, fault, code, text = refused(answer)
        assert (status, fault, code) == (403, "Sender", "SignatureDoesNotMatch")
        assert text.startswith("The request signature we calculated does not match")
    assert strict.get("/api/v1/messages").json["total"] == 0


def test_a_strict_sandbox_refuses_a_key_that_was_not_configured(strict: FlaskClient) -> None:
    answer = post(strict, sign(key="AKIAOTHER"))
    assert refused(answer) == (
        403,
        "Sender",
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )


def test_the_password_is_the_secret_of_every_key(make_sandbox: Callable[..., Sandbox]) -> None:
    web = create_app(make_sandbox(password="pass")).test_client()
    assert post(web, sign(secret="pass")).status_code == 200
    assert refused(post(web, sign(secret="other")))[2] == "SignatureDoesNotMatch"
    assert post(web, sign(key="AKIAOTHER", secret="pass")).status_code == 200


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(-20, r"Signature expired: (\w+) is now earlier than (\w+) \(\w+ - 15 min\.\)"),
     (20, r"Signature not yet current: (\w+) is still later than (\w+) \(\w+ \+ 15 min\.\)")],
)  # fmt: skip
def test_where_signatures_are_judged_their_age_is_too(
    strict: FlaskClient, monkeypatch: pytest.MonkeyPatch, minutes: int, text: str
) -> None:
    old = sign_at(monkeypatch, minutes)
    status, fault, code, said = refused(post(strict, old))
    assert (status, fault, code) == (403, "Sender", "SignatureDoesNotMatch")
    shown = re.fullmatch(text, said)
    assert shown
    assert shown[1] == old["X-Amz-Date"]
    assert (shown[1] < shown[2]) == (minutes < 0)
    assert post(strict, sign_at(monkeypatch, minutes // 2)).status_code == 200


def test_the_clock_of_an_account_ages_no_signature(strict: FlaskClient) -> None:
    moved = {"frozen": True, "now": "2031-05-06T07:00:00Z"}
    assert strict.put("/api/v1/clock?account=shop", json=moved).status_code == 200
    assert post(strict, sign()).status_code == 200


def test_elsewhere_the_age_of_a_signature_is_not_looked_at(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(web, sign_at(monkeypatch, -60 * 24 * 365)).status_code == 200


def test_a_date_that_is_none_is_refused(strict: FlaskClient) -> None:
    headers = signed()
    headers["Authorization"] = headers["Authorization"].replace("20261121", "20261399")
    answer = post(strict, headers | {"X-Amz-Date": "20261399T091657Z"})
    assert refused(answer)[::2] == (400, "IncompleteSignature")


def test_otherwise_any_secret_opens_the_account_of_the_key(web: FlaskClient) -> None:
    for secret in ("one", "two"):
        assert post(web, sign(secret=secret)).status_code == 200
    found = web.get(f"/api/v1/messages?account={KEY}").json
    assert found["total"] == 2


def test_an_alias_leads_to_its_account(web: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.inbox.put_aliases("shop", ["AKIAOTHER"])
    assert post(web, sign(key="AKIAOTHER")).status_code == 200
    assert only_message(web)["account"] == "shop"


@pytest.mark.parametrize(
    ("change", "status", "code", "text"),
    [
        ({"Authorization": ""}, 403, "MissingAuthenticationToken", "missing Authentication Token"),
        ({"Authorization": "Basic eDp5"}, 400, "IncompleteSignature", "AWS4-HMAC-SHA256"),
        ({"Authorization": "AWS4-HMAC-SHA256 x"}, 400, "IncompleteSignature", "'Credential'"),
        (
            {"Authorization": signed()["Authorization"][:-1]},
            400,
            "IncompleteSignature",
            "'Signature'",
        ),
        ({"X-Amz-Date": ""}, 400, "IncompleteSignature", "'X-Amz-Date'"),
        ({"X-Amz-Date": "20261122T091657Z"}, 403, "SignatureDoesNotMatch", "Date in Credential"),
        (signed(service="s3"), 403, "SignatureDoesNotMatch", "correct service: 'sns'"),
        (signed("A" * 65), 403, "InvalidClientTokenId", "security token"),
    ],
)
def test_a_wrong_signature_form_is_refused(
    web: FlaskClient, change: dict[str, str], status: int, code: str, text: str
) -> None:
    answer = post(web, {name: value for name, value in (signed() | change).items() if value})
    said_status, fault, said_code, said = refused(answer)
    assert (said_status, fault, said_code) == (status, "Sender", code)
    assert text in said


def test_host_and_date_must_be_signed(web: FlaskClient) -> None:
    headers = signed()
    headers["Authorization"] = headers["Authorization"].replace("host;", "")
    assert refused(post(web, headers))[2] == "SignatureDoesNotMatch"


def test_the_json_protocol_refuses_in_its_own_names(strict: FlaskClient) -> None:
    for headers, code in (
        ({}, "MissingAuthenticationTokenException"),
        ({"Authorization": "x"}, "IncompleteSignatureException"),
        (signed("AKIAOTHER", service="sms-voice"), "UnrecognizedClientException"),
        (signed(service="sms-voice"), "InvalidSignatureException"),
    ):
        target = {"X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage"}
        answer = strict.post("/aws", data="{}", headers=headers | target)
        assert said(answer)[:2] == (400, code)


def test_a_foreign_page_can_send_nothing(web: FlaskClient) -> None:
    """What a page may post without being asked first carries no Authorization header."""
    form = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": TO, "Message": "x"}
    answer = web.post("/aws", data=form, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    asked = web.options("/aws", headers={"Origin": "http://evil.example"})
    assert "Access-Control-Allow-Origin" not in asked.headers
    assert web.get("/api/v1/messages").json["total"] == 0


def test_a_signature_of_any_region_and_service_is_read() -> None:
    shown = signature.parse(signed(region="eu-central-1", service="sms-voice")["Authorization"])
    assert (shown.region, shown.service) == ("eu-central-1", "sms-voice")
    assert shown.headers == ("content-type", "host", "x-amz-date")


def test_no_answer_repeats_a_secret_or_a_signature(strict: FlaskClient) -> None:
    headers = sign(secret="other")
    text = post(strict, headers).text
    assert SECRET not in text
    assert headers["Authorization"][-64:] not in text
    assert send_raw(strict, "{}").status_code == 400
