"""Input of `infer`: texts as arguments, from a file, or line by line from standard input."""

import sys

CHUNK = 512  # lines that are worked on together


def chunks(texts=(), lines=None, size=CHUNK):
    """Lists of texts as they come in: `texts`, else `lines`, else standard input.

    Lines typed at a terminal come one by one. What is not UTF-8 is replaced, never an error.
    """
    if texts:
        # Arguments that are not UTF-8 come as lone surrogates, which cannot be printed.
        yield [text.encode("utf-8", "replace").decode() for text in texts]
        return
    if lines is None:
        size = 1 if sys.stdin.isatty() else size
        lines = (line.decode("utf-8", "replace").rstrip("\r\n") for line in sys.stdin.buffer)
    waiting = []
    for line in lines:
        waiting.append(line)
        if len(waiting) >= size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
