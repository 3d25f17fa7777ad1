"""A short seeded run of schemathesis over the whole description of the API: no bug answers."""

import warnings
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # schemathesis and its parts warn about each other on import
    import schemathesis

from controller.people.rights import ACTIONS
from controller.web.api import PREFIX, permission_of
from tests.controller.api.world import SOUND, World

CASES_AN_OPERATION = 8


def test_no_request_of_the_description_makes_the_server_fail(world: World) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)
    answers: Counter[int] = Counter()

    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # every operation can be read
        fuzz(world, operation, answers)

    assert answers.total() >= 300
    assert answers[200] + answers[201] + answers[204] >= 80, answers


def fuzz(world: World, operation: Any, answers: Counter[int]) -> None:
    """Send a few cases of one operation, invalid ones among them; none may end in a bug."""
    headers = {"Authorization": f"Bearer {token_for(world, operation)}"}

    @seeded(2026)
    @settings(
        max_examples=CASES_AN_OPERATION,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def no_bug(case: Any, *, is_real: bool) -> None:
        if is_real:
            aim_at_real_things(world, case)
        answer = case.call(headers=headers)
        answers[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.method} {case.path}: {answer.text[:500]}"

    no_bug()


def aim_at_real_things(world: World, case: Any) -> None:
    """Put ids of An Bình where the case has invented ones, so that it gets further than 404."""
    known = world.ids | {"sha256": SOUND}
    for values in (case.path_parameters, case.body):
        if isinstance(values, dict):
            values.update({name: known[name] for name in values.keys() & known.keys()})
    if isinstance(case.body, dict) and "target_areas" in case.body:
        case.body["target_areas"] = [world.ids["area_id"]]


def token_for(world: World, operation: Any) -> str:
    """Return the token of somebody of the province who may use the operation."""
    adapter = world.app.url_map.bind("localhost")
    path = operation.path.replace("{", "").replace("}", "")
    for name, value in world.ids.items():
        path = path.replace(name, str(value)) if f"{{{name}}}" in operation.path else path
    endpoint, _ = adapter.match(path, method=operation.method.upper())
    permission = permission_of(world.app.view_functions[endpoint])
    roles = ACTIONS[permission].roles if permission in ACTIONS else {"operator"}
    assert path.startswith(PREFIX)
    return world.tokens[f"{min(roles)}@tinh"]
