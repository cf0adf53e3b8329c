"""Readers of your own files, and of the sets that hold the same kinds of examples.

Each reader leaves out what it cannot use and reports it by number; a file with nothing usable is a
DataError. A reader that also has `of_set` gives the examples of a prepared set in the same form:

    lines           lines of text files; every other reader of text reads through it
    rows            rows of TSV and CSV files; every reader of tables reads through it
    text_files      sentence pairs: two aligned files, or a TSV or CSV
    plain_text      running text out of files and folders
    tables          records of a TSV, CSV or JSON file; labelled and documents read through it
    labelled        texts with labels
    documents       documents with summaries
    tagged_text     words with tags: CoNLL-U or word/tag
    stories         stories with questions and answers, in bAbI's format
    caption_files   pictures with captions
    midi_files      MIDI files, parsed by midi_events, with notes paired by midi_notes
    chords          the numbers of chord symbols
"""

from data.readers import (
    caption_files,
    chords,
    documents,
    labelled,
    midi_files,
    plain_text,
    stories,
    tables,
    tagged_text,
    text_files,
)
from data.readers.lines import Report, read_lines

__all__ = [
    "Report",
    "caption_files",
    "chords",
    "documents",
    "labelled",
    "midi_files",
    "plain_text",
    "read_lines",
    "stories",
    "tables",
    "tagged_text",
    "text_files",
]
