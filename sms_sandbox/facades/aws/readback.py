"""The path where LocalStack shows the text messages of SNS, answered in its form.

Source: https://docs.localstack.cloud/aws/services/sns/.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from flask import Blueprint, Response, jsonify, request

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.facades.base import Room
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import parse_number
from sms_sandbox.storage import Filter, submissions

PATH = "/_aws/sns/sms-messages"
MAX_SHOWN = 1000
"""Messages in one answer: the newest."""

_BATCH = 500
_ACCOUNT = "000000000000"
_REGION = "us-east-1"


def create_blueprint(room: Room) -> Blueprint:
    """The two methods of the path; the sandbox's password, if there is one, is asked for as in
    the control API."""
    blueprint = Blueprint("localstack", __name__)

    def show() -> Response:
        number = request.args.get("phoneNumber")
        found = [_show(*one) for one in islice(_find(room), MAX_SHOWN)][::-1]
        shown: dict[str, list[dict[str, object]]] = {} if number is None else {number: []}
        for one in found:
            shown.setdefault(number or str(one["PhoneNumber"]), []).append(one)
        return jsonify(sms_messages=shown, region=_region())

    def forget() -> Response:
        """The vendor's list forgets; the inbox keeps what its handsets have received."""
        for message, _ in _find(room):
            with room.database.write() as connection:
                submissions.delete(connection, message.seq)
        return Response(status=204)

    blueprint.add_url_rule(PATH, view_func=show, methods=["GET"])
    blueprint.add_url_rule(PATH, view_func=forget, methods=["DELETE"])
    return blueprint


def _find(room: Room) -> Iterator[tuple[Message, Submission]]:
    """The messages that the query means, newest first."""
    account = request.args.get("accountId", _ACCOUNT)
    number = request.args.get("phoneNumber")
    wanted = Filter(
        provider=PROVIDER,
        direction="outbound",
        account=None if account == _ACCOUNT else room.inbox.account_of(account),
        recipient=None if number is None else _number(number),
    )
    region = _region()
    while found := room.inbox.find(wanted, _BATCH):
        with room.database.read() as connection:
            kept = [(one, submissions.of_message(connection, one.seq)) for one in found]
        for message, submission in kept:
            if submission is not None and _is_meant(message, submission, account, region):
                yield message, submission
        wanted = replace(wanted, before=found[-1].seq)


def _is_meant(message: Message, submission: Submission, account: str, region: str) -> bool:
    facts = submission.facts
    # There an account is twelve digits, and every key that is not has the account of the noughts.
    of_account = account != _ACCOUNT or not _is_account_id(message.account)
    return facts.get("service") == "sns" and facts.get("region") == region and of_account


def _is_account_id(name: str) -> bool:
    return len(name) == 12 and name.isascii() and name.isdigit() and name != _ACCOUNT


def _region() -> str:
    return request.args.get("region", _REGION)


def _number(text: str) -> str:
    try:
        return parse_number(text, "/phoneNumber")
    except InvalidRequest:
        return text


def _show(message: Message, submission: Submission) -> dict[str, object]:
    facts = submission.facts
    return {
        "PhoneNumber": message.recipient,
        "TopicArn": None,
        "SubscriptionArn": None,
        "MessageId": submission.vendor_id,
        "Message": message.body,
        "MessageAttributes": facts.get("attributes", {}),
        "MessageStructure": facts.get("structure"),
        "Subject": facts.get("subject"),
    }
