import json

import pytest
from flask.testing import FlaskClient
from sandbox.twilio_calls import ACCOUNT, basic
from sandbox.verify_calls import TO, ask, bodies, read, refusal, service, start

from sms_sandbox.clock import FrozenClock


def limit(web: FlaskClient, path: str, name: str = "ip") -> str:
    """The path of a new rate limit."""
    answer = ask(web, f"{path}/RateLimits", UniqueName=name)
    assert answer.status_code == 201, answer.text
    return f"{path}/RateLimits/{answer.json['sid']}"


def bucket(web: FlaskClient, path: str, most: int, interval: int) -> str:
    """The path of a new bucket."""
    answer = ask(web, f"{path}/Buckets", Max=str(most), Interval=str(interval))
    assert answer.status_code == 201, answer.text
    return f"{path}/Buckets/{answer.json['sid']}"


def send(web: FlaskClient, path: str, to: str, **values: str) -> int:
    form = {"To": to, "Channel": "sms", "RateLimits": json.dumps(values)}
    return ask(web, f"{path}/Verifications", **form).status_code


def test_a_rate_limit_and_its_bucket_have_exactly_verifys_keys(web: FlaskClient) -> None:
    path = service(web)
    form = {"UniqueName": "end.user-ip", "Description": "by address"}
    shown = ask(web, f"{path}/RateLimits", **form).json
    dates = {"date_created": "2027-01-15T08:00:00Z", "date_updated": "2027-01-15T08:00:00Z"}
    url = f"http://localhost{path}/RateLimits/{shown['sid']}"
    assert shown["sid"].startswith("RK")
    assert shown == {
        "sid": shown["sid"],
        "service_sid": path.rpartition("/")[2],
        "account_sid": ACCOUNT,
        "unique_name": "end.user-ip",
        "description": "by address",
        **dates,
        "url": url,
        "links": {"buckets": f"{url}/Buckets"},
    }
    one = f"{path}/RateLimits/{shown['sid']}"
    assert read(web, one).json == shown
    made = ask(web, f"{one}/Buckets", Max="5", Interval="60").json
    assert made["sid"].startswith("BL")
    assert made == {
        "sid": made["sid"],
        "rate_limit_sid": shown["sid"],
        "service_sid": shown["service_sid"],
        "account_sid": ACCOUNT,
        "max": 5,
        "interval": 60,
        **dates,
        "url": f"{url}/Buckets/{made['sid']}",
    }
    assert read(web, f"{one}/Buckets/{made['sid']}").json == made


def test_both_are_listed_changed_and_deleted(web: FlaskClient) -> None:
    path = service(web)
    one = limit(web, path)
    small = bucket(web, one, 1, 60)
    assert [x["unique_name"] for x in read(web, f"{path}/RateLimits").json["rate_limits"]] == ["ip"]
    listed = read(web, f"{one}/Buckets").json
    assert [x["interval"] for x in listed["buckets"]] == [60]
    assert listed["meta"]["url"] == f"http://localhost{one}/Buckets?PageSize=50&Page=0"
    assert ask(web, one, Description="new").json["description"] == "new"
    assert ask(web, one).json["description"] == "new"
    changed = ask(web, small, Max="2").json
    assert (changed["max"], changed["interval"]) == (2, 60)
    assert ask(web, small, Interval="30").json["interval"] == 30
    assert web.delete(small, headers=basic()).status_code == 204
    assert read(web, small).json["code"] == 20404
    bucket(web, one, 1, 60)
    assert web.delete(one, headers=basic()).status_code == 204
    assert read(web, one).json["code"] == 20404
    assert read(web, f"{one}/Buckets").json["code"] == 20404
    assert limit(web, path) != one


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 60200),
        ({"UniqueName": "has space"}, 60209),
        ({"UniqueName": "a" * 65}, 60209),
        ({"UniqueName": "ok", "Description": "a\nb"}, 60200),
        ({"UniqueName": "taken"}, 60208),
    ],
)
def test_a_rate_limit_that_cannot_be_is_refused(
    web: FlaskClient, form: dict[str, str], code: int
) -> None:
    path = service(web)
    limit(web, path, "taken")
    assert refusal(ask(web, f"{path}/RateLimits", **form))[:2] == (400, code)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Max": "5"}, 60200),
        ({"Interval": "60"}, 60200),
        ({"Max": "0", "Interval": "60"}, 60200),
        ({"Max": "5", "Interval": "86401"}, 60200),
        ({"Max": "x", "Interval": "60"}, 60200),
        ({"Max": "9", "Interval": "10"}, 60211),
    ],
)
def test_a_bucket_that_cannot_be_is_refused(
    web: FlaskClient, form: dict[str, str], code: int
) -> None:
    one = limit(web, service(web))
    bucket(web, one, 1, 10)
    other = bucket(web, one, 1, 20)
    assert refusal(ask(web, f"{one}/Buckets", **form))[:2] == (400, code)
    assert refusal(ask(web, other, Interval="10"))[:2] == (400, 60211)


