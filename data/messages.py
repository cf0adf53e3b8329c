"""What others named, in messages: column names, JSON fields, file names.

Such names may hold control characters, which a terminal obeys, or be megabytes long.
"""

LONGEST_NAME, LONGEST_MESSAGE, MOST_NAMES = 80, 4000, 12


def printable(text, longest=LONGEST_MESSAGE) -> str:
    """The text with escapes for what is not printable; of a long text, the beginning and end."""
    text = str(text)
    if len(text) > longest:
        text = f"{text[: longest * 2 // 3]} ... {text[-(longest // 3) :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shown(name) -> str:
    """A name in quotes, as repr writes it, at most LONGEST_NAME characters of it."""
    name = str(name)
    return repr(name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "...")


def listed(names) -> str:
    """The first MOST_NAMES names in quotes, and how many there are more."""
    names = list(names)
    more = len(names) - MOST_NAMES
    text = ", ".join(map(shown, names[:MOST_NAMES]))
    return f"{text} and {more:,} more" if more > 0 else text
