"""A family of Vonage's APIs: routes that refuse alike, each family in its own form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import SandboxError
from sms_sandbox.facades.paths import Rule, add_paths
from sms_sandbox.facades.vonage.errors import Denied, Unserved, VonageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """``name`` is its blueprint's. ``refuse`` says in the family's form what went wrong: it is
    given ``Denied``, ``Unserved``, ``RequestEntityTooLarge``, any ``SandboxError``, and the
    family's own ``VonageError``, which it hands back."""

    name: str
    rules: Sequence[Rule]
    refuse: Callable[[Exception], VonageError]


def create_blueprint(family: Family) -> Blueprint:
    """The family's routes; every other method of their paths is refused in its form."""
    blueprint = Blueprint(family.name, __name__)
    add_paths(blueprint, family.rules, wrong_method=_wrong_method)
    register_refusals(blueprint, family.refuse)
    return blueprint


def register_refusals(blueprint: Blueprint, refuse: Callable[[Exception], VonageError]) -> None:
    """Let a blueprint answer every refusal by ``refuse``."""

    def respond(error: Exception) -> Response:
        return refuse(error).respond()

    for kind in (VonageError, Denied, Unserved, SandboxError, RequestEntityTooLarge):
        blueprint.register_error_handler(kind, respond)


def _wrong_method(**_: str) -> Response:
    raise Unserved(405)
