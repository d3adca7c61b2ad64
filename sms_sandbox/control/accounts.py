"""Accounts, their settings, and starting over."""

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.message import rfc3339

_ACCOUNT = Field(
    name="account", kind=kinds.ACCOUNT, description="One account; without it, the whole sandbox."
)
_ACCOUNTS_ONLY = Fields((_ACCOUNT,))


def list_accounts(call: Call) -> Result:
    """Every account that has messages."""
    return {
        "accounts": [
            {"id": name, "messages": number, "last_message_at": rfc3339(newest)}
            for name, number, newest in call.inbox.account_summaries()
        ]
    }


def get_settings(call: Call) -> Result:
    """What can be set while the sandbox runs."""
    account = call.query["account"]
    return {"account": account, "retention": call.inbox.retention(account)}


def put_settings(call: Call) -> Result:
    """Change what is given, keep the rest."""
    if call.body["retention"] is not None:
        call.inbox.set_retention(call.query["account"], call.body["retention"])
    return get_settings(call)


def reset(call: Call) -> Result:
    """Delete an account's messages and settings, or everyone's."""
    account = call.query["account"]
    if (account is None) == (not call.query["all"]):
        raise InvalidRequest(
            "A reset is of one account or of everything.",
            hint="Give account=NAME or all=true, one of them.",
        )
    return {"deleted": call.inbox.reset(account)}


_SETTINGS = Answer("The settings", "Settings")

OPERATIONS = (
    Operation(
        method="GET",
        path="/accounts",
        name="listAccounts",
        summary="List the accounts that have messages",
        view=list_accounts,
        answers={200: Answer("The accounts", "AccountList")},
    ),
    Operation(
        method="GET",
        path="/settings",
        name="getSettings",
        summary="Get the settings of the sandbox or of one account",
        view=get_settings,
        query=_ACCOUNTS_ONLY,
        answers={200: _SETTINGS},
    ),
    Operation(
        method="PUT",
        path="/settings",
        name="putSettings",
        summary="Change the settings of the sandbox or of one account",
        view=put_settings,
        query=_ACCOUNTS_ONLY,
        body=Fields(
            (
                Field(
                    name="retention",
                    kind=kinds.number_between(1, 10_000_000, whole=True),
                    description="How many messages are kept; the oldest go first.",
                ),
            )
        ),
        answers={200: _SETTINGS},
    ),
    Operation(
        method="POST",
        path="/reset",
        name="reset",
        summary="Delete the messages and settings of one account or of all",
        view=reset,
        query=Fields(
            (_ACCOUNT, Field(name="all", kind=kinds.FLAG, description="true: everything."))
        ),
        body=Fields(()),
        answers={200: Answer("How many messages were deleted", "Deleted")},
    ),
)
