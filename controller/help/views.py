"""One page that explains the console, for everyone."""

from flask import Blueprint

from controller.web.page import page

help_views = Blueprint("help", __name__, template_folder="templates")


@help_views.get("/help")
def help_page() -> str:
    """Explain the console."""
    return page("help/help.html")
