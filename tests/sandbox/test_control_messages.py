import json

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import SEND, problem, send

from sms_sandbox.inbox.accept import MAX_RAW

FIELDS = {
    "id",
    "account",
    "provider",
    "direction",
    "from",
    "to",
    "body",
    "status",
    "error_code",
    "segments",
    "encoding",
    "code",
    "created_at",
    "updated_at",
}


def test_native_send_answers_the_message(web: FlaskClient) -> None:
    message = send(web, account="mine")
    assert set(message) == FIELDS
    assert message["account"] == "mine"
    assert (message["provider"], message["direction"]) == ("sandbox", "outbound")
    assert (message["code"], message["segments"], message["encoding"]) == ("482913", 1, "GSM-7")
    assert web.get(f"/api/v1/messages/{message['id']}").json == message


def test_account_defaults(web: FlaskClient) -> None:
    assert send(web)["account"] == send(web, account=None)["account"] == "default"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"to": None}, "/to"),
        ({"to": ""}, "/to"),
        ({"to": "abc"}, "/to"),
        ({"to": 990123456}, "/to"),
        ({"to": "+990\x001234567"}, "/to"),
        ({"to": "9" * 100_000}, "/to"),
        ({"from": ""}, "/from"),
        ({"from": "<b>" * 20}, "/from"),
        ({"from": ["Notes"]}, "/from"),
        ({"body": ""}, "/body"),
        ({"body": None}, "/body"),
        ({"body": {}}, "/body"),
        ({"body": "a\x00b"}, "/body"),
        ({"body": "\ud800"}, "/body"),
        ({"body": "x" * 100_000}, "/body"),
        ({"account": ""}, "/account"),
        ({"account": "a\nb"}, "/account"),
        ({"account": "x" * 65}, "/account"),
        ({"extra": 1}, "/extra"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_value_is_named_and_nothing_is_stored(
    web: FlaskClient, change: dict, pointer: str
) -> None:
    answer = web.post("/api/v1/messages", json=SEND | change)
    assert problem(answer, 400, "invalid_request")["errors"][0]["pointer"] == pointer
    assert web.get("/api/v1/messages").json["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff",
        b"NaN",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"to": NaN}',
        b'{"a": ' * 20_000,
    ],
    ids=lambda body: body[:8].decode("latin-1"),
)
def test_body_that_is_no_json_object_is_400(web: FlaskClient, body: bytes) -> None:
    answer = web.post("/api/v1/messages", data=body, content_type="application/json")
    problem(answer, 400, "invalid_request")


def test_body_over_a_mebibyte_is_413(web: FlaskClient) -> None:
    body = json.dumps(SEND | {"body": "x" * (1 << 20)})
    answer = web.post("/api/v1/messages", data=body, content_type="application/json")
    problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "\u202eevil\u202c", "'; DROP TABLE messages;--", "😀" * 99],
)
def test_hostile_text_is_stored_inert(web: FlaskClient, text: str) -> None:
    assert send(web, body=text)["body"] == text
    answer = web.get("/api/v1/messages")
    assert answer.json["messages"][0]["body"] == text
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_follow_next_to_the_end(web: FlaskClient) -> None:
    sent = [send(web)["id"] for _ in range(5)]
    page = web.get("/api/v1/messages?limit=2").json
    seen = [message["id"] for message in page["messages"]]
    while page["next"]:
        page = web.get(f"/api/v1/messages?limit=2&after={page['next']}").json
        assert page["total"] == 5
        seen += [message["id"] for message in page["messages"]]
    assert seen == sent[::-1]


def test_cursor_lists_only_what_is_newer_over_several_pages(web: FlaskClient) -> None:
    send(web)
    cursor = web.get("/api/v1/messages").json["cursor"]
    newer = [send(web)["id"] for _ in range(3)]
    page = web.get(f"/api/v1/messages?after={cursor}&limit=2").json
    rest = web.get(f"/api/v1/messages?after={page['next']}&limit=2").json
    assert [one["id"] for one in page["messages"] + rest["messages"]] == newer[::-1]
    assert (page["total"], rest["next"]) == (3, None)


@pytest.mark.parametrize(
    "query",
    [
        "to=+9901234567",
        "to=%2B9901234567",
        "to=9901234567",
        "from=notes",
        "has_code=true",
        "q=8291",
        "status=queued",
        "direction=outbound",
        "provider=sandbox",
        "account=default",
        "q=",
    ],
)
def test_filter_finds_the_message(web: FlaskClient, query: str) -> None:
    send(web)
    assert web.get(f"/api/v1/messages?{query}").json["total"] == 1
    assert len(web.get(f"/api/v1/messages?{query}").json["messages"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "to=%2B9901234568",
        "from=shop",
        "has_code=false",
        "q=zzz",
        "status=sent",
        "direction=inbound",
        "provider=twilio",
        "account=other",
    ],
)
def test_filter_leaves_the_message_out(web: FlaskClient, query: str) -> None:
    send(web)
    assert web.get(f"/api/v1/messages?{query}").json["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1e1",
        "limit=true",
        "status=read",
        "direction=up",
        "has_code=yes",
        "after=x",
        "after=o",
        "after=-1",
        "after=o1-",
        "after=%00",
        "q=%00",
        "to=",
        "account=",
        "limit=1&limit=2",
        "q=" + "x" * 201,
        "limit=" + "9" * 5000,
        "after=" + "9" * 40,
    ],
)
def test_bad_query_value_is_400(web: FlaskClient, query: str) -> None:
    answer = web.get(f"/api/v1/messages?{query}")
    if query == "after=o1-":
        assert answer.status_code == 200
    else:
        problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("path", ["messages?too=1", "accounts?x=", "messages/x/timeline?limit=1"])
