"""Vonage's URLs: each family of APIs brings its own, and nothing lives at any other."""

from flask import Blueprint, Response

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.paths import add_paths
from sms_sandbox.facades.vonage.errors import Unserved, as_problem
from sms_sandbox.facades.vonage.family import Family, register_refusals
from sms_sandbox.facades.vonage.family import create_blueprint as create_family
from sms_sandbox.facades.vonage.messages import routes as messages
from sms_sandbox.facades.vonage.operator import routes as operator
from sms_sandbox.facades.vonage.sms import routes as sms
from sms_sandbox.facades.vonage.verify import routes as verify
from sms_sandbox.facades.vonage.verify_legacy import routes as verify_legacy


def families(room: Room) -> tuple[Family, ...]:
    """Every family of APIs that is imitated."""
    return (
        sms.family(room),
        messages.family(room),
        verify.family(room),
        verify_legacy.family(room),
        *operator.families(room),
    )


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``."""
    blueprint = Blueprint("vonage", __name__, url_prefix=prefix)
    for one in families(room):
        blueprint.register_blueprint(create_family(one))
    add_paths(blueprint, (), wrong_method=_nowhere, nowhere=_nowhere)
    register_refusals(blueprint, as_problem)
    return blueprint


def _nowhere(_rest: str = "") -> Response:
    raise Unserved(404)
