"""Texts from the command line, a file or standard input, with their numbers."""

import io
import sys
import types

import pytest

from common.commands.text_input import CHUNK, numbered, print_list
from common.errors import UserError


def lines(file):
    return {"some": [f"line {n}" for n in range(1, 7)], "none": []}[file]


def test_numbers_go_on_from_chunk_to_chunk(monkeypatch):
    found = list(numbered((), "some", lines, size=4))
    assert found == [(1, lines("some")[:4]), (5, lines("some")[4:])]
    assert list(numbered(("a", "b\udcff"), "", lines, size=1)) == [(1, ["a", "b?"])]
    assert list(numbered((), "none", lines)) == []
    typed = "".join(f"{n}\n" for n in range(CHUNK + 2)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    found = list(numbered((), "", lines))
    assert [(first, len(part)) for first, part in found] == [(1, CHUNK), (CHUNK + 1, 2)]


def test_what_is_not_utf8_is_told_once(monkeypatch, capsys):
    typed = "caf\ufffd\nd\u00e9j\u00e0\n".encode() + b"caf\xe9\r\n\xff\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    assert list(numbered((), "")) == [(1, ["caf\ufffd", "d\u00e9j\u00e0", "caf\ufffd", "\ufffd"])]
    told = capsys.readouterr().err
    assert told.count("note:") == 1 and "line 3 of standard input is not UTF-8" in told


def test_lines_are_handed_on_as_they_arrive(monkeypatch):
    class Arriving:
        waiting = [b"a\nb", b"c\r\n\nd\n", b"e", b""]

        def read1(self, _):
            return self.waiting.pop(0)

    typed = types.SimpleNamespace(buffer=Arriving(), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", typed)
    parts = numbered((), "")
    assert next(parts) == (1, ["a"]) and len(Arriving.waiting) == 3
    assert next(parts) == (2, ["bc", "", "d"]) and len(Arriving.waiting) == 2
    assert list(parts) == [(5, ["e"])]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_told_that_lines_are_awaited(monkeypatch, capsys, terminal):
    typed = types.SimpleNamespace(buffer=io.BytesIO(b"a\n"), isatty=lambda: terminal)
    monkeypatch.setattr(sys, "stdin", typed)
    assert list(numbered((), "")) == [(1, ["a"])]
    assert ("Ctrl-D" in capsys.readouterr().err) == terminal


def test_texts_and_a_file_are_refused():
    with pytest.raises(UserError, match="--file: choose one"):
        numbered(("a",), "some", lines)


def test_an_empty_line_stands_between_lists(capsys):
    print_list(1, [(-0.5, "a"), (-1.25, "b")])
    print_list(2, [(-2.0, "c")])
    assert capsys.readouterr().out == "-0.5000\ta\n-1.2500\tb\n\n-2.0000\tc\n"
