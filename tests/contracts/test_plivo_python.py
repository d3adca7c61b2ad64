"""Plivo's own Python SDK, unmodified, pointed at the sandbox, with its own validators."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import plivo
import plivo.resources.lookup
import plivo.rest.client
import pytest
import urllib3
from contracts.sides import ended
from plivo import exceptions, plivoxml
from plivo.utils import validate_signature, validate_v3_signature
from sandbox.receiver import Post, Receiver, receiving, status

from sms_sandbox.client import SandboxClient
from sms_sandbox.facades.plivo.signature import sign_v2, sign_v3
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Credential, Settings

AUTH_ID, TOKEN = "MA" + "P" * 18, "MzUzN2QyODE3N2YzZDk2NzkyZDk5NjFhNWVi"
SRC, DST, OTHER = "14150000001", "12015550123", "12015550124"
NOWHERE = "00000000-0000-4000-8000-000000000000"

Point = Callable[..., Any]


@pytest.fixture
def point(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Point]:
    """Makes clients of the sandbox; the SDK has no option for it but its module's constants."""
    opened: list[Any] = []

    def client(auth_id: str = AUTH_ID, token: str = TOKEN, base: str = "") -> Any:
        base = base or server.url
        monkeypatch.setattr(plivo.rest.client, "PLIVO_API_BASE_URI", f"{base}/plivo/v1/Account")
        endpoint = f"{base}/plivo/v1/Number"
        monkeypatch.setattr(plivo.resources.lookup, "LOOKUP_API_ENDPOINT", endpoint)
        opened.append(plivo.RestClient(auth_id, token, timeout=30))
        return opened[-1]

    yield client
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def api(server: SandboxServer, point: Point) -> Any:
    server.sandbox.inbox.reset(None)
    return point()


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def is_genuine(post: Post, url: str, *, token: str = TOKEN) -> bool:
    """Whether both of the SDK's validators take the request, and no changed one."""
    seen = post.headers
    v2 = validate_signature(
        url, seen["X-Plivo-Signature-V2-Nonce"], seen["X-Plivo-Signature-V2"], token
    )
    nonce, signed = seen["X-Plivo-Signature-V3-Nonce"], seen["X-Plivo-Signature-V3"]
    form = post.form if post.method == "POST" else {}
    v3 = validate_v3_signature(post.method, url, nonce, token, signed, dict(form))
    changed = validate_v3_signature(post.method, url, nonce, token, signed, {**form, "Extra": "1"})
    return bool(v2 and v3 and not changed)


def test_message_to_several_numbers_is_sent_and_fetched(
    server: SandboxServer, api: Any, control: SandboxClient
) -> None:
    made = api.messages.create(src=SRC, dst=f"{DST}<{OTHER}", text="Your code is 482913")
    assert (made.message, len(made.message_uuid)) == ("message(s) queued", 2)
    assert control.claim_code(f"+{DST}")["code"] == "482913"
    ended(server.url, "delivered", to=f"+{OTHER}")
    shown = api.messages.get(made.message_uuid[1])
    assert (shown.id, shown.to_number) == (made.message_uuid[1], OTHER)
    assert (shown.message_state, shown.error_code) == ("delivered", "000")
    assert shown.api_id != made.api_id


def test_destination_that_is_no_number_is_named_beside_the_others(api: Any) -> None:
    made = api.messages.create(src=SRC, dst=f"{DST}<nobody", text="x")
    assert (len(made.message_uuid), made.invalid_number) == (1, ["nobody"])


def test_list_is_filtered_and_followed_page_by_page(api: Any) -> None:
    sent = [
        api.messages.create(src=SRC, dst=DST, text=f"text {number}").message_uuid[0]
        for number in range(5)
    ][::-1]
    first = api.messages.list(limit=2)
    assert (first.meta.total_count, first.meta.previous) == (5, None)
    assert [one.message_uuid for one in first.objects] == sent[:2]
    rest = api.messages.list(limit=2, offset=4, message_direction="outbound", message_type="sms")
    assert (rest.meta.next, [one.message_uuid for one in rest]) == (None, sent[4:])
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    assert len(api.messages.list(message_time__gt=since).objects) == 5
    assert api.messages.list(message_time__lt=since, message_state="failed").objects == []
    assert [one.to_number for one in api.messages.list(to_number=DST, from_number=SRC)] == [DST] * 5


