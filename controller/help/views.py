"""One page that explains the console, for everyone."""

from flask import Blueprint

from controller.web.desk import page


def make_help_views() -> Blueprint:
    """Return the blueprint of the help page."""
    views = Blueprint("help", __name__, template_folder="templates")

    @views.get("/help")
    def help_page() -> str:
        return page("help/help.html")

    return views
