"""Boxes never touch, and links run beside them: on hand-made and on random graphs."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from chainrule.utils.diagram_draw import Line, steps
from chainrule.utils.diagram_layout import SPACE, Item, Layout, Link, arrange


def curve(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points along a route as it is drawn."""
    line = Line(tuple(points), True)
    found = [points[0]]
    for piece in steps(line):
        corners = np.array([found[-1], *piece])
        for t in np.linspace(0, 1, 21):
            left = corners
            while len(left) > 1:  # de Casteljau
                left = left[:-1] * (1 - t) + left[1:] * t
            found.append((float(left[0][0]), float(left[0][1])))
    return found


def check(items: list[Item], links: list[Link]) -> Layout:
    layout = arrange(items, links)
    boxes = [(x, y, x + i.width, y + i.height) for (x, y), i in zip(layout.corners, items, strict=True)]
    for (a, b, c, d), (e, f, g, h) in combinations(boxes, 2):
        assert c <= e or g <= a or d <= f or h <= b
    for x, y, right, bottom in boxes:
        assert -1e-9 <= x <= right <= layout.width + 1e-9
        assert -1e-9 <= y <= bottom <= layout.height + 1e-9
    for link, route in zip(links, layout.routes, strict=True):
        if link.source == link.target:
            continue
        for x, y in curve(route):
            for k, (left, top, right, bottom) in enumerate(boxes):
                inside = left + 1e-6 < x < right - 1e-6 and top + 1e-6 < y < bottom - 1e-6
                assert not inside, (link, k)
        ends = {link.source: route[0], link.target: route[-1]}
        for k, (x, y) in ends.items():
            left, top, right, bottom = boxes[k]
            assert left <= x <= right
            assert min(abs(y - top), abs(y - bottom)) < 1e-6
    return layout


def test_a_chain_is_a_column() -> None:
    layout = check([Item(30, 10), Item(50, 10), Item(20, 10)], [Link(0, 1), Link(1, 2)])
    assert [x for x, _ in layout.corners] == [10, 0, 15]
    assert all(len({x for x, _ in route}) == 1 for route in layout.routes)


def test_branches_stand_side_by_side() -> None:
    layout = check([Item(20, 10) for _ in range(4)], [Link(0, 1), Link(0, 2), Link(1, 3), Link(2, 3)])
    (_, top), (x1, y1), (x2, y2), (_, end) = layout.corners
    assert top < y1 == y2 < end
    assert abs(x1 - x2) == 20 + SPACE


def test_a_link_past_a_row_runs_beside_it() -> None:
    layout = check([Item(80, 10) for _ in range(3)], [Link(0, 1), Link(1, 2), Link(0, 2)])
    x, _ = layout.corners[1]
    assert all(not x < px < x + 80 for px, py in layout.routes[2] if py == layout.corners[1][1])


def test_links_that_lead_back_and_to_the_same_box() -> None:
    layout = check([Item(40, 10) for _ in range(3)], [Link(0, 1), Link(1, 2), Link(2, 0), Link(1, 1)])
    ys = [y for _, y in layout.corners]
    assert ys == sorted(ys)
    assert layout.routes[2][0][1] > layout.routes[2][-1][1]
    assert layout.routes[3][0][0] == layout.corners[1][0] + 40


def test_rows_are_ordered_so_that_nothing_crosses() -> None:
    links = [Link(0, 3), Link(1, 2), Link(2, 4), Link(3, 5)]
    layout = check([Item(10, 10) for _ in range(6)], links)
    for a, b in combinations(layout.routes[:2], 2):
        assert (a[0][0] - b[0][0]) * (a[-1][0] - b[-1][0]) > 0


def test_sources_stand_just_above_what_they_feed() -> None:
    layout = check([Item(10, 10) for _ in range(5)], [Link(0, 1), Link(1, 2), Link(2, 3), Link(4, 3)])
    assert layout.corners[4][1] == layout.corners[2][1]


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 18))
    items = [
        Item(float(w), float(h)) for w, h in zip(random.uniform(10, 200, n), random.uniform(10, 90, n), strict=True)
    ]
    links = [
        Link(int(a), int(b)) for a, b in random.integers(0, n, (int(1.3 * n), 2)) if a < b or random.random() < 0.1
    ]
    layout = check(items, links)
    for route in layout.routes:
        assert all(a != b for a, b in pairwise(route))
