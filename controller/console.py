"""The pages of the console, put together from what every subject offers.

Nothing happens at import. Pages of a subject are in its `views.py`; what all share is `web/`.
"""

from flask import Flask
from flask_limiter import Limiter

from controller.help.views import make_help_views
from controller.menu import menu
from controller.people.brake import Brake
from controller.people.gate import Gate
from controller.people.views import make_people_views
from controller.today.views import make_today_views
from controller.web.desk import Desk
from controller.web.i18n import speak
from controller.web.pages import handle_pages
from controller.web.security import secure


def add_console(app: Flask, desk: Desk, *, brake: Brake, limiter: Limiter) -> None:
    """Give an app the pages, their languages, their guard, and their answers to errors."""
    Gate(desk).guard(app)
    secure(app, desk.config)
    speak(app, desk.config.zone)
    handle_pages(app)
    app.jinja_env.globals["menu"] = menu
    for views in (
        make_people_views(desk, brake, limiter),
        make_today_views(desk),
        make_help_views(),
    ):
        app.register_blueprint(views)
