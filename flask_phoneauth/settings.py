"""One typed, frozen `Settings`, built once in `init_app` from the `PHONEAUTH_*` keys."""

from __future__ import annotations

import difflib
import logging
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from flask_phoneauth.setting_values import SettingError, coerce

__all__ = ["LINE_TYPES", "PREFIX", "RULES_TO_RECORD", "SettingError", "Settings", "unknown_key"]

PREFIX = "PHONEAUTH_"
SOUND_LENGTH = 6
"""The least digits for 20 bits (NIST SP 800-63B)."""
SHORT_CODE_TRIES = 3
LINE_TYPES = (
    "premium",
    "shared_cost",
    "toll_free",
    "voip",
    "pager",
    "voicemail",
    "uan",
    "personal",
    "landline",
)
"""What `BLOCKED_LINE_TYPES` may name: kinds that libphonenumber tells from a mobile phone."""
RULES_TO_RECORD = ("address", "neighbours", "prefix", "country", "money")
"""What `RECORD_ONLY` may name: the rules over many numbers, never those that guard one."""
PUZZLES = ("turnstile", "hcaptcha")
MOST_REPLICAS = 5

logger = logging.getLogger("flask_phoneauth")


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; durations are seconds (an int or a `timedelta`)."""

    url_prefix: str = _setting("/auth", "where the routes are mounted")
    public_url: str = _setting(
        "", "scheme, host, port and path that visitors use; required out of debug and testing"
    )
    brand: str = _setting("", "the name in texts and pages; default: the app's name")
    providers: tuple[str, ...] = _setting(
        (),
        "who sends, in this order; default in debug and testing: `sandbox` where "
        "`SANDBOX_URL` is set, else `console`",
    )
    sandbox_url: str = _setting("", "address of a running sms_sandbox; refused in production")
    sandbox_account: str = _setting("default", "the sandbox account that native sends go to")
    sandbox_password: str = _setting("", "the sandbox's `--password`, if it has one", secret=True)
    twilio_account_sid: str = _setting(
        "", "the Twilio account, `AC` and 32 letters; with `SANDBOX_URL` any"
    )
    twilio_auth_token: str = _setting(
        "", "its auth token, which signs receipts too; with `SANDBOX_URL` any", secret=True
    )
    twilio_from: str = _setting("", "the sender: a number, short code or name of that account")
    twilio_messaging_service_sid: str = _setting(
        "", "a messaging service that chooses the sender, `MG` and 32 letters"
    )
    database_url: str = _setting(
        "",
        "SQLAlchemy URL of accounts and sessions; default: SQLite in the instance folder",
        secret=True,
    )
    store_url: str = _setting(
        "",
        "challenges and budgets: `memory://`, an SQLAlchemy URL or `redis://...`; "
        "default: the database",
        secret=True,
    )
    session_store_url: str = _setting(
        "",
        "the session registry: an SQLAlchemy URL, `redis://...` or `memory://`; "
        "default: the database",
        secret=True,
    )
    redis_wait: int = _setting(
        0, "replicas of Redis that must have each write before it counts, 0 to 5"
    )
    audit_url: str = _setting(
        "",
        "the audit trail: an SQLAlchemy URL, or `off`; default: the database of sessions, of "
        "challenges or of accounts, the first that is SQL",
        secret=True,
    )
    audit_retention: int = _setting(365 * 86400, "how long the audit trail is kept")
    audit_message_retention: int = _setting(
        30 * 86400, "how long that part of it is kept which tells of messages and codes"
    )
    metrics: str = _setting(
        "", "who collects counts of what happens: `prometheus` or `opentelemetry`"
    )
    secret: str = _setting(
        "", "the root of all keys; default: derived from `SECRET_KEY`", secret=True
    )
    secret_fallbacks: tuple[str, ...] = _setting(
        (), "former secrets; codes made with them stay valid to their end", secret=True
    )
    signup: bool = _setting(True, "whether an unknown number may make an account")
    dispatch: str = _setting("", "`thread` or `inline`; default: `thread`, in testing `inline`")
    dispatch_workers: int = _setting(4, "threads that send messages")
    dispatch_queue: int = _setting(256, "messages that may wait; one more answers 503 `busy`")
    default_region: str = _setting("", "region of numbers typed without +, as `GB`")
    allowed_regions: tuple[str, ...] = _setting(
        (), "regions whose numbers are served; all in debug; required out of debug and testing"
    )
    non_geographic_numbers: bool = _setting(
        False, "serve numbers of no country too: satellite phones, +800 and the like"
    )
    blocked_line_types: tuple[str, ...] = _setting(
        ("premium", "shared_cost", "toll_free", "voip", "pager", "voicemail", "uan", "personal"),
        "kinds of numbers that are refused: `premium`, `shared_cost`, `toll_free`, `voip`, "
        "`pager`, `voicemail`, `uan`, `personal`, `landline`",
    )
    blocked_prefixes: tuple[str, ...] = _setting(
        (), 'numbers, or the digits with which they begin, that are refused, as `["+4470"]`'
    )
    default_locale: str = _setting("en", "language of texts and pages where none fits")
    virtual_numbers: bool = _setting(False, "accept +990 numbers with their fixed codes")
    test_numbers: Mapping[str, tuple[str, str]] = field(
        default_factory=dict,
        repr=False,
        metadata={
            "about": "for app reviewers: `{number: (code, until)}`, `until` as an ISO date; "
            "nothing is sent"
        },
    )
    code_length: int = _setting(6, "digits of a code, 6 to 10")
    allow_short_codes: bool = _setting(False, "allow 4 and 5 digits, then with 3 tries")
    code_ttl: int = _setting(300, "life of a code, 120 to 600")
    max_tries: int = _setting(5, "tries of one challenge, 1 to 10")
    max_live_challenges: int = _setting(5, "challenges of one number that may be open at once")
    sends_per_hour: int = _setting(
        5, "messages to a number in any hour without a later success, for strangers together"
    )
    sends_per_day: int = _setting(
        10, "messages to a number in any day without a later success, for strangers together"
    )
    challenged_sends_per_hour: int = _setting(
        3, "messages to a number in any hour beside those, each for a solved risk challenge"
    )
    device_sends_per_hour: int = _setting(
        5, "messages in any hour for a browser that has proven the number, without a later success"
    )
    total_sends_per_day: int = _setting(30, "messages to a number in any day in all")
    failed_sends_per_hour: int = _setting(3, "failed sends to a number in any hour")
    binding_failed_sends_per_hour: int = _setting(10, "failed sends of one browser in any hour")
    tries_per_hour: int = _setting(
        15, "wrong codes for a number in any hour, for strangers together"
    )
    device_tries_per_hour: int = _setting(
        10, "wrong codes in any hour of a browser that has proven the number"
    )
    wrong_in_a_row: int = _setting(
        100, "wrong codes in a row that close a number to strangers, for a day, doubling to a week"
    )
    devices_per_number: int = _setting(10, "browsers that are remembered as a number's own")
    device_lifetime: int = _setting(
        180 * 86400, "how long a browser, and a number's success, is remembered"
    )
    address_asks_per_hour: int = _setting(
        20, "asks from an address in any hour without a later success"
    )
    address_total_asks_per_hour: int = _setting(120, "asks from an address in any hour in all")
    neighbour_asks_per_hour: int = _setting(
        10,
        "asks from an address in any hour for numbers that differ in their last four digits only, "
        "without a later success",
    )
    prefix_sends_per_hour: int = _setting(
        30,
        "messages in any hour to numbers that differ in their last four digits only, without a "
        "later success",
    )
    prefix_sends_per_day: int = _setting(150, "the same in any day")
    country_sends_per_hour: int = _setting(
        200, "messages to a country in any hour without a later success"
    )
    country_sends_per_day: int = _setting(2000, "the same in any day")
    country_hour_share: int = _setting(
        20, "percent of the country's successes of the hour, where that is more"
    )
    country_day_share: int = _setting(
        30, "percent of the country's successes of the day, where that is more"
    )
    spray_budget: int = _setting(
        2000, "messages in any ten minutes without a later success, over all numbers"
    )
    known_share: int = _setting(
        30, "percent of every shared budget that is kept for numbers with an earlier success"
    )
    prices: Mapping[str, int] = field(
        default_factory=dict,
        metadata={
            "about": "what a message costs, by how its number begins, the longest that fits: "
            '`{"+44": 0.04, "+": 0.1}`; `+` is for all others'
        },
    )
    money_per_day: int = _setting(0, "the most that messages may cost in any day; 0: no cap")
    money_per_country_per_day: int = _setting(0, "the same for each country")
    money_per_provider_per_day: int = _setting(0, "the same for each provider")
    record_only: tuple[str, ...] = _setting(
        (),
        "rules that count and never refuse: `address`, `neighbours`, `prefix`, `country`, `money`",
    )
    risk_puzzle: str = _setting(
        "", "whose puzzle is shown where an ask looks like abuse: `turnstile` or `hcaptcha`"
    )
    risk_site_key: str = _setting("", "its key for the page")
    risk_secret_key: str = _setting("", "its key for the server", secret=True)
    risk_verify_url: str = _setting("", "where answers are judged; default: at the vendor's")
    risk_fail_open: bool = _setting(False, "let people through while nobody judges answers")
    cooldown: tuple[int, ...] = _setting(
        (30, 60, 120, 240), "waits between messages, growing; per number and per browser"
    )
    cooldown_idle: int = _setting(3600, "quiet time after which the waits begin anew")
    route_limit: str = _setting(
        "120 per minute", "requests from an address to one route (Flask-Limiter's notation)"
    )
    session_lifetime: int = _setting(30 * 86400, "longest life of a session")
    session_idle: int = _setting(14 * 86400, "quiet time that ends a session")
    remember_lifetime: int = _setting(90 * 86400, 'life of a session with "stay signed in"')
    session_clear_on_login: bool = _setting(False, "empty the app's cookie session at login")
    require_registry: bool = _setting(
        False, "refuse sessions that the host's own `login_user` made"
    )
    fresh_for: int = _setting(600, "how long a login counts as fresh")
    after_login_url: str = _setting("/", "where a login leads without `next`")
    after_logout_url: str = _setting("/", "where a logout leads")
    allowed_origins: tuple[str, ...] = _setting((), "other origins that may send JSON")
    allow_sandbox_in_production: bool = _setting(False, "permit the sandbox in production")
    allow_console_in_production: bool = _setting(False, "permit the console in production")
    allow_memory_in_production: bool = _setting(False, "permit `memory://` in production")
    allow_insecure_cookie_in_production: bool = _setting(
        False, "permit `SESSION_COOKIE_SECURE` off in production"
    )
    allow_any_region_in_production: bool = _setting(
        False, "permit production without `ALLOWED_REGIONS`"
    )
    allow_virtual_numbers_in_production: bool = _setting(
        False, "permit `VIRTUAL_NUMBERS` in production"
    )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read the `PHONEAUTH_*` keys; raises `SettingError` for a malformed one, logs unknown."""
        known = {PREFIX + entry.name.upper(): entry for entry in fields(cls)}
        kinds = typing.get_type_hints(cls)
        values = {}
        for key, value in config.items():
            if not key.startswith(PREFIX) or value is None:
                continue
            if key not in known:
                logger.warning("%s", unknown_key(key))
                continue
            name = known[key].name
            values[name] = coerce(key, kinds[name], value)
        if values.get("code_length", SOUND_LENGTH) < SOUND_LENGTH:
            values.setdefault("max_tries", SHORT_CODE_TRIES)
        settings = cls(**values)
        _check(settings)
        return settings


