"""Long text in pieces that a model can read, cut at the ends of sentences."""

import re

# After . ! ? ... (with closing quotes or brackets) and a space; after their full-width forms.
SENTENCE_END = re.compile(r"""(?<=[.!?…])["'”’)\]]*\s+|(?<=[。！？])["'”’）】」』]*""")


def split_long(text, fits):
    """Pieces of `text`, each as many whole sentences as `fits(piece)` allows.

    Returns:
        (pieces, number of pieces that are one sentence and still do not fit).
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
