"""Boxes and links to places on paper: rows of boxes, links that run between them and never through one.

The method of Sugiyama, Tagawa and Toda (1981): put each box below those it is fed by, cut links that pass rows into
pieces, order the rows so that few links cross, then shift what is in a row towards its neighbours. All of it works on
rows from top to bottom; who wants them from left to right swaps the sides of the boxes before and after.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]

SPACE = 28.0
_LANE = 14.0
_GAP = 34.0
_SWEEPS = 12


@dataclass
class Item:
    """A box.

    Args:
        width, height: its size.
        entries, exits: where links reach and leave it, from its left side; None: spread over its top, one point below.
        first, last: whether it must be in the first or the last row.
    """

    width: float
    height: float
    entries: list[float] | None = None
    exits: list[float] | None = None
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Link:
    """A line from item `source`, exit `leaves`, to item `target`, entry `enters`."""

    source: int
    target: int
    leaves: int = 0
    enters: int = 0


@dataclass
class Layout:
    """The size of all, the upper left corner of each item, and the points of each link, two by two a piece.

    Attributes:
        lanes: for each link, those of its points where it passes rows between its ends.
    """

    width: float = 0.0
    height: float = 0.0
    corners: list[Point] = field(default_factory=list)
    routes: list[list[Point]] = field(default_factory=list)
    lanes: list[list[Point]] = field(default_factory=list)


def arrange(items: list[Item], links: list[Link]) -> Layout:
    """Return places for items and links.

    >>> layout = arrange([Item(10, 5), Item(20, 5)], [Link(0, 1)])
    >>> layout.width, layout.height, layout.corners, layout.routes
    (20.0, 44.0, [(5.0, 0.0), (0.0, 39.0)], [[(10.0, 5.0), (10.0, 39.0)]])
    """
    straight = [n for n, link in enumerate(links) if link.source != link.target]
    backward = _backward(len(items), links)
    ends = {n: (links[n].target, links[n].source) if n in backward else (links[n].source, links[n].target)
            for n in straight}  # fmt: skip
    ranks = _ranks(items, list(ends.values()))
    widths = [item.width for item in items]
    chains: dict[int, list[int]] = {}
    for n, (a, b) in ends.items():
        chains[n] = [a]
        for rank in range(ranks[a] + 1, ranks[b]):
            chains[n].append(len(widths))
            widths.append(_LANE)
            ranks.append(rank)
        chains[n].append(b)
    pieces = sorted({pair for chain in chains.values() for pair in pairwise(chain)})
    rows = _order(ranks, pieces)
    centres = _spread(rows, pieces, widths, len(items))
    return _measure(items, links, backward, chains, rows, centres)


# -- rows -------------------------------------------------------------------------------------------------------------


def _backward(count: int, links: list[Link]) -> set[int]:
    """Return the links that close a circle (of layers that are used again further down)."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for n, link in enumerate(links):
        leaving[link.source].append(n)
    state = [0] * count
    found: set[int] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(leaving[root]))]
        while stack:
            node, rest = stack[-1]
            for n in rest:
                target = links[n].target
                if state[target] == 1:
                    found.add(n)
                elif not state[target]:
                    state[target] = 1
                    stack.append((target, iter(leaving[target])))
                    break
            else:
                state[node] = 2
                stack.pop()
    return found


def _ranks(items: list[Item], ends: list[tuple[int, int]]) -> list[int]:
    """Return the row of each item: as high as its sources allow; what has no source directly above its first target."""
    sources: list[list[int]] = [[] for _ in items]
    targets: list[list[int]] = [[] for _ in items]
    for a, b in ends:
        targets[a].append(b)
        sources[b].append(a)
    ranks = [0] * len(items)
    waiting = [len(s) for s in sources]
    ready = [i for i, n in enumerate(waiting) if not n]
    for i in ready:
        for b in targets[i]:
            ranks[b] = max(ranks[b], ranks[i] + 1)
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    deepest = max(ranks, default=0)
    for i, item in enumerate(items):
        if item.last:
            ranks[i] = deepest
        elif not sources[i] and targets[i] and not item.first:
            ranks[i] = min(ranks[b] for b in targets[i]) - 1
    return ranks