def test_list_of_everything_walks_over_all_pages(api: Any) -> None:
    numbers = "<".join(f"120155501{number:02d}" for number in range(45))
    made = api.messages.create(src=SRC, dst=numbers, text="x").message_uuid
    walked = list(api.messages)
    assert sorted(one.message_uuid for one in walked) == sorted(made)


def test_every_steering_parameter_is_taken(api: Any) -> None:
    made = api.messages.create(
        src=SRC,
        dst=DST,
        text="x",
        log="false",
        trackable=True,
        message_expiry=60,
        dlt_entity_id="1",
        dlt_template_id="2",
        dlt_template_category="transactional",
    )
    assert "XXXXX" in api.messages.get(made.message_uuid[0]).to_number
    pooled = api.messages.create(dst=DST, text="x", powerpack_uuid=NOWHERE).message_uuid[0]
    assert api.messages.list(powerpack_id=NOWHERE).objects[0].message_uuid == pooled
    media = api.messages.create(
        src=SRC, dst=DST, type_="mms", media_urls=["https://example.com/a.png"]
    )
    (one,) = api.messages.get(media.message_uuid[0]).listMedia().objects
    assert one.content_type == "image/png"


@pytest.mark.parametrize(
    ("method", "query"), [("POST", ""), ("POST", "?env=test&a="), ("GET", ""), ("GET", "?env=t")]
)
def test_status_callbacks_pass_both_validators(
    api: Any, app: Receiver, method: str, query: str
) -> None:
    api.messages.create(src=SRC, dst=DST, text="x", url=f"{app.url}/dlr{query}", method=method)
    posts = app.await_posts(3)
    for post in posts:
        assert is_genuine(post, app.url + post.path)
        assert not is_genuine(post, app.url + post.path, token="another")
    if method == "POST":
        states = [post.form["Status"] for post in posts]
        assert states == ["queued", "sent", "delivered"]


def test_handset_writes_and_the_sdks_own_xml_replies(
    server: SandboxServer, api: Any, control: SandboxClient, app: Receiver
) -> None:
    api.messages.create(src=SRC, dst=DST, text="Hello")
    url = f"{server.url}/api/v1/settings?account={AUTH_ID}"
    urllib3.request("PUT", url, json={"inbound_url": f"{app.url}/in"}, timeout=60)
    answer = plivoxml.ResponseElement()
    answer.add(plivoxml.MessageElement("We are open", src=SRC, dst=DST))
    document = answer.to_string().encode()
    app.answers.append(status(200, document, **{"Content-Type": "application/xml"}))
    inbound = {"account": AUTH_ID, "provider": "plivo", "from": f"+{DST}", "to": f"+{SRC}"}
    urllib3.request(
        "POST", f"{server.url}/api/v1/inbound", json={**inbound, "body": "Open?"}, timeout=60
    )
    (post,) = app.await_posts(1)
    assert (post.form["Text"], is_genuine(post, f"{app.url}/in")) == ("Open?", True)
    wish = {"match": {"body_contains": "We are open"}, "timeout": 20}
    (reply,) = urllib3.request("POST", f"{server.url}/api/v1/wait", json=wish, timeout=60).json()[
        "messages"
    ]
    assert (reply["from"], reply["to"]) == (f"+{SRC}", f"+{DST}")


def test_session_is_created_validated_and_listed(
    api: Any, control: SandboxClient, app: Receiver
) -> None:
    made = api.verify_session.create(
        recipient=DST,
        channel="sms",
        brand_name="Notes",
        code_length=8,
        url=f"{app.url}/verify",
        locale="en",
    )
    assert made.message == "Session initiated"
    code = control.claim_code(f"+{DST}")["code"]
    with pytest.raises(exceptions.ValidationError, match="otp is incorrect"):
        api.verify_session.validate(made.session_uuid, otp=str((int(code) + 1) % 10**8).zfill(8))
    done = api.verify_session.validate(made.session_uuid, otp=code)
    assert done.message == "session validated successfully."
    with pytest.raises(exceptions.InvalidRequestError, match="already verified"):
        api.verify_session.validate(made.session_uuid, otp=code)
    shown = api.verify_session.get(made.session_uuid)
    assert (shown.id, shown.status, shown.count) == (made.session_uuid, "verified", 1)
    listed = api.verify_session.list(status="verified", limit=5, recipient=DST)
    assert [one.session_uuid for one in listed.sessions] == [made.session_uuid]
    for post in app.await_posts(3):
        assert is_genuine(post, f"{app.url}/verify")


