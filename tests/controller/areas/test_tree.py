from datetime import date, time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import (
    Policy,
    ancestors,
    close_area,
    create_area,
    edit_area,
    effective_policy,
    find_area,
    merge_areas,
    move_area,
    set_policy,
    subtree,
    subtree_filter,
    successors,
)
from controller.errors import Conflict, Invalid, Missing
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast


def test_a_new_area_knows_the_chain_above_it(session: Session, cast: Cast) -> None:
    area = create_area(
        session, area_id="thon-2", kind="village", name="Thôn 2", parent_id=cast.an_binh.id
    )

    assert area.chain == ("vn", PROVINCE, AN_BINH, "thon-2")
    assert [one.id for one in ancestors(session, area)] == list(area.chain)


def test_a_subtree_is_the_area_and_everything_below_it(session: Session, cast: Cast) -> None:
    create_area(session, area_id=f"{AN_BINH}-x", kind="commune", name="Gần", parent_id=PROVINCE)

    assert [area.id for area in subtree(session, AN_BINH)] == [AN_BINH, VILLAGE]
    found = session.scalars(select(Area.id).where(subtree_filter(cast.an_binh))).all()
    assert set(found) == {AN_BINH, VILLAGE}


@pytest.mark.usefixtures("cast")
def test_a_moved_area_takes_everything_below_along(session: Session) -> None:
    move_area(session, AN_BINH, TAN_LAP)

    assert find_area(session, VILLAGE).chain == ("vn", PROVINCE, TAN_LAP, AN_BINH, VILLAGE)


@pytest.mark.usefixtures("cast")
def test_an_area_cannot_be_moved_below_itself(session: Session) -> None:
    with pytest.raises(Conflict):
        move_area(session, AN_BINH, VILLAGE)
    with pytest.raises(Conflict):
        move_area(session, AN_BINH, AN_BINH)


def test_the_tree_is_at_most_twelve_levels_deep(session: Session) -> None:
    parent = None
    for level in range(12):
        parent = create_area(
            session, area_id=f"a{level}", kind="level", name="x", parent_id=parent
        ).id

    with pytest.raises(Invalid, match="12"):
        create_area(session, area_id="a12", kind="level", name="x", parent_id=parent)
    create_area(session, area_id="top", kind="level", name="x")
    with pytest.raises(Invalid, match="12"):
        move_area(session, "a0", "top")


@pytest.mark.parametrize("area_id", ["", "VN", "xã", "a/b", "-a", "a" * 41, "+", "#"])
def test_an_id_that_is_no_part_of_a_topic_is_refused(session: Session, area_id: str) -> None:
    with pytest.raises(Invalid):
        create_area(session, area_id=area_id, kind="commune", name="x")


@pytest.mark.usefixtures("cast")
def test_what_is_not_there_is_missing_and_what_is_there_is_not_made_again(session: Session) -> None:
    with pytest.raises(Missing):
        find_area(session, "nowhere")
    with pytest.raises(Conflict):
        create_area(session, area_id="vn", kind="country", name="x")
    with pytest.raises(Invalid, match="path"):
        edit_area(session, AN_BINH, path="/")


def test_languages_come_from_the_nearest_area_that_sets_them(session: Session, cast: Cast) -> None:
    assert effective_policy(session, cast.village).languages == ("vi",)

    set_policy(session, PROVINCE, languages=["vi", "km", "vi"])
    set_policy(session, AN_BINH, languages=["hmn-VN", "vi"])

    assert effective_policy(session, cast.village).languages == ("hmn-VN", "vi")
    assert effective_policy(session, cast.tan_lap).languages == ("vi", "km")
    set_policy(session, AN_BINH, languages=None)
    assert effective_policy(session, cast.village).languages == ("vi", "km")


@pytest.mark.parametrize("languages", [[], ["Vietnamese"], ["vi km"], ["ab" + "-abcdefgh" * 12]])
def test_what_is_no_language_is_refused(session: Session, cast: Cast, languages: list[str]) -> None:
    with pytest.raises(Invalid):
        set_policy(session, cast.an_binh.id, languages=languages)


def test_a_policy_comes_from_the_nearest_area_that_sets_it(session: Session, cast: Cast) -> None:
    assert effective_policy(session, cast.village) == Policy()

    set_policy(session, PROVINCE, hard_stop_from=time(21), hard_stop_until=time(5))
    set_policy(session, PROVINCE, night_ceiling_db=-10.0)
    set_policy(session, AN_BINH, allows_self_approval=True)
    set_policy(session, AN_BINH, night_ceiling_db=-20.0)

    policy = effective_policy(session, cast.village)
    assert policy == Policy(time(21), time(5), -20.0, allows_self_approval=True)
    assert not effective_policy(session, cast.tan_lap).allows_self_approval


@pytest.mark.usefixtures("cast")
def test_half_a_hard_stop_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        set_policy(session, AN_BINH, hard_stop_from=time(21))


@pytest.mark.usefixtures("cast")
def test_merged_areas_end_and_their_villages_follow(session: Session) -> None:
    create_area(session, area_id="moi", kind="commune", name="Xã Mới", parent_id=PROVINCE)

    merge_areas(session, [AN_BINH, TAN_LAP], "moi", date(2027, 1, 1))

    assert successors(session, AN_BINH) == ("moi",)
    assert successors(session, "moi") == ("moi",)
    assert find_area(session, TAN_LAP).valid_until == date(2027, 1, 1)
    assert find_area(session, VILLAGE).chain == ("vn", PROVINCE, "moi", VILLAGE)


@pytest.mark.usefixtures("cast")
def test_successors_are_followed_through_a_second_merger(session: Session) -> None:
    for area_id in ("b", "c"):
        create_area(session, area_id=area_id, kind="commune", name=area_id, parent_id=PROVINCE)
    merge_areas(session, [AN_BINH], "b", date(2027, 1, 1))
    merge_areas(session, ["b"], "c", date(2028, 1, 1))

    assert successors(session, AN_BINH) == ("c",)


@pytest.mark.usefixtures("cast")
def test_an_area_does_not_end_before_it_begins(session: Session) -> None:
    edit_area(session, AN_BINH, valid_from=date(2026, 1, 1))

    with pytest.raises(Invalid):
        close_area(session, AN_BINH, date(2025, 1, 1))
