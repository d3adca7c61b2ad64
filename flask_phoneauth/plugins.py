"""The one table of parts that are chosen by name: name -> `module:attribute`.

The only lazy imports of the package: a provider's module, and with it the vendor's SDK, is
loaded when a setting names it. A value has the form of a packaging entry point; `[extra]` behind
it is the extra that brings the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from flask_phoneauth.settings import SettingError

DISTRIBUTION = "Flask-PhoneAuth"


@dataclass(frozen=True, slots=True)
class Table:
    """Parts of one kind: our own by `rows`, other distributions' by the entry-point `group`."""

    key: str
    rows: Mapping[str, str] = field(default_factory=dict)
    group: str = ""

    def names(self) -> tuple[str, ...]:
        """Every name that `load` knows, sorted."""
        return tuple(sorted(self._entries()))

    def check(self, name: str) -> None:
        """Raise `SettingError` for a name that is not known; nothing is imported."""
        if name not in self.rows and name not in self._entries():
            known = ", ".join(self.names())
            raise SettingError(f"{self.key}: {name!r} is not known; choose from: {known}")

    def load(self, name: str) -> Any:
        """The attribute behind `name`; raises `SettingError` that names the setting and the cure.

        Unknown names, missing extras and entry points that lead nowhere are refused.
        """
        self.check(name)
        entry = self._ours().get(name) or self._entries()[name]
        try:
            return entry.load()
        except ImportError as exc:
            raise SettingError(self._not_importable(entry, exc)) from exc
        except AttributeError as exc:
            raise SettingError(
                f"{self.key}: {name!r} leads to {entry.value!r}, which is not there"
            ) from exc

    def _entries(self) -> dict[str, EntryPoint]:
        outside = entry_points(group=self.group) if self.group else ()
        entries = {entry.name: entry for entry in outside}
        # Our own rows come last: an installed package must not take a built-in name over.
        return entries | self._ours()

    def _ours(self) -> dict[str, EntryPoint]:
        """Known without a look at every installed package, which takes longer than all else."""
        return {name: EntryPoint(name, to, self.group) for name, to in self.rows.items()}

    def _not_importable(self, entry: EntryPoint, exc: ImportError) -> str:
        package = entry.dist.name if entry.dist is not None else DISTRIBUTION
        extras = f"[{','.join(entry.extras)}]" if entry.extras else ""
        return (
            f"{self.key}: {entry.name!r} needs {exc.name or entry.module!r}, which cannot be "
            f"imported; run: pip install '{package}{extras}'"
        )


PROVIDERS = Table(
    key="PHONEAUTH_PROVIDERS",
    rows={
        "console": "flask_phoneauth.providers.console:ConsoleProvider",
        "messagebird": "flask_phoneauth.providers.messagebird:MessageBirdProvider [messagebird]",
        "plivo": "flask_phoneauth.providers.plivo:PlivoProvider [plivo]",
        "sandbox": "flask_phoneauth.providers.sandbox:SandboxProvider",
        "sns": "flask_phoneauth.providers.sns:SnsProvider [sns]",
        "twilio": "flask_phoneauth.providers.twilio:TwilioProvider [twilio]",
        "vonage": "flask_phoneauth.providers.vonage:VonageProvider [vonage]",
    },
    group="flask_phoneauth.providers",
)
DISPATCHERS = Table(
    key="PHONEAUTH_DISPATCH",
    rows={
        "celery": "flask_phoneauth.dispatch.celery:CeleryDispatch [celery]",
        "inline": "flask_phoneauth.dispatch.inline:InlineDispatch",
        "rq": "flask_phoneauth.dispatch.rq:RqDispatch [rq]",
        "thread": "flask_phoneauth.dispatch.thread:ThreadDispatch",
    },
    group="flask_phoneauth.dispatch",
)
MAILERS = Table(
    key="PHONEAUTH_CHANNELS",
    rows={"email": "flask_phoneauth.channels.email:Mailer [email]"},
)
OPERATORS = Table(
    key="PHONEAUTH_OPERATOR",
    rows={
        "camara": "flask_phoneauth.operators.camara:CamaraOperator [operator]",
        "vonage": "flask_phoneauth.operators.camara:VonageOperator [operator]",
    },
)
VERIFIERS = Table(
    key="PHONEAUTH_VERIFIER",
    rows={
        "twilio_verify": "flask_phoneauth.verifiers.twilio_verify:TwilioVerifier [twilio]",
        "vonage_verify": "flask_phoneauth.verifiers.vonage_verify:VonageVerifier [vonage]",
    },
)
TELEMETRY = Table(
    key="PHONEAUTH_METRICS",
    rows={
        "opentelemetry": "flask_phoneauth.telemetry.opentelemetry:OpenTelemetry [otel]",
        "prometheus": "flask_phoneauth.telemetry.prometheus:PrometheusTelemetry [metrics]",
    },
)


def load_provider(name: str) -> Any:
    """The provider class called `name`; build it by `from_settings(settings)`."""
    return PROVIDERS.load(name)


def load_dispatch(name: str) -> Any:
    """The dispatch class called `name`; build it by `from_settings(settings, handle)`."""
    return DISPATCHERS.load(name)


def load_mailer() -> Any:
    """The class that sends e-mails; build it by `from_settings(settings)`."""
    return MAILERS.load("email")


def load_operator(name: str) -> Any:
    """The operator's class called `name`; build it by `from_settings(settings)`."""
    return OPERATORS.load(name)


def load_verifier(name: str) -> Any:
    """The verifier's class called `name`; build it by `from_settings(settings)`."""
    return VERIFIERS.load(name)


def load_telemetry(name: str) -> Any:
    """The class called `name` that collects counts; build it without arguments."""
    return TELEMETRY.load(name)
