"""Pages of the logbook: what was planned, what was played, and why not."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from flask_babel import get_timezone

from controller.people.access import actor, now, reading
from controller.people.places import places
from controller.records.pages import Wanted, as_csv, clusters_of, counts, line, lines, receipts
from controller.web.page import PAGE_SIZE, day_in, offset, page

logbook_views = Blueprint("records", __name__, template_folder="templates")


@logbook_views.get("/logbook")
def logbook() -> str:
    """Show the lines of a day."""
    wanted = _wanted(now())
    with reading() as session:
        rows = lines(session, actor(), wanted)
        by_state = counts(session, lines(session, actor(), wanted))
        return page(
            "records/logbook.html",
            rows=session.execute(rows.limit(PAGE_SIZE).offset(offset())).all(),
            total=sum(by_state.values()),
            by_state=by_state,
            wanted=wanted,
            others={key: value for key, value in request.args.items() if key != "page"},
            day_before=wanted.day - timedelta(days=1),
            day_after=wanted.day + timedelta(days=1),
            areas=places(session, actor(), "view"),
            clusters_of=clusters_of,
        )


@logbook_views.get("/logbook.csv")
def export() -> Response:
    """Return the lines of a day for a spreadsheet."""
    wanted, who = _wanted(now()), actor()
    with reading() as session:
        text = "".join(as_csv(session, lines(session, who, wanted)))
    name = f"nhat-ky-phat-{wanted.day.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)


@logbook_views.get("/logbook/<int:line_id>")
def detail(line_id: int) -> str:
    """Show one line with the receipts behind it."""
    with reading() as session:
        found, device = line(session, actor(), line_id)
        clusters, told = clusters_of(device, found.output), receipts(session, found)
        return page(
            "records/line.html", line=found, device=device, clusters=clusters, receipts=told
        )


def _wanted(at: datetime) -> Wanted:
    query, zone = request.args, get_timezone()
    return Wanted(
        day=day_in(query, "day") or at.astimezone(zone).date(),
        zone=zone,
        state=query.get("state", ""),
        area_id=query.get("area", ""),
        station_id=query.get("station", ""),
    )