def test_session_by_voice_speaks_its_code(
    server: SandboxServer, api: Any, control: SandboxClient
) -> None:
    made = api.verify_session.create(recipient=DST, channel="voice")
    message = ended(server.url, "delivered", to=f"+{DST}")
    assert api.verify_session.validate(made.session_uuid, otp=message["code"]).session_uuid


def test_virtual_numbers_are_verified_refused_or_err(api: Any) -> None:
    even = api.verify_session.create(recipient="+9901234568").session_uuid
    assert api.verify_session.validate(even, otp="234568").session_uuid == even
    odd = api.verify_session.create(recipient="+9901234567").session_uuid
    with pytest.raises(exceptions.ValidationError):
        api.verify_session.validate(odd, otp="234567")
    with pytest.raises(exceptions.PlivoServerError, match="internal server error"):
        api.verify_session.create(recipient="+9901234599")


def test_number_is_looked_up(api: Any) -> None:
    found = api.lookup.get("+12015550123")
    assert (found.carrier.type, found.country.iso3) == ("mobile", "USA")
    assert found.format.international == "+1 201-555-0123"
    with pytest.raises(exceptions.ResourceNotFoundError):
        api.lookup.get("+1201")


def test_refusals_are_the_sdks_own_exceptions(server: SandboxServer, api: Any) -> None:
    with pytest.raises(exceptions.ValidationError, match="not a valid number"):
        api.messages.create(src=SRC, dst="nobody", text="x")
    with pytest.raises(exceptions.ValidationError, match="text parameter not present"):
        api.messages.create(src=SRC, dst=DST)
    with pytest.raises(exceptions.ResourceNotFoundError, match="not found"):
        api.messages.get(NOWHERE)
    with pytest.raises(exceptions.ResourceNotFoundError):
        api.verify_session.get(NOWHERE)
    with pytest.raises(exceptions.PlivoRestError, match="Received status code 429"):
        api.messages.create(src=SRC, dst="15095550100", text="x")
    with pytest.raises(exceptions.PlivoServerError):
        api.messages.create(src=SRC, dst="15015550100", text="x")
    rule = {"match": {}, "effect": {"type": "error", "status": 403, "message": "no such country"}}
    urllib3.request("POST", f"{server.url}/api/v1/faults", json=rule, timeout=60)
    with pytest.raises(exceptions.GeoPermissionError, match="no such country"):
        api.messages.create(src=SRC, dst=DST, text="x")


def test_wrong_token_and_foreign_account_are_not_let_in(api: Any, point: Point) -> None:
    api.messages.create(src=SRC, dst=DST, text="x")
    with pytest.raises(exceptions.AuthenticationError):
        point(token="another").messages.list()
    assert point("SA" + "P" * 18).messages.list().meta.total_count == 0


def test_strict_sandbox_lets_configured_credentials_in_only(point: Point) -> None:
    known = Credential(provider="plivo", name=AUTH_ID, secret=TOKEN, account="team")
    with SandboxServer(Settings(port=0, strict=True, credentials=(known,))) as strict:
        one = point(base=strict.url)
        one.messages.create(src=SRC, dst=DST, text="x")
        assert strict.sandbox.inbox.accounts() == ["team"]
        with pytest.raises(exceptions.AuthenticationError):
            point("MA" + "Q" * 18, base=strict.url).messages.list()


def test_signatures_are_those_of_the_sdk_whatever_is_signed() -> None:
    chance = random.Random(3)
    odd = "ab1 =&%+.?/<>'\"_-"
    for _ in range(300):
        query = {name: "".join(chance.choices(odd, k=3)) for name in chance.sample("abc", 2)}
        form = {name: "".join(chance.choices(odd + "öä→", k=4)) for name in chance.sample("XYZ", 2)}
        url = f"http://127.0.0.1:9000/dlr?{urlencode(query)}"
        assert validate_signature(url, "7", sign_v2(TOKEN, url, "7"), TOKEN)
        for method in ("GET", "POST"):
            signed = sign_v3(TOKEN, method, url, form.items(), "7")
            assert validate_v3_signature(method, url, "7", TOKEN, signed, dict(form)), (url, form)
