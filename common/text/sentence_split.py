"""Splitting of long text at sentence ends into pieces that a model can read."""

import re

# After . ! ? ... (with closing quotes or brackets) and a space; after their full-width forms.
SENTENCE_END = re.compile(r"""(?<=[.!?…])["'”’)\]]*\s+|(?<=[。！？])["'”’）】」』]*""")


def split_long(text, fits):
    """Splits text into pieces, each with as many whole sentences as fit.

    Args:
        text: a string.
        fits: piece -> whether it is short enough.

    Returns:
        (pieces, number of pieces that are a single sentence but do not fit).
    """
    if fits(text):
        return [text], 0
    sentences, start = [], 0
    for match in SENTENCE_END.finditer(text):
        if match.end() > start:
            sentences.append(text[start : match.end()])
            start = match.end()
    sentences.append(text[start:])
    pieces = []
    for sentence in filter(str.strip, sentences):
        if pieces and fits(pieces[-1] + sentence):
            pieces[-1] += sentence
        else:
            pieces.append(sentence)
    return pieces or [text], sum(not fits(piece) for piece in pieces)
