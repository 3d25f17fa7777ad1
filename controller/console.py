"""The pages of the console, put together from what every subject offers.

Pages of a subject are in its `views.py`; what all of them share is in `web/`.
"""

from flask import Flask
from flask_limiter import Limiter

from controller.config import Config
from controller.db import Sessions
from controller.desk.alert_views import alert_views
from controller.desk.decision_views import decision_views
from controller.desk.drill_views import drill_views
from controller.desk.firing_views import firing_views
from controller.desk.prepared_views import prepared_views
from controller.desk.views import desk_views
from controller.desk.watch import Watch
from controller.health.views import station_views
from controller.help.views import help_views
from controller.library.listening_views import LISTENINGS, listening_views, word
from controller.library.preview_views import SENTENCES, preview_views, sentence
from controller.library.reading_views import reading_views
from controller.library.views import library_views
from controller.library.workshop import Workshop
from controller.menu import allowed, menu
from controller.people.accounts_views import accounts_views
from controller.people.areas_views import areas_views
from controller.people.gate import Gate
from controller.people.second_factor_views import second_factor_views
from controller.people.views import SIGN_INS, people_views, sign_in_post
from controller.plans.views import schedule_views
from controller.programmes.views import programmes_views
from controller.pronunciation.views import pronunciation_views
from controller.records.views import logbook_views
from controller.stations.views import stations_views
from controller.today.views import today_views
from controller.warnings.source_views import source_views
from controller.warnings.views import warnings_views
from controller.web.i18n import speak
from controller.web.pages import handle_pages
from controller.web.security import secure

VIEWS = (
    people_views,
    today_views,
    desk_views,
    firing_views,
    alert_views,
    decision_views,
    prepared_views,
    drill_views,
    warnings_views,
    source_views,
    help_views,
    library_views,
    pronunciation_views,
    listening_views,
    preview_views,
    reading_views,
    programmes_views,
    schedule_views,
    station_views,
    stations_views,
    logbook_views,
    accounts_views,
    second_factor_views,
    areas_views,
)


def add_console(
    app: Flask, config: Config, limiter: Limiter, workshop: Workshop, watched: Sessions
) -> None:
    """Give an app with `Access` the pages, their guard, languages, and answers to errors.

    `watched` are sessions that only read, for the pages that follow an alert.
    """
    Gate().guard(app)
    secure(app, config)
    speak(app, config.zone)
    handle_pages(app)
    workshop.install(app)
    Watch(watched).install(app)
    app.jinja_env.globals.update(menu=menu, allowed=allowed)
    for views in VIEWS:
        app.register_blueprint(views)
    app.view_functions["listening.word"] = limiter.limit(LISTENINGS)(word)
    app.view_functions["preview.sentence"] = limiter.limit(SENTENCES)(sentence)
    app.view_functions["people.sign_in_post"] = limiter.limit(SIGN_INS)(sign_in_post)
