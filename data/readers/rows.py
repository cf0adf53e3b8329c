"""Reads the rows of TSV and CSV files; every reader of tables reads through here.

A cell in quotes may hold separators and line ends, and a quote inside is written twice (RFC 4180).
In CSV this always holds. A TSV may be written so (by pandas, R, a spreadsheet) or hold its quotes
as plain text: it is read as quoted if that explains more of its lines.
"""

import functools
import itertools
import re
from collections import deque

from data import DataError
from data.readers.lines import MOST_LINE, text_lines

WINDOW = 20_000  # lines from the first quote on, which show how quotes are meant
SIGNS = ",;|"  # which separate the cells of CSV
NUMBER = re.compile(r"[-+.\dEe]*")


class Reason(str):
    """Why a row is unusable."""


class _Damaged(str):
    """A line that is not UTF-8."""


class Table:
    """The rows of a file, of which the first line is known beforehand.

    Args:
        report: gets notes about quotes.
    """

    def __init__(self, path, report):
        self.path, self._report = path, report
        lines = text_lines(path, lambda line: _Damaged(line.decode("utf-8", "surrogateescape")))
        self.first = next(lines, "")
        self._rest = itertools.chain([self.first], lines)
        self._held = deque()  # read, but given back

    def _next(self):
        return self._held.popleft() if self._held else next(self._rest, None)

    def lines(self):
        """The lines as they are; None is one that is not UTF-8."""
        while (line := self._next()) is not None:
            yield None if isinstance(line, _Damaged) else line

    def rows(self, sign):
        """Yields (number of its first line, list of cells or `Reason`) of each row.

        Args:
            sign: "\\t", or one of SIGNS, with which quotes are always those of CSV.

        Raises: DataError for CSV with wrong quotes.
        """
        quoted, wrong, literal = sign != "\t" or None, [], []
        number = 1
        while (line := self._next()) is not None:
            if quoted is None and '"' in line:
                quoted = self._quotes_are_meant(line, number == 1)
            used, row = 1, None
            if not line.strip() and number > 1:
                row = Reason("empty")
            elif isinstance(line, _Damaged) and not (quoted and '"' in line):
                row = Reason("not UTF-8")
            elif '"' not in line:
                row = line.split(sign)
            elif quoted:
                try:
                    row, used, marks = self._record(line, sign)
                    if "bare" in marks and sign == "\t":
                        literal.append(number)
                except ValueError as error:
                    if sign != "\t":
                        raise DataError(
                            f"{self.path} line {number}: {error}: put cells with separators, "
                            "quotes or line ends in quotes, and write a quote inside twice"
                        ) from None
                    literal.append(number)
                    row = [unquoted(cell) for cell in line.split(sign)]
                if isinstance(line, _Damaged) or used > 1 and "damaged" in marks:
                    row = Reason("not UTF-8")
            else:
                row = line.split(sign)
                if '""' in line and any('""' in cell and unquoted(cell) != cell for cell in row):
                    wrong.append(number)
            yield number, row
            number += used
        if literal:
            self._note("is read as quoted TSV", "quotes that are plain text", literal)
        elif wrong:
            self._note("is read as plain TSV", "quotes as CSV has them", wrong)

    def _note(self, how, what, numbers):
        some = ", ".join(map(str, numbers[:5])) + (", ..." if numbers[5:] else "")
        self._report.notes.append(
            f"{self.path} {how}, but {len(numbers):,} of its lines have {what} ({some}): "
            "write it in one way, as csv or pandas do"
        )

    def _record(self, line, sign):
        """(cells, number of lines, marks) of the record that begins with a line.

        Raises: ValueError for wrong quotes; then no further line is used.
        """
        marks, size, used = set(), len(line), []
        try:
            cells, begun = _scan(line, sign, None, marks)
            while begun:
                following = self._next()
                if following is None:
                    raise ValueError("a quote is never closed")
                used.append(following)
                if isinstance(following, _Damaged):
                    marks.add("damaged")
                size += len(following)
                if size > MOST_LINE:
                    raise ValueError(f"a quoted cell of over {MOST_LINE:,} characters")
                more, begun = _scan(following, sign, begun, marks)
                cells += more
        except ValueError:
            self._held.extendleft(reversed(used))
            raise
        return cells, 1 + len(used), marks

    def _quotes_are_meant(self, line, from_first):
        """Whether quotes are those of CSV, by the lines from this one on, which are given back."""
        try:
            columns = len(_scan(self.first, "\t", None, set())[0])
        except ValueError:
            columns = self.first.count("\t") + 1
        window, size = [line], 0
        while len(window) < WINDOW and size < MOST_LINE:
            following = self._next()
            if following is None:
                break
            window.append(following)
            size += len(following)
        everything = self._rest, self._held
        meant, plain, all_quoted, place = 0, 0, from_first, 0
        while place < len(window):
            line = window[place]
            if '"' not in line:
                all_quoted = all_quoted and not line.strip()
                place += 1
                continue
            self._rest, self._held = map(window.__getitem__, range(place + 1, len(window))), deque()
            try:
                cells, used, marks = self._record(line, "\t")
            except ValueError:
                plain, all_quoted, place = plain + 1, False, place + 1
                continue
            moved = any(row.count("\t") + 1 != columns for row in window[place : place + used])
            if len(cells) == columns and (moved or ("doubled" in marks and used == 1)):
                meant += 1
            elif used > 1:  # each of its lines is a row as well
                plain, used = plain + 1, 1
            plain += "bare" in marks
            all_quoted = all_quoted and not marks & {"bare", "word"}
            place += used
        self._rest, self._held = everything
        self._held.extendleft(reversed(window[1:]))
        return meant > 0 and meant >= plain or all_quoted


@functools.cache
def _patterns(sign):
    inside = r'([^"]*(?:""[^"]*)*)'
    return re.compile(rf'{inside}"(?={re.escape(sign)}|\Z)'), re.compile(rf"{inside}\Z")


def _scan(line, sign, begun, marks):
    """(cells that end in this line, the parts of a cell that does not, or None).

    Args:
        begun: the parts of the cell that goes on in this line, or None.
        marks: gets "doubled" for doubled quotes in a quoted cell, "bare" for a quote in another
            one, "word" for an unquoted cell that is no number.

    Raises: ValueError for text behind a closing quote.
    """
    closed, unclosed = _patterns(sign)
    cells, place = [], 0
    while True:
        if begun is None and line[place : place + 1] != '"':
            end = line.find(sign, place)
            cells.append(line[place:] if end < 0 else line[place:end])
            if '"' in cells[-1]:
                marks.add("bare")
            elif not NUMBER.fullmatch(cells[-1]):
                marks.add("word")
            if end < 0:
                return cells, None
            place = end + 1
            continue
        start, begun = (place + 1, []) if begun is None else (place, begun)
        if found := closed.match(line, start):
            begun.append(found[1])
            cell = "\n".join(begun)
            if '""' in cell:
                marks.add("doubled")
            cells.append(cell.replace('""', '"'))
            begun, place = None, found.end() + 1
            if found.end() == len(line):
                return cells, None
        elif unclosed.match(line, start):
            begun.append(line[start:])
            return cells, begun
        else:
            raise ValueError("text behind a closing quote")


def unquoted(cell):
    """A cell without the quotes of CSV, if it has them."""
    if cell[:1] != '"':
        return cell
    found = _patterns("\t")[0].fullmatch(cell, 1)
    return found[1].replace('""', '"') if found else cell
