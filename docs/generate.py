"""Writes the tables of the reference pages from the code: `python docs/generate.py`.

A table stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; the text around it is
written by hand. The pages are kept with their tables, so that they can be read without a build.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from flask_phoneauth import errors, signals
from flask_phoneauth.production import production_faults
from flask_phoneauth.settings import PREFIX, Settings, declared
from sms_sandbox.control import document
from sms_sandbox.control.faults import EFFECTS
from sms_sandbox.control.routes import ROOT, operations
from sms_sandbox.facades import FACADES
from sms_sandbox.numbers import numbers
from sms_sandbox.settings import Settings as SandboxSettings

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"<!-- generated: (\w+) -->\n(.*?)<!-- end of \1 -->", re.DOTALL)

SETTING_GROUPS: Mapping[str, str] = {
    "url_prefix": "Addresses, name and pages",
    "providers": "Sending",
    "twilio_account_sid": "Twilio",
    "plivo_auth_id": "Plivo",
    "messagebird_access_key": "MessageBird",
    "vonage_api_key": "Vonage",
    "sns_region": "AWS SNS",
    "verifier": "Codes of a vendor",
    "channels": "Channels",
    "email_from": "E-mail",
    "operator": "Mobile operator",
    "routes": "Routes and failover",
    "database_url": "Databases",
    "audit_url": "Audit trail and metrics",
    "secret": "Keys",
    "dispatch": "Dispatch",
    "default_region": "Numbers",
    "code_length": "Codes",
    "sends_per_hour": "Budgets",
    "prices": "Money",
    "record_only": "Recording, waits",
    "risk_puzzle": "Puzzles",
    "session_lifetime": "Sessions",
    "allow_sandbox_in_production": "Overrides for production",
}
"""The setting that opens each group, in the order of the fields."""

SECONDS = frozenset(
    {
        "audit_message_retention",
        "audit_retention",
        "code_ttl",
        "device_lifetime",
        "cooldown",
        "cooldown_idle",
        "send_seconds",
        "breaker_pauses",
        "delivered_window",
        "session_lifetime",
        "session_idle",
        "remember_lifetime",
        "fresh_for",
    }
)
"""The settings whose figures are seconds."""

CURES: Mapping[str, str] = {
    "invalid_request": "Send the fields of the HTTP reference; `errors` points at the wrong one.",
    "invalid_code": "Type the code of the newest message. Without `tries_left` the try was not "
    "counted: the request did not show the browser's cookie or the challenge secret.",
    "not_signed_in": "Sign in.",
    "fresh_login_required": "Sign in again, then repeat the request.",
    "cross_site": "Send it from your own site, or name the origin in `ALLOWED_ORIGINS`. Behind a "
    "proxy, set `PUBLIC_URL`.",
    "csrf": "Load the page again and send its form.",
    "number_not_verified": "Use another virtual number (an odd one is never verified), or the "
    "number of this very device.",
    "unbound_callback": "Begin again, and let the same browser (or the program with its "
    "`verifier`) come back.",
    "country_blocked": "Use a number of a country in `ALLOWED_REGIONS`.",
    "line_type_blocked": "Use the number of a mobile phone. `BLOCKED_LINE_TYPES`, "
    "`BLOCKED_PREFIXES` and the app's `number_policy` decide.",
    "risk_challenge": "Solve the puzzle and ask again with its answer in `risk_token`.",
    "risk_refused": "Ask later, or from elsewhere; the app's `risk` hook decides.",
    "unknown_challenge": "Ask for a new code, and send the cookie or the secret that came with it.",
    "unknown_session": "List the sessions again: it has ended, or is another user's.",
    "number_taken": "Use another number, or sign in with this one.",
    "expired": "Ask for a new code.",
    "too_many_tries": "Ask for a new code.",
    "used": "Ask for a new code, if nobody is signed in yet.",
    "unsupported_media_type": "Label the body as what it is.",
    "invalid_phone": "Follow `detail`; mostly the country code is missing.",
    "cooldown": "Wait for `retry_after` seconds; the code sent before is still good.",
    "rate_limited": "Wait for `retry_after` seconds.",
    "locked": "Wait for `retry_after` seconds.",
    "budget_exhausted": "Wait for `retry_after` seconds.",
    "bad_signature": "Set `PUBLIC_URL` to the address that the vendor reaches, and the token of "
    "the account that sends.",
    "misconfigured": "Read the log: one sentence names each key and its cure.",
    "provider_unavailable": "Try again; see the log for the provider's reason.",
    "store_unavailable": "Try again; see whether the database answers.",
    "busy": "Try again; raise `DISPATCH_WORKERS` or `DISPATCH_QUEUE` if it lasts, or see whether "
    "the queue's worker and its Redis run.",
}
"""What to do about each problem."""

FIXED: Sequence[tuple[str, str, str]] = (
    ("flask_phoneauth.web.inputs:MAX_BODY", "bytes", "a request's body"),
    ("flask_phoneauth.phone.spelling:MAX_LENGTH", "characters", "a typed number"),
    ("flask_phoneauth.otp.code:MAX_CODE_TEXT", "characters", "a typed code"),
    ("flask_phoneauth.web.origins:MAX_NEXT", "characters", "`next`; a longer one is ignored"),
    ("flask_phoneauth.web.binding:KEPT_SECONDS", "s", "life of the binding cookie"),
    ("flask_phoneauth.otp.challenge:REPEAT_FLOOR", "s", "a resend repeats the code while it "
     "has at least this long to live"),
    ("flask_phoneauth.otp.challenge:REPEAT_SHARE", "of `CODE_TTL`", "and at least this "
     "share of its life"),
    ("flask_phoneauth.otp.challenge:MAX_LIVE_CODES", "", "codes of one challenge that are good "
     "at once; they share its tries"),
    ("flask_phoneauth.otp.challenge:HELD_FOR", "s", "a vendor has to say whether a code is right, "
     "before spent tries end the challenge"),
    ("flask_phoneauth.otp.challenge:REMEMBERED", "s", "a finished challenge still tells its end"),
    ("flask_phoneauth.otp.challenge:SENT_UNTIL_FAILED", "s", "a message that is withheld reads "
     "`sent`, then `failed`"),
    ("flask_phoneauth.flows.parts:MAX_JITTER", "of the wait", "what chance adds to a "
     "cooldown at most"),
    ("flask_phoneauth.flows.parts:PREFIX_LEAVES", "digits", "at the end of a number that its "
     "neighbours do not share"),
    ("flask_phoneauth.prices:SPRAY_WINDOW", "s", "over which `SPRAY_BUDGET` counts everything"),
    ("flask_phoneauth.flows.alarm:REMEMBERED", "s", "for which a process goes by the last level of "
     "an attack that it saw"),
    ("flask_phoneauth.flows.alarm:CHALLENGE_AT", "percent", "of `SPRAY_BUDGET` from which "
     "strangers meet the puzzle"),
    ("flask_phoneauth.flows.alarm:LONG_CODES_AT", "percent", "of it from which codes are longer"),
    ("flask_phoneauth.flows.alarm:LONG_CODE", "digits", "of such a code"),
    ("flask_phoneauth.web.devices:MAX_NUMBERS", "numbers", "that one browser is remembered for"),
    ("flask_phoneauth.web.devices:MAX_PLACE", "characters", "of a place that are kept"),
    ("flask_phoneauth.web.forms:MAX_RISK_TOKEN", "characters", "of a puzzle's answer"),
    ("flask_phoneauth.risk.puzzles:ANSWER_SECONDS", "s", "for the word of a puzzle's vendor"),
    ("flask_phoneauth.sessions.registry:MAX_USER_AGENT", "characters", "of a session's user agent "
     "that are kept"),
    ("flask_phoneauth.database.engine:WAIT_SECONDS", "s", "for a database's lock or a pooled "
     "connection"),
    ("flask_phoneauth.database.postgres:CONNECT_SECONDS", "s", "for a connection to PostgreSQL"),
    ("flask_phoneauth.database.postgres:STATEMENT_SECONDS", "s", "for a statement on PostgreSQL"),
    ("flask_phoneauth.database.postgres:LOCK_SECONDS", "s", "for a row's lock on PostgreSQL"),
    (
        "flask_phoneauth.database.postgres:TRANSACTION_SECONDS",
        "s",
        "for a whole transaction on PostgreSQL, though the server has stopped",
    ),
    (
        "flask_phoneauth.database.postgres:IDLE_SECONDS",
        "s",
        "until PostgreSQL frees the rows of a worker that has stopped in a transaction",
    ),
    ("flask_phoneauth.database.postgres:MIGRATION_SECONDS", "s", "for `init-db` on PostgreSQL"),
    ("flask_phoneauth.stores.redis_server:CONNECT_SECONDS", "s", "for a connection to Redis"),
    ("flask_phoneauth.stores.redis_server:COMMAND_SECONDS", "s", "for a command of Redis"),
    (
        "flask_phoneauth.stores.redis_replicas:WAIT_SECONDS",
        "s",
        "for the replicas that `REDIS_WAIT` asks for",
    ),
    ("flask_phoneauth.stores.redis_server:POOL_WAIT_SECONDS", "s", "for a pooled connection to "
     "Redis"),
    ("flask_phoneauth.stores.redis_server:POOL_SIZE", "", "connections of a process to one server "
     "of Redis; four times as many through a Sentinel"),
    ("flask_phoneauth.database.engine:POOL_SIZE", "", "connections kept; as many more under load"),
    ("flask_phoneauth.flows.silent_login:LIFE", "s", "from setting out to the mobile operator to "
     "coming back"),
    ("flask_phoneauth.flows.silent_login:MAX_CODE", "characters", "of an operator's code"),
    ("flask_phoneauth.operators.asking:CONNECT_SECONDS", "s", "to connect to an operator"),
    ("flask_phoneauth.operators.asking:ANSWER_SECONDS", "s", "for an operator's answer"),
    ("flask_phoneauth.flows.deliver_code:MAX_AGE", "s", "a waiting message is dropped after"),
    ("flask_phoneauth.flows.notice:NOTICE_LIFE", "s", "the notice of a changed number may wait"),
    ("flask_phoneauth.dispatch.thread:EXIT_WAIT", "s", "the exit waits for messages being sent"),
    ("flask_phoneauth.dispatch.broker:CONNECT_SECONDS", "s", "for a connection to the Redis of a "
     "queue"),
    ("flask_phoneauth.dispatch.broker:ANSWER_SECONDS", "s", "for its answer to a request"),
    ("flask_phoneauth.dispatch.broker:JOB_SECONDS", "s", "for one job of a worker"),
    ("flask_phoneauth.dispatch.celery:LOST_AFTER", "s", "after which a job of a Celery worker that "
     "is gone is another's"),
    ("flask_phoneauth.otp.challenge:MOST_RUNS", "", "runs of one job of a queue that may send"),
    ("flask_phoneauth.audit.trail:GATHER_SECONDS", "s", "an entry of the audit trail waits for "
     "others, to be written with them"),
    ("flask_phoneauth.audit.trail:MOST_WAITING", "", "entries of the audit trail that wait to be "
     "written; those that come then are lost, counted and logged"),
    ("flask_phoneauth.audit.trail:EXIT_WAIT", "s", "the exit waits for the audit trail"),
    ("flask_phoneauth.stores.charging:RESERVED", "s", "for which a number pays for a message of "
     "which nothing is told"),
    ("flask_phoneauth.health:LEASE", "s", "for which one worker alone tries a failed provider"),
    ("flask_phoneauth.health:FORGOTTEN", "s", "after which a failure that nobody tried is over"),
    ("flask_phoneauth.providers.wire:CONNECT_TIMEOUT", "s", "to connect to the sandbox"),
    ("flask_phoneauth.providers.wire:VENDOR_CONNECT_TIMEOUT", "s", "to connect to a vendor"),
    ("flask_phoneauth.providers.wire:READ_TIMEOUT", "s", "for the answer of either"),
    ("flask_phoneauth.providers.wire:MAX_ANSWER", "bytes", "of an answer that are read"),
    ("flask_phoneauth.providers.vonage_receipts:MAX_TOKEN", "characters", "of a receipt's token "
     "that Vonage sends"),
    ("flask_phoneauth.providers.callbacks:MAX_FIELDS", "", "fields of a receipt"),
    ("flask_phoneauth.providers.messagebird_receipts:LEEWAY", "s", "by which MessageBird's clock "
     "and ours may differ"),
    ("flask_phoneauth.providers.twilio_voice:RINGS_FOR", "s", "that a call rings"),
    ("flask_phoneauth.providers.twilio_voice:LASTS", "s", "that a call may last"),
    ("flask_phoneauth.providers.twilio_voice:ASKS", "", "times that a call asks for the key"),
    ("flask_phoneauth.providers.twilio_voice:KEY_WAIT", "s", "that it waits for it each time"),
    ("flask_phoneauth.channels.email:CONNECT_SECONDS", "s", "to reach the mail server and be let "
     "in"),
    ("flask_phoneauth.channels.email:SEND_SECONDS", "s", "to hand an e-mail over"),
    ("flask_phoneauth.production:LEAST_SECRET", "characters", "of a secret in production, at "
     "least"),
)  # fmt: skip
"""Figures of the extension that are no settings: where each stands, its unit, what it bounds."""

SANDBOX_FIXED: Sequence[tuple[str, str, str]] = (
    ("sms_sandbox.control.routes:MAX_BODY_BYTES", "bytes", "a request's body"),
    ("sms_sandbox.inbox.accept:MAX_RAW", "characters", "of a request, kept with its message"),
    ("sms_sandbox.control.codes:DEFAULT_TIMEOUT", "s", "of a wait, if it names none"),
    ("sms_sandbox.control.codes:MAX_TIMEOUT", "s", "of a wait, at most"),
    ("sms_sandbox.patterns:MAX_PATTERN", "characters", "of `body_regex` and a rule's `regex`"),
    ("sms_sandbox.segments:MAX_SEGMENTS", "", "parts of one text message"),
    ("sms_sandbox.inbox.faults:MAX_RULES", "", "fault rules; one that is spent makes room"),
    ("sms_sandbox.inbox.admit:MAX_DELAY", "s", "by which a fault holds an answer up"),
    (
        "sms_sandbox.inbox.parts:MAX_HELD",
        "",
        "answers held up by faults at once; one more is answered 503",
    ),
    ("sms_sandbox.storage.handsets:KEPT", "", "handsets of an account of which something is known"),
    ("sms_sandbox.inbox.handsets:MAX_HANDSETS", "", "handsets of all accounts together"),
    ("sms_sandbox.inbox.handsets:MAX_OPTED_OUT", "", "senders that one handset declines"),
    ("sms_sandbox.control.handsets:MAX_LISTED", "", "handsets in a list"),
    ("sms_sandbox.control.clock:MAX_LISTED", "", "clocks in a list"),
    ("sms_sandbox.inbox.calls:WATCHED", "", "newest messages among which calls are listed"),
    (
        "sms_sandbox.inbox.callbacks:MAX_WAITING",
        "",
        "callbacks in the queue; one more is logged as not posted",
    ),
    (
        "sms_sandbox.inbox.callbacks:MAX_ATTEMPTS",
        "",
        "attempts of one message's callbacks in the log",
    ),
    ("sms_sandbox.storage.search:COUNTED", "", "messages of a filter that `total` counts"),
    ("sms_sandbox.storage.search:COUNTED_TEXT", "", "messages of a search that `total` counts"),
    (
        "sms_sandbox.storage.search:SHORT_WORDS",
        "",
        "newest messages in which a word of one or two characters is looked for",
    ),
    ("sms_sandbox.inbox.callbacks:MAX_LOGGED", "", "attempts of all in the log"),
    ("sms_sandbox.inbox.mutations:HOLD_SECONDS", "s", "that a callback lets the next one pass"),
    ("sms_sandbox.inbox.mutations:STALE_SECONDS", "s", "by which a stale callback is too old"),
    ("sms_sandbox.control.accounts:MAX_ALIASES", "", "further names of an account"),
    ("sms_sandbox.webhooks:POSTMEN", "", "callbacks being posted at once"),
    ("sms_sandbox.webhooks:PER_ORIGIN", "", "of them to one receiver"),
    ("sms_sandbox.outgoing:MAX_ANSWER_BYTES", "bytes", "of a receiver's answer that are kept"),
    ("sms_sandbox.facades.aws.query:MAX_FIELDS", "", "fields of a request to SNS"),
    ("sms_sandbox.facades.aws.wire:MAX_TEXT", "characters", "of a text sent through AWS"),
    (
        "sms_sandbox.facades.aws.sandbox_numbers:MAX_NUMBERS",
        "",
        "SMS-sandbox phone numbers of an AWS account and region",
    ),
    (
        "sms_sandbox.facades.aws.opt_outs:OPT_IN_SECONDS",
        "s",
        "until a number can be opted in at SNS again",
    ),
    ("sms_sandbox.facades.aws.readback:MAX_SHOWN", "", "messages in an answer as of LocalStack"),
    (
        "sms_sandbox.facades.plivo.messages.form:MAX_DESTINATIONS",
        "",
        "destinations of one request to Plivo",
    ),
    (
        "sms_sandbox.facades.plivo.messages.views:COUNTED",
        "",
        "messages that `total_count` of Plivo's list counts",
    ),
    ("sms_sandbox.facades.plivo.verify.sessions:MAX_ATTEMPTS", "", "sendings of a Plivo session"),
    ("sms_sandbox.facades.plivo.verify.sessions:LIFE", "s", "that a Plivo session's code is valid"),
    (
        "sms_sandbox.facades.vonage.operator.grants:LONG",
        "s",
        "that an address of network enablement, an `auth_req_id` and an access token are good",
    ),
    (
        "sms_sandbox.facades.vonage.operator.grants:SHORT",
        "s",
        "that a code of the operator is good, and each step to it",
    ),
    (
        "sms_sandbox.facades.vonage.operator.one_time_password:LIFE",
        "s",
        "that a code which the operator has sent is good",
    ),
    ("sms_sandbox.facades.vonage.operator.one_time_password:MAX_TRIES", "", "tries of it"),
    (
        "sms_sandbox.facades.vonage.operator.one_time_password:MAX_CODES",
        "",
        "codes that the operator sends to a number in ten minutes",
    ),
    (
        "sms_sandbox.facades.vonage.application:LEEWAY",
        "s",
        "by which the clock of an application of Vonage may differ",
    ),
    ("sms_sandbox.facades.vonage.parameters:MAX_FIELDS", "", "parameters of a request to Vonage"),
    ("sms_sandbox.facades.vonage.sms.form:MAX_TEXT", "characters", "of a text to Vonage's SMS API"),
    (
        "sms_sandbox.facades.vonage.messages.form:MAX_TEXT",
        "characters",
        "of a text to Vonage's Messages API",
    ),
    (
        "sms_sandbox.facades.vonage.verify.requests:MAX_CHECKS",
        "",
        "wrong codes that end a request of Vonage's Verify",
    ),
    ("sms_sandbox.facades.vonage.verify.form:MAX_STEPS", "", "channels of its workflow"),
    (
        "sms_sandbox.facades.vonage.verify.form:SILENT_TIMEOUT",
        "s",
        "for a phone to be authenticated silently",
    ),
    (
        "sms_sandbox.facades.vonage.verify_legacy.views:MAX_SEARCHED",
        "",
        "requests of one search in Vonage's older Verify",
    ),
    (
        "sms_sandbox.facades.vonage.posting:RETRIES",
        "",
        "further attempts of a callback of Vonage's SMS API",
    ),
    ("sms_sandbox.facades.vonage.posting:NEWER_RETRIES", "", "of a webhook of Vonage's newer APIs"),
    (
        "sms_sandbox.facades.vonage.messages.failover:MAX_FAILOVER",
        "",
        "messages that stand by for one of Vonage's Messages API",
    ),
    (
        "sms_sandbox.facades.messagebird.messages.form:MAX_RECIPIENTS",
        "",
        "recipients of a message at MessageBird",
    ),
    ("sms_sandbox.facades.messagebird.messages.form:MAX_PARTS", "", "parts of its text"),
    ("sms_sandbox.facades.messagebird.messages.form:LONGEST_VALIDITY", "s", "of its `validity`"),
    (
        "sms_sandbox.facades.messagebird.messages.listing:COUNTED",
        "",
        "newest texts that MessageBird's list looks through",
    ),
    (
        "sms_sandbox.facades.messagebird.verify.verifications:TIMEOUT",
        "s",
        "that a token of its Verify is good, where nothing else is said",
    ),
    (
        "sms_sandbox.facades.messagebird.verify.verifications:ATTEMPTS",
        "",
        "tries of it, where nothing else is said",
    ),
    (
        "sms_sandbox.facades.messagebird.hlr:ANSWERS_AFTER",
        "s",
        "until an HLR query that waits is answered",
    ),
    ("sms_sandbox.facades.messagebird.fields:MAX_FIELDS", "", "fields of a form to MessageBird"),
    ("sms_sandbox.facades.plivo.messages.inbound:MAX_REPLIES", "", "replies in an answer to Plivo"),
)
SANDBOX_SETTINGS: Mapping[str, tuple[str, str]] = {
    "retention": ("messages", "kept, unless `--retention` or `PUT /settings` says otherwise"),
    "retention_bytes": ("bytes", "of messages and their requests, unless `--retention-bytes` says"),
    "max_waits": ("", "waits at once; one more is answered 503"),
    "max_streams": ("", "event streams at once; one more is answered 503"),
    "sent_after": ("s", "after which a message is `sent`"),
    "delivered_after": ("s", "after which a message is `delivered`"),
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def settings() -> str:
    """Every setting: name, type, default, what it is about; in groups."""
    parts: list[str] = []
    rows: list[list[str]] = []
    for entry in declared():
        if entry.name in SETTING_GROUPS:
            rows = []
            parts.append(SETTING_GROUPS[entry.name])
            parts.append(rows)  # type: ignore[arg-type]
        rows.append([f"`{_key(entry)}`", _kind(entry), _default(entry), entry.metadata["about"]])
    head = ("Setting", "Type", "Default", "About")
    return "\n".join(
        f"## {part}\n" if isinstance(part, str) else table(head, part) for part in parts
    )


def limits() -> str:
    """Every setting that is a figure."""
    rows = [
        [f"`{_key(entry)}`", _default(entry), entry.metadata["about"]]
        for entry in declared()
        if _is_figure(entry)
    ]
    return table(("Setting", "Default", "Bounds"), rows)


def fixed_limits() -> str:
    """The figures of the extension that are no settings."""
    return table(("Figure", "Bounds", "In"), [_fixed(*entry) for entry in FIXED])


def sandbox_limits() -> str:
    """The sandbox's figures."""
    defaults = SandboxSettings()
    rows = [
        [f"{getattr(defaults, name):,} {unit}".strip(), about, f"`sms_sandbox.settings`: `{name}`"]
        for name, (unit, about) in SANDBOX_SETTINGS.items()
    ]
    rows += [_fixed(*entry) for entry in SANDBOX_FIXED]
    return table(("Figure", "Bounds", "In"), rows)


