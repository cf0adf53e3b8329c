"""Input of `infer`: texts as arguments, from a file, or line by line from standard input."""

import sys

from common.errors import UserError

CHUNK = 512  # lines that are worked on together


def chunks(texts=(), lines=None, size=CHUNK):
    """Lists of texts as they come in: `texts`, else `lines`, else standard input.

    Lines typed at a terminal come one by one. What is not UTF-8 is replaced, never an error; of
    standard input the first such line is told.
    """
    if texts:
        # Arguments that are not UTF-8 come as lone surrogates, which cannot be printed.
        yield [text.encode("utf-8", "replace").decode() for text in texts]
        return
    if lines is None:
        size = 1 if sys.stdin.isatty() else size
        lines = _typed()
    waiting = []
    for line in lines:
        waiting.append(line)
        if len(waiting) >= size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _typed():
    told = False
    for number, line in enumerate(sys.stdin.buffer, 1):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not told and "\ufffd" in text and "\ufffd".encode() not in line:
            told = True
            print(
                f"note: line {number} of standard input is not UTF-8: what cannot be read there, "
                "and in lines after it, is replaced by \ufffd",
                file=sys.stderr,
            )
        yield text


def numbered(texts, file="", read=None, size=CHUNK):
    """`chunks` of texts, else of the lines of `file`, else of standard input, each as (number of
    its first line from 1, texts).

    Args:
        read: takes the name of a file and gives its lines.

    Raises UserError, at once, when there are texts as well as a file.
    """
    if texts and file:
        raise UserError("what is given on the command line and --file: choose one of them")
    parts = chunks(texts, read(file) if file else None, size)

    def count():
        first = 1
        for part in parts:
            yield first, part
            first += len(part)

    return count()


def print_list(number, scored):
    """Prints (score, text) pairs, a line each; an empty line before the lists of all but the first
    text (`number` counts texts from 1)."""
    if number > 1:
        print()
    for score, text in scored:
        print(f"{score:.4f}\t{text}")
