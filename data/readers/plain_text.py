"""Reads your own running text, out of files and folders, as lines."""

import os
import pathlib

from data import DataError, sources
from data.readers.lines import Report, text_lines
from data.store import Store

SUFFIXES = (".txt", ".txt.gz")


def read(paths):
    """The lines of all files, in the order given.

    A folder stands for all *.txt and *.txt.gz files in it, also in subfolders, sorted by name;
    hidden ones are not read.
    Empty lines are kept: they separate paragraphs.

    Returns: a Store of lines, Report (line numbers continue from file to file).
    Raises: DataError for a missing or damaged file, a folder without text files, no text at all.
    """
    report = Report()

    def decoded():
        for path in _files(paths):
            for line in text_lines(path):
                report.total += 1
                if line is None:
                    report.drop("not UTF-8", report.total)
                else:
                    yield line

    lines = Store(decoded())
    report.kept = len(lines)
    if not any(line.strip() for line in lines):
        raise DataError(f"{', '.join(map(str, paths))}: no text in it, {report}")
    return lines, report


def _files(paths):
    for path in map(pathlib.Path, paths):
        if not os.path.isdir(path):  # also for a name that no file can have
            yield path
            continue
        found = sources.files_under(path, SUFFIXES)
        if not found:
            raise DataError(f"the folder {path} holds no {' or '.join(SUFFIXES)} files")
        yield from found
