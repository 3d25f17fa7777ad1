"""Every subject's JSON API in one app; the only list of them."""

from flask_limiter import Limiter
from flask_openapi3.openapi import OpenAPI

from controller.config import Config
from controller.keys import Keyring
from controller.library.api import LibraryParts, install_library, library_api
from controller.library.speech import Reader
from controller.library.store import AssetStore
from controller.people.access import Access

APIS = (library_api,)
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
    limit: str = LIMIT,
) -> None:
    """Put the API under `/api/v1`, guarded; `limit` counts the requests of one address."""
    access.install(app)
    install_library(app, LibraryParts(store, reader, config.target_lufs))
    for api in APIS:
        limiter.limit(limit)(api)
        app.register_api(api)
