"""The pages of the notes application."""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from example_app.notebook import (
    MOST_CHARACTERS,
    MOST_NOTES,
    Notebook,
    NoteRefused,
    NotesUnavailable,
)

EXPIRED = "The page had been open for too long, so nothing was changed. Please do it once more."

pages = Blueprint("notes", __name__)


class NoteForm(FlaskForm):  # type: ignore[misc]
    """The text of a note, and the CSRF token; the notebook judges the text."""

    body = TextAreaField()


class DeleteForm(FlaskForm):  # type: ignore[misc]
    """The CSRF token alone."""


@pages.get("/")
def home() -> ResponseReturnValue:
    """The notes of who is signed in; for strangers, what this is and the way in."""
    if not current_user.is_authenticated:
        return render_template("welcome.html")
    return _notes_page(NoteForm(formdata=None))


@pages.post("/notes")
@login_required  # type: ignore[untyped-decorator]
def add() -> ResponseReturnValue:
    """Add a note; a refused one comes back with its text."""
    form = NoteForm(request.form)
    if not form.validate():
        return _notes_page(form, EXPIRED, 400)
    try:
        _notebook().add(current_user.get_id(), form.body.data or "")
    except NoteRefused as refusal:
        form.body.data = refusal.kept
        return _notes_page(form, str(refusal), refusal.status)
    except NotesUnavailable as fault:
        return _notes_page(form, str(fault), 503)
    flash("The note is added.")
    return redirect(url_for(".home"), 303)


@pages.post("/notes/<note_id>/delete")
@login_required  # type: ignore[untyped-decorator]
def delete(note_id: str) -> ResponseReturnValue:
    """Delete one of one's own notes; 404 for any other."""
    if not DeleteForm(request.form).validate():
        return _notes_page(NoteForm(formdata=None), EXPIRED, 400)
    try:
        found = _notebook().delete(current_user.get_id(), note_id)
    except NotesUnavailable as fault:
        return _notes_page(NoteForm(formdata=None), str(fault), 503)
    if not found:
        abort(404)
    flash("The note is deleted.")
    return redirect(url_for(".home"), 303)


def _notes_page(form: NoteForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    listed = None
    try:
        listed = _notebook().of_user(current_user.get_id())
    except NotesUnavailable as fault:
        problem, status = problem or str(fault), 503
    page = render_template(
        "notes.html",
        form=form,
        notes=listed,
        problem=problem,
        most_characters=MOST_CHARACTERS,
        most_notes=MOST_NOTES,
    )
    return page, status, {"Retry-After": "5"} if status == 503 else {}


def _notebook() -> Notebook:
    return cast(Notebook, current_app.extensions["notebook"])