def problems() -> str:
    """Every problem: code, status, class, meaning, what the visitor reads, cure."""
    rows = [
        [str(kind.status), f"`{kind.code}`", f"`{kind.__name__}`", _told(kind), CURES[kind.code]]
        for kind in problem_classes()
    ]
    return table(("Status", "`code`", "Class", "Meaning", "Cure"), rows)


def problem_classes() -> list[type[errors.PhoneAuthError]]:
    """The classes that carry a machine code of their own, by status."""
    own = [kind for kind in _descendants(errors.PhoneAuthError) if "code" in vars(kind)]
    return sorted(own, key=lambda kind: kind.status)


def send_failures() -> str:
    """What a provider may raise."""
    rows = [[f"`{kind.__name__}`", _told(kind)] for kind in _descendants(errors.SendFailed)]
    return table(("Class", "Meaning"), rows)


def signal_list() -> str:
    """Every signal with its arguments and meaning."""
    names = {id(value): name for name, value in vars(signals).items()}
    rows = []
    for event, signal in signals.SIGNALS.items():
        arguments = ", ".join(f"`{entry.name}`" for entry in fields(event))
        rows.append([f"`{names[id(signal)]}`", arguments, _told(event)])
    return table(("Signal", "Arguments", "Sent when"), rows)


