"""JSON out of files of others: whatever is in it, an error is a ValueError with a short reason."""

import json

DEEPEST = 32  # lists inside lists


def parse(text):
    """The value of a JSON text.

    Raises: ValueError for what is not JSON, too deeply nested or has a number too long.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def whole(value, depth=0):
    """A JSON value with "?" for each lone surrogate in its texts, which no file could hold.

    Raises: ValueError for lists nested over DEEPEST levels.
    """
    if isinstance(value, list):
        if depth == DEEPEST:
            raise ValueError("nested too deeply")
        return [whole(item, depth + 1) for item in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