def unknown_key(key: str) -> str:
    """What to say of a `PHONEAUTH_*` key that no setting has; nothing of one that has."""
    known = [PREFIX + entry.name.upper() for entry in fields(Settings)]
    if not key.startswith(PREFIX) or key in known:
        return ""
    match = difflib.get_close_matches(key, known, n=1)
    cure = f"did you mean {match[0]}?" if match else "see docs/reference/settings.md"
    return f"{key} is not a setting of Flask-PhoneAuth; {cure}"


def _check(settings: Settings) -> None:
    shortest = 4 if settings.allow_short_codes else SOUND_LENGTH
    _range(settings, "code_length", shortest, 10, "4 and 5 need PHONEAUTH_ALLOW_SHORT_CODES = True")
    _range(settings, "code_ttl", 120, 600, "a code must arrive, and must not linger")
    most = SHORT_CODE_TRIES if settings.code_length < SOUND_LENGTH else 10
    _range(settings, "max_tries", 1, most, "short codes stand 3 tries")
    for entry in fields(Settings):
        if isinstance(getattr(settings, entry.name), int) and entry.name not in _ZERO_IS_FINE:
            _range(settings, entry.name, 1, 10**9, "it must be positive")
    if settings.dispatch not in ("", "inline", "thread"):
        raise SettingError(
            f"PHONEAUTH_DISPATCH must be 'thread' or 'inline', not {settings.dispatch!r}"
        )
    if settings.dispatch == "inline" and not settings.signup:
        raise SettingError(
            "PHONEAUTH_DISPATCH = 'inline' lets the answer's time tell who has an account while "
            "PHONEAUTH_SIGNUP is off: leave it out, or set 'thread'"
        )
    _check_shapes(settings)
    _check_sids(settings)
    _check_redis(settings)
    _check_shield(settings)


