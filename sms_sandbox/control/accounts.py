"""Accounts, their settings and further names, and starting over."""

from dataclasses import asdict
from typing import Any

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.message import rfc3339

MAX_ALIASES = 100
_URL_SIZE = 2000
_YEAR = 31_536_000

ACCOUNT = Field("account", kinds.ACCOUNT, "One account; without it, the whole sandbox.")
ACCOUNT_ONLY = Fields(ACCOUNT)


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
    Field("messages", _MESSAGES, "How many messages are kept."),
    Field("seconds", kinds.number_between(1, 100 * _YEAR), "How long, by the account's clock."),
    Field(
        "bytes",
        kinds.number_between(1000, 1 << 50, whole=True),
        "How much they hold, with the requests that they came from.",
    ),
)
_LIMITS = Fields(
    Field(
        "messages_per_second",
        kinds.number_between(0.001, 100_000),
        "How many an account may send on average, by its own clock.",
    ),
    Field(
        "burst",
        kinds.number_between(1, 100_000, whole=True),
        "How many at once; without it, one second's.",
    ),
)
_TIMINGS = Fields(
    Field("sent_after", kinds.number_between(0, _YEAR), "Seconds until a message is sent."),
    Field("delivered_after", kinds.number_between(0, _YEAR), "Seconds until it is delivered."),
)
_OPERATOR = Fields(
    Field(
        "mode",
        kinds.one_of(("vonage", "camara")),
        "`camara`: a virtual number must be the device's own, too.",
    ),
    Field(
        "network",
        kinds.one_of(("on", "off", "unsupported")),
        "`off`: it recognises no device; `unsupported`: it offers nothing.",
    ),
    Field(
        "tokens",
        kinds.one_of(("good", "expired", "no_scope", "no_number", "wrong_amr")),
        "What is wrong with the access tokens.",
    ),
    Field(
        "sim_dates",
        kinds.one_of(("shown", "hidden")),
        "`hidden`: it may not say when a SIM was changed.",
    ),
    Field(
        "monitored_days",
        kinds.number_between(1, 36_500, whole=True),
        "For how many days it knows of changed SIMs.",
    ),
)
_CHANGES = Fields(
    Field(
        "inbound_url",
        kinds.web_address(_URL_SIZE),
        'Where inbound messages are posted; "" for nowhere.',
    ),
    Field(
        "status_url",
        kinds.web_address(_URL_SIZE),
        "Where statuses are posted of messages that name no address.",
    ),
    Field("webhook_method", kinds.one_of(("POST", "GET")), "How inbound messages are posted."),
    Field(
        "signing_key",
        kinds.text(256),
        "Signs callbacks in place of the account's secret; it is never shown.",
    ),
    Field("signature_method", kinds.text(32), "How, where the vendor leaves a choice."),
    Field(
        "redirect_uri",
        kinds.web_address(_URL_SIZE, bare=True),
        "An application's OAuth redirect, for vendors that ask for one.",
    ),
    Field(
        "retention",
        kinds.Kind({"anyOf": [_MESSAGES.schema, _RETENTION.schema()]}, _read_retention),
        "How much is kept; the oldest go first. A number means messages.",
    ),
    Field(
        "limits",
        kinds.nested(_LIMITS),
        "How fast an account may send; what is above is refused as throttled.",
    ),
    Field("timings", kinds.nested(_TIMINGS), "How fast messages move on."),
    Field(
        "operator",
        kinds.nested(_OPERATOR),
        "How the mobile operator behaves that numbers are verified with.",
    ),
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
            Field(
                "aliases",
                kinds.list_of(kinds.ACCOUNT, MAX_ALIASES),
                "Credentials or names that mean this account from now on.",
                required=True,
            )
        ),
        answers={
            200: Answer("The account's further names", "Aliases"),
            409: problem("A name leads elsewhere"),
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
        query=Fields(ACCOUNT, Field("all", kinds.FLAG, "true: everything.")),
        body=Fields(),
        answers={200: Answer("How many messages were deleted", "Deleted")},
    ),
)
