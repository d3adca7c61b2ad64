import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox.aws_calls import TO, ask, only_message, publish, refused, said, send_raw, signed

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.facades.aws import query
from sms_sandbox.facades.aws.actions import ACTIONS


@pytest.mark.parametrize(
    ("action", "version", "code", "text"),
    [
        (
            "CreateTopic",
            "2010-03-31",
            "InvalidAction",
            "operation CreateTopic for version 2010-03-31",
        ),
        ("Publish", "2011-01-01", "InvalidAction", "operation Publish for version 2011-01-01"),
        ("", "2010-03-31", "MissingAction", "missing an action"),
        ("<b>" * 100, "2010-03-31", "InvalidAction", "operation <b><b>"),
    ],
)
def test_an_unknown_action_is_refused_by_name(
    web: FlaskClient, action: str, version: str, code: str, text: str
) -> None:
    answer = web.post("/aws", data={"Action": action, "Version": version}, headers=signed())
    status, fault, said_code, said = refused(answer)
    assert (status, fault, said_code) == (400, "Sender", code)
    assert text in said


def test_a_request_without_a_version_is_told_so(web: FlaskClient) -> None:
    answer = web.post("/aws", data={"Action": "Publish"}, headers=signed())
    assert "for version NO_VERSION_SPECIFIED" in refused(answer)[3]


@pytest.mark.parametrize("path", ["/aws/x", "/aws/sns/topics", "/aws/%00", "/aws/sns/../x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_other_addresses_are_refused_in_awss_form(web: FlaskClient, path: str, method: str) -> None:
    answer = web.open(path, method=method, headers=signed())
    assert refused(answer)[:3] == (404, "Sender", "UnknownOperationException")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_in_awss_form(web: FlaskClient, method: str) -> None:
    answer = web.open("/aws", method=method, headers=signed())
    assert refused(answer)[:3] == (404, "Sender", "UnknownOperationException")


@pytest.mark.parametrize(
    "body",
    [
        b"Message=%FF%FE",
        b"\xff\xfe",
        b"&".join(b"a=1" for _ in range(query.MAX_FIELDS + 1)),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(web: FlaskClient, body: bytes) -> None:
    answer = web.post("/aws", data=body, headers=signed())
    assert refused(answer)[:3] == (404, "Sender", "MalformedQueryString")


def test_a_body_over_the_limit_is_refused_in_awss_form(web: FlaskClient) -> None:
    answer = ask(web, "Publish", PhoneNumber=TO, Message="x" * (2 << 20))
    assert refused(answer)[2:] == ("InvalidParameter", "Invalid parameter: Message too long")
    answer = send_raw(web, "x" * (2 << 20))
    assert said(answer)[:2] == (400, "ValidationException")


def test_hostile_text_stays_text(web: FlaskClient) -> None:
    answer = ask(web, "Publish", PhoneNumber="+<b>&\x00\x1b\u202e", Message="x")
    assert refused(answer)[3] == (
        "Invalid parameter: PhoneNumber Reason: +<b>&\ufffd\ufffd\u202e is not valid to publish to"
    )
    ask(web, "Publish", PhoneNumber=TO, Message="<Message>&amp;\u202e</Message>")
    assert only_message(web)["body"] == "<Message>&amp;\u202e</Message>"


def test_another_host_is_turned_away_in_awss_form(web: FlaskClient) -> None:
    answer = web.post("/aws", data="", headers=signed(Host="evil.example"))
    assert refused(answer)[:3] == (421, "Sender", "Misdirected")


def test_of_two_parameters_alike_the_first_counts() -> None:
    assert query.parse(b"a=1", b"a=2&b=&b=3") == {"a": "1", "b": ""}


def test_lists_and_maps_are_read_in_the_order_of_their_numbers() -> None:
    parameters = {
        "x.member.10": "c",
        "x.member.2": "b",
        "x.member.1": "a",
        "x.member.01": "no",
        "x.member.x": "no",
        "y.entry.1.key": "k",
        "y.entry.1.value": "v",
        "y.entry.2.Value.DataType": "String",
    }
    assert query.members(parameters, "x") == ["a", "b", "c"]
    assert query.entries(parameters, "y") == [
        {"key": "k", "value": "v"},
        {"Value.DataType": "String"},
    ]


NAMES = st.sampled_from(
    [
        *("PhoneNumber", "phoneNumber", "Message", "MessageStructure", "TopicArn", "NextToken"),
        *("nextToken", "MaxResults", "OneTimePassword", "LanguageCode", "attributes.member.1"),
        *("attributes.entry.1.key", "attributes.entry.1.value", "MessageAttributes.entry.1.Name"),
        *(
            "MessageAttributes.entry.1.Value.DataType",
            "MessageAttributes.entry.1.Value.StringValue",
        ),
    ]
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([TO, "+14105550100", "json", "1", "String", "AWS.SNS.SMS.MaxPrice", "e30="]),
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(action=st.sampled_from(sorted(ACTIONS)), asked=st.dictionaries(NAMES, VALUES, max_size=5))
def test_no_parameters_are_answered_with_a_500(
    web: FlaskClient, action: str, asked: dict[str, str]
) -> None:
    plain = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    answer = web.post(
        "/aws", data={"Action": action, "Version": "2010-03-31"} | plain, headers=signed()
    )
    assert answer.status_code in (200, 400, 404), answer.text
    assert answer.content_type == "text/xml"


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    body=st.one_of(
        st.binary(max_size=50),
        st.dictionaries(
            st.sampled_from(["DestinationPhoneNumber", "MessageBody", "MaxPrice", "Context"]),
            st.recursive(
                st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), VALUES),
                lambda inner: (
                    st.lists(inner, max_size=2) | st.dictionaries(VALUES, inner, max_size=2)
                ),
                max_leaves=3,
            ),
        ).map(lambda one: json.dumps(one).encode()),
    )
)
def test_no_json_is_answered_with_a_500(web: FlaskClient, body: bytes) -> None:
    status, kind, _ = said(send_raw(web, body))
    assert (status == 200) == (kind == "")
    assert status in (200, 400)


def test_with_a_seed_the_same_ids_come_again(make_sandbox: Callable[..., Sandbox]) -> None:
    runs = []
    for _ in range(2):
        web = create_app(make_sandbox(seed=7)).test_client()
        runs.append([publish(web, "one"), publish(web, "two")])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]
