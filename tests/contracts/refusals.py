"""How each vendor says no in its own words, and which of our failures that is.

Every sentence of a vendor's names `NUMBER`, as they do: nobody is to repeat it.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence

from scripted_server import Behaviour, answer, drip, drop, raw, silence

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.wire import MAX_ANSWER

NUMBER = "447911123456"
PAGE = b"<html>sorry</html>"
BOMB = gzip.compress(b" " * 50_000_000)
NOT_A_NUMBER = "Invalid parameter: PhoneNumber Reason: +447 is not valid to publish to"

Meaning = tuple[type[SendFailed], str]

THE_NUMBER: Meaning = (NumberRefused, "number_refused")
CREDENTIALS: Meaning = (AccountRefused, "credentials_refused")
CREDIT: Meaning = (AccountRefused, "out_of_credit")
NOT_ALLOWED: Meaning = (AccountRefused, "not_allowed")
REGION: Meaning = (AccountRefused, "region_not_enabled")
REQUEST: Meaning = (AccountRefused, "request_refused")
SENDER: Meaning = (AccountRefused, "sender_refused")
ACCOUNT: Meaning = (AccountRefused, "account_unknown")
STRANGER: Meaning = (AccountRefused, "not_a_sandbox")
THROTTLED: Meaning = (ProviderDown, "throttled")
SERVER: Meaning = (ProviderDown, "server_error")
LOST: Meaning = (SendUncertain, "connection_lost")
SILENT: Meaning = (SendUncertain, "read_timeout")
UNREADABLE: Meaning = (SendUncertain, "unreadable_answer")


def by_sandbox(status: int, pointer: str) -> Behaviour:
    errors = [{"pointer": pointer, "detail": f"not {NUMBER}"}]
    return answer(status, {"code": "invalid_request", "errors": errors})


def by_twilio(status: int, code: object) -> Behaviour:
    said = {"code": code, "message": f"not to +{NUMBER}", "more_info": "", "status": status}
    return answer(status, said)


def as_problem(status: int, said: object, code: object) -> Behaviour:
    """Twilio's other form, of which the SDK reads the status as well."""
    return answer(status, {"type": "t", "title": NUMBER, "status": said, "code": code})


def by_plivo(status: int, text: object) -> Behaviour:
    return answer(status, {"api_id": "x", "error": text})


def by_messagebird(status: int, code: int, parameter: str | None = None) -> Behaviour:
    one = {"code": code, "description": f"about {NUMBER}", "parameter": parameter}
    return answer(status, {"errors": [one]})


def by_vonage(status: int, code: str = "", *names: str) -> Behaviour:
    wrong = [{"name": name, "reason": NUMBER} for name in names]
    kind = f"https://developer.vonage.com/api-errors/messages#{code}"
    said = {"type": kind, "title": "x", "detail": NUMBER}
    return answer(status, said | ({"invalid_parameters": wrong} if names else {}))


def by_aws(status: int, code: str, text: str = f"not to +{NUMBER}", head: str = "") -> Behaviour:
    document = (
        f'{head}<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>"
    )
    return answer(status, document.encode())


