"""The forms of the pages: the CSRF token and bounded fields.

They judge nothing about a number or a code: that is the flows' work, for HTML and JSON alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField, TelField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length

MAX_PHONE_TEXT = 64
MAX_CODE_TEXT = 64
MAX_NEXT_TEXT = 2048
MAX_CHALLENGE_ID = 128
MAX_RISK_TOKEN = 8192
MAX_CHANNEL = 16


class EmptyForm(FlaskForm):  # type: ignore[misc]
    """The CSRF token alone, for buttons that carry no input: sign out, revoke."""


class LoginForm(FlaskForm):  # type: ignore[misc]
    """A phone number in any spelling, whether to stay signed in, and where to go afterwards."""

    phone = TelField(validators=[Length(max=MAX_PHONE_TEXT)])
    channel = StringField(validators=[Length(max=MAX_CHANNEL)])
    remember = BooleanField()
    next = HiddenField(validators=[Length(max=MAX_NEXT_TEXT)])
    risk_token = StringField(validators=[Length(max=MAX_RISK_TOKEN)])


class PhoneForm(FlaskForm):  # type: ignore[misc]
    """The number that an account is to have, in any spelling, and where to go afterwards."""

    phone = TelField(validators=[Length(max=MAX_PHONE_TEXT)])
    channel = StringField(validators=[Length(max=MAX_CHANNEL)])
    next = HiddenField(validators=[Length(max=MAX_NEXT_TEXT)])
    risk_token = StringField(validators=[Length(max=MAX_RISK_TOKEN)])


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The code as it was typed, for one challenge."""

    challenge_id = HiddenField(validators=[Length(max=MAX_CHALLENGE_ID)])
    code = StringField(validators=[Length(max=MAX_CODE_TEXT)])


class ResendForm(FlaskForm):  # type: ignore[misc]
    """The challenge whose code is to be sent again, and by which channel."""

    challenge_id = HiddenField(validators=[Length(max=MAX_CHALLENGE_ID)])
    channel = HiddenField(validators=[Length(max=MAX_CHANNEL)])


def sent_values(
    form_type: type[FlaskForm], sent: Mapping[str, str]
) -> dict[str, str | bool | None]:
    """What was sent for that form's fields: texts, None where one is missing, ticks as bools."""
    return {
        name: sent.get(name, "") not in BooleanField.false_values if ticked else sent.get(name)
        for name, ticked in _fields(form_type)  # type: ignore[arg-type]
    }


@cache
def _fields(form_type: Any) -> tuple[tuple[str, bool], ...]:
    """The names of a form's fields, and whether each is a box to tick."""
    return tuple(
        (name, issubclass(field.field_class, BooleanField))
        for name, field in vars(form_type).items()
        if isinstance(field, UnboundField)
    )
