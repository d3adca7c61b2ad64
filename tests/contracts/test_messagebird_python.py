"""MessageBird's own Python SDK, unmodified, pointed at the sandbox, with its own validator."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import messagebird
import pytest
import requests
import urllib3
from contracts.sides import ended
from messagebird.client import ErrorException
from messagebird.error import ValidationError
from messagebird.http_client import HttpClient
from messagebird.request_validator import RequestValidator
from sandbox.receiver import Post, Receiver, receiving

from sms_sandbox.client import SandboxClient
from sms_sandbox.facades.messagebird.signature import sign
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Credential, Settings

KEY = "live_" + "p" * 32
SIGNING_KEY = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
TO, OTHER = "12015550123", "12015550124"
NOWHERE = "0" * 32
HEADER = "MessageBird-Signature-JWT"

Point = Callable[..., Any]


@pytest.fixture
def point(server: SandboxServer) -> Point:
    """Makes clients of the sandbox, through the SDK's own argument."""

    def client(key: str = KEY, base: str = "") -> Any:
        http = HttpClient(f"{base or server.url}/messagebird/", key, "contract")
        return messagebird.Client(key, http_client=http)

    return client


@pytest.fixture
def api(server: SandboxServer, point: Point) -> Any:
    server.sandbox.inbox.reset(None)
    return point()


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def put_settings(server: SandboxServer, **values: Any) -> None:
    url = f"{server.url}/api/v1/settings?account={KEY}"
    assert urllib3.request("PUT", url, json=values, timeout=60).status == 200


def claims(post: Post, url: str, signing_key: str = KEY) -> Any:
    """What the SDK's validator takes of a request; it takes no changed one."""
    signed, body = post.headers[HEADER], post.body.encode()
    for changed in ((f"{url}&a=b", body), (url, body + b"a")):
        with pytest.raises(ValidationError):
            RequestValidator(signing_key).validate_signature(signed, *changed)
    with pytest.raises(ValidationError):
        RequestValidator("another" * 10).validate_signature(signed, url, body)
    return RequestValidator(signing_key).validate_signature(signed, url, body)


def refused(deed: Callable[[], Any]) -> tuple[int, str, str | None]:
    """Code, description and parameter of the SDK's own exception."""
    with pytest.raises(ErrorException) as caught:
        deed()
    (one,) = caught.value.errors
    return one.code, one.description, one.parameter


def test_message_to_several_numbers_is_sent_and_fetched(
    server: SandboxServer, api: Any, control: SandboxClient
) -> None:
    made = api.message_create("Notes", [TO, OTHER], "Your code is 482913", {"reference": "r"})
    assert (made.originator, made.body, made.reference) == ("Notes", "Your code is 482913", "r")
    assert (made.direction, made.type, made.gateway, made.mclass) == ("mt", "sms", 10, 1)
    assert [one.status for one in made.recipients["items"]] == ["sent", "sent"]
    assert control.claim_code(f"+{TO}")["code"] == "482913"
    ended(server.url, "delivered", to=f"+{OTHER}")
    shown = api.message(made.id)
    assert shown.href == made.href
    assert shown.createdDatetime.timestamp() == pytest.approx(time.time(), abs=60)
    second = shown.recipients["items"][1]
    assert (second.recipient, second.status) == (int(OTHER), "delivered")


def test_every_parameter_is_taken(api: Any) -> None:
    made = api.message_create(
        "12015550199",
        TO,
        "48656c6c6f",
        {
            "type": "binary",
            "typeDetails": {"udh": "050003340201"},
            "reference": "r",
            "reportUrl": "https://example.com/dlr",
            "validity": 60,
            "gateway": 240,
            "datacoding": "plain",
            "mclass": 2,
            "shortenUrls": False,
            "scheduledDatetime": "2099-01-01T00:00:00+00:00",
        },
    )
    assert (made.type, made.typeDetails, made.validity) == ("binary", {"udh": "050003340201"}, 60)
    assert (made.gateway, made.mclass, made.scheduledDatetime.year) == (240, 2, 2099)
    assert made.recipients["items"][0].status == "scheduled"


