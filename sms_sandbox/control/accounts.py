"""Accounts, their settings and further names, and starting over."""

from dataclasses import asdict
from typing import Any

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.message import rfc3339

MAX_ALIASES = 100
_URL_SIZE = 2000
_YEAR = 31_536_000

ACCOUNT = Field(
    name="account", kind=kinds.ACCOUNT, description="One account; without it, the whole sandbox."
)
ACCOUNT_ONLY = Fields((ACCOUNT,))


def list_accounts(call: Call) -> Result:
    """Every account that has messages, settings or further names."""
    found = {name: (number, newest) for name, number, newest in call.inbox.account_summaries()}
    names = sorted({*found, *call.inbox.named_accounts()})
    return {"accounts": [_account(call, name, *found.get(name, (0, None))) for name in names]}


def put_aliases(call: Call, account: str) -> Result:
    """Replace the further names that lead to an account."""
    name = kinds.ACCOUNT.read(account, "/account")
    call.inbox.put_aliases(name, call.body["aliases"])
    return {"id": name, "aliases": call.inbox.aliases(name)}


def get_settings(call: Call) -> Result:
    """What can be set while the sandbox runs."""
    account = call.query["account"]
    settings = call.inbox.account_settings(account)
    shown = asdict(settings) | {"retention": asdict(call.inbox.retention(account))}
    # The key itself is shown to nobody.
    shown["signing_key"] = None if settings.signing_key is None else "set"
    return {"account": account, **shown}


def put_settings(call: Call) -> Result:
    """Change what is given, keep the rest."""
    call.inbox.put_account_settings(call.query["account"], call.body)
    return get_settings(call)


def reset(call: Call) -> Result:
    """Delete an account's messages and all that was set for it, or everyone's."""
    account = call.query["account"]
    if (account is None) == (not call.query["all"]):
        raise InvalidRequest(
            "A reset is of one account or of everything.",
            hint="Give account=NAME or all=true, one of them.",
        )
    return {"deleted": call.inbox.reset(account)}


def _account(call: Call, name: str, number: int, newest: float | None) -> dict[str, Any]:
    return {
        "id": name,
        "messages": number,
        "last_message_at": None if newest is None else rfc3339(newest),
        "aliases": call.inbox.aliases(name),
    }


