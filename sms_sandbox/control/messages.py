"""Messages: list, one, native send, inbound, reply, status."""

from typing import Any

from flask import Response

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.message import Draft, Message, parse_status
from sms_sandbox.settings import DEFAULT_ACCOUNT
from sms_sandbox.storage import Filter

NATIVE_PROVIDER = "sandbox"
_MAX_BODY = 40_000  # 255 parts of 153 septets are 39,015
_MAX_PAGE = 200

_FILTERS = (
    Field("account", kinds.ACCOUNT, "The account, by its name."),
    Field("to", kinds.ADDRESS, "The recipient, with or without +."),
    Field("from", kinds.ADDRESS, "The sender, with or without +."),
    Field("provider", kinds.text(32, minimum=1), "The imitated provider."),
    Field("status", kinds.STATUS, "The status that it has now."),
    Field("direction", kinds.DIRECTION, "From or to the application."),
    Field("has_code", kinds.FLAG, "Whether a code was found in it."),
    Field(
        "q",
        kinds.text(200),
        "Words or a quoted phrase to search for; all must be there. A word of one or "
        "two characters is looked for among the newest 10,000 messages.",
    ),
)


def _read_position(value: Any, at: str) -> tuple[int | None, int | None]:
    """(before, after): a page's ``next`` says both, a bare cursor only the second."""
    older, _, floor = value.removeprefix("o").partition("-")
    if not value.startswith("o"):
        return None, kinds.CURSOR.read(value, at)
    return kinds.CURSOR.read(older, at), kinds.CURSOR.read(floor, at) if floor else None


_POSITION = kinds.Kind(
    {"type": "string", "pattern": "^([0-9]{1,18}|o[0-9]{1,18}(-[0-9]{1,18})?)$"},
    _read_position,
)
_LIST = Fields(
    *_FILTERS,
    Field(
        "after",
        _POSITION,
        "The `next` of a page, to continue it; or a `cursor`, for what is newer.",
        default=(None, None),
    ),
    Field(
        "limit",
        kinds.number_between(1, _MAX_PAGE, whole=True),
        "How many on a page.",
        default=50,
    ),
)
_DELETE = Fields(*_FILTERS, Field("all", kinds.FLAG, "true: every message."))
_TEXT = Field("body", kinds.text(_MAX_BODY), "The text.", required=True)
_SEND = Fields(
    Field("to", kinds.HANDSET, "The handset.", required=True),
    Field("from", kinds.SENDER, "Number or name.", required=True),
    _TEXT,
    Field("account", kinds.ACCOUNT, "A name of one's own.", default=DEFAULT_ACCOUNT),
)
_INBOUND = Fields(
    Field("from", kinds.HANDSET, "The handset.", required=True),
    Field("to", kinds.SENDER, "The app's number.", required=True),
    _TEXT,
    Field("provider", kinds.text(32, minimum=1), "Whose message it is.", default=NATIVE_PROVIDER),
    Field(
        "account",
        kinds.ACCOUNT,
        "Default: the account that last wrote to the handset from this number.",
    ),
)
_MOVE = Fields(
    Field("status", kinds.STATUS, "Where it moves.", required=True),
    Field("error_code", kinds.ERROR_CODE, "The vendor's reason."),
)


def list_messages(call: Call) -> Result:
    """One page, newest first."""
    before, after = call.query["after"]
    wanted = _filter(call, before=before, after=after)
    page = call.inbox.page(wanted, call.query["limit"])
    return {
        "messages": [message.as_json() for message in page.messages],
        "total": page.total,
        "cursor": str(page.cursor),
        "next": None if page.older is None else _position(page.older, after),
    }


def delete_messages(call: Call) -> Result:
    """Delete what the filters mean."""
    wanted = _filter(call)
    if wanted.is_open() and not call.query["all"]:
        raise InvalidRequest("This would delete every message.", hint="Give a filter, or all=true.")
    return {"deleted": call.inbox.clear(wanted)}


def send(call: Call) -> Result:
    """Native send."""
    return _created(
        call.inbox.accept(
            Draft(
                account=call.body["account"],
                provider=NATIVE_PROVIDER,
                direction="outbound",
                sender=call.body["from"],
                recipient=call.body["to"],
                body=call.body["body"],
                raw=call.raw(),
            )
        )
    )


def receive(call: Call) -> Result:
    """A message from a handset to the application."""
    handset, sender = call.body["from"], call.body["to"]
    known = sorted({NATIVE_PROVIDER, *call.inbox.providers})
    if call.body["provider"] not in known:
        raise InvalidRequest(
            "This provider is not imitated here.",
            hint=f"Known: {', '.join(known)}.",
            pointer="/provider",
        )
    account = call.body["account"] or call.inbox.account_between(handset, sender)
    return _created(
        call.inbox.accept(
            Draft(
                account=account or DEFAULT_ACCOUNT,
                provider=call.body["provider"],
                direction="inbound",
                sender=handset,
                recipient=sender,
                body=call.body["body"],
                raw=call.raw(),
            )
        )
    )


