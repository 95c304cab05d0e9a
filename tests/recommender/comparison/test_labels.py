from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from recommender.comparison.labels import Box, place_labels

AREA = Box(0.0, 0.0, 500.0, 400.0)
POINTS = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 400)), min_size=1, max_size=16)


@given(POINTS)
def test_no_label_covers_another_or_a_point(points: list[tuple[float, float]]) -> None:
    placed = place_labels(points, [(70.0, 12.0)] * len(points), AREA)
    assert len(placed) == len(points)
    for box in placed:
        assert (round(box.right - box.left), round(box.top - box.bottom)) == (70, 12)
        assert not any(box.overlaps(Box(x - 3, y - 3, x + 3, y + 3)) for x, y in points)
    assert not any(one.overlaps(other) for one, other in combinations(placed, 2))


def test_a_crowd_finds_room_even_where_the_area_has_none() -> None:
    points = [(5.0, 5.0)] * 30
    placed = place_labels(points, [(60.0, 12.0)] * 30, Box(0.0, 0.0, 80.0, 40.0))
    assert not any(one.overlaps(other) for one, other in combinations(placed, 2))


def test_a_lonely_label_stands_beside_its_point_within_the_area() -> None:
    [box] = place_labels([(100.0, 100.0)], [(50.0, 10.0)], AREA)
    assert (box.bottom + box.top) / 2 == 100.0
    assert 100.0 < box.left < 115.0
    [box] = place_labels([(495.0, 100.0)], [(50.0, 10.0)], AREA)
    assert box.right <= 500.0


def test_lines_are_kept_clear_where_there_is_room() -> None:
    line = Box(120.0, 60.0, 121.0, 140.0)
    [box] = place_labels([(100.0, 100.0)], [(50.0, 10.0)], AREA, [line])
    assert not box.overlaps(line)


def test_the_nearest_place_of_a_box() -> None:
    box = Box(10.0, 10.0, 20.0, 20.0)
    assert box.nearest(0.0, 15.0) == (10.0, 15.0)
    assert box.nearest(30.0, 30.0) == (20.0, 20.0)