def production_checks() -> str:
    """Every check, its cure as the log says it, and the setting that permits it."""
    worst = Settings(
        providers=("console", "sandbox"),
        sandbox_url="http://127.0.0.1:8025",
        store_url="memory://",
        virtual_numbers=True,
    )
    seen = {}
    for wrong in (Settings(), worst, replace(worst, secret="short")):
        for fault in production_faults(wrong, {}):
            seen[fault] = _permit(wrong, fault)
    rows = [[f"`{fault.key}`", fault.cure, permit] for fault, permit in sorted(
        seen.items(), key=lambda item: item[0].key
    )]  # fmt: skip
    return table(("Key", "Cure", "Permitted by"), rows)


def sandbox_api() -> str:
    """Every operation of the control API, from its OpenAPI document, and the shapes."""
    described = document.build(operations(), ROOT)
    parts = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(f"{method.upper()} {ROOT}{path}", operation))
    parts.append("## Shapes\n\n")
    parts += [_shape(name, shape) for name, shape in described["components"]["schemas"].items()]
    return "".join(parts)


def sandbox_numbers() -> str:
    """Every number with a meaning, by its kind."""
    magic = [one for facade in FACADES for one in facade.magic]
    rows = numbers(magic)
    virtual = [[f"`{one.number}`", one.means] for one in rows if one.kind == "virtual"]
    scenarios = [
        [f"`{one.number}`", f"`{one.name}`", one.means] for one in rows if one.kind == "scenario"
    ]
    vendors = [
        [f"`{one.number}`", str(one.provider), one.means] for one in rows if one.kind == "magic"
    ]
    return "\n".join(
        (
            "### Virtual numbers\n",
            table(("Number", "What it means"), virtual),
            "### Scenarios\n",
            table(("Number", "Name", "What happens to a message"), scenarios),
            "### Magic numbers\n",
            table(("Number", "Provider", "What it means"), vendors),
        )
    )


