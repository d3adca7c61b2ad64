"""A bookshelf for members: the app that the how-to begins with, before it knows phone numbers."""

import os

from flask import Flask
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from bookshelf.models import User, db
from bookshelf.views import pages

csrf = CSRFProtect()
login_manager = LoginManager()
login_manager.login_view = "pages.login"
migrate = Migrate()


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    login_manager.init_app(app)
    app.register_blueprint(pages)
    return app