_CAPS = ("money_per_day", "money_per_country_per_day", "money_per_provider_per_day")
_ZERO_IS_FINE = frozenset(
    entry.name for entry in fields(Settings) if isinstance(entry.default, bool)
) | {"redis_wait", *_CAPS}


def _check_redis(settings: Settings) -> None:
    _range(settings, "redis_wait", 0, MOST_REPLICAS, "each write waits for so many replicas")
    stores = (settings.store_url, settings.session_store_url)
    if settings.redis_wait and not any(url.startswith("redis") for url in stores):
        raise SettingError(
            "PHONEAUTH_REDIS_WAIT needs Redis: set PHONEAUTH_STORE_URL to one, or leave it out"
        )


_BEGINNING = re.compile(r"\+[0-9]{1,15}")


def _check_shield(settings: Settings) -> None:
    if settings.risk_puzzle not in ("", *PUZZLES):
        raise SettingError(f"PHONEAUTH_RISK_PUZZLE must be one of {', '.join(PUZZLES)}")
    if settings.risk_puzzle and not (settings.risk_site_key and settings.risk_secret_key):
        raise SettingError(
            "PHONEAUTH_RISK_PUZZLE needs PHONEAUTH_RISK_SITE_KEY and PHONEAUTH_RISK_SECRET_KEY"
        )
    _named(settings, "blocked_line_types", LINE_TYPES)
    _named(settings, "record_only", RULES_TO_RECORD)
    for name in ("country_hour_share", "country_day_share"):
        _range(settings, name, 1, 100, "it is a percentage")
    _range(settings, "known_share", 1, 90, "it is a percentage, and newcomers need a part as well")
    _range(settings, "devices_per_number", 1, 100, "each may guess on its own")
    for name in _CAPS:
        _range(settings, name, 0, 10**9, "0 is no cap")
    for beginning in settings.blocked_prefixes:
        if not _BEGINNING.fullmatch(beginning):
            raise SettingError("PHONEAUTH_BLOCKED_PREFIXES must begin with + and a country code")
    capped = [name for name in _CAPS if getattr(settings, name)]
    if capped and "+" not in settings.prices:
        raise SettingError(
            f"{PREFIX}{capped[0].upper()} needs PHONEAUTH_PRICES with the price of all other "
            'numbers, as {"+44": 0.04, "+": 0.1}'
        )