def test_list_is_paged_and_filtered(server: SandboxServer, api: Any) -> None:
    sent = [api.message_create("Notes", TO, f"text {number}").id for number in range(5)][::-1]
    first = api.message_list(limit=2)
    assert (first.totalCount, first.count, first.limit, first.offset) == (5, 2, 2, 0)
    assert [one.id for one in first.items] == sent[:2]
    assert (first.links.previous, first.links.next is not None) == (None, True)
    last = api.message_list(limit=2, offset=4)
    assert ([one.id for one in last.items], last.links.next) == (sent[4:], None)
    lost = api.message_create("Notes", "14045550100", "x").id
    ended(server.url, "failed", to="+14045550100")
    assert [one.id for one in api.message_list(status="delivery_failed").items] == [lost]


def test_message_is_deleted(api: Any) -> None:
    made = api.message_create("Notes", TO, "x").id
    assert api.message_delete(made) is None
    assert refused(lambda: api.message(made)) == (20, "message not found", None)


def test_status_reports_pass_the_sdks_validator(
    server: SandboxServer, api: Any, app: Receiver
) -> None:
    sent = {"reference": "r & s", "reportUrl": f"{app.url}/dlr?env=test&a="}
    made = api.message_create("Notes", TO, "x", sent)
    posts = app.await_posts(2)
    seen = set()
    for post in posts:
        found = claims(post, app.url + post.path)
        seen.add(found["jti"])
        told = dict(parse_qsl(urlsplit(post.path).query))
        assert (told["id"], told["reference"]) == (made.id, "r & s")
    assert len(seen) == 2
    put_settings(server, signing_key=SIGNING_KEY * 2, signature_method="HS512")
    api.message_create("Notes", TO, "x", {"reference": "s", "reportUrl": app.url})
    post = app.await_posts(4)[-1]
    claims(post, app.url + post.path, SIGNING_KEY * 2)


def test_handsets_message_passes_the_validator(
    server: SandboxServer, api: Any, app: Receiver
) -> None:
    api.message_create("12015550199", TO, "Hello")
    put_settings(server, inbound_url=f"{app.url}/in")
    inbound = {"account": KEY, "provider": "messagebird", "from": f"+{TO}", "to": "+12015550199"}
    urllib3.request(
        "POST", f"{server.url}/api/v1/inbound", json={**inbound, "body": "Öpen?"}, timeout=60
    )
    (post,) = app.await_posts(1)
    assert claims(post, f"{app.url}/in")["payload_hash"]
    assert api.message(post.form["id"]).body == post.form["body"] == "Öpen?"


def test_stale_report_is_refused_by_the_validator(
    server: SandboxServer, api: Any, app: Receiver
) -> None:
    rule = {"match": {}, "effect": {"type": "webhook", "mutation": "stale"}}
    urllib3.request("POST", f"{server.url}/api/v1/faults", json=rule, timeout=60)
    api.message_create("Notes", TO, "x", {"reference": "r", "reportUrl": app.url})
    for post in app.await_posts(2):
        with pytest.raises(ValidationError, match="expired"):
            RequestValidator(KEY).validate_signature(post.headers[HEADER], app.url + post.path, b"")


def test_verification_is_created_checked_and_deleted(api: Any, control: SandboxClient) -> None:
    made = api.verify_create(TO, {"template": "Notes: %token", "tokenLength": 8, "timeout": 60})
    assert (made.status, made.recipient) == ("sent", int(TO))
    assert (made.validUntilDatetime - made.createdDatetime).total_seconds() == 60
    code = control.claim_code(f"+{TO}")["code"]
    assert len(code) == 8
    assert refused(lambda: api.verify_verify(made.id, "0")) == (
        10,
        "The token is invalid.",
        "token",
    )
    assert api.verify_verify(made.id, code).status == "verified"
    assert api.verify(made.id).status == "verified"
    api.verify_delete(made.id)
    gone = (20, "verification id not found", None)
    assert refused(lambda: api.verify(made.id)) == gone
    assert refused(lambda: api.verify_delete(made.id)) == gone
    assert refused(lambda: api.verify_create_email("a@example.com", "b@example.com"))[2] == "type"


def test_verification_by_voice_speaks_its_token(server: SandboxServer, api: Any) -> None:
    made = api.verify_create(TO, {"type": "tts", "voice": "male", "language": "en-gb"})
    code = ended(server.url, "delivered", to=f"+{TO}")["code"]
    assert api.verify_verify(made.id, code).status == "verified"


