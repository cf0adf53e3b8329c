"""A few of many."""


def spread(items, count):
    """At most `count` of the items, evenly spread over all of them, the first one among them."""
    return items[:: max(1, -(-len(items) // count))]
