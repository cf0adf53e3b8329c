"""Parts of lists: a few of many, and chunks."""

import itertools


def evenly_spaced(items, count):
    """At most `count` of the items, evenly spaced over all of them, the first one among them."""
    return items[:: max(1, -(-len(items) // count))]


def first_few(items, count=5):
    """At most the first `count` of a list's items as text: `1, 2, 3, 4, 5, ...`."""
    return ", ".join(map(str, items[:count])) + (", ..." if items[count:] else "")


def chunks_of(items, size):
    """Lists of `size` items; the last one holds what is left."""
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