def test_virtual_numbers_are_verified_refused_or_err(api: Any) -> None:
    even = api.verify_create("+9901234568").id
    assert api.verify_verify(even, "234568").status == "verified"
    odd = api.verify_create("+9901234567").id
    assert refused(lambda: api.verify_verify(odd, "234567"))[2] == "token"
    with pytest.raises(requests.HTTPError, match="500"):
        api.verify_create("+9901234599")


def test_number_is_looked_up_and_its_network_asked(api: Any) -> None:
    found = api.lookup(f"+{TO}", {"countryCode": "US"})
    assert (found.countryCode, found.countryPrefix, found.phoneNumber) == ("US", 1, int(TO))
    assert (found.type, found.formats.national, found.hlr.id) == (
        "mobile",
        "(201) 555-0123",
        None,
    )
    assert refused(lambda: api.lookup_hlr(TO)) == (20, "hlr not found", None)
    made = api.lookup_hlr_create(TO, {"reference": "mine"})
    assert (made.status, made.reference, made.network) == ("active", "mine", 101)
    assert api.lookup_hlr(TO).id == api.lookup(TO).hlr.id == made.id
    waiting = api.hlr_create(TO, "later")
    assert (waiting.status, waiting.reference, waiting.msisdn) == ("sent", "later", int(TO))
    assert api.hlr(waiting.id).id == waiting.id
    assert refused(lambda: api.lookup("1201"))[2] == "phoneNumber"
    assert refused(lambda: api.hlr(NOWHERE)) == (20, "hlr not found", None)


def test_balance_is_told(api: Any) -> None:
    api.message_create("Notes", TO, "x")
    found = api.balance()
    assert (found.payment, found.type, found.amount) == ("prepaid", "euros", 9999.95)


def test_refusals_are_the_sdks_own_exceptions(server: SandboxServer, api: Any) -> None:
    assert refused(lambda: api.message_create("Notes", "nobody", "x")) == (
        9,
        "no (correct) recipients found",
        "recipients",
    )
    assert refused(lambda: api.message_create("Notes", TO, ""))[2] == "body"
    assert refused(lambda: api.message(NOWHERE))[0] == 20
    assert refused(lambda: api.request("messages", "PUT"))[0] == 21
    assert refused(lambda: api.voice_message_create(TO, "x"))[0] == 98
    with pytest.raises(requests.HTTPError, match="429"):
        api.message_create("Notes", "15095550100", "x")
    with pytest.raises(requests.HTTPError, match="500"):
        api.message_create("Notes", "15015550100", "x")
    effect = {"type": "error", "status": 422, "code": 25, "message": "not enough balance"}
    rule = {"match": {"to": f"+{TO}"}, "effect": effect}
    urllib3.request("POST", f"{server.url}/api/v1/faults", json=rule, timeout=60)
    assert refused(lambda: api.message_create("Notes", TO, "x")) == (25, "not enough balance", None)


def test_what_is_no_key_is_not_let_in(point: Point) -> None:
    assert refused(lambda: point("a key").balance()) == (
        2,
        "Request not allowed (incorrect access_key)",
        "access_key",
    )


def test_strict_sandbox_lets_configured_keys_in_and_signs_with_theirs(
    point: Point, app: Receiver
) -> None:
    known = Credential(provider="messagebird", name=KEY, secret=SIGNING_KEY, account=KEY)
    settings = Settings(
        port=0, strict=True, credentials=(known,), sent_after=0.02, delivered_after=0.06
    )
    with SandboxServer(settings) as strict:
        one = point(base=strict.url)
        one.message_create("Notes", TO, "x", {"reference": "r", "reportUrl": app.url})
        for post in app.await_posts(2):
            claims(post, app.url + post.path, SIGNING_KEY)
        assert refused(lambda: point("live_other", strict.url).balance())[0] == 2


def test_tokens_are_those_of_the_sdk_whatever_is_signed() -> None:
    chance = random.Random(3)
    odd = "ab1 =&%+.?/<>'\"_-öä→"
    validator = RequestValidator(SIGNING_KEY)
    now = int(time.time())
    for number in range(200):
        query = {name: "".join(chance.choices(odd, k=3)) for name in chance.sample("abc", 2)}
        url = f"http://127.0.0.1:9000/dlr?{urlencode(query)}"
        body = "".join(chance.choices(odd, k=number % 5)).encode()
        token = sign(SIGNING_KEY, url, body, jti="1", begins=now, ends=now + 60)
        assert validator.validate_signature(token, url, body)["jti"] == "1"
