"""The listen button of the dictionary: one word in a sentence, as the horns would say it."""

from flask import Blueprint, Response, request

from controller.areas.service import find_area
from controller.library.speech import in_words_of
from controller.library.workshop import workshop
from controller.people.access import actor, reading
from controller.people.rights import require
from controller.pronunciation.checking import fit_entry
from controller.pronunciation.dictionaries import dictionaries_for
from controller.speech import Dictionary, Entry

listening_views = Blueprint("listening", __name__)

LISTENINGS = "30 per minute"
SENTENCE = "Loa sẽ đọc là: {written}. Xin nhắc lại: {written}."


@listening_views.post("/pronunciations/listen")
def word() -> Response:
    """Return a sentence with the entry of a form, kept or not, spoken by the usual voice."""
    form = request.form
    fit = fit_entry(form.get("written", ""), form.get("spoken", ""))
    with reading() as session:
        area = find_area(session, form.get("area_id", ""))
        require(actor(), "pronunciation.edit", area)
        above = dictionaries_for(session, area)
    nearest = Dictionary([Entry(fit.written, fit.spoken)])
    sentence = SENTENCE.format(written=fit.written)
    wav = workshop().reader.read(sentence, normalise=in_words_of((*above, nearest)))
    return Response(wav, mimetype="audio/wav")
