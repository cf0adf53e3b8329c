"""Reads documents with summaries: those of a set, or your own tables and text files."""

import html.parser
import re
import sys
from typing import NamedTuple

import data
from data import DataError
from data.readers import lines, tables
from data.store import Store

SUMMARY_FIELDS = ("summary", "summary_2", "summary_3", "summary_4")


class Example(NamedTuple):
    document: str  # several documents are joined by form feeds
    references: tuple[str, ...]  # summaries; the first is the one to learn


def of_set(name, split, config=None, data_dir=None):
    """A `Store` of all Examples of one split of a summarisation set.

    Raises: DataError as `data.rows` does, and for a set without summaries.
    """

    def examples():
        for row in data.rows(name, config or None, split, data_dir):
            if "document" not in row:
                raise DataError(f"data set {name} holds no documents with summaries")
            summaries = [row[field].decode() for field in SUMMARY_FIELDS if field in row]
            yield Example(row["document"].decode(), tuple(filter(None, summaries)))

    return Store(examples(), Example)


def of_file(path, document="document", summary="summary"):
    """Examples of your own table; in JSON both fields may be lists, of documents or of references.

    Returns and raises as `tables.read` does.
    """
    flags = "--data.document-field", "--data.summary-field"
    return tables.read(path, (document, summary), flags, _example, Example)


def of_text_files(paths) -> str:
    """The texts of files, joined by form feeds as several documents are; HTML loses its tags.

    Empty files and repetitions are left out, with a note on stderr.

    Raises: DataError for a file that is missing, damaged or not UTF-8, and when nothing is left.
    """
    kept = []
    for path in paths:
        text = "\n".join(lines.read_lines(path)).replace("\f", "\n").strip()
        if re.match(r"(<!--.*?-->|<\?xml.*?>|\s)*<(!doctype|html)\b", text, re.I | re.S):
            text = without_tags(text)
        if not text:
            print(f"note: {path} is empty and left out", file=sys.stderr)
        elif " ".join(text.split()) in [" ".join(other.split()) for other in kept]:
            print(f"note: {path} is the same as a document before it: left out", file=sys.stderr)
        else:
            kept.append(text)
    if not kept:
        raise DataError(f"{', '.join(map(str, paths))}: no document has any text")
    return "\f".join(kept)


HIDDEN = ("script", "style", "title", "template")
INLINE = ("a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q")
INLINE += ("s", "samp", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr")


class _Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in HIDDEN
        self._between(tag)

    def handle_endtag(self, tag):
        self.hidden -= tag in HIDDEN and self.hidden > 0
        self._between(tag)

    def _between(self, tag):
        if tag not in INLINE:  # inline tags may be inside words
            self.parts.append(" ")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def without_tags(text) -> str:
    """The text of an HTML page: no tags, scripts or styles, no title."""
    parser = _Text()
    parser.feed(text)
    parser.close()
    return " ".join("".join(parser.parts).split())


def _example(values):
    sides = [value if isinstance(value, list) else [value] for value in values]
    if not all(isinstance(text, str) for side in sides for text in side):
        raise ValueError("not text")
    return Example(*_checked(*sides))


def _checked(documents, summaries):
    documents = [text.replace("\f", " ").strip() for text in documents]
    documents = [text for text in documents if text]
    summaries = tuple(" ".join(text.split()) for text in summaries if text.strip())
    if not documents or not summaries:
        raise ValueError("empty")
    return "\f".join(documents), summaries
