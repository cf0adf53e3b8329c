"""A few of many."""


def spread(items, count):
    """At most `count` of the items, evenly spread over all of them, the first one among them."""
    return items[:: max(1, -(-len(items) // count))]


def shown(items, count=5):
    """At most `count` of a list's items in words, the first ones: `1, 2, 3, 4, 5, ...`."""
    return ", ".join(map(str, items[:count])) + (", ..." if items[count:] else "")
