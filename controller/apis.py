"""Every subject's JSON API in one app; the only list of them."""

from dataclasses import replace

from flask_limiter import Limiter
from flask_openapi3.openapi import OpenAPI

from controller.config import Config
from controller.emergencies.api import emergencies_api
from controller.emergencies.drills_api import drills_api
from controller.emergencies.pack_words import OWN_WORDS
from controller.emergencies.panics_api import panics_api
from controller.emergencies.parts import EmergencyParts, install_emergencies
from controller.emergencies.reach_api import reach_api
from controller.emergencies.releasing import SecondFactor
from controller.emergencies.rules_api import rules_api
from controller.emergencies.speech import Studio
from controller.emergencies.templates_api import templates_api
from controller.health.api import health_api
from controller.keys import Keyring
from controller.library.api import LibraryParts, install_library, library_api
from controller.library.speech import Reader
from controller.library.speech_api import speech_api
from controller.library.store import AssetStore
from controller.people import second_factor
from controller.people.access import Access
from controller.people.api import people_api
from controller.people.areas_api import areas_api
from controller.people.second_factor_api import second_factor_api
from controller.plans.api import plans_api
from controller.programmes.api import programmes_api
from controller.programmes.hearing_api import hearings_api
from controller.pronunciation.api import pronunciation_api
from controller.pronunciation.noting import UnreadNotes
from controller.records.api import records_api
from controller.stations.api import install_stations, stations_api
from controller.warnings.api import warnings_api
from controller.warnings.sources_api import warning_sources_api

APIS = (
    areas_api,
    people_api,
    second_factor_api,
    stations_api,
    library_api,
    pronunciation_api,
    speech_api,
    hearings_api,
    programmes_api,
    plans_api,
    emergencies_api,
    reach_api,
    templates_api,
    rules_api,
    drills_api,
    panics_api,
    warnings_api,
    warning_sources_api,
    records_api,
    health_api,
)
LIMIT = "1200 per minute"


def register_apis(
    app: OpenAPI,
    *,
    access: Access,
    store: AssetStore,
    reader: Reader,
    keyring: Keyring,
    config: Config,
    limiter: Limiter,
    verify: SecondFactor = second_factor.verify,
    limit: str = LIMIT,
) -> None:
    """Put the API under `/api/v1`, guarded; `limit` counts the requests of one address."""
    replace(access, upload_max_bytes=config.upload_max_bytes).install(app)
    install_stations(app, keyring)
    install_library(app, LibraryParts(store, reader, config.target_lufs))
    notes = UnreadNotes(access.sessions)
    notes.install(app)
    studio = Studio(store, reader, config.target_lufs, notes)
    own_words = config.data_dir / OWN_WORDS
    install_emergencies(app, EmergencyParts(studio, verify, config.zone, own_words))
    for api in APIS:
        limiter.limit(limit)(api)
        app.register_api(api)
