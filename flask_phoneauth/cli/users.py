"""`flask phoneauth users ...`: what an operator does for and to users."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from flask_phoneauth.cli.speaking import as_json, faults_told, in_full, print_json, running, when
from flask_phoneauth.errors import InvalidPhone
from flask_phoneauth.phone.number import PhoneNumber, mask, parse
from flask_phoneauth.phone.policy import check_number
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.sessions import operating
from flask_phoneauth.sessions.state import Live

ID_MARK = "id:"
MOST_LISTED = 1000

users_group = AppGroup("users", help="List, make, block and remove users, and end sessions.")
who = click.argument("who", metavar="NUMBER|ID")


@users_group.command("list")
@click.option("--search", default="", help="Only numbers that hold these digits.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST_LISTED))
@click.option("--after", help="Go on behind the user of this id.")
@in_full
@as_json
def list_users(search: str, limit: int, after: str | None, full: bool, as_json: bool) -> None:
    """List users, by id."""
    digits = "".join(filter(str.isdecimal, search))
    if search and not digits:
        raise click.BadParameter("name some digits of the number", param_hint="--search")
    with faults_told():
        found = running().parts.users.search(digits, limit, after)
    for user in found:
        _show(user, full=full, as_json=as_json)
    if len(found) == limit:
        click.echo(f"There may be more: --after {found[-1].get_id()}", err=True)


@users_group.command("create")
@click.argument("number")
@in_full
@as_json
def create_user(number: str, full: bool, as_json: bool) -> None:
    """Make the account of a NUMBER that you know to be its owner's."""
    with faults_told():
        live = running()
        user = live.parts.users.create(_number(live, number).e164)
    _show(user, full=full, as_json=as_json)


@users_group.command("block")
@who
@in_full
@as_json
def block_user(who: str, full: bool, as_json: bool) -> None:
    """Keep a user out, and end all of the user's sessions."""
    with faults_told():
        live = running()
        user = _find(live, who)
        operating.block(live, user)
        _show(_again(live, user), full=full, as_json=as_json)


@users_group.command("unblock")
@who
@in_full
@as_json
def unblock_user(who: str, full: bool, as_json: bool) -> None:
    """Let a blocked user sign in again."""
    with faults_told():
        live = running()
        user = _find(live, who)
        operating.unblock(live, user)
        _show(_again(live, user), full=full, as_json=as_json)


@users_group.command("delete")
@who
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete_user(who: str, yes: bool, as_json: bool) -> None:
    """Remove a user and all of the user's sessions."""
    with faults_told():
        live = running()
        user = _find(live, who)
        if not yes:
            click.confirm(f"Delete user {_line(user, full=False)}?", abort=True, err=True)
        operating.delete(live, user)
    if as_json:
        print_json({"id": str(user.get_id()), "deleted": True})
    else:
        click.echo(f"User {user.get_id()} is deleted.")


@users_group.command("sessions")
@who
@as_json
def list_sessions(who: str, as_json: bool) -> None:
    """List a user's sessions, newest first."""
    with faults_told():
        live = running()
        records = live.registry.of_user(str(_find(live, who).get_id()))
    for record in records:
        _show_session(record, as_json=as_json)
    if not records:
        click.echo("No sessions.", err=True)


@users_group.command("sign-out")
@who
@click.option("--session", "session_id", help="Only the session of this id.")
def sign_out(who: str, session_id: str | None) -> None:
    """End all of a user's sessions, or one."""
    with faults_told():
        live = running()
        user = _find(live, who)
        operating.sign_out(live, user, session_id)
    ended = "All sessions" if session_id is None else f"Session {session_id}"
    click.echo(f"{ended} of user {user.get_id()} ended.")


def _number(live: Live, text: str) -> PhoneNumber:
    settings = live.parts.settings
    number = parse(
        text, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    )
    check_number(number, settings, live.parts.hooks.number_policy)
    return number


def _find(live: Live, text: str) -> Any:
    """The one user meant by a number in any spelling, an id, or `id:` and an id."""
    users = live.parts.users
    if text.startswith(ID_MARK):
        found = users.get(text.removeprefix(ID_MARK))
    else:
        by_id = None if text.startswith(("+", "00")) else users.get(text)
        by_phone = _by_number(live, text, needed=by_id is None)
        found = by_id or by_phone
        if by_id and by_phone and by_id.get_id() != by_phone.get_id():
            raise click.ClickException(
                f"{text} is the id of one user and the number of another: write {ID_MARK}{text}, "
                "or the number with + and its country code."
            )
    if found is None:
        raise click.ClickException("There is no such user. See 'flask phoneauth users list'.")
    return found


def _by_number(live: Live, text: str, *, needed: bool) -> Any | None:
    """The user with that number; what is no number is an error only where nothing else fits."""
    settings = live.parts.settings
    try:
        number = parse(
            text, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
        )
    except InvalidPhone as error:
        if needed and text.startswith(("+", "00")):
            raise click.ClickException(str(error)) from None
        return None
    return live.parts.users.by_phone(number.e164)


def _again(live: Live, user: Any) -> Any:
    """The user as the store has it now; as it was where somebody has just removed it."""
    return live.parts.users.get(str(user.get_id())) or user


def _show(user: Any, *, full: bool, as_json: bool) -> None:
    if not as_json:
        click.echo(_line(user, full=full))
        return
    print_json(
        {
            "id": str(user.get_id()),
            "phone": _phone(user, full=full),
            "phone_verified_at": when(getattr(user, "phone_verified_at", None)),
            "blocked_at": when(user.blocked_at),
        }
    )


def _line(user: Any, *, full: bool) -> str:
    blocked = "" if user.blocked_at is None else f"  blocked since {when(user.blocked_at)}"
    return f"{user.get_id()}  {_phone(user, full=full) or 'no number'}{blocked}"


def _phone(user: Any, *, full: bool) -> str | None:
    if not user.phone:
        return None
    return str(user.phone) if full else mask(str(user.phone))


def _show_session(record: SessionRecord, *, as_json: bool) -> None:
    times = {
        name: when(getattr(record, name))
        for name in ("created_at", "authenticated_at", "last_seen_at", "expires_at")
    }
    if as_json:
        rest = {"ip": record.ip, "place": record.place, "user_agent": record.user_agent}
        print_json({"id": record.id, **times, **rest})
        return
    seen = times["last_seen_at"]
    where = f"{record.ip}  {record.place}".rstrip()
    click.echo(f"{record.id}  last seen {seen}  {where}  {record.user_agent}".rstrip())
