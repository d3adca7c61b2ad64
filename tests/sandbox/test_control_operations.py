import re

from flask.testing import FlaskClient
from sandbox.control_calls import send

from sms_sandbox.app import Sandbox


def test_health_shows_the_cap_and_what_it_cost(web: FlaskClient) -> None:
    send(web)
    health = web.get("/healthz").json
    assert 0 < health.pop("bytes") < 1000
    assert health == {
        "status": "ok",
        "messages": 1,
        "retention": {"messages": 10_000, "seconds": None, "bytes": 2 << 30},
        "pruned": 0,
    }


def test_ready_while_the_timeline_runs(web: FlaskClient, sandbox: Sandbox) -> None:
    assert web.get("/readyz").json == {"status": "ready"}
    sandbox.timeline.stop()
    assert web.get("/readyz").status_code == 503


def test_closed_storage_is_503_with_retry_after(web: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.close()
    for path in ("/healthz", "/readyz", "/api/v1/messages"):
        answer = web.get(path)
        assert answer.status_code == 503
        assert answer.json["code"] == "storage_unavailable"
        assert int(answer.headers["Retry-After"]) >= 1


def test_metrics_are_in_the_exposition_format(web: FlaskClient) -> None:
    send(web)
    web.post("/api/v1/wait", json={"timeout": 0})
    answer = web.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    for line in answer.text.splitlines():
        assert re.fullmatch(r"# TYPE \w+ (counter|gauge)|\w+ \d+", line), line
    for line in (
        "sms_sandbox_stored_messages 1",
        "sms_sandbox_outbound_messages_total 1",
        "sms_sandbox_waits_answered_total 1",
        "sms_sandbox_open_streams 0",
    ):
        assert line in answer.text.splitlines()
