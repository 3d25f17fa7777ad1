"""The two kinds of slow work of the library's pages, as functions of a progress to tell."""

from pathlib import Path
from typing import Any

from controller.db import Sessions
from controller.library import service
from controller.library.models import LibraryItem
from controller.library.workshop import Progress, Work, Workshop


def uploaded(
    sessions: Sessions, shop: Workshop, file: Path, name: str, values: dict[str, Any]
) -> Work:
    """Return the work of adding a file, which is gone afterwards."""

    def work(on_progress: Progress) -> LibraryItem:
        try:
            with sessions.begin() as session:
                return service.add_upload(
                    session,
                    shop.store,
                    file,
                    original_name=name,
                    target_lufs=shop.config.target_lufs,
                    on_progress=on_progress,
                    **values,
                )
        finally:
            file.unlink(missing_ok=True)

    return work


def spoken(sessions: Sessions, shop: Workshop, values: dict[str, Any]) -> Work:
    """Return the work of speaking a bulletin."""

    def work(on_progress: Progress) -> LibraryItem:
        with sessions.begin() as session:
            return service.speak_bulletin(
                session,
                shop.store,
                shop.reader,
                target_lufs=shop.config.target_lufs,
                on_progress=on_progress,
                **values,
            )

    return work
