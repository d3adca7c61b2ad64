"""The operator's URLs: two families, which refuse in OAuth's and in CAMARA's form, and network
enablement, which refuses as most of Vonage's APIs do."""

from functools import partial

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.paths import Rule
from sms_sandbox.facades.vonage.errors import as_problem
from sms_sandbox.facades.vonage.family import Family
from sms_sandbox.facades.vonage.operator import (
    authorize,
    enablement,
    number_verification,
    one_time_password,
    sim_swap,
    tokens,
)
from sms_sandbox.facades.vonage.operator.errors import as_camara, as_oauth


def families(room: Room) -> tuple[Family, ...]:
    """Everything that the operator answers."""
    return (
        Family(name="vonage_network", rules=_network(room), refuse=as_problem),
        Family(name="vonage_oauth", rules=_oauth(room), refuse=as_oauth),
        Family(name="vonage_camara", rules=_camara(room), refuse=as_camara),
    )


def _network(room: Room) -> list[Rule]:
    return [
        ("POST", enablement.PATH, partial(enablement.enable, room)),
        ("POST", tokens.BACKCHANNEL, partial(tokens.begin, room)),
    ]


def _oauth(room: Room) -> list[Rule]:
    return [
        ("GET", authorize.PATH, partial(authorize.authorize, room)),
        ("GET", authorize.NETWORK, partial(authorize.log_in, room)),
        ("GET", enablement.CALLBACK, partial(authorize.call_back, room)),
        ("POST", tokens.PATH, partial(tokens.token, room)),
    ]


def _camara(room: Room) -> list[Rule]:
    rules: list[Rule] = [
        ("POST", f"{one_time_password.ROOT}/send-code", partial(one_time_password.send_code, room)),
        (
            "POST",
            f"{one_time_password.ROOT}/validate-code",
            partial(one_time_password.validate_code, room),
        ),
    ]
    for numbers, sims, current in (
        (number_verification.VONAGE, sim_swap.VONAGE, False),
        (number_verification.CAMARA, sim_swap.CAMARA, True),
    ):
        share = partial(number_verification.share, room, current=current)
        dated = partial(sim_swap.retrieve_date, room, current=current)
        rules += [
            (
                "POST",
                f"{numbers}/verify",
                partial(number_verification.verify, room, current=current),
            ),
            ("GET", f"{numbers}/device-phone-number", share),
            ("POST", f"{sims}/check", partial(sim_swap.check, room, current=current)),
            ("POST", f"{sims}/retrieve-date", dated),
        ]
    return rules
