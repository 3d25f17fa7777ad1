"""What a text will sound like before anyone keeps it, and one sentence of it alone."""

from dataclasses import dataclass, replace

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from controller.areas.models import Area
from controller.library.preview import Preview, preview_of
from controller.library.reading import FASTEST, SLOWEST, Reading, reading_of
from controller.library.service import LONGEST_TEXT, speak_sentence
from controller.library.speech import Manner, Tell
from controller.library.workshop import workshop
from controller.people.access import actor, now, reading
from controller.people.places import area_in_sight
from controller.people.rights import allows
from controller.pronunciation.bulletin import own_entries, pairs_in
from controller.pronunciation.noting import unread_notes
from controller.speech import Entry
from controller.web.page import is_htmx, page

preview_views = Blueprint("preview", __name__, template_folder="templates")

Form = MultiDict[str, str]
SENTENCES = "60 per minute"
PANEL = "preview"  # the id of what asks by itself, as one types


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as a page shows it: where it is read, and with which voice its sentences play."""

    preview: Preview
    area_id: str
    manner: Manner


@preview_views.post("/speech/preview")
def preview() -> str:
    """Show the text of a form as it will be spoken; by itself where no script asks."""
    text = request.form.get("text_vi") or request.form.get("text", "")
    with reading() as session:
        area = area_in_sight(session, actor(), request.values.get("area_id", ""))
        read = reading_of(session, area)
    tell = None if request.headers.get("HX-Trigger") == PANEL else telling(area)
    shown = shown_of(text[:LONGEST_TEXT], chosen(request.form, read), area.id, tell)
    template = "library/_previewed.html" if is_htmx() else "library/preview.html"
    return page(template, shown=shown)


@preview_views.get("/speech/sentence")
def sentence() -> Response:
    """Speak one sentence of a preview, which is in words already."""
    query = request.args
    with reading() as session:
        area = area_in_sight(session, actor(), query.get("area_id", ""))
        read = reading_of(session, area)
    wav = speak_sentence(workshop().reader, query.get("said", ""), manner_in(query, read))
    return Response(wav, mimetype="audio/wav", headers={"Cache-Control": "private, max-age=3600"})


def telling(area: Area) -> Tell | None:
    """Return what notes unread words of an area, for those who write its texts and nobody else."""
    return unread_notes().of(area.id, now()) if allows(actor(), "library.edit", area) else None


def shown_of(text: str, read: Reading, area_id: str, tell: Tell | None = None) -> Shown:
    """Return a text as the partial `library/_preview.html` takes it.

    `tell` hears what cannot be read: when somebody asks, not while a text is half written.
    """
    spoken = read.normalised(text)
    if tell is not None:
        tell(spoken)
    return Shown(preview_of(spoken), area_id, read.manner)


def chosen(form: Form, read: Reading) -> Reading:
    """Return how an area reads, with what a form chose: voice, speed, entries of this text alone.

    Raises EntryUnfit for lines that are no entries.
    """
    return replace(read.nearer(own_in(form)), manner=manner_in(form, read))


def own_in(form: Form) -> tuple[Entry, ...]:
    """Return the entries of a form that count in its text alone; raises EntryUnfit."""
    return own_entries(pairs_in(form.get("pronunciations", "")))


def manner_in(values: Form, read: Reading) -> Manner:
    """Return how to read: what the form chose, else what holds in the area."""
    voice = values.get("voice") or read.manner.voice
    speed = values.get("speed", type=int) or read.manner.speed
    return replace(read.manner, voice=voice, speed=min(FASTEST, max(SLOWEST, speed)))