def fault_effects() -> str:
    """The fields of every effect."""
    rows = [
        [f"`{kind}`" if place == 0 else "", f"`{one.name}`", _field(one), one.description]
        for kind, fields_of_it in EFFECTS.items()
        for place, one in enumerate(fields_of_it.fields)
    ]
    bare = [[f"`{kind}`", "", "", "No fields."] for kind, one in EFFECTS.items() if not one.fields]
    return table(("Effect", "Field", "Type", "About"), [*rows, *bare])


def _field(one: Any) -> str:
    return _schema_text(one.kind.schema) + (", required" if one.required else "")


def _permit(wrong: Settings, fault: object) -> str:
    for entry in declared():
        if entry.name.endswith("_in_production"):
            mended = replace(wrong, **{entry.name: True})
            if fault not in production_faults(mended, {}):
                return f"`{_key(entry)}`"
    return "nothing"


def _key(entry: Field[Any]) -> str:
    return PREFIX + entry.name.upper()


def _kind(entry: Field[Any]) -> str:
    kind = typing.get_type_hints(Settings)[entry.name]
    plain = {str: "text", bool: "true or false", int: "whole number"}
    if kind in plain:
        return "seconds" if entry.name in SECONDS else plain[kind]
    if typing.get_origin(kind) is tuple:
        return "list of seconds" if entry.name in SECONDS else "list of texts"
    return "mapping"


