"""metrics.jsonl is read with care: lines that are not measurements are ignored."""

import pytest

from common.runs import read_rows

ROW = '{"kind": "train", "step": 1, "loss": 2.5}'


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind": "train", "ste',
        b"\xff",
        b"5",
        b'"x"',
        b"{}",
        b"null",
        b"",
        b"[" * 100_000,
        b'{"kind": "train", "step": "x"}',
        b'{"kind": 3, "step": 1}',
    ],
    ids=lambda line: repr(line[:20]),
)
def test_lines_without_a_measurement(tmp_path, line):
    (tmp_path / "metrics.jsonl").write_bytes(b"\n".join([ROW.encode(), line, ROW.encode(), b""]))
    assert read_rows(tmp_path) == [{"kind": "train", "step": 1, "loss": 2.5}] * 2


def test_no_measurements_yet(tmp_path):
    assert read_rows(tmp_path) == read_rows(tmp_path / "none") == []
