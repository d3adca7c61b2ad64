"""Sign in with a name and a password, and keep a shelf."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required, login_user, logout_user
from sqlalchemy import select

from bookshelf.models import Book, User, db

pages = Blueprint("pages", __name__)


@pages.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        named = select(User).where(User.username == request.form["username"])
        user = db.session.scalar(named)
        if user and user.check_password(request.form["password"]):
            login_user(user)
            return redirect(url_for("pages.shelf"))
        flash("That name and password do not fit.")
    return render_template("login.html")


@pages.route("/", methods=["GET", "POST"])
@login_required
def shelf():
    if request.method == "POST":
        current_user.books.append(Book(title=request.form["title"]))
        db.session.commit()
        return redirect(url_for("pages.shelf"))
    return render_template("shelf.html")


@pages.post("/logout")
def logout():
    logout_user()
    return redirect(url_for("pages.login"))