def _default(entry: Field[Any]) -> str:
    value = getattr(Settings(), entry.name)
    if not isinstance(value, bool) and entry.name in SECONDS:
        steps = value if isinstance(value, tuple) else (value,)
        return ", ".join(_span(step) for step in steps)
    if value in ("", ()) or value == {}:
        return "(empty)"
    if isinstance(value, tuple):
        return ", ".join(f"`{item!r}`" for item in value)
    return f"`{value!r}`" if isinstance(value, str | bool) else f"{value:,}"


def _span(seconds: int) -> str:
    for unit, length in (("days", 86400), ("h", 3600)):
        if seconds % length == 0:
            return f"{seconds:,} s ({seconds // length} {unit})"
    return f"{seconds:,} s"


def _is_figure(entry: Field[Any]) -> bool:
    value = entry.default
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or entry.name in SECONDS or entry.name == "route_limit"


def _fixed(place: str, unit: str, about: str) -> list[str]:
    module, _, name = place.partition(":")
    value = getattr(import_module(module), name)
    return [f"{value:,} {unit}".strip(), about, f"`{module}`: `{name}`"]


def _told(kind: type) -> str:
    assert kind.__doc__ is not None, f"{kind.__name__} says nothing about itself"
    return " ".join(kind.__doc__.split())


