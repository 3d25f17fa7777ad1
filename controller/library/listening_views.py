"""The listen button of the dictionary: one word in a sentence, as the horns would say it."""

from flask import Blueprint, Response, request

from controller.areas.service import find_area
from controller.library.reading import reading_of
from controller.library.workshop import workshop
from controller.people.access import actor, reading
from controller.people.rights import require
from controller.pronunciation.checking import fit_entry
from controller.speech import Entry

listening_views = Blueprint("listening", __name__)

LISTENINGS = "30 per minute"
SENTENCE = "Loa sẽ đọc là: {written}. Xin nhắc lại: {written}."


@listening_views.post("/pronunciations/listen")
def word() -> Response:
    """Return a sentence with the entry of a form, kept or not, as the area has it read."""
    form = request.form
    fit = fit_entry(form.get("written", ""), form.get("spoken", ""))
    with reading() as session:
        area = find_area(session, form.get("area_id", ""))
        require(actor(), "pronunciation.edit", area)
        read = reading_of(session, area).nearer((Entry(fit.written, fit.spoken),))
    sentence = SENTENCE.format(written=fit.written)
    wav = workshop().reader.read(sentence, read.manner, normalise=read.in_words)
    return Response(wav, mimetype="audio/wav")
