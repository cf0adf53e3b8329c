"""Conversion of strings to valid Unicode text."""


def valid_text(text: str) -> str:
    """Replaces lone surrogates by `?`: undecodable bytes of a command line, which UTF-8 cannot
    encode."""
    return text.encode("utf-8", "replace").decode()
