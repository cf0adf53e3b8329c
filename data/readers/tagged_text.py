"""Reads sentences with tagged words: those of a set, or your own CoNLL-U or word/tag files."""

import itertools
import re
from typing import NamedTuple

import data
from data import DataError
from data.readers import lines as files

COLUMNS = {"upos": 3, "xpos": 4}  # of CoNLL-U
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")


class Sentence(NamedTuple):
    words: tuple[str, ...]
    tags: tuple[str, ...]
    text: str  # as it was written, before it was cut into words


def of_set(name, split, config=None, data_dir=None) -> list[Sentence]:
    """All sentences of one split of a tagging set.

    Raises: DataError as `data.rows` does, and for a set without tags.
    """
    found = []
    for row in data.rows(name, config or None, split, data_dir):
        if not {"words", "tags"} <= row.keys():
            raise DataError(f"data set {name} holds no tagged words")
        words, tags, text = (row[key].decode() for key in ("words", "tags", "text"))
        found.append(Sentence(tuple(words.split("\t")), tuple(tags.split("\t")), text))
    return found


def row(sentence) -> dict[str, str]:
    """A sentence as an example of a tfds set, with tabs between words; `of_set` reads it."""
    return {
        "words": "\t".join(sentence.words),
        "tags": "\t".join(sentence.tags),
        "text": sentence.text,
    }


def of_file(path, column="upos"):
    """Sentences of a file: CoNLL-U if it is named .conllu (or .conllu.gz), else word/tag.

    Args:
      column: of CoNLL-U, "upos" or "xpos".
    Returns: ([Sentence, ...], lines.Report by line number).
    Raises: DataError for a file that is missing, damaged or without a usable sentence.
    """
    lines = files.text_lines(path)
    is_conllu = files.named(path, ".conllu", ".conllu.gz")
    sentences, report = of_conllu(lines, column) if is_conllu else of_slashes(lines)
    if not sentences:
        form = "CoNLL-U" if is_conllu else "lines of word/tag word/tag (CoNLL-U is named .conllu)"
        raise DataError(f"{path}: nothing usable as {form}, {report}")
    return sentences, report


def of_slashes(lines):
    """Sentences of lines `word/tag word/tag ...`; the last slash of a word parts it from its tag.

    A line with an untagged word is left out whole; None is one that is not UTF-8.
    Returns: ([Sentence, ...], Report).
    """
    sentences, report = [], files.Report()
    for number, line in enumerate(lines, start=1):
        report.total += 1
        if line is None:
            report.drop("not UTF-8", number)
            continue
        pairs = [pair.rpartition("/") for pair in line.split()]
        if pairs and all(word and tag for word, _, tag in pairs):
            words, _, tags = zip(*pairs, strict=True)
            sentences.append(Sentence(words, tags, written(words)))
        else:
            reason = "without a tag" if pairs else "empty"
            report.drop(reason, number)
    report.kept = len(sentences)
    return sentences, report


def of_conllu(lines, column="upos"):
    """Sentences of the lines of CoNLL-U (universaldependencies.org/format.html); None is a line
    that is not UTF-8.

    Words are the numbered lines, not ranges (2-3, several words written as one) nor empty nodes
    (2.1). `text` is the comment `# text = `, else made of the words and SpaceAfter=No. A sentence
    with an untagged word is left out whole. Returns: ([Sentence, ...], Report of line numbers).
    """
    sentences, report = [], files.Report()
    words, tags, spaces, text, reason = [], [], [], "", None
    for number, line in enumerate(itertools.chain(lines, [""]), start=1):
        if line is None:
            reason = reason or ("not UTF-8", number)
        elif line.startswith("#"):
            text = line.partition("=")[2].strip() if line.startswith("# text =") else text
        elif line.strip():
            cells = line.split("\t")
            if len(cells) != 10:
                reason = reason or ("not 10 columns", number)
            elif cells[0].isdigit():
                words.append("".join(cells[1].split()))  # 1 000 is 1000
                tags.append(cells[COLUMNS[column]].strip())
                spaces.append("SpaceAfter=No" not in cells[9])
                if not words[-1] or tags[-1] in ("", "_"):
                    reason = reason or (f"without {column}", number)
        elif words or reason:
            report.total += 1
            if reason:
                report.drop(reason[0], reason[1])
            else:
                text = text or written(words, spaces)
                sentences.append(Sentence(tuple(words), tuple(tags), text))
            words, tags, spaces, text, reason = [], [], [], "", None
    report.kept = len(sentences)
    return sentences, report


def written(words, spaces=()) -> str:
    """Joins words into a line, with a space after each unless its flag in `spaces` is False.

    With Chinese or Japanese characters in it, spaces are only between Latin letters or digits.
    """
    unspaced, text = any(map(UNSPACED.search, words)), ""
    for number, word in enumerate(words):
        glued = bool(spaces) and number and not spaces[number - 1]
        if unspaced:
            glued = not (text[-1:].isascii() and text[-1:].isalnum() and word[0].isascii())
            glued = glued or not word[0].isalnum()
        text += word if glued or not text else " " + word
    return text
