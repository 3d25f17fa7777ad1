"""Where a rule for some clusters would sound on more: outputs that cannot call them one by one."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from controller.plans.network import Network, OutputView, RuleView
from controller.stations.models import Device, Output
from firmware_profiles import ProfileError, load_profile
from schedules.explain import Sentence

NAMED = 3


def concerned(view: RuleView, output: OutputView) -> frozenset[str]:
    """Return the clusters of an output that a rule is for."""
    return frozenset(
        cluster
        for cluster, chain in output.clusters
        if cluster in view.clusters or view.areas.intersection(chain)
    )


def explain_excess(session: Session, view: RuleView, network: Network) -> tuple[Sentence, ...]:
    """Return a sentence for each output that will sound on clusters the rule is not for."""
    partly: dict[tuple[str, str], frozenset[str]] = {}
    for device in network.devices:
        for output in device.outputs:
            clusters = concerned(view, output)
            if 0 < len(clusters) < len(output.clusters):
                partly[device.id, output.name] = clusters
    return tuple(_excess(session, partly)) if partly else ()


def _excess(session: Session, partly: dict[tuple[str, str], frozenset[str]]) -> Iterator[Sentence]:
    rows = session.scalars(
        select(Output)
        .join(Output.device)
        .where(Device.id.in_({device for device, _ in partly}))
        .options(selectinload(Output.clusters), selectinload(Output.device))
        .order_by(Device.name, Output.name)
    )
    for row in rows:
        clusters = partly.get((row.device_id, row.name))
        if clusters is not None and not _is_addressed(row):
            yield _sentence(row, clusters)


def _is_addressed(output: Output) -> bool:
    try:
        profile = load_profile(output.device.profile)
    except ProfileError:
        return False
    return any(one.id == output.name and one.addressed for one in profile.outputs)


def _sentence(output: Output, clusters: frozenset[str]) -> Sentence:
    others = [cluster.name for cluster in output.clusters if cluster.id not in clusters]
    names = ", ".join(others[:NAMED]) + (", …" if len(others) > NAMED else "")
    place, number = f"{output.device.name} ({output.name})", len(output.clusters)
    return Sentence(
        f"{place}: ngõ ra này không gọi riêng từng cụm: sẽ phát trên cả {number} cụm,"
        f" kể cả {names}",
        f"{place}: this output cannot call its clusters one by one: it will sound on all {number},"
        f" {names} too",
    )