def test_their_numbers_are_bounded(web: FlaskClient) -> None:
    path = service(web)
    paths = [limit(web, path, f"limit{number}") for number in range(10)]
    one = paths[0]
    assert ask(web, f"{path}/RateLimits", UniqueName="more").json["code"] == 60207
    for number in range(10):
        bucket(web, one, 1, 60 + number)
    assert ask(web, f"{one}/Buckets", Max="1", Interval="600").json["code"] == 60210


def test_a_limit_refuses_the_start_that_is_one_too_many(
    web: FlaskClient, clock: FrozenClock
) -> None:
    path = service(web)
    bucket(web, limit(web, path), 2, 60)
    assert send(web, path, "+12015550101", ip="192.0.2.1") == 201
    assert send(web, path, "+12015550102", ip="192.0.2.1") == 201
    form = {"To": TO, "Channel": "sms", "RateLimits": '{"ip": "192.0.2.1"}'}
    answer = ask(web, f"{path}/Verifications", **form)
    assert refusal(answer) == (429, 20429, "Too many requests")
    assert len(bodies(web)) == 2
    assert send(web, path, "+12015550103", ip="192.0.2.2") == 201
    start(web, path)
    clock.advance(60)
    assert send(web, path, "+12015550104", ip="192.0.2.1") == 201


def test_every_bucket_of_every_named_limit_counts(web: FlaskClient, clock: FrozenClock) -> None:
    path = service(web)
    by_address, by_device = limit(web, path, "ip"), limit(web, path, "device")
    bucket(web, by_address, 1, 10)
    bucket(web, by_address, 2, 60)
    bucket(web, by_device, 1, 3600)
    assert send(web, path, "+12015550101", ip="a") == 201
    assert send(web, path, "+12015550102", ip="a") == 429
    clock.advance(10)
    assert send(web, path, "+12015550103", ip="a", device="d") == 201
    clock.advance(10)
    assert send(web, path, "+12015550104", ip="a") == 429
    assert send(web, path, "+12015550105", ip="b", device="d") == 429
    assert send(web, path, "+12015550105", ip="b") == 201


def test_any_value_can_be_counted(web: FlaskClient) -> None:
    path = service(web)
    bucket(web, limit(web, path), 1, 60)
    for number, value in enumerate(("\ud800", "\0", "ü" * 256)):
        assert send(web, path, f"+1201555011{number}", ip=value) == 201
        assert send(web, path, f"+1201555012{number}", ip=value) == 429


def test_a_refused_start_spends_nothing(web: FlaskClient) -> None:
    path = service(web)
    bucket(web, limit(web, path), 6, 3600)
    for _ in range(5):
        assert send(web, path, TO, ip="a") == 201
    for _ in range(3):
        assert send(web, path, TO, ip="a") == 429
    assert send(web, path, "+12015550199", ip="a") == 201
    assert send(web, path, "+12015550198", ip="a") == 429


def test_a_name_that_limits_nothing_is_refused(web: FlaskClient) -> None:
    path = service(web)
    limit(web, path, "ip")
    form = {"To": TO, "Channel": "sms", "RateLimits": '{"adress": "x"}'}
    answer = ask(web, f"{path}/Verifications", **form)
    assert refusal(answer) == (400, 60200, "Invalid parameter: RateLimits")


def test_limits_of_another_service_are_not_found(web: FlaskClient) -> None:
    path, other = service(web), service(web)
    sid = limit(web, path).rpartition("/")[2]
    assert read(web, f"{other}/RateLimits/{sid}").status_code == 404
    assert ask(web, f"{other}/RateLimits/{sid}/Buckets", Max="1", Interval="1").status_code == 404
    unknown = "/twilio/v2/Services/VA" + "0" * 32
    assert read(web, f"{unknown}/RateLimits").status_code == 404
    assert ask(web, f"{unknown}/RateLimits", UniqueName="ip").status_code == 404
