"""Reads stories with questions: those of a set, or your own files in bAbI's format.

A line is `NUMBER sentence` or `NUMBER question?<tab>answer<tab>numbers of the supporting lines`;
a number that is not greater than the number before begins a new story. A question may ask about
all sentences above it.
"""

import re
from typing import NamedTuple

import data
from data import DataError
from data.readers import lines as files

LINE = re.compile(r"(\d+) +(.*)")
MARKS = (".", "?", "!", "…", "。", "？", "！")


class Example(NamedTuple):
    story: tuple[str, ...]  # sentences
    question: str
    answer: str
    kind: str  # of the question, for a score of each
    support: tuple[int, ...] = ()  # the sentences that tell the answer, from 1

    @property
    def text(self):
        """Story and question in one line, as `infer` takes them."""
        return in_one(self.story, self.question)


def in_one(sentences, question) -> str:
    """A story and a question in one line, with a mark at the end of every sentence."""
    ended = [line if line.endswith(MARKS) else line + "." for line in sentences]
    return " ".join([*ended, question])


def of_set(name, split, config=None, data_dir=None) -> list[Example]:
    """All examples of one split of a set of stories.

    Raises: DataError as `data.rows` does, and for a set without stories.
    """
    examples = []
    for row in data.rows(name, config or None, split, data_dir):
        if "story" not in row:
            raise DataError(f"data set {name} holds no stories with questions")
        fields = {key: value.decode() for key, value in row.items() if key != "id"}
        fields["story"] = tuple(fields["story"].split("\n"))
        fields["support"] = tuple(map(int, fields["support"].split()))
        examples.append(Example(**fields))
    return examples


def as_row(example) -> dict:
    """An example as a row of a tfds set: the inverse of `of_set`."""
    joined = {"story": "\n".join(example.story), "support": " ".join(map(str, example.support))}
    return {**example._asdict(), **joined}


def parse(lines, kind=""):
    """bAbI's lines (None: not UTF-8) -> (a list of Examples for each story, Report).

    Args:
        kind: of all questions; "" for the first word of each.
    """
    stories, report = [], files.Report()
    last, numbers, sentences = 0, {}, ()
    for place, line in enumerate(lines, start=1):
        report.total += 1
        try:
            number, text, *cells = _cells(line)
            if number <= last or not stories:
                stories.append([])
                numbers, sentences = {}, ()
            last = number
            if not cells:
                sentences = (*sentences, text)
                numbers[number] = len(sentences)
            elif not sentences:
                raise ValueError("question without a story")
            else:
                support = tuple(numbers[n] for n in map(int, " ".join(cells[1:]).split()))
                asked = kind or text.split()[0].lower()
                stories[-1].append(Example(sentences, text, cells[0], asked, support))
            report.kept += 1
        except KeyError:
            report.drop("support that is not above", place)
        except ValueError as reason:
            report.drop(str(reason), place)
    return [story for story in stories if story], report


def _cells(line):
    if line is None:
        raise ValueError("not UTF-8")
    if not line.strip():
        raise ValueError("empty")
    found = LINE.fullmatch(line.strip("\r\n "))
    if not found:
        raise ValueError("without a number")
    cells = [cell.strip() for cell in found[2].split("\t")]
    if len(cells) > 1 and not (cells[0] and cells[1]):
        raise ValueError("without a question or an answer")
    if any(not n.isdigit() for cell in cells[2:] for n in cell.split()):
        raise ValueError("support that is no list of numbers")
    return int(found[1]), *cells


def of_file(path):
    """Lists of Examples, one list for each story of your own file in bAbI's format, and a Report.

    Raises: DataError for a file that is missing, damaged or without a usable question.
    """
    stories, report = parse(files.text_lines(path))
    if not stories:
        raise DataError(
            f"{path}: it has no question with an answer, {report}. Write lines such as "
            "`1 sentence` and `2 question?<tab>answer`"
        )
    return stories, report


def sentences_of(path) -> list[str]:
    """The story in a file: its lines, numbered or not; questions with answers are left out.

    Raises: DataError for a file that is missing, damaged or without a sentence.
    """
    lines = [line.strip() for line in files.read_lines(path) if "\t" not in line.strip()]
    found = [line for line in lines if line]
    if all(LINE.fullmatch(line) for line in found):  # else a number is part of its sentence
        found = [LINE.fullmatch(line)[2] for line in found]
    if not found:
        raise DataError(f"{path} has no sentence: write at least one, each on its own line")
    return found
