"""Input of `infer`: texts as arguments, from a file, or line by line from standard input."""

import sys

from ..errors import UserError
from ..lists import chunks_of
from ..unicode import valid_text

CHUNK = 512  # lines that are worked on together


def chunks(texts=(), lines=None, size=CHUNK):
    """Lists of texts as they come in: `texts`, else `lines`, else standard input.

    Lines of standard input are handed on as they arrive, so that a program that writes them one by
    one gets its answers. What is not UTF-8 is replaced, never an error; of standard input the first
    such line is told.
    """
    if texts:
        # Arguments that are not UTF-8 come as lone surrogates, which cannot be printed.
        yield list(map(valid_text, texts))
    elif lines is None:
        for arrived in _arriving():
            yield from chunks_of(arrived, size)
    else:
        yield from chunks_of(lines, size)


def _arriving():
    """Lists of the lines that standard input has at a time."""
    number, rest, told, data = 0, b"", False, b" "
    if sys.stdin.isatty():
        print("note: reads what you type, line by line; Ctrl-D ends it", file=sys.stderr)
    while data:
        data = sys.stdin.buffer.read1(2**16)
        *whole, rest = (rest + data).split(b"\n")
        if rest and not data:  # the last line need not be ended
            whole.append(rest)
        for line in whole:
            number += 1
            if (
                not told
                and b"\xef\xbf\xbd" not in line
                and "\ufffd" in line.decode("utf-8", "replace")
            ):
                told = True
                print(
                    f"note: line {number} of standard input is not UTF-8: what cannot be read "
                    "there, and in lines after it, is replaced by \ufffd",
                    file=sys.stderr,
                )
        yield [line.decode("utf-8", "replace").rstrip("\r") for line in whole]


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
            sys.stdout.flush()  # the answers to this part: the next one may be long in coming
            first += len(part)

    return count()


def print_list(number, scored):
    """Prints (score, text) pairs, a line each; an empty line before the lists of all but the first
    text (`number` counts texts from 1)."""
    if number > 1:
        print()
    for score, text in scored:
        print(f"{score:.4f}\t{text}")
