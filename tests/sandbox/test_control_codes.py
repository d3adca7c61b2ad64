import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem, send

NUMBER = "/api/v1/codes/+9901234567"


def test_newest_code_is_read_again_and_again(web: FlaskClient) -> None:
    send(web, body="code 111111")
    newest = send(web, body="code 222222")
    expected = {
        "code": "222222",
        "message_id": newest["id"],
        "confidence": 0.95,
        "candidates": ["222222"],
    }
    assert web.get(NUMBER).json == web.get(NUMBER).json == expected


@pytest.mark.parametrize("number", ["9901234567", "%2B9901234567", "%209901234567", "+990-1234567"])
def test_number_is_read_in_any_spelling(web: FlaskClient, number: str) -> None:
    send(web)
    assert web.get(f"/api/v1/codes/{number}").json["code"] == "482913"


def test_code_as_text_for_a_shell(web: FlaskClient) -> None:
    send(web)
    answer = web.get(f"{NUMBER}.txt")
    assert (answer.text, answer.mimetype) == ("482913\n", "text/plain")


def test_no_code_is_404_with_a_cure(web: FlaskClient) -> None:
    send(web, body="hello")
    problem(web.get(NUMBER), 404, "no_code")
    problem(web.get(f"{NUMBER}.txt"), 404, "no_code")
    send(web, account="a")
    problem(web.get(f"{NUMBER}?account=b"), 404, "no_code")
    problem(web.get("/api/v1/codes/abc"), 400, "invalid_request")


def test_claims_hand_out_each_code_once_in_order(web: FlaskClient) -> None:
    for code in ("111111", "222222"):
        send(web, body=f"code {code}")
    codes = [web.post(f"{NUMBER}/claim", json={}).json["code"] for _ in range(2)]
    assert codes == ["111111", "222222"]
    late = problem(web.post(f"{NUMBER}/claim", json={"timeout": 0}), 408, "timeout")
    assert late["arrived"][0]["differs"] == ["claimed"]
    assert late["waited_ms"] >= 0


def test_claim_of_another_account_leaves_the_code(web: FlaskClient) -> None:
    send(web, account="a")
    problem(web.post(f"{NUMBER}/claim", json={"timeout": 0, "account": "b"}), 408, "timeout")
    assert web.post(f"{NUMBER}/claim", json={"account": "a"}).json["code"] == "482913"


def test_wait_answers_messages_and_a_cursor_to_go_on(web: FlaskClient) -> None:
    first = send(web)
    answer = web.post("/api/v1/wait", json={"match": {"to": " 9901234567"}, "timeout": 0}).json
    assert answer["messages"] == [first]
    second = send(web)
    wish = {"after": answer["cursor"], "claim": False, "timeout": 0}
    assert web.post("/api/v1/wait", json=wish).json["messages"] == [second]


def test_wait_takes_the_newest_or_those_since_a_time(web: FlaskClient) -> None:
    send(web)
    newest = send(web)
    peek = {"claim": False, "timeout": 0}
    assert web.post("/api/v1/wait", json=peek | {"order": "newest"}).json["messages"] == [newest]
    problem(web.post("/api/v1/wait", json=peek | {"since": "2099-01-01T00:00:00Z"}), 408, "timeout")
    since = newest["created_at"]
    for moment in (since, "0001-01-01T00:00:00+14:00"):
        assert web.post("/api/v1/wait", json=peek | {"since": moment}).status_code == 200


def test_absence(web: FlaskClient) -> None:
    wish = {"absent": True, "timeout": 0}
    assert web.post("/api/v1/wait", json=wish).json["messages"] == []
    sent = send(web)
    assert problem(web.post("/api/v1/wait", json=wish), 409, "unwanted_message")["message"] == sent


@pytest.mark.parametrize(
    "wish",
    [
        {"timeout": -1},
        {"timeout": 121},
        {"timeout": "10"},
        {"timeout": True},
        {"count": 0},
        {"count": 101},
        {"count": 1.5},
        {"match": []},
        {"match": {"tag": "x"}},
        {"claim": 1},
        {"until_status": "read"},
        {"after": 5},
        {"after": "x"},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"order": "random"},
        {"absent": True, "count": 2},
        {"match": {"body_regex": "("}},
        {"match": {"body_regex": "(?=x)"}},
        {"wait": 1},
        {"match": {"has_code": "yes"}},
        {"match": {"status": 1}},
    ],
    ids=str,
)
def test_bad_wish_is_400(web: FlaskClient, wish: dict) -> None:
    problem(web.post("/api/v1/wait", json=wish), 400, "invalid_request")