def _order(ranks: list[int], pieces: list[tuple[int, int]]) -> list[list[int]]:
    """Return the members of each row, ordered so that few pieces cross."""
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
    for i, rank in enumerate(ranks):
        rows[rank].append(i)
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for a, b in pieces:
        below.setdefault(a, []).append(b)
        above.setdefault(b, []).append(a)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        neighbours = above if down else below
        numbers = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for r in numbers:
            place = {node: k for k, node in enumerate(rows[r - 1 if down else r + 1])}
            own = {node: k for k, node in enumerate(rows[r])}
            means = {}
            for node in rows[r]:
                near = [place[k] for k in neighbours.get(node, ())]
                means[node] = sum(near) / len(near) if near else own[node]
            rows[r].sort(key=lambda node: (means[node], own[node]))
        count = _crossings(rows, below)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _crossings(rows: list[list[int]], below: dict[int, list[int]]) -> int:
    count = 0
    for row, following in pairwise(rows):
        place = {node: k for k, node in enumerate(following)}
        seen: list[int] = []
        for node in row:
            ends = sorted(place[b] for b in below.get(node, ()))
            count += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


# -- places -----------------------------------------------------------------------------------------------------------


def _spread(rows: list[list[int]], pieces: list[tuple[int, int]], widths: list[float], items: int) -> list[float]:
    """Return the middle of each member of the rows: near its neighbours, lanes of long links as straight as can be."""
    neighbours: list[dict[int, list[int]]] = [{}, {}]
    for a, b in pieces:
        neighbours[0].setdefault(b, []).append(a)
        neighbours[1].setdefault(a, []).append(b)
    x = [0.0] * len(widths)
    for row in rows:
        _settle(row, x, [0.0] * len(row), [1.0] * len(row), widths)
    for sweep in range(2 * _SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            wanted, weights = [], []
            for node in row:
                near = neighbours[side].get(node) or neighbours[1 - side].get(node) or [node]
                wanted.append(sum(x[k] for k in near) / len(near))
                lane = node >= items
                weights.append(8.0 if lane and all(k >= items for k in near) else 4.0 if lane else 1.0)
            _settle(row, x, wanted, weights, widths)
    return x


def _settle(row: list[int], x: list[float], wanted: list[float], weights: list[float], widths: list[float]) -> None:
    """Put the members of a row as near to where they are wanted as their order and widths allow (least squares).

    Neighbours that want the same place are pooled and share the weighted mean (isotonic regression).
    """
    offsets, at = [], 0.0
    for k, node in enumerate(row):
        if k:
            at += (widths[row[k - 1]] + widths[node]) / 2 + SPACE
        offsets.append(at)
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, members
    for offset, want, weight in zip(offsets, wanted, weights, strict=True):
        pool = ((want - offset) * weight, weight, 1)
        while pools and pools[-1][0] / pools[-1][1] >= pool[0] / pool[1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    k = 0
    for total, weight, members in pools:
        for _ in range(members):
            x[row[k]] = total / weight + offsets[k]
            k += 1


def _measure(
    items: list[Item],
    links: list[Link],
    backward: set[int],
    chains: dict[int, list[int]],
    rows: list[list[int]],
    centres: list[float],
) -> Layout:
    """Return the layout with all points measured from the upper left corner."""
    layout = Layout()
    gaps = _gaps(rows, chains, centres)
    tops, bottoms, y = {}, {}, 0.0
    corners: list[Point] = [(0.0, 0.0)] * len(items)
    for r, row in enumerate(rows):
        height = max((items[n].height for n in row if n < len(items)), default=0.0)
        for n in row:
            tops[n], bottoms[n] = y, y + height
            if n < len(items):
                shift = (height - items[n].height) / 2
                corners[n] = (centres[n] - items[n].width / 2, y + shift)
        y += height + (gaps[r] if r < len(gaps) else 0.0)
    entries = _entries(items, chains, centres, corners, links, backward)
    for n, link in enumerate(links):
        if link.source == link.target:
            layout.routes.append(_loop(items[link.source], corners[link.source]))
            layout.lanes.append([])
            continue
        chain = chains[n]
        first, last = chain[0], chain[-1]
        start, end = _exit(items[first], corners[first], link.leaves), entries[n]
        if n in backward:
            start, end = _middle(items[first], corners[first], True), _middle(items[last], corners[last], False)
        lanes = [(centres[lane], y) for lane in chain[1:-1] for y in (tops[lane], bottoms[lane])]
        layout.lanes.append(lanes[::-1] if n in backward else lanes)
        points = [start, (start[0], bottoms[first]), *lanes, (end[0], tops[last]), end]
        kept = [p for k, p in enumerate(points) if not k or p != points[k - 1]]
        layout.routes.append(kept[::-1] if n in backward else kept)
    layout.corners = corners
    return _from_corner(layout, items)


def _gaps(rows: list[list[int]], chains: dict[int, list[int]], centres: list[float]) -> list[float]:
    """Return the distances between rows: larger where links run far to the side."""
    row_of = {node: r for r, row in enumerate(rows) for node in row}
    far = [0.0] * max(len(rows) - 1, 0)
    for chain in chains.values():
        for a, b in pairwise(chain):
            far[row_of[a]] = max(far[row_of[a]], abs(centres[a] - centres[b]))
    return [_GAP + min(0.12 * distance, 3 * _GAP) for distance in far]


def _exit(item: Item, corner: Point, number: int) -> Point:
    x = item.exits[number] if item.exits else item.width / 2
    return corner[0] + x, corner[1] + item.height


def _middle(item: Item, corner: Point, below: bool) -> Point:
    """Return where a link against the direction touches: a little beside the middle."""
    return corner[0] + item.width / 2 + min(12.0, item.width / 4), corner[1] + (item.height if below else 0.0)


def _entries(
    items: list[Item],
    chains: dict[int, list[int]],
    centres: list[float],
    corners: list[Point],
    links: list[Link],
    backward: set[int],
) -> dict[int, Point]:
    """Return where each link ends: at the item's own entries, or side by side in the order in which they come."""
    arriving: dict[int, list[int]] = {}
    for n, chain in chains.items():
        if n not in backward:
            arriving.setdefault(chain[-1], []).append(n)
    found: dict[int, Point] = {}
    for target, numbers in arriving.items():
        item, (left, top) = items[target], corners[target]
        if item.entries:
            found.update({n: (left + item.entries[links[n].enters], top) for n in numbers})
            continue
        numbers.sort(key=lambda n: (centres[chains[n][-2]], n))
        step = min(24.0, item.width / (len(numbers) + 1))
        for k, n in enumerate(numbers):
            found[n] = (left + item.width / 2 + (k - (len(numbers) - 1) / 2) * step, top)
    return {**dict.fromkeys(chains, (0.0, 0.0)), **found}


def _loop(item: Item, corner: Point) -> list[Point]:
    """Return a loop from an item to itself at its right side."""
    right, y = corner[0] + item.width, corner[1] + item.height / 2
    quarter = min(item.height / 4, 10.0)
    return [
        (right, y + quarter),
        (right + SPACE / 2, y + quarter),
        (right + SPACE / 2, y - quarter),
        (right, y - quarter),
    ]


def _from_corner(layout: Layout, items: list[Item]) -> Layout:
    points = [p for route in layout.routes for p in route]
    left = min([x for x, _ in layout.corners] + [x for x, _ in points], default=0.0)
    right = max(
        [x + i.width for (x, _), i in zip(layout.corners, items, strict=True)] + [x for x, _ in points], default=0.0
    )
    bottom = max([y + i.height for (_, y), i in zip(layout.corners, items, strict=True)], default=0.0)
    layout.width, layout.height = right - left, bottom
    layout.corners = [(x - left, y) for x, y in layout.corners]
    layout.routes = [[(x - left, y) for x, y in route] for route in layout.routes]
    layout.lanes = [[(x - left, y) for x, y in lane] for lane in layout.lanes]
    return layout