def test_unknown_query_key_is_400(web: FlaskClient, path: str) -> None:
    problem(web.get(f"/api/v1/{path}"), 400, "unknown_parameter")


def test_delete_needs_a_filter_or_all(web: FlaskClient) -> None:
    send(web, account="a")
    send(web, account="b")
    problem(web.delete("/api/v1/messages"), 400, "invalid_request")
    problem(web.delete("/api/v1/messages?all=false"), 400, "invalid_request")
    assert web.delete("/api/v1/messages?account=a").json == {"deleted": 1}
    assert web.delete("/api/v1/messages?all=true").json == {"deleted": 1}


def test_deleted_message_is_404(web: FlaskClient) -> None:
    path = f"/api/v1/messages/{send(web)['id']}"
    assert web.delete(path).status_code == 204
    for answer in (
        web.get(path),
        web.delete(path),
        web.get(f"{path}/raw"),
        web.get(f"{path}/timeline"),
    ):
        problem(answer, 404, "unknown_message")


def test_timeline_tells_each_status_and_its_distance(web: FlaskClient) -> None:
    message = send(web)
    web.post(f"/api/v1/messages/{message['id']}/status", json={"status": "failed", "error_code": 1})
    entries = web.get(f"/api/v1/messages/{message['id']}/timeline").json["timeline"]
    assert [entry["status"] for entry in entries] == ["accepted", "queued", "failed"]
    assert entries[-1]["error_code"] == 1
    assert entries[0]["after_ms"] == 0


def test_raw_shows_the_request_as_inert_text_without_secrets(web: FlaskClient) -> None:
    answer = web.post(
        "/api/v1/messages",
        json=SEND | {"body": "<script>"},
        headers={"Authorization": "Bearer hunter2"},
    )
    raw = web.get(f"/api/v1/messages/{answer.json['id']}/raw")
    assert raw.mimetype == "text/plain"
    assert raw.headers["X-Content-Type-Options"] == "nosniff"
    assert raw.text.startswith("POST /api/v1/messages\n")
    assert "<script>" in raw.text
    assert "hunter" not in raw.text


def test_a_padded_request_is_not_kept_whole(web: FlaskClient) -> None:
    padded = json.dumps(SEND) + " " * 900_000
    answer = web.post("/api/v1/messages", data=padded, content_type="application/json")
    raw = web.get(f"/api/v1/messages/{answer.json['id']}/raw").text
    assert SEND["body"] in raw
    assert len(raw) < MAX_RAW + 100
    assert raw.endswith("more characters, not kept)")


def test_reply_is_an_inbound_message(web: FlaskClient) -> None:
    sent = send(web, account="a")
    answer = web.post(f"/api/v1/messages/{sent['id']}/reply", json={"body": "STOP"})
    assert answer.status_code == 201
    reply = answer.json
    assert (reply["from"], reply["to"], reply["account"]) == ("+9901234567", "Notes", "a")
    assert (reply["direction"], reply["status"]) == ("inbound", "received")
    problem(web.post("/api/v1/messages/none/reply", json={"body": "x"}), 404, "unknown_message")


def test_inbound_of_a_provider_that_is_not_imitated_is_refused(web: FlaskClient) -> None:
    body = {"from": SEND["to"], "to": "Notes", "body": "hi", "provider": "twillio"}
    problem(web.post("/api/v1/inbound", json=body), 400, "invalid_request")
    assert web.post("/api/v1/inbound", json=body | {"provider": "twilio"}).status_code == 201


def test_inbound_goes_to_the_account_that_wrote_last(web: FlaskClient) -> None:
    send(web, account="a")
    body = {"from": "+9901234567", "to": "Notes", "body": "hi"}
    assert web.post("/api/v1/inbound", json=body).json["account"] == "a"
    assert web.post("/api/v1/inbound", json=body | {"to": "Shop"}).json["account"] == "default"
    assert web.post("/api/v1/inbound", json=body | {"account": "b"}).json["account"] == "b"


def test_status_moves_forward_only(web: FlaskClient) -> None:
    path = f"/api/v1/messages/{send(web)['id']}/status"
    assert web.post(path, json={"status": "sent"}).json["status"] == "sent"
    answer = web.post(path, json={"status": "undelivered", "error_code": "30003"})
    assert (answer.json["status"], answer.json["error_code"]) == ("undelivered", "30003")
    problem(web.post(path, json={"status": "sent"}), 409, "status_conflict")
    problem(web.post(path, json={"status": "lost"}), 400, "invalid_request")
    problem(web.post(path, json={}), 400, "invalid_request")


@pytest.mark.parametrize(
    "path", ["/api/v1/fault", "/api/v1/nothing", "/api/v2", "/api/v1/messages/"]
)
def test_unknown_path_is_a_problem(web: FlaskClient, path: str) -> None:
    problem(web.get(path), 404, "not_found")


def test_wrong_method_is_405_and_names_the_right_ones(web: FlaskClient) -> None:
    answer = web.patch("/api/v1/messages", json={})
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]
