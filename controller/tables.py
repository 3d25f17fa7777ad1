"""Imports every module with tables, so that `Base.metadata` is whole for migrations and tests."""

from controller import jobs, outbox_models, replan
from controller.areas import models as areas
from controller.cap import models as cap
from controller.db import Base
from controller.emergencies import models as emergencies
from controller.health import models as health
from controller.library import models as library
from controller.people import models as people
from controller.plans import models as plans
from controller.programmes import models as programmes
from controller.pronunciation import models as pronunciation
from controller.records import models as records
from controller.stations import models as stations

SUBJECTS = (
    areas,
    people,
    stations,
    pronunciation,
    library,
    programmes,
    plans,
    emergencies,
    cap,
    records,
    health,
    outbox_models,
    jobs,
    replan,
)

__all__ = ["SUBJECTS", "Base"]
