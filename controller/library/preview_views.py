"""What a text will sound like before anyone keeps it, and one sentence of it alone."""

from dataclasses import dataclass, replace

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from controller.library.preview import Preview, preview_of
from controller.library.reading import FASTEST, SLOWEST, Reading, area_in_sight, reading_of
from controller.library.service import LONGEST_TEXT, speak_sentence
from controller.library.speech import Manner
from controller.library.workshop import workshop
from controller.people.access import actor, reading
from controller.pronunciation.bulletin import own_entries, pairs_in
from controller.speech import Entry
from controller.web.page import is_htmx, page

preview_views = Blueprint("preview", __name__, template_folder="templates")

Form = MultiDict[str, str]
SENTENCES = "60 per minute"


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
    shown = shown_of(text[:LONGEST_TEXT], chosen(request.form, read), area.id)
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


def shown_of(text: str, read: Reading, area_id: str) -> Shown:
    """Return a text as the partial `library/_preview.html` takes it.

    What cannot be read is noted when the text is kept, not while it is still half written.
    """
    return Shown(preview_of(read.normalised(text)), area_id, read.manner)


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