def _descendants(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def _operation(title: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### `{title}`\n\n{operation['summary']}.\n\n"]
    parameters = [
        [f"`{one['name']}`", one["in"], _schema_text(one["schema"]), one["description"]]
        for one in operation.get("parameters", ())
    ]
    if parameters:
        parts.append(table(("Value", "Where", "Type", "About"), parameters) + "\n")
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {})
    if body.get("properties"):
        parts.append(table(("Field", "Type", "About"), list(_body_rows(body))) + "\n")
    answers = [[status, *_answer(one)] for status, one in operation["responses"].items()]
    parts.append(table(("Status", "Meaning", "Shape"), answers) + "\n")
    return "".join(parts)


def _body_rows(schema: Mapping[str, Any], prefix: str = "") -> Iterator[list[str]]:
    required = schema.get("required", ())
    for name, one in schema["properties"].items():
        kind = _schema_text(one) + (", required" if name in required else "")
        yield [f"`{prefix}{name}`", kind, one["description"]]
        if "properties" in one:
            yield from _body_rows(one, f"{prefix}{name}.")


def _answer(answer: Mapping[str, Any]) -> tuple[str, str]:
    for media, content in answer.get("content", {}).items():
        shape = content["schema"].get("$ref", "").rpartition("/")[2]
        return answer["description"], f"`{shape}`" if shape else f"`{media}`"
    return answer["description"], ""


def _schema_text(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"]) + _default_text(schema)
    kinds = schema.get("type", "object")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if kind == "array":
        kind = f"list of {_schema_text(schema['items'])}"
    if "maximum" in schema:
        kind += f" {schema.get('minimum', 0):,} to {schema['maximum']:,}"
    elif "maxLength" in schema:
        kind += f" of {schema.get('minLength', 0)} to {schema['maxLength']:,} characters"
    return kind + _default_text(schema)


def _default_text(schema: Mapping[str, Any]) -> str:
    return f" ({_json_word(schema['default'])})" if "default" in schema else ""


def _json_word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    parts = schema.get("allOf", [schema])
    named = [one["$ref"].rpartition("/")[2] for one in parts if "$ref" in one]
    rows = [
        [f"`{field}`", _schema_text(one), "always" if field in part.get("required", ()) else ""]
        for part in parts
        for field, one in part.get("properties", {}).items()
    ]
    text = f"### {name}\n\n"
    text += "".join(f"All of `{other}`, and:\n\n" for other in named)
    return text + (table(("Field", "Type", "There"), rows) if rows else "A JSON object.\n") + "\n"


GENERATORS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "limits": limits,
    "fixed_limits": fixed_limits,
    "sandbox_limits": sandbox_limits,
    "problems": problems,
    "send_failures": send_failures,
    "signals": signal_list,
    "production_checks": production_checks,
    "sandbox_api": sandbox_api,
    "sandbox_numbers": sandbox_numbers,
    "fault_effects": fault_effects,
}


def render(text: str) -> str:
    """The page with its generated parts as the code has them now."""
    return _BLOCK.sub(
        lambda found: (
            f"<!-- generated: {found[1]} -->\n\n{GENERATORS[found[1]]().strip()}\n\n"
            f"<!-- end of {found[1]} -->"
        ),
        text,
    )


def pages() -> list[Path]:
    """Every page of the documentation, in order."""
    return sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)


def main() -> int:
    """Rewrite the pages that lag; prints their names."""
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page.relative_to(DOCS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
