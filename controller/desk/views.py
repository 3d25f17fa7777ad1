"""What the desk's pages read by themselves: the points to draw over, and who would hear."""

from flask import Blueprint, Response, jsonify, request

from controller.desk.ground import ground
from controller.desk.heard import heard, shapes_in
from controller.people.access import actor, reading
from controller.web.page import page

desk_views = Blueprint("desk", __name__, template_folder="templates")


@desk_views.get("/desk/ground.json")
def ground_points() -> Response:
    """Return the clusters and areas to draw over."""
    with reading() as session:
        found = ground(session, actor())
    return jsonify({"clusters": found.clusters, "areas": found.areas})


@desk_views.post("/desk/heard")
def who_hears() -> str:
    """Show who would hear the target of a form."""
    shapes = shapes_in(request.form.get("shapes", ""))
    areas = request.form.getlist("areas")
    with reading() as session:
        return page("desk/_heard.html", heard=heard(session, actor(), areas, shapes))