def get(call: Call, message_id: str) -> Result:
    """One message."""
    return call.inbox.get(message_id).as_json()


def delete(call: Call, message_id: str) -> Result:
    """Delete one message."""
    call.inbox.delete(message_id)
    return Response(status=204)


def timeline(call: Call, message_id: str) -> Result:
    """Every status that it has had."""
    message, entries = call.inbox.timeline(message_id)
    return {"timeline": [entry.as_json(message.created_at) for entry in entries]}


def raw(call: Call, message_id: str) -> Result:
    """The request that it came from."""
    return Response(call.inbox.raw(message_id), mimetype="text/plain")


def reply(call: Call, message_id: str) -> Result:
    """Answer as its handset."""
    return _created(call.inbox.reply(message_id, call.body["body"], call.raw()))


def press(call: Call, message_id: str) -> Result:
    """Press keys on its handset, during a call."""
    return call.inbox.press(message_id, call.body["digits"]).as_json()


def move(call: Call, message_id: str) -> Result:
    """Move its status forward."""
    status = parse_status(call.body["status"])
    assert status is not None
    return call.inbox.move(message_id, status, call.body["error_code"]).as_json()


def _created(message: Message) -> Result:
    return message.as_json(), 201


def _filter(call: Call, before: int | None = None, after: int | None = None) -> Filter:
    query = call.query
    return Filter(
        account=query["account"],
        recipient=query["to"],
        sender=query["from"],
        provider=query["provider"],
        status=query["status"],
        direction=query["direction"],
        has_code=query["has_code"],
        text=query["q"] or None,
        before=before,
        after=after,
    )


def _position(before: int, after: int | None) -> str:
    return f"o{before}" if after is None else f"o{before}-{after}"


_ONE = Answer("The message", "Message")
_NEW = Answer("The new message", "Message")
_NONE = problem("There is no such message")

OPERATIONS = (
    Operation(
        method="GET",
        path="/messages",
        name="listMessages",
        summary="List messages, newest first, by page",
        view=list_messages,
        query=_LIST,
        answers={200: Answer("One page", "MessageList")},
    ),
    Operation(
        method="DELETE",
        path="/messages",
        name="deleteMessages",
        summary="Delete the messages that the filters mean, or all",
        view=delete_messages,
        query=_DELETE,
        answers={200: Answer("How many were deleted", "Deleted")},
    ),
    Operation(
        method="POST",
        path="/messages",
        name="sendMessage",
        summary="Send a message from the application to a handset",
        view=send,
        body=_SEND,
        answers={201: _NEW},
    ),
    Operation(
        method="GET",
        path="/messages/<message_id>",
        name="getMessage",
        summary="Get one message",
        view=get,
        answers={200: _ONE, 404: _NONE},
    ),
    Operation(
        method="DELETE",
        path="/messages/<message_id>",
        name="deleteMessage",
        summary="Delete one message",
        view=delete,
        answers={204: Answer("It is gone"), 404: _NONE},
    ),
    Operation(
        method="GET",
        path="/messages/<message_id>/timeline",
        name="getTimeline",
        summary="List every status that a message has had",
        view=timeline,
        answers={200: Answer("The timeline", "Timeline"), 404: _NONE},
    ),
    Operation(
        method="GET",
        path="/messages/<message_id>/raw",
        name="getRaw",
        summary="Show the request that a message came from, without its secrets",
        view=raw,
        answers={200: Answer("The request", None, "text/plain"), 404: _NONE},
    ),
    Operation(
        method="POST",
        path="/messages/<message_id>/reply",
        name="replyToMessage",
        summary="Answer as the handset of a message",
        view=reply,
        body=Fields(_TEXT),
        answers={201: _NEW, 404: _NONE},
    ),
    Operation(
        method="POST",
        path="/messages/<message_id>/press",
        name="pressKeys",
        summary="Press keys on the handset during a call that asks for them",
        view=press,
        body=Fields(Field("digits", kinds.KEYS, "The keys.", required=True)),
        answers={
            200: _ONE,
            404: _NONE,
            409: problem("Nobody waits for keys"),
        },
    ),
    Operation(
        method="POST",
        path="/messages/<message_id>/status",
        name="moveMessage",
        summary="Move a message's status forward",
        view=move,
        body=_MOVE,
        answers={
            200: _ONE,
            404: _NONE,
            409: problem("It cannot move there"),
        },
    ),
    Operation(
        method="POST",
        path="/inbound",
        name="receiveMessage",
        summary="Send a message from a handset to the application",
        view=receive,
        body=_INBOUND,
        answers={201: _NEW},
    ),
)
