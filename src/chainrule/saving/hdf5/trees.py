"""B-trees: version 1 finds the members of groups and the chunks of arrays, version 2 what a fractal heap holds."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.saving.hdf5.source import Source, width

_DEEPEST = 32


def leaves(source: Source, at: int, kind: int, key_size: int) -> Iterator[tuple[memoryview, int]]:
    """Yield the key and the address of each thing in a B-tree of version 1.

    Raises:
        ModelFileError: it is malformed: another kind of node, a cycle, too deep.
    """
    seen: set[int] = set()
    waiting: list[tuple[int, int | None]] = [(at, None)]
    while waiting:
        node, expected = waiting.pop()
        if node in seen:
            raise source.damaged(f"the tree at byte {at} has a cycle.")
        seen.add(node)
        head = source.cursor(node, 24, b"TREE")
        found, level, count = head.number(1), head.number(1), head.number(2)
        if found != kind or level > _DEEPEST or expected not in (None, level):
            raise source.damaged(f"the tree at byte {at} is malformed at byte {node}.")
        cursor = source.cursor(node + 24, count * (key_size + 8))
        children = [(cursor.take(key_size), cursor.number()) for _ in range(count)]
        if level == 0:
            yield from children
        else:
            waiting.extend((child, level - 1) for _, child in reversed(children))


def records(source: Source, at: int, kind: int) -> Iterator[memoryview]:
    """Yield the records of a B-tree of version 2.

    Raises:
        ModelFileError: it is malformed.
    """
    head = source.summed(at, 38, b"BTHD")
    if (head.number(1), head.number(1)) != (0, kind):
        raise source.damaged(f"the tree at byte {at} is malformed.")
    node_size, record_size, depth = head.number(4), head.number(2), head.number(2)
    head.skip(2)
    root, count = head.number(), head.number(2)
    if not 0 < record_size <= 64 or not 32 <= node_size <= 1 << 20 or depth > _DEEPEST:
        raise source.damaged(f"the tree at byte {at} is malformed.")
    if count:
        sizes = _pointer_sizes(node_size, record_size, depth)
        yield from _node(source, root, count, depth, kind, record_size, sizes, set())


def _pointer_sizes(node_size: int, record_size: int, depth: int) -> list[tuple[int, int]]:
    """Return, by level, how many bytes the two counts beside the address of a child take."""
    most = total = (node_size - 10) // record_size
    count_size = width(most)
    sizes = [(0, 0)]
    total_size = 0
    for _ in range(depth):
        sizes.append((count_size, total_size))
        pointer = 8 + count_size + total_size
        most = (node_size - 10 - pointer) // (record_size + pointer)
        total = (most + 1) * total + most
        total_size = width(total)
    return sizes


def _node(
    source: Source,
    at: int,
    count: int,
    level: int,
    kind: int,
    record_size: int,
    sizes: list[tuple[int, int]],
    seen: set[int],
) -> Iterator[memoryview]:
    if at in seen:
        raise source.damaged(f"a tree has a cycle at byte {at}.")
    seen.add(at)
    pointers = (count + 1) * (8 + sum(sizes[level])) if level else 0
    cursor = source.summed(at, 6 + count * record_size + pointers + 4, b"BTIN" if level else b"BTLF")
    if (cursor.number(1), cursor.number(1)) != (0, kind):
        raise source.damaged(f"the node of a tree at byte {at} is malformed.")
    for _ in range(count):
        yield cursor.take(record_size)
    if level:
        for _ in range(count + 1):
            child, own = cursor.number(), cursor.number(sizes[level][0])
            cursor.skip(sizes[level][1])
            yield from _node(source, child, own, level - 1, kind, record_size, sizes, seen)