def _named(settings: Settings, name: str, known: tuple[str, ...]) -> None:
    for value in getattr(settings, name):
        if value not in known:
            raise SettingError(
                f"{PREFIX}{name.upper()} names {value!r}; it may name {', '.join(known)}"
            )


_SIDS = {
    "twilio_account_sid": re.compile("AC[0-9a-f]{32}"),
    "twilio_messaging_service_sid": re.compile("MG[0-9a-f]{32}"),
}


def _check_sids(settings: Settings) -> None:
    for name, shape in _SIDS.items():
        value = getattr(settings, name)
        if value and not shape.fullmatch(value):
            raise SettingError(
                f"{PREFIX}{name.upper()} must be {shape.pattern[:2]} and 32 letters of 0-9 and a-f"
            )


def _check_shapes(settings: Settings) -> None:
    if not settings.cooldown or min(settings.cooldown) < 1:
        raise SettingError("PHONEAUTH_COOLDOWN must be seconds, as [30, 60, 120, 240]")
    prefix = settings.url_prefix
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise SettingError("PHONEAUTH_URL_PREFIX must begin with / and not end with it, as '/auth'")
    for name in ("public_url", "sandbox_url", "risk_verify_url"):
        _check_url(PREFIX + name.upper(), getattr(settings, name))
    for origin in settings.allowed_origins:
        _check_url("PHONEAUTH_ALLOWED_ORIGINS", origin)
        if urlsplit(origin).path not in ("", "/"):
            raise SettingError(f"PHONEAUTH_ALLOWED_ORIGINS: {origin!r} has a path; leave it out")
    for number, (code, _) in settings.test_numbers.items():
        if not (number.startswith("+") and number[1:].isdigit()):
            raise SettingError(f"PHONEAUTH_TEST_NUMBERS: {number!r} must be as '+12015550123'")
        if len(code) != settings.code_length:
            raise SettingError(
                f"PHONEAUTH_TEST_NUMBERS: codes must have {settings.code_length} digits, as all do"
            )
    for region in (*settings.allowed_regions, settings.default_region):
        if region and not (len(region) == 2 and region.isascii() and region.isupper()):
            raise SettingError(f"{region!r} is not a region: use two capitals, as 'GB'")
    for name in ("after_login_url", "after_logout_url"):
        if not getattr(settings, name):
            raise SettingError(f"{PREFIX}{name.upper()} must be an address, as '/'")


def _check_url(key: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        sound = sound and parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        sound = False
    if not sound:
        shown = "one with a password" if "@" in url else repr(url)
        raise SettingError(f"{key} must be an address as 'https://example.com', not {shown}")


def _range(settings: Settings, name: str, low: int, high: int, why: str) -> None:
    value = getattr(settings, name)
    if not low <= value <= high:
        raise SettingError(f"{PREFIX}{name.upper()} must be {low} to {high}, not {value}: {why}")
