"""The mobile operator that verifies numbers without a code."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import address, setting, within
from flask_phoneauth.settings.values import SettingError

SIM_SWAPS = ("allow", "step_up", "refuse")
MAX_SIM_HOURS = 2400
_ADDRESSES = (
    "operator_url",
    "operator_authorize_url",
    "operator_token_url",
    "operator_backchannel_url",
    "operator_api_url",
)


@dataclass(frozen=True, kw_only=True)
class OperatorSettings:
    """The mobile operator that verifies numbers without a code."""

    operator: str = setting(
        "", "who verifies numbers by the mobile network: `vonage`, `camara`, or nobody"
    )
    operator_application_id: str = setting(
        "", "the application there (OAuth's `client_id`); with `SANDBOX_URL` any UUID"
    )
    operator_private_key: str = setting(
        "", "its RSA key (PEM); with `SANDBOX_URL` one is made", secret=True
    )
    operator_url: str = setting(
        "", "what the operator's paths follow; default for `vonage`: its European address"
    )
    operator_authorize_url: str = setting("", "default: `/oauth2/auth` below that")
    operator_token_url: str = setting("", "default: `/oauth2/token` below that")
    operator_backchannel_url: str = setting("", "default: `/oauth2/bc-authorize` below that")
    operator_api_url: str = setting("", "what CAMARA's paths follow; default: `/camara` below that")
    sim_swap: str = setting(
        "allow",
        "of a number whose SIM was changed a short while ago: `step_up`: its account takes a code "
        "by e-mail too; `refuse`: it is sent no code",
    )
    sim_swap_hours: int = setting(240, "how many hours that is")


def check(settings: OperatorSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    for name in _ADDRESSES:
        address(name, getattr(settings, name))
    within(settings, "sim_swap_hours", 1, MAX_SIM_HOURS, "operators look back no further")
    if settings.sim_swap not in SIM_SWAPS:
        raise SettingError(f"PHONEAUTH_SIM_SWAP must be one of {', '.join(SIM_SWAPS)}")
    if settings.sim_swap != "allow" and not settings.operator:
        raise SettingError(
            f"PHONEAUTH_SIM_SWAP = {settings.sim_swap!r} needs PHONEAUTH_OPERATOR, whom it asks: "
            "set it to 'camara' or 'vonage', or leave PHONEAUTH_SIM_SWAP out"
        )
