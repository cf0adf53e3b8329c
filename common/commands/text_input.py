"""Input of `infer`: texts from arguments, from a file, or line by line from standard input."""

import sys

from ..errors import UserError
from ..lists import chunks_of
from ..unicode import valid_text

CHUNK = 512  # lines processed together


def chunks(texts=(), lines=None, size=CHUNK):
    """Yields lists of texts as they arrive: `texts`, else `lines`, else standard input.

    Lines of standard input are yielded at once, so that a program that writes them one by one gets
    its answers. Invalid UTF-8 is replaced and never an error; the first such line of standard input
    is reported.

    Args:
        texts: texts of the command line.
        lines: an iterable of lines; None: standard input.
        size: the most texts in a list.
    """
    if texts:
        # Arguments that are not UTF-8 contain lone surrogates, which cannot be printed.
        yield list(map(valid_text, texts))
    elif lines is None:
        for arrived in _arriving():
            yield from chunks_of(arrived, size)
    else:
        yield from chunks_of(lines, size)


def _arriving():
    """Yields lists of the lines available on standard input."""
    number, rest, told, data = 0, b"", False, b" "
    if sys.stdin.isatty():
        print("note: reading standard input, line by line; Ctrl-D ends it", file=sys.stderr)
    while data:
        data = sys.stdin.buffer.read1(2**16)
        *whole, rest = (rest + data).split(b"\n")
        if rest and not data:  # a last line without a line end
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
                    f"note: line {number} of standard input is not UTF-8: invalid bytes here and "
                    "in later lines are replaced by \ufffd",
                    file=sys.stderr,
                )
        yield [line.decode("utf-8", "replace").rstrip("\r") for line in whole]


def numbered(texts, file="", read=None, size=CHUNK):
    """`chunks` of texts, else of the lines of `file`, else of standard input, with line numbers.

    Args:
        texts: texts of the command line.
        file: name of a file.
        read: file name -> its lines.
        size: the most texts in a chunk.

    Returns:
        An iterator over (number of the first line, from 1; list of texts).

    Raises:
        UserError: at once, when both texts and a file are given.
    """
    if texts and file:
        raise UserError("texts on the command line exclude --file: choose one of them")
    parts = chunks(texts, read(file) if file else None, size)

    def count():
        first = 1
        for part in parts:
            yield first, part
            sys.stdout.flush()  # the answers to this chunk: the next chunk may take long to arrive
            first += len(part)

    return count()


def print_list(number, scored):
    """Prints (score, text) pairs, one per line, after an empty line if `number` is above 1.

    Args:
        number: index of the input text, from 1.
        scored: (score, text) pairs.
    """
    if number > 1:
        print()
    for score, text in scored:
        print(f"{score:.4f}\t{text}")