REFUSALS: Mapping[str, Mapping[Meaning, Sequence[Behaviour]]] = {
    "sandbox": {
        THE_NUMBER: [by_sandbox(400, "/to"), by_sandbox(422, "/to")],
        REQUEST: [by_sandbox(400, "/body"), answer(400, PAGE), answer(421)],
        CREDENTIALS: [answer(401), answer(403)],
        STRANGER: [answer(404), answer(302, Location="/elsewhere")],
        THROTTLED: [answer(429)],
        SERVER: [answer(500), answer(503, b"x" * 100_000)],
        UNREADABLE: [
            *(answer(201), answer(201, b"\xff not json"), answer(201, b"[" * 60_000)),
            *(answer(201, ["m-1"]), answer(201, {"id": 7}), answer(201, {"id": ""})),
            *(answer(201, {"id": "x" * 200}), answer(201, {"id": "m-1", "pad": "x" * MAX_ANSWER})),
            raw(b'HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\n{"id": "m-1"}'),
            drip,
        ],
        SILENT: [silence],
        LOST: [drop, raw(b""), raw(b"SSH-2.0-OpenSSH\r\n")],
    },
    "twilio": {
        THE_NUMBER: [by_twilio(400, code) for code in (21211, 21610, 21614, 30003)],
        SENDER: [by_twilio(400, 21606), by_twilio(400, 21703)],
        REGION: [by_twilio(400, 21408)],
        REQUEST: [
            *(by_twilio(400, 21602), by_twilio(400, {"x": 1}), by_twilio(400, "21211")),
            *(answer(400, PAGE), answer(400, [21211]), answer(302, b"", Location="/elsewhere")),
        ],
        CREDENTIALS: [by_twilio(400, 20003), by_twilio(401, 20003), by_twilio(403, 20008)],
        ACCOUNT: [by_twilio(404, 20404)],
        THROTTLED: [
            *(by_twilio(429, 20429), by_twilio(400, 21611)),
            answer(429, {"type": "t", "title": "t", "status": 429, "code": 20429}),
        ],
        SERVER: [by_twilio(500, 20500), answer(503, PAGE)],
        UNREADABLE: [
            *(answer(201, PAGE), answer(201, b"[" * 50_000), answer(201, ["sid"])),
            *(answer(201, {"status": "queued"}), answer(204), answer(201, b" " * (MAX_ANSWER + 1))),
            *(answer(201, BOMB, Content_Encoding="gzip"), drip),
        ],
        SILENT: [silence],
        LOST: [drop, raw(b"nonsense\r\n\r\n")],
    },
    "plivo": {
        THE_NUMBER: [
            by_plivo(400, f"dst +{NUMBER} is not valid"),
            by_plivo(400, "Invalid Destination number"),
            by_plivo(400, {"dst": 1}),
            answer(207, {"message_uuid": [], "invalid_number": [NUMBER]}),
        ],
        SENDER: [by_plivo(400, "src is not valid"), by_plivo(400, "powerpack_uuid is unknown")],
        REQUEST: [
            by_plivo(400, "text parameter not present"),
            by_plivo(405, "not allowed"),
            by_plivo(409, "conflict"),
        ],
        CREDENTIALS: [answer(401, b"Could not verify your access")],
        CREDIT: [by_plivo(402, "Insufficient Credit")],
        REGION: [by_plivo(403, "no permission for dst")],
        ACCOUNT: [by_plivo(404, "not found")],
        THROTTLED: [by_plivo(429, "too many requests")],
        SERVER: [by_plivo(500, "internal server error, dst")],
        UNREADABLE: [answer(202, {"message_uuid": ids}) for ids in ("m-1", [], [7])],
    },
    "messagebird": {
        THE_NUMBER: [
            by_messagebird(status, code, "recipients")
            for status, code in ((422, 9), (422, 10), (400, 10))
        ],
        SENDER: [by_messagebird(422, 10, "originator")],
        REQUEST: [
            *(by_messagebird(422, 9, "body"), by_messagebird(403, 2, "recipients")),
            *(by_messagebird(404, 98), answer(422, {"errors": []})),
            answer(422, {"errors": ["recipients"]}),
            answer(422, {"errors": {"parameter": "recipients"}}),
            answer(422, {"errors": [{"code": [], "parameter": []}]}),
        ],
        CREDIT: [by_messagebird(422, 25), by_messagebird(402, 25), answer(402, b"?")],
        CREDENTIALS: [by_messagebird(401, 2, "access_key"), answer(401, b"")],
        THROTTLED: [by_messagebird(429, 21, "recipients")],
        SERVER: [by_messagebird(500, 99, "recipients")],
        UNREADABLE: [answer(201, said) for said in ({"id": ""}, {"id": 7}, {"errors": []})],
    },
    "vonage": {
        THE_NUMBER: [
            *(by_vonage(422, "1150", "to"), by_vonage(422, "1150", "text", "to")),
            *(by_vonage(403, "1050"), by_vonage(422, "1170"), by_vonage(422, "1240")),
        ],
        SENDER: [by_vonage(422, "1150", "from"), by_vonage(422, "1120")],
        REQUEST: [
            *(by_vonage(422, "1150", "text"), by_vonage(422, "1150")),
            answer(422, {"invalid_parameters": ["to", 7, None]}),
            answer(422, {"invalid_parameters": "to"}),
        ],
        NOT_ALLOWED: [by_vonage(403, "1060"), by_vonage(403, "forbidden")],
        CREDIT: [by_vonage(402, "low-balance"), by_vonage(402, "1070")],
        REGION: [by_vonage(403, "1160")],
        CREDENTIALS: [by_vonage(401, "unauthorized")],
        ACCOUNT: [by_vonage(404, "not-found")],
        THROTTLED: [by_vonage(429, "1000")],
        SERVER: [by_vonage(500, "1030"), by_vonage(503, "1240")],
        UNREADABLE: [answer(202, {"message_uuid": 7}), answer(202, {"message_uuid": None})],
        LOST: [drop],
    },
    "sns": {
        THE_NUMBER: [
            by_aws(400, "InvalidParameter", NOT_A_NUMBER),
            by_aws(400, "ParameterValueInvalid", NOT_A_NUMBER),
            by_aws(400, "OptedOut"),
        ],
        REQUEST: [by_aws(400, "InvalidParameter", "Empty message"), by_aws(400, "KMSDisabled")],
        NOT_ALLOWED: [by_aws(403, "AuthorizationError"), by_aws(403, "AccessDenied")],
        CREDENTIALS: [
            *(by_aws(403, "InvalidClientTokenId"), by_aws(403, "SignatureDoesNotMatch")),
            *(by_aws(403, "ExpiredToken"), by_aws(403, "OfTomorrow")),
        ],
        THROTTLED: [
            *(by_aws(400, "Throttling"), by_aws(429, "Throttled")),
            by_aws(400, "ThrottlingException"),
            by_aws(400, "Throttling", head="<?xml version='1.0' encoding='utf-8'?>\n"),
        ],
        SERVER: [by_aws(500, "InternalError"), by_aws(503, "ServiceUnavailable")],
        UNREADABLE: [
            answer(200, b"<PublishResponse/>"),
            answer(200, b"<PublishResponse><PublishResult/></PublishResponse>"),
            answer(400, b"<ErrorResponse"),
        ],
    },
}

LOGGED: Mapping[str, Mapping[str, Behaviour]] = {
    "twilio": {
        "answered 400, error code 21606": by_twilio(400, 21606),
        "answered 400, error code none": by_twilio(400, int(NUMBER)),
        "answered none, error code none": as_problem(400, int(NUMBER), NUMBER),
        "answered none, error code 21606": as_problem(400, NUMBER, 21606),
    },
    "plivo": {"answered 403": by_plivo(403, f"may not send to +{NUMBER}")},
    "messagebird": {"answered 422, error code 25": by_messagebird(422, 25)},
    "vonage": {
        "answered 422, error code 1120": by_vonage(422, "1120", "from"),
        "answered 403, error code none": by_vonage(403, f"of {NUMBER}"),
    },
    "sns": {
        "answered 403, error code AuthorizationError": by_aws(403, "AuthorizationError"),
        "answered 403, error code none": by_aws(403, f"To{NUMBER}"),
    },
}
"""What the log says of a refusal that is not the number's own."""
