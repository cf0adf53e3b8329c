"""List helpers: samples, abbreviations, and chunks."""

import itertools


def evenly_spaced(items, count):
    """At most `count` of the items, evenly spaced, the first item included."""
    return items[:: max(1, -(-len(items) // count))]


def first_few(items, count=5):
    """The first `count` items of a list as text: `1, 2, 3, 4, 5, ...`."""
    return ", ".join(map(str, items[:count])) + (", ..." if items[count:] else "")


def chunks_of(items, size):
    """Yields lists of `size` items; the last may be shorter."""
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