def _read_retention(value: Any, at: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return _RETENTION.read_object(value, at)
    return {"messages": _MESSAGES.read(value, at)}


_MESSAGES = kinds.number_between(1, 10_000_000, whole=True)
_RETENTION = Fields(
    (
        Field(name="messages", kind=_MESSAGES, description="How many messages are kept."),
        Field(
            name="seconds",
            kind=kinds.number_between(1, 100 * _YEAR),
            description="How long, by the account's clock.",
        ),
        Field(
            name="bytes",
            kind=kinds.number_between(1000, 1 << 50, whole=True),
            description="How much they hold, with the requests that they came from.",
        ),
    )
)
_LIMITS = Fields(
    (
        Field(
            name="messages_per_second",
            kind=kinds.number_between(0.001, 100_000),
            description="How many an account may send on average, by its own clock.",
        ),
        Field(
            name="burst",
            kind=kinds.number_between(1, 100_000, whole=True),
            description="How many at once; without it, one second's.",
        ),
    )
)
_TIMINGS = Fields(
    (
        Field(
            name="sent_after",
            kind=kinds.number_between(0, _YEAR),
            description="Seconds until a message is sent.",
        ),
        Field(
            name="delivered_after",
            kind=kinds.number_between(0, _YEAR),
            description="Seconds until it is delivered.",
        ),
    )
)
_OPERATOR = Fields(
    (
        Field(
            name="mode",
            kind=kinds.one_of(("vonage", "camara")),
            description="`camara`: a virtual number must be the device's own, too.",
        ),
        Field(
            name="network",
            kind=kinds.one_of(("on", "off", "unsupported")),
            description="`off`: it recognises no device; `unsupported`: it offers nothing.",
        ),
        Field(
            name="tokens",
            kind=kinds.one_of(("good", "expired", "no_scope", "no_number", "wrong_amr")),
            description="What is wrong with the access tokens.",
        ),
        Field(
            name="sim_dates",
            kind=kinds.one_of(("shown", "hidden")),
            description="`hidden`: it may not say when a SIM was changed.",
        ),
        Field(
            name="monitored_days",
            kind=kinds.number_between(1, 36_500, whole=True),
            description="For how many days it knows of changed SIMs.",
        ),
    )
)
_CHANGES = Fields(
    (
        Field(
            name="inbound_url",
            kind=kinds.web_address(_URL_SIZE),
            description='Where inbound messages are posted; "" for nowhere.',
        ),
        Field(
            name="status_url",
            kind=kinds.web_address(_URL_SIZE),
            description="Where statuses are posted of messages that name no address.",
        ),
        Field(
            name="webhook_method",
            kind=kinds.one_of(("POST", "GET")),
            description="How inbound messages are posted.",
        ),
        Field(
            name="signing_key",
            kind=kinds.text(256),
            description="Signs callbacks in place of the account's secret; it is never shown.",
        ),
        Field(
            name="signature_method",
            kind=kinds.text(32),
            description="How, where the vendor leaves a choice.",
        ),
        Field(
            name="redirect_uri",
            kind=kinds.web_address(_URL_SIZE, bare=True),
            description="An application's OAuth redirect, for vendors that ask for one.",
        ),
        Field(
            name="retention",
            kind=kinds.Kind({"anyOf": [_MESSAGES.schema, _RETENTION.schema()]}, _read_retention),
            description="How much is kept; the oldest go first. A number means messages.",
        ),
        Field(
            name="limits",
            kind=kinds.nested(_LIMITS),
            description="How fast an account may send; what is above is refused as throttled.",
        ),
        Field(
            name="timings",
            kind=kinds.nested(_TIMINGS),
            description="How fast messages move on.",
        ),
        Field(
            name="operator",
            kind=kinds.nested(_OPERATOR),
            description="How the mobile operator behaves that numbers are verified with.",
        ),
    )
)
_SETTINGS = Answer("The settings", "Settings")

OPERATIONS = (
    Operation(
        method="GET",
        path="/accounts",
        name="listAccounts",
        summary="List the accounts that have messages, settings or further names",
        view=list_accounts,
        answers={200: Answer("The accounts", "AccountList")},
    ),
    Operation(
        method="PUT",
        path="/accounts/<account>/aliases",
        name="putAliases",
        summary="Replace the further names that lead to an account",
        view=put_aliases,
        body=Fields(
            (
                Field(
                    name="aliases",
                    kind=kinds.list_of(kinds.ACCOUNT, MAX_ALIASES),
                    description="Credentials or names that mean this account from now on.",
                    required=True,
                ),
            )
        ),
        answers={
            200: Answer("The account's further names", "Aliases"),
            409: Answer("A name leads elsewhere", "Problem", "application/problem+json"),
        },
    ),
    Operation(
        method="GET",
        path="/settings",
        name="getSettings",
        summary="Get the settings of the sandbox or of one account",
        view=get_settings,
        query=ACCOUNT_ONLY,
        answers={200: _SETTINGS},
    ),
    Operation(
        method="PUT",
        path="/settings",
        name="putSettings",
        summary="Change the settings of all accounts or of one",
        view=put_settings,
        query=ACCOUNT_ONLY,
        body=_CHANGES,
        answers={200: _SETTINGS},
    ),
    Operation(
        method="POST",
        path="/reset",
        name="reset",
        summary="Delete the messages of one account or of all, and everything that was set",
        view=reset,
        query=Fields(
            (ACCOUNT, Field(name="all", kind=kinds.FLAG, description="true: everything."))
        ),
        body=Fields(()),
        answers={200: Answer("How many messages were deleted", "Deleted")},
    ),
)
