"""Strings that UTF-8 can write."""


def valid_text(text: str) -> str:
    """The text with `?` for its lone surrogates: undecodable bytes of a command line, which are no
    text and cannot be encoded."""
    return text.encode("utf-8", "replace").decode()
