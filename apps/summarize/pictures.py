"""Shows where a summary comes from: copied words in brackets, attention as a picture."""

import sys

from common.analysis import attention_map
from common.text import JOINER

MOST_COLUMNS = 48  # source words in a picture
COPIED = 0.5  # minimum probability for a word to count as copied


def marked(told) -> str:
    """The summary with `[word]` for a copied word; with several documents `[word]2`, its number.

    On a terminal, copied words are also green. SentencePiece pieces stay separate.
    """
    colour = sys.stdout.isatty()
    line, glued = "", True
    for word in told.words:
        text = word.word.strip(JOINER)
        if word.copied >= COPIED:
            number = str(word.document) if told.documents > 1 else ""
            text = f"\x1b[32m[{text}]{number}\x1b[0m" if colour else f"[{text}]{number}"
        glued = glued or word.word.startswith(JOINER)
        line += text if glued else " " + text
        glued = word.word.endswith(JOINER)
    return line


def copy_map(path, told):
    """Draws the attention: a row for each summary word with its probability of being copied, a
    column for each source word that received attention. Returns warnings."""
    strongest = told.attention.max(0) if len(told.words) else told.attention.sum(0)
    kept = sorted(sorted(range(len(strongest)), key=lambda i: -strongest[i])[:MOST_COLUMNS])
    several = told.documents > 1
    rows = [
        f"{word.word.replace(JOINER, '')}  {word.copied:4.0%} copied"
        + (f" from {word.document}" if several and word.copied >= COPIED else "")
        for word in told.words
    ]
    columns = [told.source[i].replace(JOINER, "") for i in kept]
    attention = told.attention[:, kept]
    title = "" if len(kept) == len(strongest) else f"{len(kept)} of {len(strongest)} source words"
    return attention_map(path, attention, rows, columns, title)
