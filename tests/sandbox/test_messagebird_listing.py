import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import (
    KEY,
    NOTES,
    OTHER,
    ROOT,
    TO,
    error,
    get,
    key,
    listed,
    send,
)
from sandbox.time_calls import move_on

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.messagebird.messages.listing import FILTERS


def test_list_is_paged_and_says_where_the_other_pages_are(web: FlaskClient) -> None:
    sent = [send(web, recipients=[TO, OTHER])["id"] for _ in range(5)][::-1]
    page = get(web, "/messages", limit=2, offset=2, type="sms")
    assert list(page) == ["offset", "limit", "count", "totalCount", "links", "items"]
    assert (page["offset"], page["limit"], page["count"], page["totalCount"]) == (2, 2, 2, 5)
    assert [one["id"] for one in page["items"]] == sent[2:4]
    root = "https://rest.messagebird.com/messages/?type=sms&limit=2&offset="
    assert page["links"] == {
        "first": f"{root}0",
        "previous": f"{root}0",
        "next": f"{root}4",
        "last": f"{root}4",
    }
    last = get(web, "/messages", limit=2, offset=4)
    assert (last["links"]["next"], last["count"]) == (None, 1)
    assert (listed(web), listed(web, offset=9)) == (sent, [])


def test_list_is_filtered(web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
    first = send(web, body="Hello WORLD", recipients=OTHER)["id"]
    lost = send(web, recipients="15035550100")["id"]
    move_on(sandbox, clock, 60)
    flash = send(web, type="flash", originator="31610000001")["id"]
    inbound = {"account": KEY, "provider": "messagebird", "from": f"+{TO}", "to": "+31610000001"}
    web.post("/api/v1/inbound", json={**inbound, "body": "Hi"})
    (received,) = listed(web, direction="mo")
    assert listed(web, direction="mt") == [flash, lost, first]
    assert listed(web, originator="31610000001") == [flash]
    assert listed(web, originator=NOTES) == [lost, first]
    assert listed(web, originator=TO) == [received]
    assert listed(web, recipient=OTHER) == [first]
    assert listed(web, searchterm="world") == [first]
    assert listed(web, type="flash") == [flash]
    assert listed(web, contact_id="1") == []
    assert listed(web, status="delivered") == [received, first]
    assert listed(web, status="delivery_failed") == [lost]
    assert listed(web, status="sent") == [flash]
    assert listed(web, status="scheduled") == []
    since = "2027-01-15T08:00:30+00:00"
    assert listed(web, **{"from": since}) == [received, flash]
    assert listed(web, until=since) == [lost, first]
    plain = web.get(f"{ROOT}/messages?from={since}", headers=key())
    assert plain.json["totalCount"] == 2


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"limit": "0" * 11 + "1" + "9" * 30}, "limit"),
        ({"offset": "0" * 12 + "9" * 30}, "offset"),
        ({"offset": "0" * 5000}, "offset"),
        ({"status": "lost"}, "status"),
        ({"direction": "up"}, "direction"),
        ({"type": "mms"}, "type"),
        ({"from": "yesterday"}, "from"),
        ({"until": "99999-01-01"}, "until"),
    ],
)
def test_filter_that_cannot_be_used_is_named(
    web: FlaskClient, query: dict[str, str], parameter: str
) -> None:
    answer = web.get(f"{ROOT}/messages", query_string=query, headers=key())
    assert (answer.status_code, error(answer)[0], error(answer)[2]) == (422, 10, parameter)


def test_no_value_of_a_filter_makes_the_list_fail(web: FlaskClient) -> None:
    send(web)
    for name in (*FILTERS, "limit", "offset"):
        for value in ("", " ", "\x00", "'", "%", "x" * 3000, "９", "-1", "1e9"):
            answer = web.get(f"{ROOT}/messages", query_string={name: value}, headers=key())
            assert answer.status_code in (200, 422), (name, value)
